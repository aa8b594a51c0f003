"""The most that a kWh may cost by a rule of a state or a contract: where and when a tariff is above it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pricing.engine.values import Dimension, PriceComponent, WeeklyWindow
from pricing.engine.week import WHOLE_WEEK, common_hours, hours_left_out


@dataclass(frozen=True, slots=True)
class Ceiling:
    """At most `maximum_rate` per kWh, before tax, in these hours; no hours are all the time."""

    maximum_rate: Decimal
    windows: tuple[WeeklyWindow, ...] = ()


@dataclass(frozen=True, slots=True)
class Breach:
    """A price per kWh above a ceiling, and the hours in which it is."""

    rate: Decimal
    hours: tuple[WeeklyWindow, ...]


def breaches(components: Sequence[PriceComponent], ceiling: Ceiling) -> tuple[Breach, ...]:
    """Return where prices of energy are above a ceiling, in the order of the prices."""
    limit = ceiling.windows or WHOLE_WEEK
    found = []
    for part, hours in _hours(components):
        shared = common_hours(hours, limit) if part.rate > ceiling.maximum_rate else ()
        if shared:
            found.append(Breach(part.rate, shared))
    return tuple(found)


def _hours(components: Sequence[PriceComponent]) -> Iterable[tuple[PriceComponent, tuple[WeeklyWindow, ...]]]:
    """Yield each price of energy with its hours; one without hours of its own has those that the others leave."""
    energy = [part for part in components if part.dimension is Dimension.ENERGY]
    taken = [window for part in energy for window in part.windows]
    for part in energy:
        yield part, part.windows or hours_left_out(taken)
