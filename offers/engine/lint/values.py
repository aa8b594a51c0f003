"""What the linter looks at and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from cpo_portal.charging.segments.rules import CustomerFacts, Segment
from offers.engine.backtest import Setting
from offers.engine.book import OfferBook
from offers.engine.facts import Good, PlaceFacts
from offers.engine.values import Check, OfferTerms, Usage
from pricing.engine.values import Cart, PriceTerms, ProductOrder


class Severity(StrEnum):
    """A contradiction keeps the offer from being published, a warning informs."""

    CONTRADICTION = "CONTRADICTION"
    WARNING = "WARNING"


class FindingCode(StrEnum):
    """What was found; part of the API, never renamed."""

    #: Saving or publishing it as it stands would be refused: something it names has gone, a code was taken.
    REFUSED = "REFUSED"
    OVER = "OVER"
    NO_WINDOW = "NO_WINDOW"
    ENDS_BEFORE_WINDOW = "ENDS_BEFORE_WINDOW"
    NO_STATION = "NO_STATION"
    BUDGET_TOO_SMALL = "BUDGET_TOO_SMALL"
    BUDGET_LEFT = "BUDGET_LEFT"
    NOT_TRIED = "NOT_TRIED"
    NEVER_HOLDS = "NEVER_HOLDS"
    SHADOWED = "SHADOWED"
    #: With it another live offer is never the best any more.
    SHADOWS = "SHADOWS"
    FREE_ENERGY = "FREE_ENERGY"
    BELOW_FLOOR = "BELOW_FLOOR"
    #: Surges add no less than the offer takes off.
    SURGE_CANCELS = "SURGE_CANCELS"
    #: A new customer may hold it in several orders at once.
    HELD_AT_ONCE = "HELD_AT_ONCE"
    #: A weekly window breaks off at midnight, for the day after is not ticked.
    PAST_MIDNIGHT = "PAST_MIDNIGHT"
    SAME_CODE = "SAME_CODE"
    SLABS_OVERLAP = "SLABS_OVERLAP"
    CLIFF = "CLIFF"
    #: Of what is given: no station sells it, it costs no more than is asked for it, it is worth more than a redemption
    #: may cost, too few are left, a turn has more sessions than a customer may take.
    NOT_SOLD = "NOT_SOLD"
    SAVES_NOTHING = "SAVES_NOTHING"
    CAP_TOO_SMALL = "CAP_TOO_SMALL"
    STOCK_LEFT = "STOCK_LEFT"
    TURN_CUT = "TURN_CUT"


@dataclass(frozen=True, slots=True)
class Site:
    """A connector that buyer apps can order, with its names; `terms` are its price, None where it has none.

    The price has the products that are sold at the location; `goods` are these with what is left of them. `exempt` are
    the segments that do not pay a surge, by its id.
    """

    location_id: str
    location: str
    item_id: str
    category: str
    place: PlaceFacts
    max_power_w: int
    time_zone: str
    terms: PriceTerms | None = None
    goods: Mapping[str, Good] = field(default_factory=dict)
    exempt: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Subject:
    """An offer as it would be live, the book it would be live in, and where it may be tried.

    `sites` are some of the `in_scope` connectors that it is for, of those where it ever opens, if there are any, and
    with the least fault in what it gives; `other_site` is one that it is not for, to show why. `zones` are the time
    zones of the connectors that it is for; `met` the other offers for some places, things or categories alone that
    could apply at any of them.
    """

    offer: OfferTerms
    book: OfferBook
    setting: Setting
    now: datetime
    time_zone: str
    sites: tuple[Site, ...] = ()
    in_scope: int = 0
    other_site: Site | None = None
    used: Usage = field(default_factory=Usage)
    zones: tuple[str, ...] = ()
    met: frozenset[str] = frozenset()
    #: What people call the products that it gives, by id, as far as they have a name.
    goods: Mapping[str, str] = field(default_factory=dict)
    #: Where another offer may be tried; None where nobody can say, and no other offer is looked at.
    sites_of: Callable[[OfferTerms], tuple[Site, ...]] | None = None
    #: Where this offer may be tried together with each of others, by id; None where nobody knows more than `sites`.
    shared_with: Callable[[Sequence[OfferTerms]], Mapping[str, tuple[Site, ...]]] | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A customer that was made up for a session: the facts, the sessions before this one, and the buyer app."""

    facts: CustomerFacts
    sessions: int
    bap_id: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """A session that shows a finding: where, when, how much of what, by whom.

    `value` is the sum of its energy, time, flat and product lines, `paid` what the driver pays of it where the finding
    is about prices with the offer. `busy_percent` is None where it does not matter.
    """

    location_id: str
    location: str
    item_id: str
    starts_at: datetime
    time_zone: str
    energy_wh: int
    value: Decimal
    currency: str
    products: tuple[ProductOrder, ...] = ()
    person: Person | None = None
    busy_percent: int | None = None
    paid: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a finding with its name; an amount where it has a currency."""

    name: str
    value: Decimal
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Rival:
    """Another offer that a finding is about; `sessions` of those tried, in which drivers save `least` to `most` more.

    Amounts are of the whole set that is chosen with it; negative where it comes first by its priority alone.
    """

    offer_id: str
    name: str
    sessions: int = 0
    least: Decimal = Decimal(0)
    most: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding as a sentence and as data; `field` is the field of the content or the limits that is at fault.

    `outcome` says what comes of the example, `failed` which of the offer's conditions do not hold in it.
    """

    code: FindingCode
    severity: Severity
    field: str
    sentence: str
    example: Example | None = None
    outcome: str = ""
    failed: tuple[Check, ...] = ()
    figures: tuple[Figure, ...] = ()
    rivals: tuple[Rival, ...] = ()


@dataclass(frozen=True, slots=True)
class Tried:
    """A session that was priced without offers, to try offers on."""

    site: Site
    cart: Cart


@dataclass(frozen=True, slots=True)
class Sampled:
    """How much was tried: sessions out of all combinations, at so many of the connectors, against so many offers.

    `cut` says that in some session not all of those were compared, but those that save the most.
    """

    sessions: int = 0
    combinations: int = 0
    sites: int = 0
    in_scope: int = 0
    rivals: int = 0
    cut: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, contradictions first, and what was tried for them."""

    findings: tuple[Finding, ...] = ()
    sampled: Sampled = field(default_factory=Sampled)

    @property
    def contradictions(self) -> tuple[Finding, ...]:
        return tuple(x for x in self.findings if x.severity is Severity.CONTRADICTION)
