"""Sessions as charging systems report them: start and stop; each one transaction under its order.

Every function locks the Order first and writes the OrderEvent with the fact. A repeat of the same report answers the
same and changes nothing; a report that cannot be true raises ChargingRefusal and changes nothing. The first and the
last register stand among the session's readings, so the readings alone tell what was delivered.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Max

from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import (
    ChargingSession,
    EventKind,
    FulfillmentState,
    MeterReading,
    Order,
    OrderState,
    SessionState,
)
from cpo_portal.charging.refusals import ChargingRefusal, RefusalCode
from cpo_portal.charging.sessions.checks import CLOCK_SKEW, refuse_busy_charger, refuse_future, refuse_time
from cpo_portal.charging.sessions.connectors import set_status
from cpo_portal.network.models import ChargingSystem, ConnectorStatus, StatusChoice

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SessionStart:
    """A charger began to charge for an order; `session_id` is the charging system's own."""

    session_id: str
    order_id: UUID
    item_id: str
    started_at: datetime
    register_wh: int


@dataclass(frozen=True, slots=True)
class SessionStop:
    """Charging ended with this register; `reason` is OCPP's word (EVDisconnected, Remote, ...)."""

    at: datetime
    register_wh: int
    reason: str = ""


@transaction.atomic
def start_session(system: ChargingSystem, start: SessionStart, *, now: datetime) -> tuple[ChargingSession, bool]:
    """Start an authorised order's session; the second value says whether it is new."""
    order = (
        Order.objects.select_for_update(no_key=True, of=("self",))
        .select_related("connector__charger")
        .filter(pk=start.order_id)
        .first()
    )
    if order is None or order.connector.charger.system_id != system.pk:
        raise ChargingRefusal(
            RefusalCode.UNKNOWN_ORDER, "No order of yours has this id; take it from the list of commands."
        )
    existing = ChargingSession.objects.filter(order=order).first()
    if existing is not None:
        return _repeated_start(existing, system, start), False
    _refuse_start(order, system, start, now)
    refuse_busy_charger(order)
    session = _create(order, system, start, now)
    _keep_reading(session, start.started_at, start.register_wh)
    _set_fulfillment(order, FulfillmentState.ACTIVE)
    record_event(
        order,
        EventKind.CHARGING_STARTED,
        occurred_at=start.started_at,
        detail={"session_id": start.session_id, "register_wh": start.register_wh},
    )
    if set_status(order.connector, StatusChoice.CHARGING, at=start.started_at, now=now):
        # A charger that charges works, whatever it was before; only a later report can say otherwise.
        order.charger_failed_at = None
        order.save(update_fields=["charger_failed_at"])
    return session, True


@transaction.atomic
def stop_session(system: ChargingSystem, session_id: str, stop: SessionStop, *, now: datetime) -> ChargingSession:
    """End a session with its last register as reported; `offers` bills it from the event.

    A running session can always be stopped, also by a meter that began anew or by a charger whose readings are ahead
    of its stop: the event says so, and the bill goes by the highest register.
    """
    order, session = lock_session(system, session_id)
    if session.state == SessionState.STOPPED:
        return _stopped_before(session, stop, now)
    refuse_time(session, stop.at, now)
    odd = _oddities(session, stop)
    if not session.readings.filter(measured_at=stop.at, register_wh=stop.register_wh).exists():
        _keep_reading(session, stop.at, stop.register_wh)
    session.state, session.stopped_at, session.stop_reason = SessionState.STOPPED, stop.at, stop.reason
    session.last_register_wh, session.last_reading_at, session.heard_at = stop.register_wh, stop.at, now
    session.save(
        update_fields=["state", "stopped_at", "stop_reason", "last_register_wh", "last_reading_at", "heard_at"]
    )
    _set_fulfillment(order, FulfillmentState.COMPLETED)
    detail = {
        "session_id": session_id,
        "register_wh": stop.register_wh,
        "delivered_wh": delivered_wh(session),
        "reason": stop.reason,
    } | odd
    record_event(order, EventKind.CHARGING_STOPPED, occurred_at=stop.at, detail=detail)
    if odd:
        log.warning("session_stopped_oddly", transaction_id=order.transaction_id, order_id=str(order.pk), **detail)
    set_status(session.connector, StatusChoice.AVAILABLE, at=stop.at, now=now)
    return session


def delivered_wh(session: ChargingSession) -> int:
    """Return what the readings prove: the highest register above the first, at the stop's instant the stop's own."""
    readings = session.readings.all()
    if session.stopped_at is not None:
        readings = readings.exclude(measured_at=session.stopped_at)
    highest: int | None = readings.aggregate(highest=Max("register_wh"))["highest"]
    return max(highest or 0, session.last_register_wh, session.start_register_wh) - session.start_register_wh


def lock_session(system: ChargingSystem, session_id: str) -> tuple[Order, ChargingSession]:
    """Lock the order of the system's session and return both as they are now; raises UNKNOWN_SESSION."""
    order_id = _order_of(system, session_id)
    order = Order.objects.select_for_update(no_key=True, of=("self",)).get(pk=order_id)
    return order, ChargingSession.objects.select_related("connector", "system").get(order=order)


def refuse_unknown(system: ChargingSystem, session_id: str) -> None:
    """Raise UNKNOWN_SESSION for a session that the system never started; locks nothing."""
    _order_of(system, session_id)


