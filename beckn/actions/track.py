"""track → on_track: the running session, with energy and cost so far."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from beckn.actions.replies import answer, answered_by, know
from beckn.models import InboundMessage
from beckn.presenting.parts import location_view
from beckn.protocol.order_views import TrackingView
from beckn.protocol.values import TrackRequest
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import ChargingSession, SessionState
from offers.ordering.orders import find_order
from offers.ordering.settle import bill_of
from offers.refusals import Refusal, RefusalKind


@answered_by
def handle(message: InboundMessage, request: TrackRequest, now: datetime) -> None:
    """Tell where the session stands; before it starts there is nothing to track."""
    order = find_order(message.bap_id, order_id=request.order_id, transaction_id=message.transaction_id)
    cpo = know(message, order.cpo)
    with cpo_scope(cpo):
        session = ChargingSession.objects.filter(order=order).first()
        if session is None:
            raise Refusal(RefusalKind.TRACKING_UNAVAILABLE, "Charging has not started; track once it is ACTIVE.")
        running = bill_of(order, now=now)
        view = TrackingView(
            id=str(session.pk),
            active=session.state != SessionState.STOPPED,
            location=location_view(order.connector.charger.location),
            delivered_kwh=Decimal(running.energy_wh) / 1000,
            cost=running.total,
            as_of=session.last_reading_at,
        )
        answer(message, view, now=now, cpo=cpo, order=order)
