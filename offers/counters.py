"""The counters of limits: caches of the ledger, moved by one guarded statement each, in the law's order.

Per-customer counters by (offer, customer), first those of all time and then those of a period; then in the same way
those of groups, by (offer, group); then totals by offer; then days by (offer, day). A statement that moves no row means
that a limit, or a pause, refuses: the caller rolls back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from offers.engine.periods import Period, start_of
from offers.guards import Guard, guard_of_uses
from offers.models import Redemption

NOTHING = Decimal(0)
_PERIODS = tuple(Period)

# The limits stand in the row itself, so the guard needs nothing that a stale book might have said.
_MOVE_TOTAL = """
UPDATE offers_offercounter SET uses_reserved = uses_reserved + %(uses)s, budget_reserved = budget_reserved + %(amount)s
WHERE offer_id = %(offer)s AND NOT paused
  AND (limit_uses IS NULL OR uses_reserved + uses_committed + %(uses)s <= limit_uses)
  AND (limit_budget IS NULL OR budget_reserved + budget_committed + %(amount)s <= limit_budget)
"""
_SETTLE_TOTAL = """
UPDATE offers_offercounter SET uses_reserved = uses_reserved - %(released)s,
    uses_committed = uses_committed + %(used)s,
    budget_reserved = budget_reserved - %(freed)s, budget_committed = budget_committed + %(spent)s
WHERE offer_id = %(offer)s
"""
# A day's row is made with its first reservation: by the limit that the caller has locked with the offer's row.
_TAKE_DAY = """
INSERT INTO offers_daycounter AS c (offer_id, day, limit_budget, paused, budget_reserved, budget_committed)
SELECT %(offer)s, %(day)s, %(limit)s, false, %(amount)s, 0 WHERE %(amount)s <= %(limit)s
ON CONFLICT (offer_id, day) DO UPDATE SET budget_reserved = c.budget_reserved + excluded.budget_reserved
WHERE NOT c.paused AND c.budget_reserved + c.budget_committed + excluded.budget_reserved <= c.limit_budget
"""
_SETTLE_DAY = """
UPDATE offers_daycounter SET budget_reserved = budget_reserved - %(freed)s,
    budget_committed = budget_committed + %(spent)s
WHERE offer_id = %(offer)s AND day = %(day)s
"""
_TAKE_USE = """
INSERT INTO {table} AS c (offer_id, {who}, uses, limit_uses)
VALUES (%(offer)s, %(who)s, 1, %(limit)s)
ON CONFLICT (offer_id, {who}) DO UPDATE SET uses = c.uses + 1, limit_uses = excluded.limit_uses
WHERE c.uses < excluded.limit_uses
"""
_TAKE_PERIOD_USE = """
INSERT INTO {table} AS c (offer_id, {who}, period, starts_on, uses, limit_uses)
VALUES (%(offer)s, %(who)s, %(period)s, %(starts_on)s, 1, %(limit)s)
ON CONFLICT (offer_id, {who}, period, starts_on)
DO UPDATE SET uses = c.uses + 1, limit_uses = excluded.limit_uses
WHERE c.uses < excluded.limit_uses
"""
_GIVE_USE = "UPDATE {table} SET uses = uses - 1 WHERE offer_id = %(offer)s AND {who} = %(who)s"
_GIVE_PERIOD_USE = """
UPDATE {table} SET uses = uses - 1
WHERE offer_id = %(offer)s AND {who} = %(who)s AND period = %(period)s AND starts_on = %(starts_on)s
"""


class _Statements(NamedTuple):
    """How a use is taken of one table of counters, and how it is given back."""

    take: str
    give: str


def _statements(whose: str) -> tuple[_Statements, _Statements]:
    """Return those of the counters of all time and of periods; `whose` is customer or group."""
    ever = {"table": f"offers_{whose}counter", "who": f"{whose}_id"}
    period = ever | {"table": f"offers_{whose}periodcounter"}
    return (
        _Statements(_TAKE_USE.format(**ever), _GIVE_USE.format(**ever)),
        _Statements(_TAKE_PERIOD_USE.format(**period), _GIVE_PERIOD_USE.format(**period)),
    )


#: By `UseRow.is_group` and `UseRow.is_period`.
_OF_USES = (_statements("customer"), _statements("group"))


class Refused(Exception):
    """A guard moved no row; `offer_pk` is the offer whose limit it is."""

    def __init__(self, offer_pk: int, guard: Guard) -> None:
        super().__init__(offer_pk, guard)
        self.offer_pk = offer_pk
        self.guard = guard


class UseRow(NamedTuple):
    """One counter of the uses of a customer, or of a group of theirs, in the order of locking.

    `rank` 0 is of all time, else the period's place.
    """

    is_group: bool
    is_period: bool
    offer_pk: int
    who: UUID | int
    rank: int
    starts_on: date

    @property
    def guard(self) -> Guard:
        """Return what refuses where this counter is full."""
        return guard_of_uses(of_group=self.is_group, period=_PERIODS[self.rank - 1] if self.rank else None)

    def values(self) -> dict[str, Any]:
        """Return the row's key as its statements name it."""
        period = _PERIODS[self.rank - 1].value if self.rank else ""
        key: dict[str, Any] = {"offer": self.offer_pk, "who": self.who}
        return key | {"period": period, "starts_on": self.starts_on}


class DayRow(NamedTuple):
    """One counter of a day's budget, in the order of locking."""

    offer_pk: int
    day: date


@dataclass(frozen=True, slots=True)
class Taking:
    """What a reservation takes of one offer's total and day counters; `day_limit` None touches no day."""

    offer_pk: int
    amount: Decimal
    total: bool
    day_limit: Decimal | None = None


