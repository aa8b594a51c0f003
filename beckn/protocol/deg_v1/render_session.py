"""Writes stations, stops and sessions, and the small answers: on_track, on_support, on_rating."""

from __future__ import annotations

from typing import Any

from beckn.protocol.catalog_views import FulfillmentView, LocationView, StopView
from beckn.protocol.deg_v1.tags import write_group
from beckn.protocol.deg_v1.writing import amount, descriptor, instant, number, span, sparse
from beckn.protocol.order_views import RatingView, SupportView, TrackingView
from beckn.protocol.values import Person


def write_location(location: LocationView) -> dict[str, Any]:
    """Write a station."""
    return sparse(
        id=location.id,
        gps=location.gps,
        descriptor=descriptor(location.name),
        address=location.address,
        city=sparse(name=location.city, code=location.city_code),
        state=sparse(name=location.state),
    )


def write_fulfillment(session: FulfillmentView) -> dict[str, Any]:
    """Write a session or, in a catalogue, a place and time at which one can take place."""
    state: dict[str, Any] = {}
    if session.state is not None:
        state = sparse(
            descriptor=descriptor(session.state_name, code=session.state.value),
            updated_at=instant(session.updated_at),
            updated_by=session.updated_by,
        )
    return sparse(
        id=session.id,
        type=session.type,
        state=state,
        stops=[_stop(stop) for stop in session.stops],
        vehicle=sparse(make=session.vehicle_make, model=session.vehicle_model),
        customer=_customer(session.customer) if session.customer else {},
    )


def render_on_track(tracking: TrackingView) -> dict[str, Any]:
    """Return the message. Core's Tracking knows no cost, so energy and cost so far ride in a tag group beside it."""
    cost = tracking.cost
    progress = (
        ("energy-delivered", "" if tracking.delivered_kwh is None else number(tracking.delivered_kwh)),
        ("energy-unit", "" if tracking.delivered_kwh is None else "kWh"),
        ("cost-so-far", "" if cost is None else amount(cost.amount, cost.currency)),
        ("currency", "" if cost is None else cost.currency),
        ("as-of", instant(tracking.as_of)),
    )
    return {
        "tracking": sparse(
            id=tracking.id,
            url=tracking.url,
            location=write_location(tracking.location) if tracking.location else {},
            status="active" if tracking.active else "inactive",
            tags=[write_group("charging-progress", progress)] if any(value for _, value in progress) else [],
        )
    }


def render_on_support(support: SupportView) -> dict[str, Any]:
    """Return the message."""
    return {
        "support": sparse(ref_id=support.ref_id, phone=support.phone, email=support.email, url=support.url),
    }


def render_on_rating(rating: RatingView) -> dict[str, Any]:
    """Return the message, empty where nothing more is asked."""
    if not rating.form_url:
        return {}
    return {"feedback_form": {"form": {"url": rating.form_url}, "required": rating.required}}


def _stop(stop: StopView) -> dict[str, Any]:
    time = sparse(timestamp=instant(stop.at), range=span(stop.range_start, stop.range_end))
    authorization = {"type": "OTP"} if stop.otp_required or stop.otp else {}
    return sparse(
        type=stop.type.value,
        time=time,
        location=write_location(stop.location) if stop.location else {},
        instructions=descriptor(short_desc=stop.instructions),
        authorization={**authorization, "token": stop.otp} if stop.otp else authorization,
    )


def _customer(customer: Person) -> dict[str, Any]:
    return sparse(person=sparse(name=customer.name), contact=sparse(phone=customer.phone, email=customer.email))
