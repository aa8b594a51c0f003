"""The last state of a connector, as reported or as a session implies it."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from cpo_portal.network.models import Connector, StatusChoice


def set_status(connector: Connector, status: StatusChoice, *, at: datetime, now: datetime) -> bool:
    """Keep a state unless a newer one is known; return whether it was kept.

    A time ahead of the clock counts as now, so that simulated time cannot shut out what is reported later.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO network_connectorstatus AS kept (connector_id, status, reported_at) VALUES (%s, %s, %s) "
            "ON CONFLICT (connector_id) DO UPDATE SET status = EXCLUDED.status, reported_at = EXCLUDED.reported_at "
            "WHERE kept.reported_at <= EXCLUDED.reported_at",
            [connector.pk, status.value, min(at, now)],
        )
        return cursor.rowcount == 1
