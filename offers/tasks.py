"""Periodic work of offers: bill stopped sessions, pay late payments back, end what nobody went on with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from celery import shared_task
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from structlog.contextvars import bound_contextvars

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.balances import holds as balance_holds
from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import (
    FOLLOWED,
    BalanceHold,
    Customer,
    EventKind,
    HoldState,
    Order,
    OrderEvent,
    OrderState,
)
from cpo_portal.charging.postponed import Postponed
from cpo_portal.database.errors import describe
from offers import holdings, ledger
from offers.forgotten import drop_keys
from offers.models import Quote, Redemption, RedemptionState
from offers.ordering.cancel import cancel_unmet
from offers.ordering.owed import refund_late_payment, refund_unasked
from offers.ordering.settle import settle
from offers.ordering.watch import end_if_due, orders_to_end
from pricing.engine.values import PricingError

log = structlog.get_logger(__name__)
BATCH = 50
#: An order that was made and then neither paid nor confirmed is closed after so long; what was paid comes back.
ABANDONED = timedelta(hours=24)

_later = Postponed()


@shared_task
def drop_keys_of_forgotten() -> int:
    """Stop recognising forgotten customers whose limits nobody can use up any more; return how many hashes went."""
    with every_cpo():
        return drop_keys(Customer.objects.all())


def settle_stopped() -> int:
    """Bill every stopped session, and owe back late and unasked payments, that nobody is at; return how many events.

    The order is locked before its event is claimed, so two workers cannot bill one session.
    """
    with every_cpo():
        waiting = list(
            OrderEvent.objects.filter(settled_at=None, kind__in=FOLLOWED)
            .exclude(order__in=_later.keys())
            .select_related("order__cpo")
            .order_by("id")[:BATCH]
        )
    return sum(_alone(event.order, lambda event=event: _follow(event)) for event in waiting)  # type: ignore[misc]


def _follow(event: OrderEvent) -> int:
    now = timezone.now()
    if _locked(Order.objects.filter(pk=event.order_id)) is None:
        return 0
    if not OrderEvent.objects.filter(pk=event.pk, settled_at=None).update(settled_at=now):
        return 0
    if event.kind == EventKind.PAYMENT_REPORTED:
        refund_late_payment(event, now=now)
    elif event.kind == EventKind.PAYMENT_UNASKED:
        refund_unasked(event, now=now)
    else:
        _settle_or_hold(event.order, now)
    return 1


def _settle_or_hold(order: Order, now: datetime) -> None:
    """A session that the terms cannot price is held for a person, never billed silently and never lost."""
    try:
        with transaction.atomic():
            settle(order, now=now)
    except PricingError as error:
        record_event(order, EventKind.HELD, occurred_at=now, detail={"reason": str(error)})
        log.warning("session_held", reason=error.code)


@shared_task
def release_expired() -> int:
    """Free what is held for orders that nobody went on with; return how many orders were touched.

    A reservation whose time is over is freed (its order may still be confirmed at a new price); an order that was
    abandoned is cancelled; a confirmed one whose driver did not come is cancelled by the refund terms; what a charger
    neither starts nor ends is ended.
    """
    now = timezone.now()
    with every_cpo():
        unpaid = [
            redemption.order
            for redemption in Redemption.objects.filter(
                state=RedemptionState.RESERVED,
                reserved_until__lt=now,
                order__state=OrderState.INITIALISED,
                order__payment_until__lt=now,
            )
            .exclude(order__in=_later.keys())
            .select_related("order__cpo")
            .order_by("reserved_until")[:BATCH]
        ]
        unpaid += _holding_balances(now, without=unpaid)
        unpaid += _holding_products(now, without=unpaid)
        abandoned = _waiting(state=OrderState.INITIALISED, payment_until__lt=now - ABANDONED)
        endless = orders_to_end(BATCH, _later.keys(), now=now)
    return (
        sum(_alone(order, lambda order=order: _free(order)) for order in unpaid)  # type: ignore[misc]
        + sum(_alone(order, lambda order=order: _abandon(order)) for order in abandoned)  # type: ignore[misc]
        + sum(_alone(order, lambda order=order: _end(order)) for order in endless)  # type: ignore[misc]
    )


def _holding_balances(now: datetime, *, without: list[Order]) -> list[Order]:
    """Return orders that nobody went on with and that hold a balance, but no offer."""
    overdue = BalanceHold.objects.filter(
        state=HoldState.HELD, held_until__lt=now, order__state=OrderState.INITIALISED, order__payment_until__lt=now
    )
    apart = overdue.exclude(order__in=_later.keys()).exclude(order__in=[order.pk for order in without])
    found = apart.select_related("order__cpo").order_by("held_until")[:BATCH]
    return list({each.order_id: each.order for each in found}.values())


def _holding_products(now: datetime, *, without: list[Order]) -> list[Order]:
    """Return orders that nobody went on with and that hold what they buy in stock."""
    binding = Quote.objects.filter(pk=OuterRef("quote_ref"), valid_until__gte=now)
    overdue = Order.objects.filter(~Exists(binding), state=OrderState.INITIALISED, payment_until__lt=now)
    apart = overdue.exclude(products=[]).exclude(pk__in=_later.keys()).exclude(pk__in=[x.pk for x in without])
    return list(apart.select_related("cpo").order_by("payment_until")[:BATCH])


def _waiting(**conditions: object) -> list[Order]:
    orders: QuerySet[Order] = Order.objects.filter(**conditions).exclude(pk__in=_later.keys())
    return list(orders.select_related("cpo").order_by("planned_start")[:BATCH])


def _free(order: Order) -> int:
    """Free an order's reservations, unless it was made again or paid since it was looked up."""
    now = timezone.now()
    order_now = _locked(Order.objects.filter(pk=order.pk, state=OrderState.INITIALISED, payment_until__lt=now))
    held = Redemption.objects.filter(order=order, state=RedemptionState.RESERVED, reserved_until__gte=now)
    prepaid = BalanceHold.objects.filter(order=order, state=HoldState.HELD, held_until__gte=now)
    if order_now is None or held.exists() or prepaid.exists():
        return 0
    if order_now.products and Quote.objects.filter(pk=order_now.quote_ref, valid_until__gte=now).exists():
        return 0
    holdings.lock_held(order_now)
    had = balance_holds.give_all_back(order_now) or bool(order_now.products)
    freed = ledger.release(order_now, now=now, reference=f"expired {now.isoformat()}")
    return int(had or freed > 0)


