"""The most that a kWh may cost by a rule of a state or a contract: when a tariff with its surges is above it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pricing.engine.hourly import price_stretches
from pricing.engine.surge import raising
from pricing.engine.values import Dimension, PriceComponent, PriceTerms, PricingModel, Surge, WeeklyWindow
from pricing.engine.week import WHOLE_WEEK, common_hours, hours_left_out

#: A price of a kWh, its hours, and the names of the surges that are in it.
_Price = tuple[Decimal, tuple[WeeklyWindow, ...], tuple[str, ...]]
_DAY = timedelta(days=1)
_MONDAY = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """At most `maximum_rate` per kWh, before tax, in these hours; no hours are all the time."""

    maximum_rate: Decimal
    windows: tuple[WeeklyWindow, ...] = ()


@dataclass(frozen=True, slots=True)
class Breach:
    """A price per kWh above a ceiling, the hours in which it is, and the names of the surges that are in it."""

    rate: Decimal
    hours: tuple[WeeklyWindow, ...]
    surges: tuple[str, ...] = ()


def breaches(
    components: Sequence[PriceComponent],
    ceiling: Ceiling,
    surges: Sequence[Surge] = (),
    cap_percent: Decimal | None = None,
) -> tuple[Breach, ...]:
    """Return where prices of energy are above a ceiling, in the order of the prices.

    Surges count in their weekly windows on whatever day, also those that wait for a holiday or a signal, and nobody is
    exempt; amounts per session have no part in the price of a kWh.
    """
    limit = ceiling.windows or WHOLE_WEEK
    prices = _with_surges(components, surges, cap_percent) if surges else _hours(components)
    found = []
    for rate, hours, names in prices:
        shared = common_hours(hours, limit) if rate > ceiling.maximum_rate else ()
        if shared:
            found.append(Breach(rate, shared, names))
    return tuple(found)


def _hours(components: Sequence[PriceComponent]) -> Iterable[_Price]:
    """Yield each price of energy with its hours; one without hours of its own has those that the others leave."""
    energy = [part for part in components if part.dimension is Dimension.ENERGY]
    taken = [window for part in energy for window in part.windows]
    for part in energy:
        yield part.rate, part.windows or hours_left_out(taken), ()


def _with_surges(
    components: Sequence[PriceComponent], surges: Sequence[Surge], cap_percent: Decimal | None
) -> Iterable[_Price]:
    """Yield each price of a kWh with its hours of the week: on a clock that never changes, which is every clock's."""
    terms = PriceTerms(
        tariff_id="",
        tariff_version=0,
        model=PricingModel.TIME_OF_DAY,
        currency="",
        time_zone="UTC",
        components=tuple(components),
        surges=tuple(replace(x, spans=None, exemption="") for x in surges),
        surge_cap_percent=cap_percent,
    )
    hours: dict[tuple[Decimal, tuple[str, ...]], list[WeeklyWindow]] = {}
    for number in range(7):
        start = _MONDAY + number * _DAY
        for stretch in price_stretches(terms, start, start + _DAY):
            if stretch.rate is not None:
                window = WeeklyWindow(frozenset({number + 1}), stretch.starts_at.time(), stretch.ends_at.time())
                there = raising(terms, stretch.surges, stretch.rate) if stretch.added else ()
                names = tuple(dict.fromkeys(x.name for x in there))
                hours.setdefault((stretch.rate + stretch.added, names), []).append(window)
    for (price, names), windows in hours.items():
        yield price, common_hours(windows, WHOLE_WEEK), names
