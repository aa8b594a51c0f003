"""What a kWh costs in the hours of a week by a tariff, with the surges that may be on top of it on whatever date."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise

from pricing.engine.surge import added_by, raising
from pricing.engine.values import Dimension, PriceComponent, PriceTerms, PricingModel, Surge, WeeklyWindow
from pricing.engine.week import DAY_SECONDS, Span, hours_left_out, spans_by_day, windows_of

#: The spans of a day in which something holds, None for all day.
_Held = tuple[Span, ...] | None
#: A price of a kWh and the names of the surges that are in it.
_Named = tuple[Decimal, tuple[str, ...]]
_WEEK = range(1, 8)


@dataclass(frozen=True, slots=True)
class WeekPrice:
    """A price of a kWh before tax, its hours of the week, and the names of the surges that are in it."""

    rate: Decimal
    hours: tuple[WeeklyWindow, ...]
    surges: tuple[str, ...] = ()


def week_prices(
    components: Sequence[PriceComponent], surges: Sequence[Surge] = (), cap_percent: Decimal | None = None
) -> tuple[WeekPrice, ...]:
    """Return each price of a kWh with its hours: without surges by component, else in the order of the week.

    Surges count in their weekly windows on whatever day, also those that wait for a holiday or a signal, and nobody is
    exempt; amounts per session have no part in the price of a kWh.
    """
    energy = [part for part in components if part.dimension is Dimension.ENERGY]
    if not surges:
        left = hours_left_out([window for part in energy for window in part.windows])
        return tuple(WeekPrice(x.rate, windows_of(spans_by_day(x.windows or left))) for x in energy)
    terms = PriceTerms(
        tariff_id="",
        tariff_version=0,
        model=PricingModel.TIME_OF_DAY,
        currency="",
        time_zone="UTC",
        components=(),
        surges=tuple(replace(x, spans=None, exemption="") for x in surges),
        surge_cap_percent=cap_percent,
    )
    hours: dict[_Named, dict[int, list[Span]]] = {}
    for day, span, named in _by_day(energy, terms):
        hours.setdefault(named, {}).setdefault(day, []).append(span)
    return tuple(WeekPrice(rate, windows_of(days), names) for (rate, names), days in hours.items())


def _by_day(energy: Sequence[PriceComponent], terms: PriceTerms) -> Iterator[tuple[int, Span, _Named]]:
    """Yield the prices of the week in order; days on which the same hours hold are worked out once."""
    weeks = [_week(x.windows) for x in energy] + [_week(x.windows) for x in terms.surges]
    known: dict[tuple[_Held, ...], list[tuple[Span, _Named]]] = {}
    named: dict[tuple[Decimal, tuple[str, ...]], _Named] = {}
    for day in _WEEK:
        held = tuple(week[day - 1] for week in weeks)
        if held not in known:
            known[held] = []
            for span, rate, ids in _stretches(energy, terms.surges, held):
                if (rate, ids) not in named:
                    named[rate, ids] = _with_surges(terms, rate, ids)
                known[held].append((span, named[rate, ids]))
        yield from ((day, span, price) for span, price in known[held])


@lru_cache(maxsize=1024)
def _week(windows: tuple[WeeklyWindow, ...]) -> tuple[_Held, ...]:
    """Return what windows hold of each weekday; no windows hold always."""
    days = spans_by_day(windows)
    return tuple(tuple(days.get(day, ())) if windows else None for day in _WEEK)


def _stretches(
    energy: Sequence[PriceComponent], surges: Sequence[Surge], held: Sequence[_Held]
) -> Iterator[tuple[Span, Decimal, tuple[str, ...]]]:
    """Yield the stretches of a day that have a rate, the first that holds, with the ids of the surges that hold."""
    edges = sorted({0, DAY_SECONDS, *(edge for spans in held for span in spans or () for edge in span)})
    for start, end in pairwise(edges):
        there = [spans is None or any(first <= start < last for first, last in spans) for spans in held]
        rate = next((x.rate for x, holds in zip(energy, there, strict=False) if holds), None)
        if rate is not None:
            on_top = zip(surges, there[len(energy) :], strict=True)
            yield (start, end), rate, tuple(x.surge_id for x, holds in on_top if holds)


def _with_surges(terms: PriceTerms, rate: Decimal, surge_ids: Sequence[str]) -> _Named:
    there = raising(terms, surge_ids, rate)
    added = added_by(there, terms, rate)
    return rate + added, tuple(dict.fromkeys(x.name for x in there)) if added else ()
