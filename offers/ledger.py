"""The ledger of offers: reserve, commit, release, reverse. A cap cannot be overspent under any concurrency.

Check and increment are one guarded UPDATE whose row count is checked; entries are append-only and
idempotent; counters are caches of them. Every function runs inside the caller's transaction, after the
caller has locked the order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from cpo_portal.charging.models import Customer, Order
from offers.engine.codec import offer_to_json
from offers.engine.values import OfferTerms, Usage
from offers.models import (
    CustomerCounter,
    LedgerEntry,
    LedgerKind,
    Offer,
    OfferCounter,
    Redemption,
    RedemptionState,
)

NOTHING = Decimal(0)

_KEY_SHARED = """
SELECT id, total_uses IS NOT NULL OR budget IS NOT NULL, uses_per_customer FROM offers_offer
WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE
"""
#: A figure per customer may be changed under a weaker lock than the switching on and off of a counter.
_SHARED = _KEY_SHARED.replace("KEY SHARE", "SHARE")


class LimitReached(Exception):
    """A limit, or a pause, refused a reservation; nothing was reserved. `offer_id` is the Beckn id."""

    def __init__(self, offer_id: str) -> None:
        super().__init__(offer_id)
        self.offer_id = offer_id


class LimitsChanged(LimitReached):
    """The offer's limits are no longer those of the book it was priced with; price again."""


@dataclass(frozen=True, slots=True)
class Hold:
    """What is to be reserved: an offer as priced, its rows' keys, and the most it may give this order."""

    offer_pk: int
    version_pk: int
    terms: OfferTerms
    amount: Decimal


def reserve(
    order: Order, holds: Sequence[Hold], *, customer: Customer | None, reserved_until: datetime, now: datetime
) -> list[Redemption]:
    """Reserve all of these in place of what the order holds or, raising LimitReached, change nothing.

    A sandbox order touches no counter.
    """
    holds = sorted(holds, key=lambda hold: hold.offer_pk)
    counted = [] if order.sandbox else holds
    with transaction.atomic():
        old = _locked(order, RedemptionState.RESERVED)
        _refuse_changed_limits(counted)
        _mark([(redemption, None) for redemption in old])
        _move_customers([x for x in old if x.counted_customer], [x for x in counted if _is_personal(x)], customer)
        _move_totals([x for x in old if x.counted], [x for x in counted if _is_counted(x.terms)])
        for redemption in old:
            _enter_release(redemption, now=now, reference=f"replaced {now.isoformat()}")
        return [
            _write_reservation(order, hold, customer=customer, reserved_until=reserved_until, now=now) for hold in holds
        ]


def covers(order: Order, offer_ids: Iterable[str]) -> bool:
    """Return whether the order still holds a reservation of each of these offers, by Beckn id."""
    held = Redemption.objects.filter(order=order, state=RedemptionState.RESERVED)
    return set(offer_ids) <= set(held.values_list("offer__offer_id", flat=True))


def own_usage(order: Order, customer: Customer | None) -> dict[str, Usage]:
    """Return what this order itself takes of each offer's limits, so that a new price does not count it against it."""
    rows = Redemption.objects.filter(order=order, state=RedemptionState.RESERVED).select_related("offer")
    return {
        row.offer.offer_id: Usage(
            uses=1 if row.counted else 0,
            budget_used=row.reserved if row.counted else NOTHING,
            customer_uses=1 if row.counted_customer and customer and row.customer_id == customer.pk else 0,
        )
        for row in rows
    }


def keep(order: Order, *, reserved_until: datetime) -> None:
    """Keep the order's reservations at least until then."""
    Redemption.objects.filter(order=order, state=RedemptionState.RESERVED, reserved_until__lt=reserved_until).update(
        reserved_until=reserved_until
    )


def commit(order: Order, amounts: Mapping[int, Decimal], *, now: datetime) -> None:
    """Settle the order's reservations: offer pk → what it really gave; an offer that is not named is released.

    Where a budget holds the reservation, the amount is never above it.
    """
    outcomes = []
    redemptions = _locked(order, RedemptionState.RESERVED)
    budgeted = set(
        Offer.objects.filter(pk__in=[x.offer_id for x in redemptions]).exclude(budget=None).values_list("pk", flat=True)
    )
    for redemption in redemptions:
        amount = amounts.get(redemption.offer_id, NOTHING)
        capped = min(amount, redemption.reserved) if redemption.offer_id in budgeted else amount
        outcomes.append((redemption, capped if redemption.offer_id in amounts else None))
    _finish(outcomes, now=now, reference="settle")