def use_rows(
    offer_pk: int, who: UUID | int, *, ever: bool, periods: Iterable[Period | str], day: date | None
) -> list[UseRow]:
    """Return the counters that hold one use of a customer, or of a group by its key; `day` lies in the periods."""
    is_group = isinstance(who, int)
    rows = [UseRow(is_group, False, offer_pk, who, 0, date.min)] if ever else []
    if day is not None:
        for period in map(Period, periods):
            start = start_of(period, day)
            rows.append(UseRow(is_group, True, offer_pk, who, _PERIODS.index(period) + 1, start))
    return rows


def rows_of(redemption: Redemption) -> list[UseRow]:
    """Return the counters of the customer, and of the groups that it remembers, that hold this redemption's use."""
    if redemption.customer_id is None:
        return []
    groups = redemption.groups if redemption.counted_groups and redemption.groups else ()
    return [
        row
        for who in (redemption.customer_id, *groups)
        for row in use_rows(
            redemption.offer_id,
            who,
            ever=redemption.counted_customer,
            periods=redemption.counted_periods,
            day=redemption.reserved_on,
        )
    ]


def move_uses(given: Iterable[UseRow], taken: Mapping[UseRow, int]) -> None:
    """Give uses of customers and groups back, take new ones (row → its limit); a row that is in both keeps its use."""
    given = set(given)
    with connection.cursor() as cursor:
        for row in sorted(given ^ taken.keys()):
            statements = _OF_USES[row.is_group][row.is_period]
            if row in given:
                cursor.execute(statements.give, row.values())
                continue
            cursor.execute(statements.take, row.values() | {"limit": taken[row]})
            if cursor.rowcount != 1:
                raise Refused(row.offer_pk, row.guard)


def move_totals(old: Sequence[Redemption], new: Sequence[Taking]) -> None:
    """Give totals of reservations back and take new ones, each counter once."""
    given = {x.offer_id: x.reserved for x in old if x.counted}
    taken = {x.offer_pk: x.amount for x in new if x.total}
    with connection.cursor() as cursor:
        for offer_pk in sorted({*given, *taken}):
            before, after = given.get(offer_pk), taken.get(offer_pk)
            if after is None:
                cursor.execute(_SETTLE_TOTAL, _settled(offer_pk, freed=given[offer_pk]))
                continue
            uses = 0 if before is not None else 1
            cursor.execute(_MOVE_TOTAL, {"offer": offer_pk, "uses": uses, "amount": after - (before or NOTHING)})
            if cursor.rowcount != 1:
                raise Refused(offer_pk, Guard.TOTAL)


def move_days(old: Sequence[Redemption], new: Sequence[Taking], day: date) -> None:
    """Give budgets of days back and take of `day`, each counter once."""
    given = {DayRow(x.offer_id, x.reserved_on): x for x in old if x.counted_day and x.reserved_on}
    taken = {DayRow(x.offer_pk, day): x for x in new if x.day_limit is not None}
    with connection.cursor() as cursor:
        for row in sorted({*given, *taken}):
            if row in given:
                cursor.execute(_SETTLE_DAY, _of_day(given[row], freed=given[row].reserved))
            if row in taken:
                key: dict[str, Any] = {"offer": row.offer_pk, "day": row.day}
                cursor.execute(_TAKE_DAY, key | {"limit": taken[row].day_limit, "amount": taken[row].amount})
                if cursor.rowcount != 1:
                    raise Refused(row.offer_pk, Guard.BUDGET_DAY)


def settle_totals(outcomes: Sequence[tuple[Redemption, Decimal | None]]) -> None:
    """Turn reservations into what was given, or, where that is None, give them back whole."""
    ordered = sorted(outcomes, key=lambda outcome: outcome[0].offer_id)
    with connection.cursor() as cursor:
        for redemption, amount in ordered:
            if redemption.counted:
                cursor.execute(_SETTLE_TOTAL, _settled(redemption.offer_id, freed=redemption.reserved, spent=amount))
        for redemption, amount in ordered:
            if redemption.counted_day:
                cursor.execute(_SETTLE_DAY, _of_day(redemption, freed=redemption.reserved, spent=amount or NOTHING))


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a reversal takes back of one redemption: an amount, and its use or not."""

    redemption: Redemption
    amount: Decimal
    use: bool


def give_back(parts: Sequence[TakenBack]) -> None:
    """Free what a reversal took back of an order's redemptions, each figure where it was taken from."""
    ordered = sorted(parts, key=lambda part: part.redemption.offer_id)
    move_uses((row for part in ordered if part.use for row in rows_of(part.redemption)), {})
    with connection.cursor() as cursor:
        for part in ordered:
            if part.redemption.counted:
                values = _settled(part.redemption.offer_id, freed=NOTHING, spent=-part.amount)
                cursor.execute(_SETTLE_TOTAL, values | {"released": 0, "used": -int(part.use)})
        for part in ordered:
            if part.redemption.counted_day:
                cursor.execute(_SETTLE_DAY, _of_day(part.redemption, spent=-part.amount))


def _settled(offer_pk: int, *, freed: Decimal, spent: Decimal | None = None) -> dict[str, Any]:
    used = 0 if spent is None else 1
    return {"offer": offer_pk, "released": 1, "used": used, "freed": freed, "spent": spent or NOTHING}


def _of_day(redemption: Redemption, *, freed: Decimal = NOTHING, spent: Decimal = NOTHING) -> dict[str, Any]:
    return {"offer": redemption.offer_id, "day": redemption.reserved_on, "freed": freed, "spent": spent}
