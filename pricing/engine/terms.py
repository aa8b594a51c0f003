"""What a price depends on: a tariff's rates, fees, limits and tax, what products cost, and the surges that hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum

#: Marks a field that older documents do not have: at its default it is left out of their hash, which stays the same.
ADDED_LATER = {"added later": True}


class PricingModel(StrEnum):
    """EnergyTradeOffer's pricing models."""

    PER_KWH = "PER_KWH"
    TIME_OF_DAY = "TIME_OF_DAY"
    SUBSCRIPTION = "SUBSCRIPTION"
    FIXED = "FIXED"


class Dimension(StrEnum):
    """What a price component counts: kWh, hours of charging, sessions, hours of idling."""

    ENERGY = "ENERGY"
    TIME = "TIME"
    FLAT = "FLAT"
    IDLE = "IDLE"


@dataclass(frozen=True, slots=True)
class WeeklyWindow:
    """A recurring window in local time; weekdays are ISO (1 = Monday); `end <= start` wraps past midnight.

    `00:00` as an end is the end of the day. The weekday is that of each instant, not of the window's start.
    """

    weekdays: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class PriceComponent:
    """One rate of a tariff: per kWh (ENERGY), per minute (TIME, IDLE) or once (FLAT).

    `windows` restricts it to local times; empty means always. `grace_minutes` counts for IDLE only.
    """

    dimension: Dimension
    rate: Decimal
    windows: tuple[WeeklyWindow, ...] = ()
    grace_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Fee:
    """A service, convenience or reservation fee: one FEE line."""

    code: str
    title: str
    amount: Decimal


class WheelingBasis(StrEnum):
    """What a wheeling charge is per."""

    ORDER = "ORDER"
    KWH = "KWH"


@dataclass(frozen=True, slots=True)
class Wheeling:
    """The grid's charge for carrying the energy, passed through as it is: neither surged nor discounted."""

    title: str
    amount: Decimal
    basis: WheelingBasis = WheelingBasis.ORDER


class SurgeBasis(StrEnum):
    """What a surge is per: percent of what the energy costs, money per kWh, or money once per session."""

    PERCENT = "PERCENT"
    PER_KWH = "PER_KWH"
    FIXED = "FIXED"


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A stretch of time [starts_at, ends_at): aware UTC instants."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Surge:
    """What is added to the tariff at certain times, as a quote locks it.

    It holds while one of `windows` does (local time; none: always) and within one of `spans` (None: without bound). Of
    the surges of one `group` the largest counts at each moment; one without a group is added to all others. `cap` is
    the most of it per session. `exemption` says why this driver does not pay it, "" where they do; `personal` that this
    is by who the driver is, and not by the session.
    """

    surge_id: str
    version: int
    name: str
    basis: SurgeBasis
    value: Decimal
    windows: tuple[WeeklyWindow, ...] = ()
    spans: tuple[TimeSpan, ...] | None = None
    group: str = ""
    cap: Decimal | None = None
    exemption: str = ""
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax line on the sum of all lines before it; `rate` is a percentage (18 means 18 %)."""

    label: str
    rate: Decimal
    sac_code: str = ""


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """Everything a price depends on beside the request and the offers; stored with the quote it made.

    `minimum_price` and `maximum_price` bound what charging costs: energy, time and the price per session together,
    before idle time, fees, products, surge, discounts, wheeling and tax. `surge_cap_percent` bounds all surges
    together, in percent of what the energy costs by its rates. `included_wh` is the driver's own: of a subscription the
    first energy of the session, in the order of time, has no price; all else has its own.
    """

    tariff_id: str
    tariff_version: int
    model: PricingModel
    currency: str
    time_zone: str
    components: tuple[PriceComponent, ...]
    fees: tuple[Fee, ...] = ()
    tax: Tax | None = None
    product_prices: tuple[ProductPrice, ...] = ()
    minimum_wh: int | None = None
    maximum_wh: int | None = None
    minimum_price: Decimal | None = field(default=None, metadata=ADDED_LATER)
    maximum_price: Decimal | None = field(default=None, metadata=ADDED_LATER)
    wheeling: Wheeling | None = field(default=None, metadata=ADDED_LATER)
    surges: tuple[Surge, ...] = field(default=(), metadata=ADDED_LATER)
    surge_cap_percent: Decimal | None = field(default=None, metadata=ADDED_LATER)
    included_wh: int | None = field(default=None, metadata=ADDED_LATER)


@dataclass(frozen=True, slots=True)
class ProductPrice:
    """The list price of one unit of a product."""

    product_id: str
    title: str
    amount: Decimal
    category: str = ""
