"""support → on_support: where the CPO helps, for an order of the buyer app."""

from __future__ import annotations

from datetime import datetime

from beckn.actions.replies import answer, answered_by, know
from beckn.models import InboundMessage
from beckn.protocol.order_views import SupportView
from beckn.protocol.values import SupportRequest
from offers.ordering.orders import find_order


@answered_by
def handle(message: InboundMessage, request: SupportRequest, now: datetime) -> None:
    """Tell the CPO's contacts."""
    order = find_order(message.bap_id, order_id=request.ref_id, transaction_id=message.transaction_id)
    cpo = know(message, order.cpo)
    view = SupportView(
        ref_id=request.ref_id or str(order.pk),
        phone=cpo.support_phone,
        email=cpo.support_email,
        url=cpo.support_url,
    )
    answer(message, view, now=now, cpo=cpo, order=order)
