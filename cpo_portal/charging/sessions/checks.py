"""What no report of a session may say: times that cannot be, and two cars at one charger."""

from __future__ import annotations

from datetime import datetime, timedelta

from cpo_portal.charging.models import ChargingSession, Order, SessionState
from cpo_portal.charging.refusals import ChargingRefusal, RefusalCode
from cpo_portal.network.models import Charger, ChargingSystem

#: How far a charging system's clock may be from ours.
CLOCK_SKEW = timedelta(seconds=60)
#: How far a simulated system's clock may be ahead: trials play an hour in seconds, never the years to come.
SIMULATED_LEAD = timedelta(days=1)


def refuse_future(system: ChargingSystem, at: datetime, now: datetime) -> None:
    """Refuse a time ahead of the clock; a simulated system's own clock may be a day ahead."""
    if at > now + (SIMULATED_LEAD if system.is_simulated else CLOCK_SKEW):
        raise ChargingRefusal(
            RefusalCode.IN_THE_FUTURE,
            f"The time {at:%Y-%m-%dT%H:%M:%SZ} has not come yet; set the charging system's clock and send it again.",
        )


def refuse_time(session: ChargingSession, at: datetime, now: datetime) -> None:
    """Refuse a time before the session's start or ahead of the clock."""
    refuse_future(session.system, at, now)
    if at < session.started_at:
        raise ChargingRefusal(
            RefusalCode.BEFORE_START,
            f"The time {at:%Y-%m-%dT%H:%M:%SZ} lies before the session's start "
            f"at {session.started_at:%Y-%m-%dT%H:%M:%SZ}.",
        )


def refuse_busy_charger(order: Order) -> None:
    """An EVSE charges one car at a time, whichever of its connectors is used; the lock decides between two starts."""
    Charger.objects.select_for_update(no_key=True).get(pk=order.connector.charger_id)
    running = (
        ChargingSession.objects.filter(connector__charger=order.connector.charger_id)
        .exclude(state=SessionState.STOPPED)
        .select_related("connector")
        .first()
    )
    if running is not None:
        raise ChargingRefusal(
            RefusalCode.CONNECTOR_BUSY,
            f"The session {running.session_id} runs on {running.connector.item_id} of this charger; stop that one "
            "first.",
        )
