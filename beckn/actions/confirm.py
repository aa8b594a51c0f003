"""confirm → on_confirm: the order is binding; its OTP is told here and nowhere else."""

from __future__ import annotations

from datetime import datetime

from beckn.actions.replies import answer, answered_by, know
from beckn.models import InboundMessage
from beckn.presenting.orders import order_view
from beckn.protocol.values import ConfirmRequest
from cpo_portal.accounts.tenancy import cpo_scope
from offers.ordering.confirm import confirm
from offers.ordering.orders import find_order


@answered_by
def handle(message: InboundMessage, request: ConfirmRequest, now: datetime) -> None:
    """Confirm the transaction's order; what the app says about prices and payment proves nothing and is not read."""
    order = find_order(message.bap_id, transaction_id=message.transaction_id)
    cpo = know(message, order.cpo)
    with cpo_scope(cpo):
        confirmed = confirm(order, now=now)
        view = order_view(confirmed.order, now=now, otp=confirmed.otp)
        answer(message, view, now=now, cpo=cpo, order=confirmed.order)
