"""What an offer says: where, on what and when it applies, what the cart must reach, what it gives, its limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from cpo_portal.charging.segments.rules import Segment
from offers.engine.facts import Circle, Current, HolidayRule
from offers.engine.periods import Period
from pricing.engine.values import WeeklyWindow


class BenefitKind(StrEnum):
    """The offer types of the ONDC construct, spelled as on the wire."""

    DISCOUNT = "discount"
    BUY_X_GET_Y = "buyXgetY"
    FREEBIE = "freebie"
    SLAB = "slab"
    COMBO = "combo"
    DELIVERY = "delivery"
    EXCHANGE = "exchange"
    FINANCING = "financing"


class ValueType(StrEnum):
    """What a benefit's value counts; ONDC knows no amount per kWh."""

    PERCENT = "percent"
    AMOUNT = "amount"
    PER_KWH = "per_kwh"


class ItemUnit(StrEnum):
    """What an offer that gives for what is bought counts: kWh of the session, the customer's sessions, products."""

    KWH = "KWH"
    SESSION = "SESSION"
    PRODUCT = "PRODUCT"


class FinanceMethod(StrEnum):
    """How a financed order is paid: in monthly instalments, or at once after so many months."""

    EMI = "EMI"
    PAY_LATER = "PAY_LATER"


class DiscountBase(StrEnum):
    """What a percentage is taken of."""

    ITEMS = "ITEMS"
    ITEMS_AND_SURGE = "ITEMS_AND_SURGE"


@dataclass(frozen=True, slots=True)
class Slab:
    """A band of whole kWh, `item_count` to `item_count_upper` (itself inside; None is open), and what it gives."""

    item_count: int
    item_count_upper: int | None
    value: Decimal
    value_type: ValueType
    value_cap: Decimal

    def holds(self, kwh: int) -> bool:
        return self.item_count <= kwh and (self.item_count_upper is None or kwh <= self.item_count_upper)


@dataclass(frozen=True, slots=True)
class FinanceTerm:
    """A way to pay over time; of the interest, `annual_percent` a year, the CPO bears `subvention_percent`."""

    provider: str
    method: FinanceMethod
    months: int
    annual_percent: Decimal
    subvention_percent: Decimal


@dataclass(frozen=True, slots=True)
class Benefit:
    """What the buyer gets: `value` in percent, money or money per kWh, at most `value_cap`, taken of `base`.

    `value` is 0 for a kind without one; a slab's values stand in `slabs`, by rising kWh. What is given are
    `item_count` units at `item_value` each, free where that is None: of the product `item_id`, else of what is bought.
    """

    kind: BenefitKind
    value_type: ValueType
    value: Decimal
    value_cap: Decimal | None = None
    base: DiscountBase = DiscountBase.ITEMS
    slabs: tuple[Slab, ...] = ()
    finance: tuple[FinanceTerm, ...] = ()
    item_count: int | None = None
    item_id: str = ""
    item_value: Decimal | None = None
    item_unit: ItemUnit | None = None


@dataclass(frozen=True, slots=True)
class Qualifier:
    """What the cart must reach, and the energy (Wh) it must not exceed; the boundaries themselves qualify.

    `nth_session` is the customer's count with the CPO, this session included. The site must be less than
    `max_busy_percent` busy and have `stock_at_least` units of a product. All of `item_ids`, a combo's secondary
    items, must be in the cart. `item_count` is how many units are bought before some are given.
    """

    min_value: Decimal | None = None
    min_wh: int | None = None
    max_wh: int | None = None
    nth_session: int | None = None
    max_busy_percent: int | None = None
    stock_product_id: str = ""
    stock_at_least: int | None = None
    item_ids: frozenset[str] = frozenset()
    item_count: int | None = None


@dataclass(frozen=True, slots=True)
class Applicability:
    """Where, on what and when. Values are OR within an attribute, AND across; empty is no restriction.

    Ids are the Beckn ids of locations, items (connectors and products), categories and chargers (EVSEs). Powers
    are ratings in W, both bounds included.
    """

    location_ids: frozenset[str] = frozenset()
    item_ids: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    weekly_windows: tuple[WeeklyWindow, ...] = ()
    location_tags: frozenset[str] = frozenset()
    cities: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    circle: Circle | None = None
    charger_ids: frozenset[str] = frozenset()
    connector_types: frozenset[str] = frozenset()
    currents: frozenset[Current] = frozenset()
    min_power_w: int | None = None
    max_power_w: int | None = None
    holidays: HolidayRule | None = None
    blackout_dates: frozenset[date] = frozenset()

    def covers(self, item_id: str, category: str) -> bool:
        """Say whether an item of this id and category is one that the offer is for."""
        of_items = not self.item_ids or item_id in self.item_ids
        return of_items and (not self.categories or category in self.categories)


@dataclass(frozen=True, slots=True)
class OfferLimits:
    """Limits as authored; None is no limit and touches no counter."""

    total_uses: int | None = None
    uses_per_customer: int | None = None
    budget: Decimal | None = None
    redemption_cap: Decimal | None = None
    uses_per_customer_day: int | None = None
    uses_per_customer_week: int | None = None
    uses_per_customer_month: int | None = None
    budget_per_day: Decimal | None = None
    give_use_back: bool = False
    #: Members of a group of customers use up the limits per customer together, beside each one's own.
    shared_in_groups: bool = False

    @property
    def is_personal(self) -> bool:
        """Tell whether a customer's uses are counted, ever or by a period."""
        return (
            self.uses_per_customer is not None
            or self.uses_per_customer_day is not None
            or self.uses_per_customer_week is not None
            or self.uses_per_customer_month is not None
        )

    @property
    def has_budget(self) -> bool:
        """Tell whether what is given is limited in all or by the day, so that the most of it is reserved."""
        return self.budget is not None or self.budget_per_day is not None

    @property
    def per_period(self) -> dict[Period, int]:
        """Return the uses per customer that are limited by a period, the shortest first."""
        found = (
            (Period.DAY, self.uses_per_customer_day),
            (Period.WEEK, self.uses_per_customer_week),
            (Period.MONTH, self.uses_per_customer_month),
        )
        return {period: limit for period, limit in found if limit is not None}


class _WithAnswers:
    """A place for what is worked out of a value once (`offers/engine/asked.py`); no field of it, and in no copy."""

    __slots__ = ("asked",)
    asked: Any


@dataclass(frozen=True, slots=True)
class OfferTerms(_WithAnswers):
    """One version of an offer, as the engine sees it: `state` is the stored state, a larger `priority` comes first."""

    offer_id: str
    version: int
    name: str
    short_desc: str
    campaign_kind: str
    display_code: str
    requires_code: bool
    currency: str
    priority: int
    additive: bool
    auto: bool
    state: str
    applicability: Applicability
    qualifier: Qualifier
    benefit: Benefit
    limits: OfferLimits = OfferLimits()
    long_desc: str = ""
    terms_text: str = ""
    images: tuple[str, ...] = ()
    #: At most one offer of a group is applied; it is never applied beside an offer of `excludes`, nor they beside it.
    exclusivity_group: str = ""
    excludes: frozenset[str] = frozenset()
    #: Its customers; OR, and empty is everybody.
    segments: tuple[Segment, ...] = ()
    single_use: bool = False
