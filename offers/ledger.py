"""The ledger of offers: reserve, commit, release. A cap cannot be overspent under any concurrency.

Check and increment are one guarded UPDATE whose row count is checked; entries are append-only and
idempotent; counters are caches of them. Every function runs inside the caller's transaction, after the
caller has locked the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from cpo_portal.charging.models import Customer, Order
from offers import counters, stock
from offers.codes import holding
from offers.counters import NOTHING
from offers.engine.codec import offer_to_json
from offers.engine.periods import Today, today_at
from offers.engine.values import OfferLimits, OfferTerms
from offers.entries import Entry, enter, write_reservations
from offers.guards import Guard
from offers.holdings import has_code, locked
from offers.models import LedgerKind, Offer, OfferState, Redemption, RedemptionState
from offers.shared_limits import groups_to_count
from offers.stock import NOTHING_BOUGHT, HeldItem, OutOfStock

_HELD = """
SELECT id FROM offers_redemption WHERE order_id = %(order)s AND state = 'RESERVED' ORDER BY offer_id FOR NO KEY UPDATE;
"""
_KEY_SHARED = """
SELECT id, state, total_uses IS NOT NULL OR budget IS NOT NULL, uses_per_customer, uses_per_customer_day,
    uses_per_customer_week, uses_per_customer_month, budget_per_day, shared_in_groups
FROM offers_offer WHERE id = ANY(%(offers)s) ORDER BY id FOR KEY SHARE
"""
#: A figure that stands in the offer's row alone may be changed under a weaker lock than what switches a counter.
_SHARED = _KEY_SHARED.replace("KEY SHARE", "SHARE")


class LimitReached(Exception):
    """A limit, a pause or the stock refused a reservation; nothing was reserved.

    `offer_id` is the Beckn id, and `guard` says what refused.
    """

    def __init__(self, offer_id: str, guard: Guard = Guard.TOTAL) -> None:
        super().__init__(offer_id)
        self.offer_id = offer_id
        self.guard = guard


class LimitsChanged(LimitReached):
    """The offer's limits, its code, or its state, are no longer those that it was priced with; price again."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What is to be reserved: an offer as priced, its rows' keys, and the most it may give this order."""

    offer_pk: int
    version_pk: int
    terms: OfferTerms
    amount: Decimal
    #: The key of the single-use code that opened the offer.
    code_pk: int | None = None
    #: The products that it gives, each with its units.
    items: tuple[tuple[str, int], ...] = ()


def reserve(
    order: Order,
    holds: Sequence[Hold],
    *,
    customer: Customer | None,
    reserved_until: datetime,
    now: datetime,
    bought: Mapping[str, int] = NOTHING_BOUGHT,
) -> list[Redemption]:
    """Reserve all of these, and the units of products that are `bought`, in place of what the order holds.

    Or change nothing, raising LimitReached for an offer, or OutOfStock for what is bought. A sandbox order touches no
    counter.
    """
    holds = sorted(holds, key=lambda hold: hold.offer_pk)
    counted = [] if order.sandbox else holds
    today = today_at(now, order.cpo.time_zone)
    old = _held_and_unchanged(order, counted)
    taking = _taking(counted, customer, today)
    # A guard that refuses has moved nothing: only what was moved before it has to be undone.
    several = old or bought or taking.rows > 1 or any(hold.code_pk is not None or hold.items for hold in counted)
    with transaction.atomic() if several else nullcontext():
        _mark([(redemption, None) for redemption in old])
        _move_codes(order, old, counted)
        bought = {} if order.sandbox else bought
        in_stock = _move_stock(order, old, counted, bought)
        _move(old, taking, counted)
        enter([_release_of(redemption) for redemption in old], now=now, reference=f"replaced {now.isoformat()}")
        reserved = [_reservation(order, hold, customer, today, taking.groups) for hold in holds]
        for redemption, hold in zip(reserved, holds, strict=True):
            redemption.reserved_until = reserved_until
            redemption.items = [
                HeldItem(product, units, in_stock.get(product, False)).to_json() for product, units in hold.items
            ]
        write_reservations(reserved, now=now)
        # Last: what refuses above undoes the rows, and not what the order in memory says.
        stock.keep(order, bought, in_stock)
    return reserved


def commit(order: Order, amounts: Mapping[int, Decimal], *, now: datetime) -> None:
    """Settle the order's reservations: offer pk → what it really gave; an offer that is not named is released.

    Where a budget holds the reservation, the amount is never above it.
    """
    outcomes = []
    redemptions = locked(order, RedemptionState.RESERVED)
    offers = Offer.objects.filter(pk__in=[x.offer_id for x in redemptions])
    budgeted = set(offers.exclude(budget=None, budget_per_day=None).values_list("pk", flat=True))
    for redemption in redemptions:
        amount = amounts.get(redemption.offer_id, NOTHING)
        capped = min(amount, redemption.reserved) if redemption.offer_id in budgeted else amount
        outcomes.append((redemption, capped if redemption.offer_id in amounts else None))
    _finish(order, outcomes, now=now, reference="settle", is_sold=True)


def release(order: Order, *, now: datetime, reference: str) -> int:
    """Give the order's reservations, and what it holds of products, back; return how many reservations there were."""
    redemptions = locked(order, RedemptionState.RESERVED)
    _finish(order, [(redemption, None) for redemption in redemptions], now=now, reference=reference, is_sold=False)
    return len(redemptions)