def release(order: Order, *, now: datetime, reference: str) -> int:
    """Give the order's reservations back; return how many there were."""
    redemptions = _locked(order, RedemptionState.RESERVED)
    _finish([(redemption, None) for redemption in redemptions], now=now, reference=reference)
    return len(redemptions)


def reverse(
    redemption: Redemption, amount: Decimal, *, reference: str, now: datetime, give_use_back: bool = False
) -> Decimal:
    """Take back up to `amount` of what was given; return what this call, or an earlier one of it, took back.

    Idempotent by `reference`. In aggregate never above what was committed, by a guarded UPDATE and a constraint.
    """
    done = LedgerEntry.objects.filter(redemption=redemption, kind=LedgerKind.REVERSE, reference=reference).first()
    if done is not None:
        return done.amount
    redemption = Redemption.objects.select_for_update(no_key=True).get(pk=redemption.pk)
    amount = min(amount, redemption.committed - redemption.reversed)
    if amount <= 0 or redemption.state not in {RedemptionState.COMMITTED, RedemptionState.REVERSED}:
        return NOTHING
    whole = redemption.reversed + amount == redemption.committed
    uses = -1 if whole and give_use_back else 0
    Redemption.objects.filter(pk=redemption.pk).update(
        reversed=F("reversed") + amount, state=RedemptionState.REVERSED if whole else RedemptionState.COMMITTED
    )
    if uses and redemption.counted_customer:
        _give_customer_use_back(redemption)
    if redemption.counted:
        OfferCounter.objects.filter(offer=redemption.offer_id).update(
            budget_committed=F("budget_committed") - amount, uses_committed=F("uses_committed") + uses
        )
    _enter(redemption, LedgerKind.REVERSE, amount=amount, uses=uses, now=now, reference=reference)
    return amount


def _is_counted(terms: OfferTerms) -> bool:
    return terms.limits.total_uses is not None or terms.limits.budget is not None


def _is_personal(hold: Hold) -> bool:
    return hold.terms.limits.uses_per_customer is not None


def _refuse_changed_limits(holds: Sequence[Hold]) -> None:
    """Refuse to reserve by limits that are no longer the offer's: what is counted, and how much a customer may.

    Whoever changes limits holds the offer's row; the shared lock waits for them, sees what they wrote, and keeps the
    next one out until this reservation is committed.
    """
    if not holds:
        return
    locked = _SHARED if any(_is_personal(hold) for hold in holds) else _KEY_SHARED
    with connection.cursor() as cursor:
        cursor.execute(locked, [[hold.offer_pk for hold in holds]])
        today = {pk: (counted, personal) for pk, counted, personal in cursor.fetchall()}
    for hold in holds:
        if today[hold.offer_pk] != (_is_counted(hold.terms), hold.terms.limits.uses_per_customer):
            raise LimitsChanged(hold.terms.offer_id)


def _move_customers(old: Sequence[Redemption], new: Sequence[Hold], customer: Customer | None) -> None:
    """Give customers' uses back and take new ones, counter by counter in the order of the offers."""
    given = {redemption.offer_id: redemption for redemption in old}
    taken = {hold.offer_pk: hold for hold in new}
    for offer_pk in sorted({*given, *taken}):
        if offer_pk in given:
            _give_customer_use_back(given[offer_pk])
        if offer_pk in taken:
            _take_customer_use(taken[offer_pk], customer)


def _move_totals(old: Sequence[Redemption], new: Sequence[Hold]) -> None:
    """Give totals back and take new ones, counter by counter in the order of the offers."""
    given = {redemption.offer_id: redemption for redemption in old}
    taken = {hold.offer_pk: hold for hold in new}
    for offer_pk in sorted({*given, *taken}):
        if offer_pk in given:
            _settle_total(given[offer_pk], None)
        if offer_pk in taken:
            _take(taken[offer_pk])


def _take_customer_use(hold: Hold, customer: Customer | None) -> None:
    if customer is None:
        raise LimitReached(hold.terms.offer_id)
    limit = hold.terms.limits.uses_per_customer or 0
    CustomerCounter.objects.bulk_create(
        [CustomerCounter(offer_id=hold.offer_pk, customer=customer, uses=0, limit_uses=limit)], ignore_conflicts=True
    )
    # `limit` is the offer's own figure of this moment: `_refuse_changed_limits` holds its row.
    taken = CustomerCounter.objects.filter(offer=hold.offer_pk, customer=customer, uses__lt=limit).update(
        uses=F("uses") + 1, limit_uses=limit
    )
    if taken != 1:
        raise LimitReached(hold.terms.offer_id)


