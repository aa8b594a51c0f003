"""What an order holds of offers, or was given: its redemptions, locked in the order of the law, and what they use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from cpo_portal.charging.models import Customer, Order
from offers.asking import Lock
from offers.counters import NOTHING
from offers.engine.periods import Period, Today, start_of, today_at
from offers.engine.values import Usage
from offers.models import Redemption, RedemptionState
from offers.stock import own_units


def lock_held(order: Order) -> None:
    """Lock what the order holds: for a caller that locks balances, which come after redemptions and before counters."""
    locked(order, RedemptionState.RESERVED)


def covers(order: Order, offer_ids: Iterable[str]) -> bool:
    """Return whether the order still holds a reservation of each of these offers, by Beckn id."""
    held = Redemption.objects.filter(order=order, state=RedemptionState.RESERVED)
    return set(offer_ids) <= set(held.values_list("offer__offer_id", flat=True))


def own_to(lock: Lock, order: Order, customer: Customer | None, *, now: datetime) -> Lock:
    """Return the lock of a new price for this order, against which nothing counts that the order itself holds."""
    own = own_usage(order, customer, now=now)
    return replace(lock, own=own, order_id=order.pk, own_goods=own_units(order))


def own_usage(order: Order, customer: Customer | None, *, now: datetime) -> dict[str, Usage]:
    """Return what this order itself takes of each offer's limits, so that a new price does not count it against it."""
    rows = Redemption.objects.filter(order=order, state=RedemptionState.RESERVED).select_related("offer")
    today = today_at(now, order.cpo.time_zone)
    return {row.offer.offer_id: _usage_of(row, customer, today) for row in rows}


def _usage_of(row: Redemption, customer: Customer | None, today: Today) -> Usage:
    same = customer is not None and row.customer_id == customer.pk
    on = row.reserved_on
    held = {Period(name) for name in row.counted_periods if same and on is not None}
    return Usage(
        uses=1 if row.counted else 0,
        budget_used=row.reserved if row.counted else NOTHING,
        customer_uses=1 if row.counted_customer and same else 0,
        budget_used_today=row.reserved if row.counted_day and on == today.day else NOTHING,
        customer_period_uses={x: 1 for x in held if on and start_of(x, on) == today.start_of(x)},
    )


def keep(order: Order, *, reserved_until: datetime) -> None:
    """Keep the order's reservations at least until then."""
    Redemption.objects.filter(order=order, state=RedemptionState.RESERVED, reserved_until__lt=reserved_until).update(
        reserved_until=reserved_until
    )


def locked(order: Order, state: str) -> list[Redemption]:
    """Lock and return the order's redemptions in a state, by offer."""
    rows: Iterable[Any] = (
        Redemption.objects.select_for_update(no_key=True).filter(order=order, state=state).order_by("offer_id")
    )
    return list(rows)


def has_code(redemption: Redemption) -> bool:
    """Say whether a single-use code opened the offer, and is spent with it."""
    return bool(redemption.terms.get("single_use")) and not redemption.sandbox
