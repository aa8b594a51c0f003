"""The most that a kWh may cost by a rule of a state or a contract: when a tariff with its surges is above it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from pricing.engine.values import WeeklyWindow
from pricing.engine.week import common_hours
from pricing.engine.week_prices import WeekPrice


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


def breaches(prices: Iterable[WeekPrice], ceiling: Ceiling) -> tuple[Breach, ...]:
    """Return where prices of energy are above a ceiling, in the order of the prices."""
    found = []
    for price in prices:
        if price.rate > ceiling.maximum_rate:
            hours = common_hours(price.hours, ceiling.windows) if ceiling.windows else price.hours
            if hours:
                found.append(Breach(price.rate, hours, price.surges))
    return tuple(found)
