"""What a kWh costs when, surges included: a tariff as stretches of time at one price, and as the hours of days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from pricing.engine.rates import has_energy_rate, rate_card
from pricing.engine.surge import per_kwh
from pricing.engine.values import PriceTerms
from pricing.engine.windows import zone_of

_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class PriceStretch:
    """A stretch [starts_at, ends_at) in UTC at one price per kWh: `rate` by the tariff, None where it has none, and
    what the surges of these ids add; amounts per session are not in it."""

    starts_at: datetime
    ends_at: datetime
    rate: Decimal | None
    added: Decimal
    surges: tuple[str, ...]

    @property
    def price(self) -> Decimal | None:
        """Return what a kWh costs, before tax; None where the tariff has no price."""
        return None if self.rate is None else self.rate + self.added


@dataclass(frozen=True, slots=True)
class HourCell:
    """One hour of a local day: the stretches in it, in order; none where the clock leaves the hour out."""

    hour: int
    stretches: tuple[PriceStretch, ...]

    @property
    def prices(self) -> tuple[Decimal, ...]:
        """Return the prices in the order in which they come, each once."""
        return tuple(dict.fromkeys(x.price for x in self.stretches if x.price is not None))


def price_stretches(terms: PriceTerms, starts_at: datetime, ends_at: datetime) -> tuple[PriceStretch, ...]:
    """Return the prices of a kWh between two aware instants, in order and without a gap; none of a FIXED tariff."""
    if not has_energy_rate(terms) or ends_at <= starts_at:
        return ()
    found: list[PriceStretch] = []
    for span in rate_card(terms, starts_at, ends_at).energy:
        rate = span.component.rate if span.component is not None else None
        added = per_kwh(terms, span.surges, rate) if rate is not None else Decimal(0)
        found.append(PriceStretch(span.starts_at, span.ends_at, rate, added, span.surges))
    return tuple(found)


def hours_of_day(stretches: Sequence[PriceStretch], day: date, zone: str) -> tuple[HourCell, ...]:
    """Return the 24 hours of a local day; an hour that comes twice holds the stretches of both."""
    here = zone_of(zone)
    cells = []
    for hour in range(24):
        wall = datetime.combine(day, time(hour))
        spans = {
            (start, start + _HOUR)
            for fold in (0, 1)
            if (start := wall.replace(tzinfo=here, fold=fold).astimezone(UTC)).astimezone(here).replace(tzinfo=None)
            == wall
        }
        inside = [x for x in stretches if any(x.starts_at < end and start < x.ends_at for start, end in spans)]
        cells.append(HourCell(hour, tuple(inside)))
    return tuple(cells)
