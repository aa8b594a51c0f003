"""Money that goes back: what is noted of it; which money is owed is decided by the rooms above."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from cpo_portal.accounts.models import User
from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import EventKind, Order, Refund, RefundStatus


@dataclass(frozen=True, slots=True)
class PaidBack:
    """How a refund was paid: by whom, when, and under which reference of the bank or gateway."""

    by: User | None
    at: datetime
    reference: str


class NotDue(Exception):
    """The refund is paid back already, or was never owed; the message says which."""


@transaction.atomic
def mark_paid_back(refund: Refund, paid: PaidBack) -> Refund:
    """Note once that a refund has been paid back; raises NotDue and changes nothing where it is not due."""
    order = Order.objects.select_for_update(no_key=True, of=("self",)).get(pk=refund.order_id)
    refund = Refund.objects.select_related("paid_by").get(pk=refund.pk)
    if refund.status == RefundStatus.PAID:
        raise NotDue(f"This refund was paid back before, under the reference {refund.paid_reference}.")
    if refund.status == RefundStatus.VOID:
        raise NotDue("This refund is not owed: the gateway corrected its report.")
    refund.status, refund.paid_at, refund.paid_by = RefundStatus.PAID, paid.at, paid.by
    refund.paid_reference = paid.reference
    refund.save(update_fields=["status", "paid_at", "paid_by", "paid_reference"])
    detail = {"reason": refund.reason, "amount": f"{refund.amount:f}", "currency": refund.currency}
    record_event(order, EventKind.REFUND_PAID, occurred_at=paid.at, detail=detail | {"reference": paid.reference})
    return refund
