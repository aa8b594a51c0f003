"""Reverse: an offer's benefit is taken back after the bill, in part or whole, never more than was given.

The bill stays as it was printed; what the driver owes for it, with its tax, is a payment of its own.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import EventKind, Order, Payment, PaymentType
from offers import reversals
from offers.models import Adjustment, AdjustmentKind, Quote, Redemption, RedemptionState
from offers.ordering.adjusting import (
    AdjustmentRefused,
    Said,
    lines_after,
    lock_billed,
    said_before,
    taken_back_of,
    used_otherwise,
)
from pricing.engine.money import Money, round_amount

NOTHING = Decimal(0)


@transaction.atomic
def take_back(redemption: Redemption, amount: Decimal | None, said: Said, *, now: datetime) -> Adjustment:
    """Take exactly so much of what an offer gave back, None for all that is left; once per reference of the order.

    The answer says whether it is `repeated`. Raises AdjustmentRefused, also where less is left than is asked for.
    """
    order = lock_billed(redemption.order)
    done = said_before(order, AdjustmentKind.TAKEN_BACK, said)
    if done is not None:
        if done.redemption_id != redemption.pk or amount not in {None, done.amount}:
            raise used_otherwise(done)
        return done
    redemption = Redemption.objects.select_related("offer").get(pk=redemption.pk)
    taken = _allowed(redemption, amount)
    owed = _owed(order, redemption.offer.offer_id, taken)
    if reversals.reverse(redemption, taken, reference=f"recovery {said.reference}", now=now) != taken:
        raise _too_much(redemption)
    made = Adjustment.objects.create(
        cpo_id=order.cpo_id,
        order=order,
        redemption=redemption,
        kind=AdjustmentKind.TAKEN_BACK,
        amount=taken,
        owed=owed,
        currency=order.currency,
        payment=_ask_for(order, owed),
        reference=said.reference,
        reason=said.reason,
        by=said.by,
        source=said.source,
    )
    detail = {"offer": redemption.offer.offer_id, "amount": f"{taken:f}", "owed": f"{owed:f}"}
    record_event(order, EventKind.REVERSED, occurred_at=now, detail=detail | {"reference": said.reference})
    return made


def _allowed(redemption: Redemption, amount: Decimal | None) -> Decimal:
    """Return how much is taken; raises where the offer has not so much left."""
    if redemption.adjustments.filter(kind=AdjustmentKind.EXCHANGE_VALUED).exists():
        raise AdjustmentRefused("This exchange was returned and valued: it is not taken back.", "offer")
    if redemption.state != RedemptionState.COMMITTED:
        raise AdjustmentRefused("Nothing is left of this offer that could be taken back.", "offer")
    left = redemption.committed - redemption.reversed
    if amount is None:
        return left
    if amount != round_amount(amount, redemption.currency):
        raise AdjustmentRefused(f"Give an amount that {redemption.currency} has a coin for.")
    if amount > left:
        raise _too_much(redemption)
    if amount <= 0:
        raise AdjustmentRefused("Give an amount above 0, or none to take all of it back.")
    return amount


def _too_much(redemption: Redemption) -> AdjustmentRefused:
    left = Money(redemption.committed - redemption.reversed, redemption.currency)
    return AdjustmentRefused(f"There is {left} left of what this offer gave; take no more than that back.")


def _owed(order: Order, offer_id: str, taken: Decimal) -> Decimal:
    """Return by how much the bill rises, with its tax."""
    bill, before = Quote.objects.select_related("tariff_version").get(order=order, is_bill=True), taken_back_of(order)
    after = before | {offer_id: before.get(offer_id, NOTHING) + taken}
    return (lines_after(bill, after)[1] - lines_after(bill, before)[1]).amount


def _ask_for(order: Order, owed: Decimal) -> Payment | None:
    if not owed:
        return None
    return Payment.objects.create(
        cpo_id=order.cpo_id, order=order, type=PaymentType.RECOVERY, amount=owed, currency=order.currency
    )
