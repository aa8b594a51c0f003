"""Reverse: an offer's benefit is taken back after the bill, in part or whole, never more than was given.

The bill stays as it was printed. What the driver owes for it, with its tax, is a payment of its own; products that were
given come back by units, and what the driver paid for them is owed back.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import EventKind, Order, Payment, PaymentType, Refund
from offers import reversals
from offers.models import Adjustment, AdjustmentKind, Quote, Redemption
from offers.ordering.adjusting import (
    Said,
    lines_after,
    lock_billed,
    said_before,
    taken_back_of,
    units_text,
    used_otherwise,
)
from offers.ordering.owed import RETURNED, WITHIN, Owed, owe
from offers.ordering.recovering import Wanted, is_same, part_of, too_much
from pricing.engine.money import Money

NOTHING = Decimal(0)


@transaction.atomic
def take_back(redemption: Redemption, wanted: Wanted, said: Said, *, now: datetime) -> Adjustment:
    """Take exactly so much of what an offer gave back, None for all that is left; once per reference of the order.

    Money is taken back by an amount, products by units. The answer says whether it is `repeated`. Raises
    AdjustmentRefused, also where less is left than is asked for.
    """
    order = lock_billed(redemption.order)
    done = said_before(order, AdjustmentKind.TAKEN_BACK, said)
    if done is not None:
        if done.redemption_id != redemption.pk or not is_same(done, wanted):
            raise used_otherwise(done)
        return done
    redemption = Redemption.objects.select_related("offer").get(pk=redemption.pk)
    bill = Quote.objects.select_related("tariff_version").get(order=order, is_bill=True)
    part = part_of(redemption, bill, wanted)
    change = change_of(order, bill, redemption.offer.offer_id, part)
    if reversals.reverse(redemption, part, reference=f"recovery {said.reference}", now=now) != part.amount:
        raise too_much(redemption)
    owed = max(change, NOTHING)
    made = Adjustment.objects.create(
        cpo_id=order.cpo_id,
        order=order,
        redemption=redemption,
        items=[{"item_id": product, "units": count} for product, count in part.units.items()],
        kind=AdjustmentKind.TAKEN_BACK,
        amount=part.amount,
        owed=owed,
        currency=order.currency,
        payment=_ask_for(order, owed),
        refund=_pay_back(order, -change, now) if change < 0 else None,
        reference=said.reference,
        reason=said.reason,
        by=said.by,
        source=said.source,
    )
    detail = {"offer": redemption.offer.offer_id, "amount": f"{part.amount:f}", "owed": f"{owed:f}"}
    detail |= {"units": units_text(made.items)} if made.items else {}
    record_event(order, EventKind.REVERSED, occurred_at=now, detail=detail | {"reference": said.reference})
    return made


def change_of(order: Order, bill: Quote, offer_id: str, part: reversals.Part) -> Decimal:
    """Return by how much the bill rises, with its tax; below 0 it falls."""
    before = taken_back_of(order)
    after = before.with_amount(offer_id, part.amount)
    if part.units:
        after = after.with_units(offer_id, part.units)
    return (lines_after(bill, after)[1] - lines_after(bill, before)[1]).amount


def _ask_for(order: Order, owed: Decimal) -> Payment | None:
    if not owed:
        return None
    return Payment.objects.create(
        cpo_id=order.cpo_id, order=order, type=PaymentType.RECOVERY, amount=owed, currency=order.currency
    )


def _pay_back(order: Order, back: Decimal, now: datetime) -> Refund:
    """Owe what was paid for units that came back; each time has a reason of its own, for an order owes once per it."""
    before = order.refunds.filter(reason__startswith=RETURNED).count()
    reason = f"{RETURNED} {before + 1}" if before else RETURNED
    sentence = "What was paid for products that were taken back."
    owe(order, Owed(reason, Money(back, order.currency), sentence, now + WITHIN), now=now)
    return Refund.objects.get(order=order, reason=reason, notice=None)
