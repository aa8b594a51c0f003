"""Chargers that break down and sessions that nobody ends: what is noted, and how a session is given up.

`offers` decides when; every function that takes an order expects it locked.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import ChargingSession, EventKind, FulfillmentState, Order, OrderState, SessionState
from cpo_portal.charging.sessions.connectors import set_status
from cpo_portal.charging.sessions.reports import delivered_wh
from cpo_portal.charging.sessions.switches import switch_session
from cpo_portal.network.models import Connector, StatusChoice


@transaction.atomic
def report_status(connector: Connector, status: StatusChoice, *, at: datetime, now: datetime) -> bool:
    """Keep a connector's state unless a newer one is known; return whether it was kept.

    Out of order interrupts the session that runs there; any other state says that the connector works again.
    """
    touched = Order.objects.select_for_update(no_key=True, of=("self",)).filter(connector=connector)
    if status == StatusChoice.OUT_OF_ORDER:
        running = (SessionState.ACTIVE, SessionState.INTERRUPTED)
        orders = list(touched.filter(session__state__in=running).order_by("pk"))
    else:
        # What a session that is over failed of is for its bill to know.
        failed = touched.filter(charger_failed_at__isnull=False, state=OrderState.ACTIVE)
        orders = list(failed.exclude(fulfillment_state=FulfillmentState.COMPLETED).order_by("pk"))
    kept = set_status(connector, status, at=at, now=now)
    for order in orders if kept else ():
        if status == StatusChoice.OUT_OF_ORDER:
            note_failure(order, at=at, now=now)
        else:
            forget_failure(order)
    return kept


def note_failure(order: Order, *, at: datetime, now: datetime) -> None:
    """Note, once, that the order's charger is out of order; a session that runs is interrupted."""
    if order.charger_failed_at is not None or order.fulfillment_state == FulfillmentState.COMPLETED:
        return
    order.charger_failed_at = now
    order.save(update_fields=["charger_failed_at"])
    record_event(order, EventKind.CHARGER_FAILED, occurred_at=min(at, now))
    session = ChargingSession.objects.filter(order=order, state=SessionState.ACTIVE).first()
    if session is not None:
        switch_session(order, session, EventKind.INTERRUPTED, at=max(at, session.started_at), now=now)


def forget_failure(order: Order) -> None:
    """Note that the order's charger works again."""
    order.charger_failed_at = None
    order.save(update_fields=["charger_failed_at"])


def request_stop(session: ChargingSession, *, now: datetime) -> None:
    """Ask the charger to stop; asked before, nothing changes."""
    if session.stop_requested_at is None:
        session.stop_requested_at = now
        session.save(update_fields=["stop_requested_at"])


def give_up(order: Order, *, reason: str, now: datetime) -> bool:
    """End a running session at its last reading, as if it had stopped there; False where none runs.

    Nothing is extrapolated. The charger goes on being told to stop, and a stop that it reports later is kept beside.
    """
    session = ChargingSession.objects.select_related("connector").filter(order=order).first()
    if session is None or session.state == SessionState.STOPPED:
        return False
    session.state, session.stopped_at, session.stop_reason = SessionState.STOPPED, session.last_reading_at, reason
    session.given_up_at, session.stop_requested_at = now, session.stop_requested_at or now
    session.save(update_fields=["state", "stopped_at", "stop_reason", "given_up_at", "stop_requested_at"])
    order.fulfillment_state = FulfillmentState.COMPLETED
    order.save(update_fields=["fulfillment_state"])
    detail = {
        "session_id": session.session_id,
        "register_wh": session.last_register_wh,
        "delivered_wh": delivered_wh(session),
        "reason": reason,
        "given_up": True,
    }
    record_event(order, EventKind.CHARGING_STOPPED, occurred_at=session.last_reading_at, detail=detail)
    return True
