"""The values that go into a price (its terms in `terms`) and come out of it: frozen, the same for quote and bill."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from pricing.engine.making import quickly_made
from pricing.engine.money import CurrencyMismatch, Money, total_of
from pricing.engine.terms import (
    ADDED_LATER,
    Dimension,
    Fee,
    PriceComponent,
    PriceTerms,
    PricingModel,
    ProductPrice,
    Surge,
    SurgeBasis,
    Tax,
    TimeSpan,
    WeeklyWindow,
    Wheeling,
    WheelingBasis,
)

__all__ = [
    "ITEM_KINDS",
    "AmountMeasure",
    "Basis",
    "Cart",
    "ChargingRequest",
    "Delivery",
    "Dimension",
    "DiscountStep",
    "Discounts",
    "DurationMeasure",
    "EnergyMeasure",
    "Fee",
    "LineKind",
    "Measure",
    "PriceComponent",
    "PriceTerms",
    "PricedSlice",
    "PricingError",
    "PricingModel",
    "ProductOrder",
    "ProductPrice",
    "Quote",
    "QuoteLine",
    "Reading",
    "SliceQuality",
    "Surge",
    "SurgeBasis",
    "Tax",
    "TimeSpan",
    "WeeklyWindow",
    "Wheeling",
    "WheelingBasis",
]


class LineKind(StrEnum):
    """What a line is; the order of the members is the order of the lines."""

    ENERGY = "ENERGY"
    TIME = "TIME"
    FLAT = "FLAT"
    PRODUCT = "PRODUCT"
    IDLE = "IDLE"
    FEE = "FEE"
    SURGE = "SURGE"
    DISCOUNT = "DISCOUNT"
    WHEELING = "WHEELING"
    TAX = "TAX"
    ROUND_OFF = "ROUND_OFF"


#: The lines that make up the cart value of the offers construct: no tax, fee, idle time or surge.
ITEM_KINDS = frozenset({LineKind.ENERGY, LineKind.TIME, LineKind.FLAT, LineKind.PRODUCT})


class Basis(StrEnum):
    """What "charge me for ₹100" means: energy and fees before surge, offer and tax, or everything."""

    BEFORE_SURGE_OFFER_TAX = "BEFORE_SURGE_OFFER_TAX"
    ALL_IN = "ALL_IN"


class SliceQuality(StrEnum):
    """How a slice's energy is known."""

    METERED = "METERED"
    INTERPOLATED = "INTERPOLATED"
    SINGLE_RATE = "SINGLE_RATE"


class PricingError(ValueError):
    """A request that has no price; `code` is for machines, the message is one sentence for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class ProductOrder:
    """So many units of a product that the driver added."""

    product_id: str
    count: int


@dataclass(frozen=True, slots=True)
class EnergyMeasure:
    """The driver asks for so much energy."""

    wh: int


@dataclass(frozen=True, slots=True)
class AmountMeasure:
    """The driver asks for so much money's worth."""

    amount: Decimal
    currency: str
    basis: Basis = Basis.BEFORE_SURGE_OFFER_TAX


@dataclass(frozen=True, slots=True)
class DurationMeasure:
    """The driver asks for so many minutes; the connector's rating gives the energy."""

    minutes: int


Measure = EnergyMeasure | AmountMeasure | DurationMeasure


@quickly_made
@dataclass(frozen=True, slots=True)
class Reading:
    """The cumulative register of the meter at an instant."""

    at: datetime
    register_wh: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """What the charger did: readings between start and stop; `stopped_at` is None while it runs."""

    started_at: datetime
    stopped_at: datetime | None
    readings: tuple[Reading, ...]


@quickly_made
@dataclass(frozen=True, slots=True)
class ChargingRequest:
    """What is to be priced: a plan (`measure`), or a delivery, which then decides the energy and the time.

    Instants are aware UTC. Offers are judged at `planned_start`, also when a delivery is billed.
    """

    item_id: str
    max_power_w: int
    planned_start: datetime
    planned_end: datetime | None
    measure: Measure
    products: tuple[ProductOrder, ...] = ()
    delivery: Delivery | None = None


