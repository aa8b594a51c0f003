"""Replays completed sessions with an offer added: what it would have taken off, from whom, and what it would displace.

A replay shows what would have been taken off past sessions, never what the offer would have brought.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from cpo_portal.charging.segment_rules import CustomerFacts
from offers.engine.evaluate import LIVE_STATE
from offers.engine.facts import NOWHERE, Good, PlaceFacts
from offers.engine.limits import has_limit, limit_checks
from offers.engine.periods import Period, Today, today_at
from offers.engine.step import OfferStep
from offers.engine.unrecorded import PastBook, without_levels
from offers.engine.values import (
    CodeStanding,
    Objective,
    OfferContext,
    OfferTerms,
    OfferTrace,
    Outcome,
    ReasonCode,
    SentCode,
    StackLimits,
    Usage,
)
from pricing.engine.values import Cart, QuoteLine
from pricing.engine.windows import zone_of

_NOTHING = Decimal(0)
#: Sessions that are named as examples of a price that would have risen.
EXAMPLES = 20
#: Limits that end an offer for everybody.
_FOR_ALL = frozenset({ReasonCode.TOTAL_USES, ReasonCode.BUDGET})
#: Stands for a single-use code that the driver had, or would have had.
_A_CODE = SentCode(0, CodeStanding.FREE)

Given = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class PastSession:
    """A completed session as it was billed: its lines before the discounts, and what each offer gave, by its id; 0 is
    one that stood beside the order.

    `customer` is any name for the same person, empty where nobody is known, with its `facts` of today and its sessions
    before this one where an offer asks for them. `groups` say where the session counts: pairs such as ("Location",
    "Connaught Place").
    """

    order_id: str
    cart: Cart
    location_id: str
    category: str
    customer: str
    given: Given
    groups: tuple[tuple[str, str], ...] = ()
    bap_id: str = ""
    place: PlaceFacts = NOWHERE
    facts: CustomerFacts | None = None
    sessions_before: int | None = None
    #: The products that offers may give, as they are sold at its location now; nobody knows what was in stock.
    goods: Mapping[str, Good] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """How the CPO chooses and counts: its objective, its largest stack and discount, and the zone of its calendar."""

    currency: str
    objective: Objective = Objective.MAX_SAVING
    stack: StackLimits = field(default_factory=StackLimits)
    calendar_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Touched:
    """Sessions, and what they come to."""

    sessions: int = 0
    amount: Decimal = _NOTHING

    def plus(self, amount: Decimal) -> Touched:
        return Touched(self.sessions + 1, self.amount + amount)


@dataclass(frozen=True, slots=True)
class Displaced:
    """What a live offer gave without the draft and with it; under the draft's own id, its published version."""

    offer_id: str
    without: Touched = Touched()
    with_draft: Touched = Touched()


@dataclass(frozen=True, slots=True)
class OfDay:
    """What the draft takes off sessions that start on a day, on the clock of their place."""

    day: date
    touched: Touched


@dataclass(frozen=True, slots=True)
class OfGroup:
    """What the draft takes off the sessions of a group: a kind such as Location, and its name."""

    kind: str
    name: str
    touched: Touched


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """What a replay found. Amounts are before tax, in `currency`.

    `touched` are the sessions that would have got the draft, with what it takes off them; `extra` is the change of all
    discounts together, which is less where it displaces others. `billed` is what was really given then. `risen` are
    sessions that would have cost more. `ran_out_at` is the first planned start that a limit of the draft turned away.
    """

    currency: str
    sessions: int = 0
    billed: Decimal = _NOTHING
    without: Decimal = _NOTHING
    touched: Touched = Touched()
    extra: Decimal = _NOTHING
    risen: Touched = Touched()
    risen_examples: tuple[str, ...] = ()
    turned_away: int = 0
    ran_out_at: datetime | None = None
    ran_out_by: str = ""
    by_day: tuple[OfDay, ...] = ()
    by_group: tuple[OfGroup, ...] = ()
    displaced: tuple[Displaced, ...] = ()


