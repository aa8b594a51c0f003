"""The values of the offer engine: what an offer says (in `terms`), what judges it, and the answer with its reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from cpo_portal.charging.segments.rules import CustomerFacts
from offers.engine.about import About
from offers.engine.facts import NOWHERE, UNOBSERVED, Good, Levels, PlaceFacts
from offers.engine.terms import (
    Applicability,
    Benefit,
    BenefitKind,
    DiscountBase,
    FinanceMethod,
    FinanceTerm,
    ItemUnit,
    OfferLimits,
    OfferTerms,
    Qualifier,
    Slab,
    ValueType,
)
from pricing.engine.making import quickly_made
from pricing.engine.money import Money

__all__ = [
    "Applicability",
    "Benefit",
    "BenefitKind",
    "Certificate",
    "Check",
    "CodeStanding",
    "DiscountBase",
    "FinanceMethod",
    "FinanceTerm",
    "ItemUnit",
    "Objective",
    "OfferContext",
    "OfferLimits",
    "OfferOutcome",
    "OfferTerms",
    "OfferTrace",
    "Outcome",
    "Qualifier",
    "ReasonCode",
    "SentCode",
    "Slab",
    "StackLimits",
    "Usage",
    "ValueType",
]


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
    CUSTOMER_USES_DAY = "CUSTOMER_USES_DAY"
    CUSTOMER_USES_WEEK = "CUSTOMER_USES_WEEK"
    CUSTOMER_USES_MONTH = "CUSTOMER_USES_MONTH"
    BUDGET_DAY = "BUDGET_DAY"
    GROUP_TAKEN = "GROUP_TAKEN"
    EXCLUDED = "EXCLUDED"
    STACK_FULL = "STACK_FULL"
    MAX_DISCOUNT = "MAX_DISCOUNT"
    SEGMENT = "SEGMENT"
    CODE_USED = "CODE_USED"
    LOCATION_TAG = "LOCATION_TAG"
    AREA = "AREA"
    DISTANCE = "DISTANCE"
    CHARGER = "CHARGER"
    CONNECTOR_CLASS = "CONNECTOR_CLASS"
    POWER = "POWER"
    HOLIDAY = "HOLIDAY"
    BLACKOUT = "BLACKOUT"
    ENERGY = "ENERGY"
    SESSION_NUMBER = "SESSION_NUMBER"
    BUSY = "BUSY"
    STOCK = "STOCK"
    SLAB = "SLAB"
    COMBO_ITEMS = "COMBO_ITEMS"
    ITEM_COUNT = "ITEM_COUNT"
    ITEM_NOT_SOLD = "ITEM_NOT_SOLD"
    ITEM_STOCK = "ITEM_STOCK"
    REDEMPTION_CAP = "REDEMPTION_CAP"
    GROUP_USES = "GROUP_USES"
    GROUP_USES_DAY = "GROUP_USES_DAY"
    GROUP_USES_WEEK = "GROUP_USES_WEEK"
    GROUP_USES_MONTH = "GROUP_USES_MONTH"


@quickly_made
@dataclass(frozen=True, slots=True)
class Usage:
    """What is used of one offer, as of the evaluation; amounts in the offer's currency.

    `customer_uses` is None while the customer is not known; `customer_period_uses` and `budget_used_today` are of the
    periods that run at the evaluation. `refused` says that the stock of what it gives refused a moment ago.
    `group_uses` are those of the customer's group that has used it most, None where the customer is in none or nobody
    asked.
    """

    uses: int = 0
    budget_used: Decimal = Decimal(0)
    customer_uses: int | None = None
    budget_used_today: Decimal = Decimal(0)
    customer_period_uses: Mapping[str, int] = field(default_factory=dict)
    refused: bool = False
    group_uses: int | None = None
    group_period_uses: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StackLimits:
    """What a CPO allows together: so many offers, and discounts of so many percent of the ITEM lines; None is any."""

    max_stack: int | None = None
    max_discount_percent: Decimal | None = None


class CodeStanding(StrEnum):
    """What a single-use code that was sent is to this order; a code that opens nothing here has no standing at all."""

    FREE = "FREE"
    HELD = "HELD"
    USED = "USED"


@dataclass(frozen=True, slots=True)
class SentCode:
    """A single-use code that the buyer sent: its row's key, never its text, and its standing.

    HELD is held by this very order; used up, or held by another one, is USED.
    """

    key: int
    standing: CodeStanding


@quickly_made
@dataclass(frozen=True, slots=True)
class OfferContext:
    """Where and for whom the cart is: Beckn ids, the buyer's choices, the customer where known, one `now`.

    `held` names offers that this order has already reserved: their limits are not tested again. `opted_in` and
    `declined` hold offer ids or display codes. `single_use` is the single-use code sent for an offer, by its id.
    `customer_sessions` are those before this one.
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
    #: The zone of the CPO's calendar, which limits per day, week and month follow.
    calendar_zone: str = "UTC"
    stack: StackLimits = StackLimits()
    #: None while the customer is not known, or no candidate asks for segments.
    customer: CustomerFacts | None = None
    bap_id: str = ""
    single_use: Mapping[str, SentCode] = field(default_factory=dict)
    place: PlaceFacts = NOWHERE
    customer_sessions: int | None = None
    levels: Levels = UNOBSERVED
    #: The products that candidates give and that are sold there, by id.
    goods: Mapping[str, Good] = field(default_factory=dict)


@quickly_made
@dataclass(frozen=True, slots=True)
class Check:
    """One condition as a number: what was expected, what was found, by how much it misses (`margin`, in words).

    `about` is what words need besides; None where they need no more, and in what was stored before it was kept.
    """

    code: ReasonCode
    field: str
    expected: str
    actual: str
    passed: bool
    margin: str = ""
    about: About | None = None


@quickly_made
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
        """Return the first failing check, None where the offer applied.

        Whoever has not sent the code of an offer has not chosen it either: then the code is the reason.
        """
        first = next((x for x in self.checks if not x.passed), None)
        if first is None or first.code is not ReasonCode.NOT_OPTED_IN:
            return first
        return next((x for x in self.checks if not x.passed and x.code is ReasonCode.CODE_REQUIRED), first)


@quickly_made
@dataclass(frozen=True, slots=True)
class OfferTrace:
    """The whole answer: every candidate's outcome, the chosen set, the runner-up and what it would have saved.

    Where the CPO's largest discount cut the chosen set, `most` is that discount and `cut` what is above it.
    """

    outcomes: tuple[OfferOutcome, ...] = ()
    chosen: tuple[str, ...] = ()
    runner_up: tuple[str, ...] = ()
    difference: Money | None = None
    certificate: Certificate = Certificate.PROVEN
    gap: Decimal = Decimal(0)
    most: Money | None = None
    cut: Money | None = None
