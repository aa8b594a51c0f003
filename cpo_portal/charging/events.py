"""Writing what happened to an order; upper rooms claim these rows and act on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from cpo_portal.charging.models import EventKind, Order, OrderEvent


def record_event(
    order: Order, kind: EventKind, *, occurred_at: datetime, detail: dict[str, Any] | None = None
) -> OrderEvent:
    """Write an event in the transaction of the fact itself; raises outside of one.

    `detail` holds what JSON holds: amounts as text, instants as RFC 3339.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("record_event() belongs into the transaction that makes the event true")
    return OrderEvent.objects.create(order=order, kind=kind, occurred_at=occurred_at, detail=detail or {})
