"""Interruptions of a session and their end as charging systems report them; each one transaction under its order."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import (
    ChargingSession,
    EventKind,
    FulfillmentState,
    Order,
    OrderEvent,
    SessionState,
)
from cpo_portal.charging.refusals import ChargingRefusal, RefusalCode
from cpo_portal.charging.sessions.checks import refuse_time
from cpo_portal.charging.sessions.reports import lock_session
from cpo_portal.network.models import ChargingSystem


@transaction.atomic
def interrupt(system: ChargingSystem, session_id: str, *, at: datetime, now: datetime) -> ChargingSession:
    """Note that the connection was interrupted; the session goes on once `resume` says so."""
    return _switch(system, session_id, EventKind.INTERRUPTED, at=at, now=now)


@transaction.atomic
def resume(system: ChargingSystem, session_id: str, *, at: datetime, now: datetime) -> ChargingSession:
    """Note that an interrupted session charges again."""
    return _switch(system, session_id, EventKind.RESUMED, at=at, now=now)


def _switch(
    system: ChargingSystem, session_id: str, kind: EventKind, *, at: datetime, now: datetime
) -> ChargingSession:
    """Move between ACTIVE and INTERRUPTED; a switch that was noted before, or changes nothing, is left alone."""
    order, session = lock_session(system, session_id)
    switches = OrderEvent.objects.filter(order=order, kind__in=(EventKind.INTERRUPTED, EventKind.RESUMED))
    if switches.filter(kind=kind, occurred_at=at).exists():
        return session
    if session.state == SessionState.STOPPED:
        raise ChargingRefusal(RefusalCode.SESSION_STOPPED, "This session has stopped; nothing can be added to it.")
    refuse_time(session, at, now)
    interrupted = kind is EventKind.INTERRUPTED
    state = SessionState.INTERRUPTED if interrupted else SessionState.ACTIVE
    if session.state == state:
        return session
    if switches.filter(occurred_at__gt=at).exists():
        raise ChargingRefusal(
            RefusalCode.OUT_OF_ORDER, "A later interruption or resumption is known already; this report is out of date."
        )
    switch_session(order, session, kind, at=at, now=now)
    return session


def switch_session(order: Order, session: ChargingSession, kind: EventKind, *, at: datetime, now: datetime) -> None:
    """Write that a session of a locked order was INTERRUPTED or RESUMED."""
    interrupted = kind is EventKind.INTERRUPTED
    session.state, session.heard_at = SessionState.INTERRUPTED if interrupted else SessionState.ACTIVE, now
    session.save(update_fields=["state", "heard_at"])
    order.fulfillment_state = FulfillmentState.INTERRUPTED if interrupted else FulfillmentState.ACTIVE
    order.charger_failed_at = order.charger_failed_at if interrupted else None
    order.save(update_fields=["fulfillment_state", "charger_failed_at"])
    record_event(order, kind, occurred_at=at, detail={"session_id": session.session_id})