def _abandon(order: Order) -> int:
    now = timezone.now()
    order_now = _locked(
        Order.objects.filter(pk=order.pk, state=OrderState.INITIALISED, payment_until__lt=now - ABANDONED)
    )
    if order_now is None:
        return 0
    cancel_unmet(order_now, "The order was not confirmed.", now=now)
    return 1


def _end(order: Order) -> int:
    order_now = _locked(Order.objects.filter(pk=order.pk))
    return 0 if order_now is None else int(end_if_due(order_now, now=timezone.now()))


def _locked(orders: QuerySet[Order]) -> Order | None:
    """Lock the order where it still is as asked; None where it is not, or somebody else is at it."""
    return (
        orders.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("cpo", "connector__charger__location", "customer")
        .first()
    )


def _alone(order: Order, work: Callable[[], int]) -> int:
    """Do one order's work in a transaction of its own; where it fails, the others go on and it is tried later."""
    with bound_contextvars(cpo_id=order.cpo_id, order_id=str(order.pk), transaction_id=order.transaction_id):
        return _try_alone(order, work)


def _try_alone(order: Order, work: Callable[[], int]) -> int:
    try:
        with transaction.atomic(), cpo_scope(order.cpo):
            done = work()
    except Exception as error:  # noqa: BLE001  whatever it was, the row stays and is tried again
        _later.put_off(order.pk)
        log.error("order_not_followed", error=describe(error))
        return 0
    _later.forget(order.pk)
    return done
