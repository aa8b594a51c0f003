"""cancel → on_cancel: the order is given up before it started, and the refund terms are applied."""

from __future__ import annotations

from datetime import datetime

from beckn.actions.replies import answer, answered_by, know
from beckn.models import InboundMessage
from beckn.presenting.orders import order_view
from beckn.protocol.values import CancelRequest
from cpo_portal.accounts.tenancy import cpo_scope
from offers.ordering.cancel import CancelledBy, cancel
from offers.ordering.orders import find_order


@answered_by
def handle(message: InboundMessage, request: CancelRequest, now: datetime) -> None:
    """Cancel; a repeated cancel is answered with the same order."""
    order = find_order(message.bap_id, order_id=request.order_id, transaction_id=message.transaction_id)
    cpo = know(message, order.cpo)
    with cpo_scope(cpo):
        cancelled = cancel(
            order,
            by=CancelledBy.CONSUMER,
            reason=request.description or f"reason {request.reason_id or 'not given'}",
            reason_id=request.reason_id,
            now=now,
        )
        answer(message, order_view(cancelled.order, now=now), now=now, cpo=cpo, order=cancelled.order)
