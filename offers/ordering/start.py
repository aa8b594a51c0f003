"""Start and stop as the buyer asks for them; the charging system reports what then really happens."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cpo_portal.charging.models import FulfillmentState, Order, OrderState
from cpo_portal.charging.sessions import breakdowns, otp
from offers.ordering.orders import lock_order
from offers.policies import policy_of
from offers.refusals import Refusal, RefusalKind


def authorise_start(order: Order, *, otp_text: str, otp_required: bool, now: datetime) -> Order:
    """Let the charger start this order's session; raise Refusal outside its slot or with a wrong OTP.

    A wrong try is counted in the caller's transaction, which must therefore commit.
    """
    order = lock_order(order)
    if order.fulfillment_state != FulfillmentState.PENDING or order.start_authorized_at is not None:
        if order.state == OrderState.ACTIVE:
            return order
        raise Refusal(RefusalKind.UPDATE_NOT_POSSIBLE, f"This order is {order.state}; it cannot be started.")
    if order.state != OrderState.ACTIVE:
        raise Refusal(RefusalKind.UPDATE_NOT_POSSIBLE, f"This order is {order.state}; confirm it before starting.")
    policy = policy_of(order.cpo_id)
    zone = ZoneInfo(order.connector.charger.location.time_zone)
    if now < order.planned_start - timedelta(minutes=policy.early_start_minutes):
        slot = order.planned_start.astimezone(zone)
        raise Refusal(
            RefusalKind.UPDATE_NOT_POSSIBLE,
            f"The slot begins at {slot:%H:%M on %d %b %Y}; start at most {policy.early_start_minutes} minutes early.",
        )
    if now > order.planned_start + timedelta(minutes=policy.late_start_minutes):
        raise Refusal(
            RefusalKind.UPDATE_NOT_POSSIBLE,
            f"The slot was missed by more than {policy.late_start_minutes} minutes; cancel the order and book again.",
        )
    if otp_required:
        result = otp.check(order, otp_text)
        if not result.accepted:
            raise Refusal(RefusalKind.UPDATE_NOT_POSSIBLE, result.message)
    Order.objects.filter(pk=order.pk).update(start_authorized_at=now)
    order.start_authorized_at = now
    return order


def request_stop(order: Order, *, now: datetime) -> Order:
    """Ask the charger to stop; a session that is not running is refused, a stopped one is left alone."""
    order = lock_order(order)
    if order.fulfillment_state == FulfillmentState.COMPLETED:
        return order
    if order.fulfillment_state not in {FulfillmentState.ACTIVE, FulfillmentState.INTERRUPTED}:
        raise Refusal(
            RefusalKind.UPDATE_NOT_POSSIBLE, "No session is running for this order; there is nothing to stop."
        )
    breakdowns.request_stop(order.session, now=now)
    return order