def _order_of(system: ChargingSystem, session_id: str) -> UUID:
    order_id: UUID | None = (
        ChargingSession.objects.filter(system=system, session_id=session_id).values_list("order", flat=True).first()
    )
    if order_id is None:
        raise ChargingRefusal(RefusalCode.UNKNOWN_SESSION, "You have started no session with this id; start it first.")
    return order_id


def _stopped_before(session: ChargingSession, stop: SessionStop, now: datetime) -> ChargingSession:
    """Answer a stop of a stopped session: a repeat, or, once, the late one of a session that was given up.

    A bill that was made is not made again: the late register is kept for staff to see.
    """
    if session.given_up_at is not None and session.late_stop_at is None:
        refuse_time(session, stop.at, now)
        session.late_stop_at, session.late_register_wh = stop.at, stop.register_wh
        session.save(update_fields=["late_stop_at", "late_register_wh"])
        _free_connector(session, at=stop.at, now=now)
        return session
    known = {(session.stopped_at, session.last_register_wh), (session.late_stop_at, session.late_register_wh)}
    if (stop.at, stop.register_wh) in known:
        return session
    raise ChargingRefusal(
        RefusalCode.SESSION_STOPPED,
        f"This session stopped at {session.stopped_at:%Y-%m-%dT%H:%M:%SZ} with {session.last_register_wh} Wh; "
        "its end cannot be changed.",
    )


def _free_connector(session: ChargingSession, *, at: datetime, now: datetime) -> None:
    """Say that a connector is available again, unless another session runs there or it was reported otherwise."""
    connector = session.connector
    running = (SessionState.ACTIVE, SessionState.INTERRUPTED)
    charging = ConnectorStatus.objects.filter(connector=connector, status=StatusChoice.CHARGING).exists()
    if charging and not ChargingSession.objects.filter(connector=connector, state__in=running).exists():
        set_status(connector, StatusChoice.AVAILABLE, at=at, now=now)


def _oddities(session: ChargingSession, stop: SessionStop) -> dict[str, bool]:
    """Return what cannot be true of a stop beside the readings, by the names under which the event tells it."""
    before = session.readings.filter(measured_at__lte=stop.at)
    found = {
        "register_backwards": before.filter(register_wh__gt=stop.register_wh).exists(),
        "readings_after_stop": stop.at < session.last_reading_at,
    }
    return {name: True for name, odd in found.items() if odd}


def _repeated_start(existing: ChargingSession, system: ChargingSystem, start: SessionStart) -> ChargingSession:
    same = (
        existing.system_id == system.pk
        and existing.session_id == start.session_id
        and existing.connector.item_id == start.item_id
        and existing.started_at == start.started_at
        and existing.start_register_wh == start.register_wh
    )
    if same:
        return existing
    raise ChargingRefusal(
        RefusalCode.ORDER_HAS_SESSION,
        f"The order has the session {existing.session_id} already; one order, one session.",
    )


def _refuse_start(order: Order, system: ChargingSystem, start: SessionStart, now: datetime) -> None:
    if order.connector.item_id != start.item_id:
        raise ChargingRefusal(
            RefusalCode.OTHER_CONNECTOR, f"The order is for {order.connector.item_id}; start it on that connector."
        )
    if order.state != OrderState.ACTIVE:
        raise ChargingRefusal(RefusalCode.ORDER_NOT_ACTIVE, f"The order is {order.state}; it cannot be started.")
    if order.start_authorized_at is None:
        raise ChargingRefusal(
            RefusalCode.START_NOT_AUTHORIZED,
            "The driver has not asked to start; wait for the order among the commands.",
        )
    if ChargingSession.objects.filter(system=system, session_id=start.session_id).exists():
        raise ChargingRefusal(RefusalCode.SESSION_ID_USED, "This session id belongs to another order; send a new one.")
    refuse_future(system, start.started_at, now)
    if start.started_at < order.start_authorized_at - CLOCK_SKEW and not system.is_simulated:
        raise ChargingRefusal(
            RefusalCode.BEFORE_START,
            "The session began before the driver was let start; set the charging system's clock and send it again.",
        )


def _create(order: Order, system: ChargingSystem, start: SessionStart, now: datetime) -> ChargingSession:
    """Insert the session; the unique keys decide between two that start at once."""
    try:
        with transaction.atomic():
            return ChargingSession.objects.create(
                cpo_id=order.cpo_id,
                order=order,
                system=system,
                connector=order.connector,
                session_id=start.session_id,
                started_at=start.started_at,
                start_register_wh=start.register_wh,
                last_register_wh=start.register_wh,
                last_reading_at=start.started_at,
                heard_at=now,
            )
    except IntegrityError as error:
        if "one_session_per_connector" in str(error):
            raise ChargingRefusal(
                RefusalCode.CONNECTOR_BUSY, "Another session runs on this connector; stop that one first."
            ) from None
        raise ChargingRefusal(
            RefusalCode.SESSION_ID_USED, "This session id belongs to another order; send a new one."
        ) from None


def _keep_reading(session: ChargingSession, at: datetime, register_wh: int) -> None:
    MeterReading.objects.create(session=session, measured_at=at, register_wh=register_wh)


def _set_fulfillment(order: Order, state: FulfillmentState) -> None:
    order.fulfillment_state = state
    order.save(update_fields=["fulfillment_state"])