def _move_codes(order: Order, old: Sequence[Redemption], new: Sequence[Hold]) -> None:
    """Give the order's single-use codes back but for those that it goes on with, and take the new ones."""
    wanted = {hold.code_pk: hold.terms.offer_id for hold in new if hold.code_pk is not None}
    if not wanted and not any(has_code(redemption) for redemption in old):
        return
    refused = holding.move(order, wanted)
    if refused is not None:
        raise LimitsChanged(wanted[refused])


def _move_stock(
    order: Order, old: Sequence[Redemption], new: Sequence[Hold], bought: Mapping[str, int]
) -> dict[str, bool]:
    """Hold the products that are bought and given, in place of those that are held; return which of them are counted.

    Where there are too few for both, an offer goes before the purchase does.
    """
    wanted = dict(bought)
    for hold in new:
        for product, units in hold.items:
            wanted[product] = wanted.get(product, 0) + units
    if not wanted and not order.products and not any(redemption.items for redemption in old):
        return {}
    found = stock.move(order, old, wanted)
    if isinstance(found, str):
        short = [hold for hold in new if found in dict(hold.items)]
        if not short:
            raise OutOfStock(found)
        raise LimitReached(short[-1].terms.offer_id, Guard.STOCK)
    return found


def _is_counted(limits: OfferLimits) -> bool:
    return limits.total_uses is not None or limits.budget is not None


def _held_and_unchanged(order: Order, holds: Sequence[Hold]) -> list[Redemption]:
    """Lock and return what the order holds; then refuse to reserve by limits that are no longer the offer's.

    Nor is an offer reserved that is no longer given. Whoever changes limits holds the offer's row; the shared lock
    waits for them, sees what they wrote, and keeps the next one out until this reservation is committed. Both go to
    the server at once, which takes the locks in this order.
    """
    alone = any(hold.terms.limits.is_personal or hold.terms.limits.budget_per_day is not None for hold in holds)
    with connection.cursor() as cursor:
        values: dict[str, Any] = {"order": order.pk, "offers": [hold.offer_pk for hold in holds]}
        cursor.execute(_HELD + (_SHARED if alone else _KEY_SHARED), values)
        held = [pk for (pk,) in cursor.fetchall()]
        cursor.nextset()
        today = {pk: said for pk, *said in cursor.fetchall()}
    for hold in holds:
        if today[hold.offer_pk] != [OfferState.APPROVED, _is_counted(hold.terms.limits), *_figures(hold.terms.limits)]:
            raise LimitsChanged(hold.terms.offer_id)
    return list(Redemption.objects.filter(pk__in=held).order_by("offer_id")) if held else []


def _figures(limits: OfferLimits) -> list[Any]:
    per_period = (limits.uses_per_customer_day, limits.uses_per_customer_week, limits.uses_per_customer_month)
    return [limits.uses_per_customer, *per_period, limits.budget_per_day, limits.shared_in_groups]


@dataclass(frozen=True, slots=True)
class _Taking:
    """What is taken of the counters: uses of a customer and their groups with the limits, and of totals and a day."""

    uses: Mapping[counters.UseRow, int]
    totals: Sequence[counters.Taking]
    day: date
    #: The customer's groups, where an offer's limits are shared in them.
    groups: Sequence[int] = ()

    @property
    def rows(self) -> int:
        """Return how many counters are moved."""
        return len(self.uses) + sum(x.total + (x.day_limit is not None) for x in self.totals)


