"""status → on_status: the order as it stands, its quote holding the cost so far."""

from __future__ import annotations

from datetime import datetime

from beckn.actions.replies import answer, answered_by, know
from beckn.models import InboundMessage
from beckn.presenting.orders import order_view
from beckn.protocol.values import StatusRequest
from cpo_portal.accounts.tenancy import cpo_scope
from offers.ordering.orders import find_order, lock_order


@answered_by
def handle(message: InboundMessage, request: StatusRequest, now: datetime) -> None:
    """Tell the order's state; the lock keeps this callback in line with those of the order's events."""
    order = find_order(message.bap_id, order_id=request.order_id, transaction_id=message.transaction_id)
    cpo = know(message, order.cpo)
    with cpo_scope(cpo):
        order = lock_order(order)
        answer(message, order_view(order, now=now), now=now, cpo=cpo, order=order)