class Backtest:
    """Plays sessions in the order of time through two worlds, one with the draft live and one without it.

    Each world counts what its own offers give, from nothing on, so that limits and budgets bind as they would have.
    The draft's validity is left out, for it lies ahead, and how busy or stocked a site was is not known any more: the
    draft is taken to hold then, a live offer where it was given. Its weekly windows and all other conditions count, and
    who is not known gets nothing that is counted by customer. A draft that must be chosen is taken to be chosen by
    everybody, and what was given to a driver who chose it is chosen again.
    """

    def __init__(self, live: Iterable[OfferTerms], draft: OfferTerms, setting: Setting) -> None:
        self._draft = _at_any_time(draft)
        others = list(live)
        self._setting = setting
        self._before = _World(others, setting.calendar_zone)
        rest = [x for x in others if x.offer_id != draft.offer_id]
        self._after = _World([*rest, self._draft], setting.calendar_zone)
        self._replaces = len(rest) < len(others)
        #: Live offers with limits that the two worlds have not given alike.
        self._apart: set[str] = set()
        self._tally = _Tally(setting.currency, draft.offer_id)

    def play(self, session: PastSession) -> None:
        """Price one session in both worlds, and count it; once where both must come to the same."""
        after, trace, added = self._give(self._after, session, draft=True)
        own = next((x for x in trace.outcomes if x.offer_id == self._draft.offer_id), None)
        applied = own is not None and own.outcome is Outcome.APPLIED
        if applied or self._replaces or not self._alike(session):
            before, _, added_before = self._give(self._before, session, draft=False)
            limited = self._before.limited - {self._draft.offer_id}
            self._apart |= {x for x in limited & {*before, *after} if before.get(x) != after.get(x)}
        else:
            before, added_before = after, added
        self._before.record(session, before)
        self._after.record(session, after)
        self._tally.add(session, before, after, added - added_before)
        if own is not None and own.outcome is Outcome.LIMITED and own.reason is not None:
            by = own.reason.code
            self._tally.turn_away(session, by.value if by in _FOR_ALL else "")

    def _alike(self, session: PastSession) -> bool:
        """Tell whether the limits of all live offers are open to this session in both worlds, or closed in both."""
        return all(self._before.is_open(x, session) == self._after.is_open(x, session) for x in self._apart)

    def result(self) -> BacktestResult:
        """Return what was found so far."""
        return self._tally.result()

    def _give(self, world: _World, session: PastSession, *, draft: bool) -> tuple[Given, OfferTrace, Decimal]:
        """Return what each offer gives, why, and what the given products come to, which are no part of the cart."""
        found = [offer for x in session.given if (offer := world.book.get(x)) is not None]
        chosen = [*found, self._draft] if draft else found
        context = OfferContext(
            location_id=session.location_id,
            item_id=session.cart.request.item_id,
            category=session.category,
            now=session.cart.request.planned_start,
            opted_in=frozenset(x.offer_id for x in chosen if not x.auto),
            codes=frozenset(x.display_code for x in chosen if x.requires_code and x.display_code),
            customer_known=bool(session.customer),
            identity_required=True,
            usage=world.usage(session),
            objective=self._setting.objective,
            calendar_zone=self._setting.calendar_zone,
            stack=self._setting.stack,
            customer=session.facts,
            bap_id=session.bap_id,
            single_use={x.offer_id: _A_CODE for x in chosen if x.single_use},
            place=session.place,
            customer_sessions=session.sessions_before,
            goods=session.goods,
        )
        answer = OfferStep(world.past.where_given(session.given), context)(session.cart)
        given = {x.offer_id: x.saving.amount for x in answer.trace.outcomes if x.outcome is Outcome.APPLIED}
        added = _NOTHING if answer.listed is None else _sum(answer.listed) - _sum(session.cart.lines)
        return given, answer.trace, added


def _sum(lines: Iterable[QuoteLine]) -> Decimal:
    return sum((x.amount.amount for x in lines), _NOTHING)


def _at_any_time(draft: OfferTerms) -> OfferTerms:
    """Return the draft live, without what cannot be asked of the past."""
    always = replace(draft.applicability, valid_from=None, valid_until=None)
    return replace(without_levels(draft), state=LIVE_STATE, applicability=always)


class _World:
    """A book, and what its offers with limits have given so far."""

    def __init__(self, offers: Iterable[OfferTerms], zone: str) -> None:
        self.past, self._zone = PastBook(offers), zone
        self.book = self.past.book
        self.limited = {x.offer_id for x in self.book.all() if has_limit(x.limits)}
        self._given: dict[tuple[str, date | None], Touched] = {}
        self._uses: dict[tuple[str, str, Period | None, date | None], int] = {}

    def usage(self, session: PastSession) -> Mapping[str, Usage]:
        return _Used(self, session)

    def usage_of(self, offer_id: str, session: PastSession) -> Usage:
        """Return what is used of an offer as the session's customer meets it at its planned start."""
        if offer_id not in self.limited:
            raise KeyError(offer_id)
        today = self._today(session)
        total, day = (self._given.get((offer_id, x), Touched()) for x in (None, today.day))
        who = session.customer
        return Usage(
            uses=total.sessions,
            budget_used=total.amount,
            customer_uses=self._uses.get((offer_id, who, None, None), 0) if who else None,
            budget_used_today=day.amount,
            customer_period_uses={x: self._uses.get((offer_id, who, x, today.start_of(x)), 0) for x in Period},
        )

    def is_open(self, offer_id: str, session: PastSession) -> bool:
        """Tell whether no limit of the offer turns this session away."""
        offer = self.book.get(offer_id)
        if offer is None:
            return False
        start, known = session.cart.request.planned_start, bool(session.customer)
        usage = self.usage(session)
        context = OfferContext(
            "",
            "",
            "",
            start,
            customer_known=known,
            identity_required=True,
            usage=usage,
            calendar_zone=self._zone,
        )
        checks, _ = limit_checks(offer, context, _NOTHING)
        return all(x.passed for x in checks)

    def record(self, session: PastSession, given: Given) -> None:
        counted = self.limited & given.keys()
        if not counted:
            return
        today = self._today(session)
        starts = [(None, None), *((period, today.start_of(period)) for period in Period)]
        for offer_id in counted:
            for day in (None, today.day):
                self._given[offer_id, day] = self._given.get((offer_id, day), Touched()).plus(given[offer_id])
            for period, start in starts:
                key = (offer_id, session.customer, period, start)
                self._uses[key] = self._uses.get(key, 0) + 1

    def _today(self, session: PastSession) -> Today:
        return today_at(session.cart.request.planned_start, self._zone)


