"""What is owed back to the driver, and why: a cancelled order, a smaller bill, money that nobody asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import (
    EventKind,
    GatewayNotice,
    Order,
    OrderEvent,
    PaymentStatus,
    Refund,
    RefundStatus,
)
from cpo_portal.charging.payments.reports import NoticeOutcome
from offers.ordering.orders import lock_order, paid_for
from pricing.engine.money import Money

#: How long money takes to come back where no refund term says it.
WITHIN = timedelta(days=7)
#: Why an exchange is paid back; a second one of an order is "EXCHANGE 2".
EXCHANGE = "EXCHANGE"
#: Why what was paid for given products is paid back when they come back; a second time is "RETURNED 2".
RETURNED = "RETURNED"
NOTHING_OWED = "The order had been refunded, and nothing was owed for it any more: the payment comes back."
#: Why money that was not asked for comes back, in words for the driver.
UNASKED = {
    NoticeOutcome.ALREADY_PAID: "The order had been paid before: the second payment comes back.",
    NoticeOutcome.WRONG_AMOUNT: "Another amount than the one asked for was paid: all of it comes back.",
    NoticeOutcome.WRONG_CURRENCY: "Another currency than the one asked for was paid: all of it comes back.",
}


@dataclass(frozen=True, slots=True)
class Owed:
    """A refund to be written: its reason (part of the API), the amount, a sentence for the driver, and until when."""

    reason: str
    amount: Money
    description: str
    due_by: datetime
    notice: GatewayNotice | None = None


def owe(order: Order, owed: Owed, *, now: datetime) -> bool:
    """Write a refund of a locked order with its event; False where it was written before."""
    key = {"notice": owed.notice} if owed.notice else {"order": order, "reason": owed.reason, "notice": None}
    values = {
        "cpo": order.cpo,
        "order": order,
        "reason": owed.reason,
        "amount": owed.amount.amount,
        "currency": owed.amount.currency,
        "description": owed.description,
        "due_by": owed.due_by,
    }
    _, is_new = Refund.objects.get_or_create(**key, defaults=values)
    if is_new:
        detail = {"reason": owed.reason, "amount": f"{owed.amount.amount:f}", "currency": owed.amount.currency}
        record_event(order, EventKind.REFUNDED, occurred_at=now, detail=detail)
    return is_new


def is_late_payment(event: OrderEvent) -> bool:
    """Tell whether a payment was reported after its order had been cancelled: all of it comes back."""
    if event.kind != EventKind.PAYMENT_REPORTED:
        return False
    return OrderEvent.objects.filter(order=event.order_id, kind=EventKind.CANCELLED, pk__lt=event.pk).exists()


def refund_late_payment(event: OrderEvent, *, now: datetime) -> None:
    """Pay back, once, a payment that was reported after its order had been cancelled."""
    order = lock_order(event.order)
    _void_corrected(order, event)
    if not is_late_payment(event):
        return
    sentence = "Paid after the order had been cancelled: everything comes back."
    owe(order, Owed("LATE_PAYMENT", paid_for(order), sentence, now + WITHIN), now=now)


def refund_unasked(event: OrderEvent, *, now: datetime) -> None:
    """Pay back money that was not asked for; what has no currency that anybody knows is left to a person."""
    order = lock_order(event.order)
    notice = GatewayNotice.objects.get(pk=event.detail["notice"])
    if _is_corrected(order, notice):
        return  # the correction was followed first
    if not re.fullmatch("[A-Z]{3}", notice.received_currency):
        reason = f"The gateway reported money in “{notice.received_currency[:20]}”, which is no currency."
        record_event(order, EventKind.HELD, occurred_at=now, detail={"reason": reason})
        return
    received = Money(notice.received_amount, notice.received_currency)
    void = notice.payment is not None and notice.payment.is_void
    sentence = NOTHING_OWED if void else UNASKED[NoticeOutcome(notice.outcome)]
    owe(order, Owed(notice.outcome, received, sentence, now + WITHIN, notice), now=now)


def _is_corrected(order: Order, notice: GatewayNotice) -> bool:
    paid = order.payments.filter(status=PaymentStatus.PAID)
    return notice.reference != "" and paid.filter(gateway_reference=notice.reference).exists()


def _void_corrected(order: Order, event: OrderEvent) -> None:
    """Where a gateway corrects its report of a payment, the money of the first report was never there."""
    payment = order.payments.filter(pk=event.detail["payment_id"], status=PaymentStatus.PAID).first()
    if payment is not None and payment.gateway_reference:
        corrected = Refund.objects.filter(
            order=order, status=RefundStatus.DUE, notice__reference=payment.gateway_reference
        )
        corrected.update(status=RefundStatus.VOID, description="The gateway corrected its report.")
