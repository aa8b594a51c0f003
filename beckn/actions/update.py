"""update → on_update: the buyer starts the session with its OTP, or asks for it to be stopped.

The answer says what was taken note of; what the charger then does is announced by on_update of its own.
"""

from __future__ import annotations

from datetime import datetime

from beckn.actions.replies import answer, answered_by, know
from beckn.models import InboundMessage, NetworkProfile
from beckn.presenting.orders import order_view
from beckn.protocol.values import SessionChange, UpdateRequest
from cpo_portal.accounts.tenancy import cpo_scope
from offers.ordering.orders import find_order
from offers.ordering.start import authorise_start, request_stop


@answered_by
def handle(message: InboundMessage, request: UpdateRequest, now: datetime) -> None:
    """Authorise the start, or ask for the stop."""
    order = find_order(message.bap_id, order_id=request.order_id, transaction_id=message.transaction_id)
    cpo = know(message, order.cpo)
    with cpo_scope(cpo):
        if request.change is SessionChange.START:
            profile = NetworkProfile.objects.filter(cpo=cpo).first() or NetworkProfile(cpo=cpo)
            order = authorise_start(order, otp_text=request.otp, otp_required=profile.otp_required, now=now)
        else:
            order = request_stop(order, now=now)
        answer(message, order_view(order, now=now), now=now, cpo=cpo, order=order)
