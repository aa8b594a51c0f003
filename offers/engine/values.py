"""The values of the offer engine: what an offer says, what it is judged by, and the answer with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from pricing.engine.money import Money
from pricing.engine.values import WeeklyWindow


class BenefitKind(StrEnum):
    """The offer types of the ONDC construct, spelled as on the wire."""

    DISCOUNT = "discount"
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


class FinanceMethod(StrEnum):
    """How a financed order is paid: in monthly instalments, or at once after so many months."""

    EMI = "EMI"
    PAY_LATER = "PAY_LATER"


class DiscountBase(StrEnum):
    """What a percentage is taken of."""

    ITEMS = "ITEMS"
    ITEMS_AND_SURGE = "ITEMS_AND_SURGE"


class Objective(StrEnum):
    """How the best set of offers is chosen."""

    MAX_SAVING = "MAX_SAVING"
    PRIORITY = "PRIORITY"


class Outcome(StrEnum):
    """What became of a candidate."""

    APPLIED = "APPLIED"
    ELIGIBLE_NOT_CHOSEN = "ELIGIBLE_NOT_CHOSEN"
    INELIGIBLE = "INELIGIBLE"
    LIMITED = "LIMITED"


class Certificate(StrEnum):
    """Whether the chosen set is proven the best, or the search was stopped with a gap."""

    PROVEN = "PROVEN"
    BOUNDED = "BOUNDED"


class ReasonCode(StrEnum):
    """Why an offer did not apply; part of the API, never renamed."""

    UNKNOWN = "UNKNOWN"
    NOT_LIVE = "NOT_LIVE"
    PAUSED = "PAUSED"
    WITHDRAWN = "WITHDRAWN"
    ENDED = "ENDED"
    NOT_YET_VALID = "NOT_YET_VALID"
    OUTSIDE_WEEKLY_WINDOW = "OUTSIDE_WEEKLY_WINDOW"
    LOCATION = "LOCATION"
    ITEM = "ITEM"
    CATEGORY = "CATEGORY"
    CURRENCY = "CURRENCY"
    MIN_VALUE = "MIN_VALUE"
    NOT_OPTED_IN = "NOT_OPTED_IN"
    DECLINED = "DECLINED"
    CODE_REQUIRED = "CODE_REQUIRED"
    TOTAL_USES = "TOTAL_USES"
    CUSTOMER_USES = "CUSTOMER_USES"
    CUSTOMER_UNKNOWN = "CUSTOMER_UNKNOWN"
    BUDGET = "BUDGET"
    NO_BENEFIT = "NO_BENEFIT"
    NOT_ADDITIVE = "NOT_ADDITIVE"
    BETTER_SET = "BETTER_SET"
    SLAB = "SLAB"
    COMBO_ITEMS = "COMBO_ITEMS"


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

    `value` is 0 for a kind without one; a slab's values stand in `slabs`, by rising kWh.
    """

    kind: BenefitKind
    value_type: ValueType
    value: Decimal
    value_cap: Decimal | None = None
    base: DiscountBase = DiscountBase.ITEMS
    slabs: tuple[Slab, ...] = ()
    finance: tuple[FinanceTerm, ...] = ()


@dataclass(frozen=True, slots=True)
class Qualifier:
    """What the cart must reach, the boundary itself qualifies, and a combo's secondary items: all must be in it."""

    min_value: Decimal | None = None
    item_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Applicability:
    """Where, on what and when. Values are OR within an attribute, AND across; empty is no restriction.

    Ids are the Beckn ids of locations, items (connectors and products) and categories.
    """

    location_ids: frozenset[str] = frozenset()
    item_ids: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    weekly_windows: tuple[WeeklyWindow, ...] = ()


@dataclass(frozen=True, slots=True)
class OfferLimits:
    """Limits as authored; None is no limit and touches no counter."""

    total_uses: int | None = None
    uses_per_customer: int | None = None
    budget: Decimal | None = None
    redemption_cap: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OfferTerms:
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
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """What is used of one offer, as of the evaluation; amounts in the offer's currency.

    `customer_uses` is None while the customer is not known.
    """

    uses: int = 0
    budget_used: Decimal = Decimal(0)
    customer_uses: int | None = None


@dataclass(frozen=True, slots=True)
class OfferContext:
    """Where and for whom the cart is: Beckn ids, the buyer's choices, the customer where known, one `now`.

    `held` names offers that this order has already reserved: their limits are not tested again. `opted_in` and
    `declined` hold offer ids or display codes.
    """

    location_id: str
    item_id: str
    category: str
    now: datetime
    opted_in: frozenset[str] = frozenset()
    declined: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    customer_known: bool = False
    identity_required: bool = False
    usage: Mapping[str, Usage] = field(default_factory=dict)
    held: frozenset[str] = frozenset()
    ceilings: Mapping[str, Decimal] = field(default_factory=dict)
    objective: Objective = Objective.MAX_SAVING


@dataclass(frozen=True, slots=True)
class Check:
    """One condition as a number: what was expected, what was found, by how much it misses (`margin`, in words)."""

    code: ReasonCode
    field: str
    expected: str
    actual: str
    passed: bool
    margin: str = ""


@dataclass(frozen=True, slots=True)
class OfferOutcome:
    """What became of one offer: its outcome, the checks, failed and passed, the saving it gave or would have given."""

    offer_id: str
    version: int
    name: str
    outcome: Outcome
    saving: Money
    checks: tuple[Check, ...] = ()
    depends_on_identity: bool = False

    @property
    def reason(self) -> Check | None:
        """Return the first failing check, None where the offer applied."""
        return next((x for x in self.checks if not x.passed), None)


@dataclass(frozen=True, slots=True)
class OfferTrace:
    """The whole answer: every candidate's outcome, the chosen set, the runner-up and what it would have saved."""

    outcomes: tuple[OfferOutcome, ...] = ()
    chosen: tuple[str, ...] = ()
    runner_up: tuple[str, ...] = ()
    difference: Money | None = None
    certificate: Certificate = Certificate.PROVEN
    gap: Decimal = Decimal(0)
