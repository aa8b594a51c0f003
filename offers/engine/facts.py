"""The facts of a place that an offer may be limited by, and the limits themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Current(StrEnum):
    """What flows out of a connector, whatever the number of phases."""

    AC = "AC"
    DC = "DC"


@dataclass(frozen=True, slots=True)
class Circle:
    """A point in degrees and what lies within so many kilometres of it, the edge included."""

    latitude: Decimal
    longitude: Decimal
    radius_km: Decimal


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What is known of a connector and its site; `areas` are the names and codes of its city.

    Names are compared without regard to case. Without coordinates it lies in no circle.
    """

    tags: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
    state: str = ""
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    charger_id: str = ""
    connector_type: str = ""
    current: str = ""
    max_power_w: int = 0


NOWHERE = PlaceFacts()


class HolidayChoice(StrEnum):
    """Whether an offer is for the holidays of a calendar alone, or for all days but them."""

    ONLY = "ONLY"
    EXCEPT = "EXCEPT"


@dataclass(frozen=True, slots=True)
class Holiday:
    """A named day, from one local midnight to the next."""

    day: date
    name: str


@dataclass(frozen=True, slots=True)
class HolidayRule:
    """The holidays of a calendar (its id and name) as they were when the terms were made, in order."""

    calendar: str
    name: str
    choice: HolidayChoice
    days: tuple[Holiday, ...] = ()


@dataclass(frozen=True, slots=True)
class StockLevel:
    """How many units of a product are left; None where nobody counts it."""

    product_id: str
    units: int | None


@dataclass(frozen=True, slots=True)
class Good:
    """A product as it is sold on a site: what one costs, and how many can still be given; None where nobody counts."""

    title: str
    price: Decimal
    category: str = ""
    units: int | None = None


@dataclass(frozen=True, slots=True)
class Levels:
    """What was observed of a site: its busy chargers out of those that work, and stocks. None is not observed."""

    busy: int | None = None
    working: int | None = None
    stock: tuple[StockLevel, ...] = ()

    def or_else(self, other: Levels) -> Levels:
        """Return these levels, and the other's where these were not observed."""
        busy, working = (other.busy, other.working) if self.busy is None else (self.busy, self.working)
        own = {x.product_id for x in self.stock}
        return Levels(busy, working, (*self.stock, *(x for x in other.stock if x.product_id not in own)))

    def with_own(self, held: Mapping[str, int]) -> Levels:
        """Return these levels with the units that the order itself holds, by product: they are as good as there."""
        stock = tuple(
            x if x.units is None else replace(x, units=x.units + held.get(x.product_id, 0)) for x in self.stock
        )
        return replace(self, stock=stock)


UNOBSERVED = Levels()
