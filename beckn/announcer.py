"""Tells buyer apps what happened to their orders without being asked: on_status, on_update, on_cancel."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from beckn import outbox
from beckn.dialects import dialect_of
from beckn.models import InboundMessage, Subscriber
from beckn.presenting.orders import order_view
from beckn.protocol import envelope
from beckn.protocol.values import Action, Context, Dialect
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import EventKind, Order, OrderEvent
from cpo_portal.charging.postponed import Postponed
from cpo_portal.database.errors import describe
from offers.ordering.cancel import CancelledBy
from offers.ordering.owed import EXCHANGE, RETURNED, is_late_payment
from offers.ordering.refund import BILL

log = structlog.get_logger(__name__)
BATCH = 50
_later = Postponed()

#: Which event is told by which callback. The others are told by the answer to the request that made them,
#: or, like a stop or a payment that came too late, by the event that follows (the bill, the refund).
CALLBACKS: Mapping[str, Action] = {
    EventKind.PAYMENT_REPORTED: Action.STATUS,
    EventKind.CHARGING_STARTED: Action.UPDATE,
    EventKind.INTERRUPTED: Action.STATUS,
    EventKind.RESUMED: Action.STATUS,
    EventKind.SETTLED: Action.UPDATE,
    EventKind.CANCELLED: Action.CANCEL,
    EventKind.REVERSED: Action.UPDATE,
    EventKind.BILL_REFUNDED: Action.UPDATE,
    EventKind.EXCHANGED: Action.UPDATE,
    EventKind.REFERRED: Action.STATUS,
    EventKind.REFUNDED: Action.STATUS,
    EventKind.REFUND_PAID: Action.STATUS,
}
#: Refunds that another callback tells: on_cancel, or on_update with the bill or what changed it.
TOLD_ELSEWHERE = ("CANCELLATION", "SETTLEMENT", BILL, EXCHANGE, RETURNED)


def announce_events() -> int:
    """Queue the callbacks of the events that nobody has announced; return how many events were claimed.

    The order is locked first, so the callbacks of one order are queued in the order of its events.
    """
    with every_cpo():
        waiting = OrderEvent.objects.filter(announced_at=None).exclude(order__in=_later.keys()).order_by("id")[:BATCH]
        orders = {event.order_id: event.order for event in waiting.select_related("order__cpo")}
    claimed = 0
    for order in orders.values():
        try:
            with transaction.atomic(), cpo_scope(order.cpo):
                claimed += _announce(order)
        except Exception as error:  # noqa: BLE001  one order must not silence the others; it is tried again
            _later.put_off(order.pk)
            log.error(
                "event_not_announced",
                order_id=str(order.pk),
                transaction_id=order.transaction_id,
                error=describe(error),
            )
        else:
            _later.forget(order.pk)
    return claimed


def _announce(order: Order) -> int:
    now = timezone.now()
    locked = (
        Order.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("cpo", "connector__charger__location")
        .filter(pk=order.pk)
        .first()
    )
    if locked is None:
        return 0
    events = list(OrderEvent.objects.filter(order=order, announced_at=None).order_by("id"))
    for event in events:
        if OrderEvent.objects.filter(pk=event.pk, announced_at=None).update(announced_at=now) and _is_told(event):
            _queue(locked, event, now)
    return len(events)


def _is_told(event: OrderEvent) -> bool:
    if event.kind == EventKind.REFUNDED:
        return not event.detail.get("reason", "CANCELLATION").startswith(TOLD_ELSEWHERE)
    if is_late_payment(event):
        return False
    # The buyer's own cancel is answered by on_cancel already.
    return event.kind in CALLBACKS and event.detail.get("by") != CancelledBy.CONSUMER.value


def _queue(order: Order, event: OrderEvent, now: datetime) -> None:
    request = (
        InboundMessage.objects.filter(bap_id=order.bap_id, transaction_id=order.transaction_id)
        .values("dialect", "domain", "version")
        .order_by("-id")
        .first()
    )
    subscriber = Subscriber.objects.filter(subscriber_id=order.bap_id).first()
    if request is None or subscriber is None:
        return  # an order of no network: nobody listens
    action = CALLBACKS[event.kind]
    location = order.connector.charger.location
    context = Context(
        dialect=Dialect(request["dialect"]),
        domain=request["domain"],
        action=action.value,
        version=request["version"],
        bap_id=order.bap_id,
        bap_uri=subscriber.callback_url,
        bpp_id=settings.BECKN_BPP_ID,
        bpp_uri=settings.BECKN_BPP_URI,
        transaction_id=order.transaction_id,
        message_id=str(uuid.uuid4()),
        timestamp=now,
        ttl=None,
        city=location.city_code,
        country=location.country,
        raw={},
    )
    message = dialect_of(request["dialect"]).render(action.value, order_view(order, now=now))
    outbox.enqueue_callback(
        bap_id=order.bap_id,
        transaction_id=order.transaction_id,
        message_id=context.message_id,
        action=f"on_{action.value}",
        body={
            "context": envelope.callback_context(
                context, bpp_id=settings.BECKN_BPP_ID, bpp_uri=settings.BECKN_BPP_URI, timestamp=now
            ),
            "message": message,
        },
        expires_at=None,
        cpo=order.cpo,
        order_ref=order.pk,
        dedup_key=f"event {event.pk}",
    )
