"""Refund: a whole bill is paid back to the means that paid it, and its offers are as if they had not been used."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from cpo_portal.charging.balance_credits import give_back_drawn
from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import EventKind, Order, PaymentStatus, Refund, RefundStatus
from offers import reversals
from offers.models import Adjustment, AdjustmentKind
from offers.ordering.adjusting import AdjustmentRefused, Said, lock_billed
from offers.ordering.orders import paid_for
from offers.ordering.owed import EXCHANGE, WITHIN, Owed, owe
from pricing.engine.money import Money, zero

REASON = "BILL"


@transaction.atomic
def refund_bill(order: Order, said: Said, *, now: datetime) -> Adjustment:
    """Pay a bill back once: what balances paid returns to them, the rest is a refund, and nothing is owed any more.

    Uses come back by the offers' policy, budgets always; an exchange that was valued stays. The same reference again
    changes nothing and says so; raises AdjustmentRefused where it was paid back under another one.
    """
    order = lock_billed(order)
    done = Adjustment.objects.filter(order=order, kind=AdjustmentKind.BILL_REFUNDED).first()
    if done is not None:
        if done.reference != said.reference:
            sentence = f"This bill was refunded before, under the reference {done.reference}."
            raise AdjustmentRefused(sentence, "reference")
        done.repeated = True
        return done
    reversals.lock_given(order)
    cash = _still_here(order)
    # What is going back already beyond the money that was paid came out of the balances.
    gone = max(-cash.amount, Decimal(0))
    credit = give_back_drawn(order, reference=f"bill refund {order.pk}", less=gone)
    cash = cash if cash.amount > 0 else zero(order.currency)
    # What was returned in exchange is the CPO's: that offer stays used.
    valued = Adjustment.objects.filter(order=order, kind=AdjustmentKind.EXCHANGE_VALUED)
    kept = set(valued.values_list("redemption", flat=True))
    reversals.reverse_all(order, reference=f"bill refund {said.reference}", now=now, without=kept)
    # Nothing to pay is paid: money that is reported all the same was not asked for, and comes back.
    order.payments.filter(status=PaymentStatus.NOT_PAID).update(amount=0, status=PaymentStatus.PAID)
    refund = _owe(order, cash, said, now) if cash else None
    made = Adjustment.objects.create(
        cpo_id=order.cpo_id,
        order=order,
        kind=AdjustmentKind.BILL_REFUNDED,
        amount=cash.amount + credit,
        currency=order.currency,
        refund=refund,
        reference=said.reference,
        reason=said.reason,
        by=said.by,
        source=said.source,
    )
    detail = {"amount": f"{cash.amount:f}", "reference": said.reference}
    detail |= {"prepaid": f"{credit:f}"} if credit else {}
    record_event(order, EventKind.BILL_REFUNDED, occurred_at=now, detail=detail)
    return made


def _still_here(order: Order) -> Money:
    """Return what was paid for the order and is not going back already."""
    of_bill = order.refunds.filter(notice=None).exclude(reason__startswith=EXCHANGE)
    back = of_bill.exclude(status=RefundStatus.VOID).aggregate(sum=Sum("amount"))["sum"]
    return paid_for(order) - Money(back or Decimal(0), order.currency).rounded()


def _owe(order: Order, cash: Money, said: Said, now: datetime) -> Refund:
    owe(order, Owed(REASON, cash, said.reason, now + WITHIN), now=now)
    return Refund.objects.get(order=order, reason=REASON, notice=None)
