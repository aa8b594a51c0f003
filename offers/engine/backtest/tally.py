"""The sums of a replay while it runs."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from offers.engine.backtest.membership import Membership
from offers.engine.backtest.values import (
    BacktestResult,
    Displaced,
    Given,
    KeptOut,
    OfDay,
    OfGroup,
    PastSession,
    Running,
    Touched,
)
from offers.engine.values import ReasonCode
from pricing.engine.windows import zone_of

_NOTHING = Decimal(0)
#: Sessions that are named as examples of a price that would have risen.
EXAMPLES = 20


@dataclass(slots=True)
class Tally:
    """Both worlds' discounts, session by session."""

    currency: str
    draft_id: str
    membership: Membership
    days: defaultdict[date, Running] = field(default_factory=lambda: defaultdict(Running))
    groups: defaultdict[tuple[str, str], Running] = field(default_factory=lambda: defaultdict(Running))
    #: What each live offer gives without the draft and with it.
    others: defaultdict[str, tuple[Running, Running]] = field(default_factory=lambda: defaultdict(_both))
    examples: list[str] = field(default_factory=list)

    sessions: int = 0
    billed: Decimal = _NOTHING
    without: Decimal = _NOTHING
    with_draft: Decimal = _NOTHING
    touched: Running = field(default_factory=Running)
    risen: Running = field(default_factory=Running)
    turned_away: int = 0
    ran_out: tuple[datetime, str] | None = None
    kept_out: Counter[ReasonCode] = field(default_factory=Counter)

    def add(self, session: PastSession, before: Given, after: Given, added: Decimal) -> None:
        """Count a session; by `added` more is given with the draft that would have to be paid but for its discount."""
        self.sessions += 1
        self.billed += sum(session.given.values(), _NOTHING)
        less, more = sum(before.values(), _NOTHING), sum(after.values(), _NOTHING)
        self.without += less
        self.with_draft += more
        if more - added < less:
            self.risen.add(less - more + added)
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
            self.ran_out = session.bought_at, by

    def result(self) -> BacktestResult:
        at, by = self.ran_out or (None, "")
        changed = {x: pair for x, pair in self.others.items() if pair[0] != pair[1]}
        groups = {key: found.touched() for key, found in self.groups.items()}
        return BacktestResult(
            currency=self.currency,
            sessions=self.sessions,
            billed=self.billed,
            without=self.without,
            touched=self.touched.touched(),
            extra=self.with_draft - self.without,
            risen=self.risen.touched(),
            risen_examples=tuple(self.examples),
            turned_away=self.turned_away,
            ran_out_at=at,
            ran_out_by=by,
            by_day=tuple(OfDay(day, self.days[day].touched()) for day in sorted(self.days)),
            by_group=tuple(OfGroup(*key, found) for key, found in sorted(groups.items(), key=_dearest_first)),
            displaced=tuple(Displaced(x, changed[x][0].touched(), changed[x][1].touched()) for x in sorted(changed)),
            kept_out=tuple(KeptOut(x, n) for x, n in sorted(self.kept_out.items(), key=lambda x: (-x[1], x[0]))),
            facts_of_then=True,
        )

    def _touch(self, session: PastSession, taken: Decimal) -> None:
        self.touched.add(taken)
        start = session.cart.request.planned_start
        self.days[start.astimezone(zone_of(session.cart.time_zone)).date()].add(taken)
        for key in (*session.groups, *self.membership.groups_of(session)):
            self.groups[key].add(taken)

    def _repeat(self, given: Given) -> None:
        for offer_id, amount in given.items():
            without, with_draft = self.others[offer_id]
            without.add(amount)
            with_draft.add(amount)

    def _compare(self, before: Given, after: Given) -> None:
        for offer_id, amount in before.items():
            self.others[offer_id][0].add(amount)
        for offer_id, amount in after.items():
            if offer_id != self.draft_id:
                self.others[offer_id][1].add(amount)


def _both() -> tuple[Running, Running]:
    return Running(), Running()


def _dearest_first(item: tuple[tuple[str, str], Touched]) -> tuple[str, Decimal, str]:
    (kind, name), found = item
    return kind, -found.amount, name
