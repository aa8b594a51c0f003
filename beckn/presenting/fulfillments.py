"""Where and when an order's session takes place, and how far it is, as buyer apps see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from beckn.models import NetworkProfile
from beckn.presenting.parts import location_view
from beckn.protocol.catalog_views import FulfillmentState, FulfillmentView, StopType, StopView
from beckn.protocol.values import Person
from cpo_portal.charging import models as charging
from cpo_portal.network.models import Connector

STATE_NAMES = {
    FulfillmentState.PENDING: "Charging not started",
    FulfillmentState.ACTIVE: "Charging",
    FulfillmentState.CONNECTION_INTERRUPTED: "Connection interrupted",
    FulfillmentState.COMPLETED: "Charging completed",
}


def fulfillment_view(
    connector: Connector,
    start: datetime,
    end: datetime | None,
    *,
    vehicle: tuple[str, str] = ("", ""),
    otp: str = "",
    otp_required: bool = False,
) -> FulfillmentView:
    location = connector.charger.location
    stops = [
        StopView(
            type=StopType.START,
            at=start.astimezone(UTC),
            location=location_view(location),
            instructions=location.instructions,
            otp_required=otp_required,
            otp=otp,
        )
    ]
    if end is not None:
        stops.append(StopView(type=StopType.STOP, at=end.astimezone(UTC), location=location_view(location)))
    return FulfillmentView(
        id=location.location_id, stops=tuple(stops), vehicle_make=vehicle[0], vehicle_model=vehicle[1]
    )


def order_fulfillment(order: charging.Order, otp: str) -> FulfillmentView:
    session = charging.ChargingSession.objects.filter(order=order).first()
    start = session.started_at if session else order.planned_start
    end = session.stopped_at if session and session.stopped_at else order.planned_end
    state = FulfillmentState(order.fulfillment_state)
    profile = NetworkProfile.objects.filter(cpo=order.cpo_id).first() or NetworkProfile(cpo_id=order.cpo_id)
    view = fulfillment_view(
        order.connector,
        start,
        end,
        vehicle=(order.vehicle_make, order.vehicle_model),
        otp=otp,
        otp_required=profile.otp_required,
    )
    last = order.events.order_by("-id").first()
    contact = charging.OrderContact.objects.filter(order=order).first()
    return replace(
        view,
        state=state,
        state_name=STATE_NAMES[state],
        updated_at=last.occurred_at if last else order.created_at,
        updated_by="charging-system" if session else order.cpo.provider_id,
        customer=Person(**contact.customer) if contact else None,
    )
