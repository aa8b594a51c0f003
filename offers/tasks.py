"""Periodic work of offers: bill stopped sessions, free reservations whose time is over."""

from __future__ import annotations

from datetime import datetime

import structlog
from celery import shared_task
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import EventKind, Order, OrderEvent, OrderState
from offers import ledger
from offers.models import Redemption, RedemptionState
from offers.ordering.settle import settle
from pricing.engine.values import PricingError

log = structlog.get_logger(__name__)
BATCH = 50


def settle_stopped() -> int:
    """Bill every stopped session that nobody is billing; return how many there were.

    The order is locked before its event is claimed, so two workers cannot bill one session.
    """
    with every_cpo():
        waiting = list(
            OrderEvent.objects.filter(settled_at=None, kind=EventKind.CHARGING_STOPPED)
            .select_related("order__cpo")
            .order_by("id")[:BATCH]
        )
    settled = 0
    for event in waiting:
        try:
            with transaction.atomic(), cpo_scope(event.order.cpo):
                settled += _settle_event(event)
        except Exception:  # one bill that cannot be made must not hold up the others; it is tried again
            log.exception("session_not_settled", order=str(event.order_id))
    return settled


def _settle_event(event: OrderEvent) -> int:
    now = timezone.now()
    orders = Order.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
    if orders.filter(pk=event.order_id).first() is None:
        return 0
    if not OrderEvent.objects.filter(pk=event.pk, settled_at=None).update(settled_at=now):
        return 0
    _settle_or_hold(event.order, now)
    return 1


def _settle_or_hold(order: Order, now: datetime) -> None:
    """A session that the terms cannot price is held for a person, never billed silently and never lost."""
    try:
        with transaction.atomic():
            settle(order, now=now)
    except PricingError as error:
        record_event(order, EventKind.HELD, occurred_at=now, detail={"reason": str(error)})
        log.warning("session_held", order=str(order.pk), reason=error.code)


@shared_task
def release_expired() -> int:
    """Free the reservations of orders that were not confirmed in time; return how many orders."""
    now = timezone.now()
    with every_cpo():
        due = (
            Redemption.objects.filter(
                state=RedemptionState.RESERVED,
                reserved_until__lt=now,
                order__state=OrderState.INITIALISED,
                order__payment_until__lt=now,
            )
            .select_related("order__cpo")
            .order_by("reserved_until")[:BATCH]
        )
        orders = {redemption.order_id: redemption.order for redemption in due}
    for order in orders.values():
        with transaction.atomic(), cpo_scope(order.cpo):
            locked = Order.objects.select_for_update(skip_locked=True, no_key=True, of=("self",)).filter(
                pk=order.pk, state=OrderState.INITIALISED
            )
            if locked.first() is not None:
                ledger.release(order, now=timezone.now(), reference="expired")
    return len(orders)