def _take(hold: Hold) -> None:
    # The limits stand in the row itself, so the guard needs nothing that a stale book might have said.
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE offers_offercounter SET uses_reserved = uses_reserved + 1,"
            " budget_reserved = budget_reserved + %(amount)s"
            " WHERE offer_id = %(offer)s AND NOT paused"
            " AND (limit_uses IS NULL OR uses_reserved + uses_committed < limit_uses)"
            " AND (limit_budget IS NULL OR budget_reserved + budget_committed + %(amount)s <= limit_budget)",
            {"offer": hold.offer_pk, "amount": hold.amount},
        )
        if cursor.rowcount != 1:
            raise LimitReached(hold.terms.offer_id)


def _write_reservation(
    order: Order, hold: Hold, *, customer: Customer | None, reserved_until: datetime, now: datetime
) -> Redemption:
    redemption = Redemption.objects.create(
        cpo_id=order.cpo_id,
        offer_id=hold.offer_pk,
        version_id=hold.version_pk,
        order=order,
        customer=customer,
        reserved=hold.amount,
        currency=order.currency,
        counted=_is_counted(hold.terms) and not order.sandbox,
        counted_customer=hold.terms.limits.uses_per_customer is not None and not order.sandbox,
        sandbox=order.sandbox,
        reserved_until=reserved_until,
        terms=offer_to_json(hold.terms),
    )
    _enter(redemption, LedgerKind.RESERVE, amount=hold.amount, uses=1, now=now)
    return redemption


def _finish(outcomes: Sequence[tuple[Redemption, Decimal | None]], *, now: datetime, reference: str) -> None:
    """Commit with an amount, or release (None), in the law's lock order: redemptions, customers, totals, inserts."""
    _mark(outcomes)
    for redemption, amount in outcomes:
        if amount is None and redemption.counted_customer:
            _give_customer_use_back(redemption)
    for redemption, amount in outcomes:
        if redemption.counted:
            _settle_total(redemption, amount)
    for redemption, amount in outcomes:
        if amount is None:
            _enter_release(redemption, now=now, reference=reference)
        else:
            _enter(redemption, LedgerKind.COMMIT, amount=amount, uses=0, now=now)


def _mark(outcomes: Sequence[tuple[Redemption, Decimal | None]]) -> None:
    for redemption, amount in outcomes:
        state = RedemptionState.RELEASED if amount is None else RedemptionState.COMMITTED
        Redemption.objects.filter(pk=redemption.pk).update(state=state, committed=amount or NOTHING)


def _settle_total(redemption: Redemption, amount: Decimal | None) -> None:
    OfferCounter.objects.filter(offer=redemption.offer_id).update(
        uses_reserved=F("uses_reserved") - 1,
        uses_committed=F("uses_committed") + (0 if amount is None else 1),
        budget_reserved=F("budget_reserved") - redemption.reserved,
        budget_committed=F("budget_committed") + (amount or NOTHING),
    )


def _enter_release(redemption: Redemption, *, now: datetime, reference: str) -> None:
    _enter(redemption, LedgerKind.RELEASE, amount=redemption.reserved, uses=-1, now=now, reference=reference)


def _give_customer_use_back(redemption: Redemption) -> None:
    CustomerCounter.objects.filter(offer=redemption.offer_id, customer=redemption.customer_id).update(
        uses=F("uses") - 1
    )


def _locked(order: Order, state: str) -> list[Redemption]:
    rows: Iterable[Any] = (
        Redemption.objects.select_for_update(no_key=True).filter(order=order, state=state).order_by("offer_id")
    )
    return list(rows)


def _enter(
    redemption: Redemption, kind: LedgerKind, *, amount: Decimal, uses: int, now: datetime, reference: str = ""
) -> None:
    LedgerEntry.objects.create(
        redemption=redemption,
        offer_id=redemption.offer_id,
        version_number=redemption.terms["version"],
        kind=kind,
        reference=reference,
        amount=amount,
        uses=uses,
        currency=redemption.currency,
        sandbox=redemption.sandbox,
        at=now,
    )
