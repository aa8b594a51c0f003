"""What a charging system is asked to do: start authorised orders, stop sessions; it polls for both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from cpo_portal.charging.models import ChargingSession, Order, OrderState, SessionState
from cpo_portal.network.models import ChargingSystem

#: How long a charger is told to stop after its session was given up.
TOLD_FOR = timedelta(days=1)
#: The most commands of each kind in one answer; the oldest come first.
MAX_COMMANDS = 200


class CommandKind(StrEnum):
    """What to do."""

    START = "START"
    STOP = "STOP"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do; `session_id` is None for a start. `since` is when the driver asked."""

    kind: CommandKind
    order_id: UUID
    session_id: str | None
    item_id: str
    evse_id: str
    connector_id: str
    since: datetime


def open_commands(system: ChargingSystem) -> list[Command]:
    """Return what the system has not reported as done: a command goes when its start or stop is reported."""
    starts = (
        Order.objects.filter(
            connector__charger__system=system,
            state=OrderState.ACTIVE,
            start_authorized_at__isnull=False,
            session=None,
        )
        .select_related("connector__charger")
        .order_by("start_authorized_at")[:MAX_COMMANDS]
    )
    # A session that was given up runs on for all that is known: its charger is told to stop until it says it did.
    silent = Q(given_up_at__gt=timezone.now() - TOLD_FOR, late_stop_at=None)
    stops = (
        ChargingSession.objects.filter(system=system, stop_requested_at__isnull=False)
        .filter(~Q(state=SessionState.STOPPED) | silent)
        .select_related("connector__charger")
        .order_by("stop_requested_at")[:MAX_COMMANDS]
    )
    return [_start(order) for order in starts] + [_stop(session) for session in stops]


def _start(order: Order) -> Command:
    connector = order.connector
    assert order.start_authorized_at is not None  # noqa: S101  the query asks for it
    return Command(
        CommandKind.START,
        order.pk,
        None,
        connector.item_id,
        connector.charger.evse_id,
        connector.connector_id,
        order.start_authorized_at,
    )


def _stop(session: ChargingSession) -> Command:
    connector = session.connector
    assert session.stop_requested_at is not None  # noqa: S101  the query asks for it
    return Command(
        CommandKind.STOP,
        session.order_id,
        session.session_id,
        connector.item_id,
        connector.charger.evse_id,
        connector.connector_id,
        session.stop_requested_at,
    )
