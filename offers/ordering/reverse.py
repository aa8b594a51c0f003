"""Reverse: an offer's benefit is taken back after the bill, in part or whole, never more than was given."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import EventKind, Order
from offers import ledger
from offers.models import Redemption
from offers.ordering.orders import lock_order


def reverse_offer(order: Order, redemption: Redemption, amount: Decimal, *, reference: str, now: datetime) -> Decimal:
    """Take back up to `amount`; return what was taken. `reference` makes a repeated call harmless."""
    order = lock_order(order)
    taken = ledger.reverse(redemption, amount, reference=reference, now=now)
    if taken:
        record_event(
            order,
            EventKind.REVERSED,
            occurred_at=now,
            detail={"offer": redemption.terms["offer_id"], "amount": f"{taken:f}", "reference": reference},
        )
    return taken