class _Used(Mapping[str, Usage]):
    """A world's usage as one session meets it, worked out only for the offers that are asked for."""

    def __init__(self, world: _World, session: PastSession) -> None:
        self._world, self._session = world, session

    def __getitem__(self, offer_id: str) -> Usage:
        return self._world.usage_of(offer_id, self._session)

    def __iter__(self) -> Iterator[str]:
        return iter(self._world.limited)

    def __len__(self) -> int:
        return len(self._world.limited)


@dataclass(slots=True)
class _Tally:
    """The sums while a replay runs."""

    currency: str
    draft_id: str
    days: dict[date, Touched] = field(default_factory=dict)
    groups: dict[tuple[str, str], Touched] = field(default_factory=dict)
    others: dict[str, tuple[Touched, Touched]] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    sessions: int = 0
    billed: Decimal = _NOTHING
    without: Decimal = _NOTHING
    with_draft: Decimal = _NOTHING
    touched: Touched = Touched()
    risen: Touched = Touched()
    turned_away: int = 0
    ran_out: tuple[datetime, str] | None = None

    def add(self, session: PastSession, before: Given, after: Given, added: Decimal) -> None:
        """Count a session; by `added` more is given with the draft that would have to be paid but for its discount."""
        self.sessions += 1
        self.billed += sum(session.given.values(), _NOTHING)
        less, more = sum(before.values(), _NOTHING), sum(after.values(), _NOTHING)
        self.without += less
        self.with_draft += more
        if more - added < less:
            self.risen = self.risen.plus(less - more + added)
            if len(self.examples) < EXAMPLES:
                self.examples.append(session.order_id)
        if before is not after:
            self._compare(before, after)
        else:
            self._repeat(before)
        taken = after.get(self.draft_id)
        if taken is not None:
            self._touch(session, taken)

    def turn_away(self, session: PastSession, by: str) -> None:
        self.turned_away += 1
        if by and self.ran_out is None:
            self.ran_out = session.cart.request.planned_start, by

    def result(self) -> BacktestResult:
        at, by = self.ran_out or (None, "")
        changed = {x: pair for x, pair in self.others.items() if pair[0] != pair[1]}
        return BacktestResult(
            currency=self.currency,
            sessions=self.sessions,
            billed=self.billed,
            without=self.without,
            touched=self.touched,
            extra=self.with_draft - self.without,
            risen=self.risen,
            risen_examples=tuple(self.examples),
            turned_away=self.turned_away,
            ran_out_at=at,
            ran_out_by=by,
            by_day=tuple(OfDay(day, self.days[day]) for day in sorted(self.days)),
            by_group=tuple(OfGroup(*key, found) for key, found in sorted(self.groups.items(), key=_dearest_first)),
            displaced=tuple(Displaced(x, *pair) for x, pair in sorted(changed.items())),
        )

    def _touch(self, session: PastSession, taken: Decimal) -> None:
        self.touched = self.touched.plus(taken)
        start = session.cart.request.planned_start
        day = start.astimezone(zone_of(session.cart.time_zone)).date()
        self.days[day] = self.days.get(day, Touched()).plus(taken)
        for key in session.groups:
            self.groups[key] = self.groups.get(key, Touched()).plus(taken)

    def _repeat(self, given: Given) -> None:
        for offer_id, amount in given.items():
            without, with_draft = self.others.get(offer_id, (Touched(), Touched()))
            self.others[offer_id] = without.plus(amount), with_draft.plus(amount)

    def _compare(self, before: Given, after: Given) -> None:
        for offer_id in {*before, *after}:
            without, with_draft = self.others.get(offer_id, (Touched(), Touched()))
            if offer_id in before:
                without = without.plus(before[offer_id])
            if offer_id in after and offer_id != self.draft_id:
                with_draft = with_draft.plus(after[offer_id])
            self.others[offer_id] = without, with_draft


def _dearest_first(item: tuple[tuple[str, str], Touched]) -> tuple[str, Decimal, str]:
    (kind, name), found = item
    return kind, -found.amount, name