@quickly_made
@dataclass(frozen=True, slots=True)
class PricedSlice:
    """A stretch of the session with one rate: instants in UTC, energy in Wh, the rate in money per kWh.

    `surges` are the ids of those that hold in it.
    """

    starts_at: datetime
    ends_at: datetime
    energy_wh: int
    rate: Decimal
    quality: SliceQuality
    surges: tuple[str, ...] = field(default=(), metadata=ADDED_LATER)


@quickly_made
@dataclass(frozen=True, slots=True)
class QuoteLine:
    """One printed line: a signed, rounded amount.

    `line_id` is unique in the quote and stable ("ENERGY-1"). `item_id` names the connector or product,
    `code` the fee, surge, tax or offer (of an ITEM line the offer that gives it), `category` that of a product.
    `shares` is how a DISCOUNT is allocated to the lines it came from.
    """

    line_id: str
    kind: LineKind
    title: str
    amount: Money
    quantity: Decimal | None = None
    unit: str = ""
    rate: Decimal | None = None
    item_id: str = ""
    code: str = ""
    shares: tuple[tuple[str, Money], ...] = ()
    category: str = ""

    @property
    def is_given(self) -> bool:
        """Tell whether an offer gives what stands here at its list price; a DISCOUNT takes it down to what it costs."""
        return bool(self.code) and self.kind in ITEM_KINDS


@quickly_made
@dataclass(frozen=True, slots=True)
class Cart:
    """The lines before the discounts, and what an offer may look at."""

    request: ChargingRequest
    lines: tuple[QuoteLine, ...]
    energy_wh: int
    currency: str
    time_zone: str

    def item_value(self) -> Money:
        """Return the cart value of the offers construct."""
        return total_of((x.amount for x in self.lines if x.kind in ITEM_KINDS), self.currency)


@quickly_made
@dataclass(frozen=True, slots=True)
class Discounts:
    """What the discounts step answers: DISCOUNT lines, and its own trace, which pricing does not read.

    Where something is given, `listed` is the cart's lines with the given ones among them, each in its place.
    """

    lines: tuple[QuoteLine, ...] = ()
    trace: Any = None
    listed: tuple[QuoteLine, ...] | None = None

    def before(self, cart: tuple[QuoteLine, ...]) -> tuple[QuoteLine, ...]:
        """Return the lines before the discounts: those of the cart, with what is given."""
        return cart if self.listed is None else self.listed


class DiscountStep(Protocol):
    """The offers' part of a price; `thresholds` are the cart values at which it may jump or bend, `energy_edges` the
    energies (Wh) from which on it may.

    `net_at_least` bounds the sum of the lines less the discount from below, for every cart that lies line by
    line between `low` and `high`. The inverse of a budget needs it to be true, and is faster when it is tight.
    """

    def __call__(self, cart: Cart) -> Discounts: ...

    def thresholds(self) -> tuple[Decimal, ...]: ...

    def energy_edges(self) -> tuple[int, ...]: ...

    def net_at_least(self, low: Cart, high: Cart) -> Decimal: ...


@quickly_made
@dataclass(frozen=True, slots=True)
class Quote:
    """A price with its lines; `total` is their sum, checked when it is made."""

    lines: tuple[QuoteLine, ...]
    total: Money
    energy_wh: int
    basis: Basis | None
    slices: tuple[PricedSlice, ...]
    terms: PriceTerms
    request: ChargingRequest
    engine_version: str
    trace: Any = None
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        left, currency = self.total.amount, self.total.currency
        for line in self.lines:
            left -= line.amount.amount
            if line.amount.currency != currency:
                raise CurrencyMismatch(f"cannot combine {currency} with {line.amount.currency}")
        if left:
            raise AssertionError("the total of a quote is the sum of its lines")

    def sum_of(self, *kinds: LineKind) -> Money:
        """Return the sum of the lines of these kinds."""
        return total_of((x.amount for x in self.lines if x.kind in kinds), self.total.currency)
