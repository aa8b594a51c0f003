"""What a replay reads, and what it finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from cpo_portal.charging.segments.rules import CustomerFacts, Segment
from offers.engine.facts import NOWHERE, Good, PlaceFacts
from offers.engine.values import Objective, ReasonCode, StackLimits
from pricing.engine.making import quickly_made
from pricing.engine.values import Cart

_NOTHING = Decimal(0)

Given = Mapping[str, Decimal]


@quickly_made
@dataclass(frozen=True, slots=True)
class PastSession:
    """A completed session as it was billed: its lines before the discounts, and what each offer gave, by its id; 0 is
    one that stood beside the order.

    It was `bought_at` the instant at which offers are reserved for it, which limits count by. `customer` is any name
    for the same person, empty where nobody is known, with its `facts` of that instant and its sessions before this one,
    where an offer asks for them. `groups` say where the session counts: pairs such as ("Location", "Connaught Place").
    """

    order_id: str
    cart: Cart
    location_id: str
    category: str
    customer: str
    bought_at: datetime
    given: Given
    groups: tuple[tuple[str, str], ...] = ()
    bap_id: str = ""
    place: PlaceFacts = NOWHERE
    facts: CustomerFacts | None = None
    sessions_before: int | None = None
    #: The products that offers may give, as they are sold at its location now; nobody knows what was in stock.
    goods: Mapping[str, Good] = field(default_factory=dict)
    #: The customer's groups of today, which share limits; any names.
    member_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Setting:
    """How the CPO chooses and counts: its objective, its largest stack and discount, the zone of its calendar, and the
    segments that it has."""

    currency: str
    objective: Objective = Objective.MAX_SAVING
    stack: StackLimits = field(default_factory=StackLimits)
    calendar_zone: str = "UTC"
    segments: tuple[Segment, ...] = ()


@quickly_made
@dataclass(frozen=True, slots=True)
class Touched:
    """Sessions, and what they come to."""

    sessions: int = 0
    amount: Decimal = _NOTHING


NOTHING_YET = Touched()


@dataclass(slots=True)
class Running:
    """The same while it is still counted."""

    sessions: int = 0
    amount: Decimal = _NOTHING

    def add(self, amount: Decimal) -> None:
        self.sessions += 1
        self.amount += amount

    def touched(self) -> Touched:
        return Touched(self.sessions, self.amount)


@dataclass(frozen=True, slots=True)
class Displaced:
    """What a live offer gave without the draft and with it; under the draft's own id, its published version."""

    offer_id: str
    without: Touched = NOTHING_YET
    with_draft: Touched = NOTHING_YET


@dataclass(frozen=True, slots=True)
class OfDay:
    """What the draft takes off sessions that start on a day, on the clock of their place."""

    day: date
    touched: Touched


@dataclass(frozen=True, slots=True)
class OfGroup:
    """What the draft takes off the sessions of a group: a kind such as Location or Segment, and its name.

    A session is at one location, and in as many segments as its customer.
    """

    kind: str
    name: str
    touched: Touched


@dataclass(frozen=True, slots=True)
class KeptOut:
    """So many sessions that did not get the draft, by the first condition that kept them out."""

    reason: ReasonCode
    sessions: int


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """What a replay found. Amounts are before tax, in `currency`.

    `touched` are the sessions that would have got the draft, with what it takes off them; `extra` is the change of all
    discounts together, which is less where it displaces others. `billed` is what was really given then. `risen` are
    sessions that would have cost more. `ran_out_at` is when the first session was bought that a limit of the draft for
    all customers turned away.
    """

    currency: str
    sessions: int = 0
    billed: Decimal = _NOTHING
    without: Decimal = _NOTHING
    touched: Touched = NOTHING_YET
    extra: Decimal = _NOTHING
    risen: Touched = NOTHING_YET
    risen_examples: tuple[str, ...] = ()
    turned_away: int = 0
    ran_out_at: datetime | None = None
    ran_out_by: str = ""
    by_day: tuple[OfDay, ...] = ()
    by_group: tuple[OfGroup, ...] = ()
    displaced: tuple[Displaced, ...] = ()
    #: The commonest first; empty in results from before it was counted.
    kept_out: tuple[KeptOut, ...] = ()
    #: Whether the sessions and the energy of a customer were those of then, as they are but in results from before.
    facts_of_then: bool = False