def _taking(holds: Sequence[Hold], customer: Customer | None, today: Today) -> _Taking:
    uses: dict[counters.UseRow, int] = {}
    shared = customer is not None and any(hold.terms.limits.shared_in_groups for hold in holds)
    groups = groups_to_count(customer.pk) if shared and customer is not None else []
    for hold in holds:
        uses |= _uses_of(hold, customer, groups, today)
    totals = [
        counters.Taking(x.offer_pk, x.amount, _is_counted(x.terms.limits), x.terms.limits.budget_per_day) for x in holds
    ]
    return _Taking(uses, totals, today.day, groups)


def _move(old: Sequence[Redemption], new: _Taking, holds: Sequence[Hold]) -> None:
    """Move all counters from what is held to what is wanted; raise LimitReached where a guard refuses."""
    try:
        counters.move_uses((row for x in old for row in counters.rows_of(x)), new.uses)
        counters.move_totals(old, new.totals)
        counters.move_days(old, new.totals, new.day)
    except counters.Refused as refused:
        names = {hold.offer_pk: hold.terms.offer_id for hold in holds}
        raise LimitReached(names[refused.offer_pk], refused.guard) from refused


def _uses_of(hold: Hold, customer: Customer | None, groups: Sequence[int], today: Today) -> dict[counters.UseRow, int]:
    """Return the counters of the customer, and of the groups that share, that a hold takes a use of; and the limits."""
    limits = hold.terms.limits
    if not limits.is_personal:
        return {}
    if customer is None:
        raise LimitReached(hold.terms.offer_id, Guard.CUSTOMER)
    per_period = limits.per_period
    figures = [limits.uses_per_customer] if limits.uses_per_customer is not None else []
    figures += per_period.values()
    found: dict[counters.UseRow, int] = {}
    ever = limits.uses_per_customer is not None
    sharers: list[UUID | int] = [customer.pk, *(groups if limits.shared_in_groups else ())]
    for who in sharers:
        rows = counters.use_rows(hold.offer_pk, who, ever=ever, periods=per_period, day=today.day)
        found |= zip(rows, figures, strict=True)
    return found


@lru_cache(maxsize=1024)
def _stored(terms: OfferTerms) -> dict[str, Any]:
    """Return the terms as a redemption keeps them; the same for every order that is priced with them."""
    return offer_to_json(terms)


def _reservation(
    order: Order, hold: Hold, customer: Customer | None, today: Today, groups: Sequence[int]
) -> Redemption:
    limits, counts = hold.terms.limits, not order.sandbox
    in_groups = limits.shared_in_groups and counts
    return Redemption(
        cpo_id=order.cpo_id,
        offer_id=hold.offer_pk,
        version_id=hold.version_pk,
        order=order,
        customer=customer,
        reserved=hold.amount,
        currency=order.currency,
        counted=_is_counted(limits) and counts,
        counted_customer=limits.uses_per_customer is not None and counts,
        counted_day=limits.budget_per_day is not None and counts,
        counted_periods=[period.value for period in limits.per_period] if counts else [],
        reserved_on=today.day,
        groups=list(groups) if in_groups else None,
        counted_groups=in_groups,
        sandbox=order.sandbox,
        terms=_stored(hold.terms),
    )


def _finish(
    order: Order,
    outcomes: Sequence[tuple[Redemption, Decimal | None]],
    *,
    now: datetime,
    reference: str,
    is_sold: bool,
) -> None:
    """Commit with an amount, or release (None), in the law's lock order: redemptions, customers, totals, inserts."""
    _mark(outcomes)
    coded = [(redemption, amount) for redemption, amount in outcomes if has_code(redemption)]
    if coded:
        used = [redemption.offer_id for redemption, amount in coded if amount is not None]
        holding.settle(coded[0][0].order_id, used)
    if order.products or any(redemption.items for redemption, _ in outcomes):
        stock.settle(order, outcomes, is_sold=is_sold)
    released = [redemption for redemption, amount in outcomes if amount is None]
    counters.move_uses((row for redemption in released for row in counters.rows_of(redemption)), {})
    counters.settle_totals(outcomes)
    for redemption, amount in outcomes:
        if amount is None:
            enter([_release_of(redemption)], now=now, reference=reference)
        else:
            enter([Entry(redemption, LedgerKind.COMMIT, amount, 0)], now=now)


def _mark(outcomes: Sequence[tuple[Redemption, Decimal | None]]) -> None:
    for redemption, amount in outcomes:
        state = RedemptionState.RELEASED if amount is None else RedemptionState.COMMITTED
        Redemption.objects.filter(pk=redemption.pk).update(state=state, committed=amount or NOTHING)


def _release_of(redemption: Redemption) -> Entry:
    return Entry(redemption, LedgerKind.RELEASE, redemption.reserved, -1)
