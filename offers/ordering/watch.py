"""Ends what nobody ends: orders whose driver does not come or whose charger fails, and sessions that never stop.

What is due is found by one query per rule, by each CPO's own figures; what is done is decided again under the
order's lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from cpo_portal.charging.models import ChargingSession, FulfillmentState, Order, OrderState, SessionState
from cpo_portal.charging.sessions import breakdowns
from cpo_portal.network.models import ConnectorStatus, StatusChoice
from offers.models import OfferPolicy
from offers.ordering.cancel import cancel_no_show, cancel_unmet
from offers.policies import policy_of

BROKEN = "The charger is out of order."
NOT_STARTED = "The charger did not start."


def orders_to_end(limit: int, leave: list[Any], *, now: datetime) -> list[Order]:
    """Return orders that `end_if_due` may have something to do with; outside of any one CPO's scope."""
    found: dict[Any, Order] = {}
    for orders in _due(now):
        for order in orders.exclude(pk__in=leave).select_related("cpo")[:limit]:
            found[order.pk] = order
    return list(found.values())


def end_if_due(order: Order, *, now: datetime) -> bool:
    """Do what is due for an order that the caller locked; False where nothing is."""
    if order.state != OrderState.ACTIVE:
        return False
    if order.fulfillment_state == FulfillmentState.PENDING:
        return _end_unstarted(order, now)
    if order.fulfillment_state in {FulfillmentState.ACTIVE, FulfillmentState.INTERRUPTED}:
        return _end_running(order, now)
    return False


def _end_unstarted(order: Order, now: datetime) -> bool:
    policy, authorised = policy_of(order.cpo_id), order.start_authorized_at
    late = timedelta(minutes=policy.late_start_minutes)
    missed = authorised is None and now > order.planned_start + late
    broken = ConnectorStatus.objects.filter(connector=order.connector_id, status=StatusChoice.OUT_OF_ORDER).first()
    if broken is not None:
        if _end_broken(order, policy, since=broken.reported_at, missed=missed, now=now):
            return True
    elif order.charger_failed_at is not None:
        breakdowns.forget_failure(order)
        return True
    if missed:
        cancel_no_show(order, now=now)
        return True
    if authorised is not None and now >= authorised + late:
        cancel_unmet(order, NOT_STARTED, now=now)
        return True
    return False


def _end_broken(order: Order, policy: OfferPolicy, *, since: datetime, missed: bool, now: datetime) -> bool:
    """Note that the charger fails, or cancel; whoever misses a slot of a charger that is out of order is no no-show."""
    failed = order.charger_failed_at
    if missed or (failed is not None and now >= failed + timedelta(minutes=policy.breakdown_minutes)):
        cancel_unmet(order, BROKEN, now=now)
        return True
    if failed is None and now >= order.planned_start - timedelta(minutes=policy.early_start_minutes):
        breakdowns.note_failure(order, at=since, now=now)
        return True
    return False


def _end_running(order: Order, now: datetime) -> bool:
    policy = policy_of(order.cpo_id)
    session = ChargingSession.objects.get(order=order)
    failed, silence = order.charger_failed_at, timedelta(minutes=policy.silent_minutes)
    if failed is not None and now >= failed + timedelta(minutes=policy.breakdown_minutes):
        return breakdowns.give_up(order, reason="ChargerFault", now=now)
    if now >= session.heard_at + silence:
        return breakdowns.give_up(order, reason="Silent", now=now)
    if session.stop_requested_at is not None:
        ignored = now >= session.stop_requested_at + silence
        return breakdowns.give_up(order, reason="StopIgnored", now=now) if ignored else False
    if now >= session.started_at + timedelta(hours=policy.longest_hours):
        breakdowns.request_stop(session, now=now)
        return True
    return False


def _due(now: datetime) -> Iterator[Any]:
    at = Value(now, output_field=DateTimeField())
    active = Order.objects.filter(state=OrderState.ACTIVE).order_by("planned_start")
    pending = active.filter(fulfillment_state=FulfillmentState.PENDING)
    minutes, hours = timedelta(minutes=1), timedelta(hours=1)
    broken = pending.filter(connector__status_row__status=StatusChoice.OUT_OF_ORDER)
    yield broken.filter(charger_failed_at=None, planned_start__lte=at + _own("early_start_minutes", minutes))
    yield broken.filter(charger_failed_at__lte=at - _own("breakdown_minutes", minutes))
    repaired = ~Q(connector__status_row__status=StatusChoice.OUT_OF_ORDER)
    yield pending.filter(repaired, charger_failed_at__isnull=False)
    late = _own("late_start_minutes", minutes)
    yield pending.filter(start_authorized_at__lte=at - late)
    yield pending.filter(start_authorized_at=None, planned_start__lt=at - late)
    running = active.filter(session__state__in=(SessionState.ACTIVE, SessionState.INTERRUPTED))
    silence = at - _own("silent_minutes", minutes)
    yield running.filter(
        Q(charger_failed_at__lte=at - _own("breakdown_minutes", minutes))
        | Q(session__heard_at__lte=silence)
        | Q(session__stop_requested_at__lte=silence)
        | Q(session__stop_requested_at=None, session__started_at__lte=at - _own("longest_hours", hours))
    )


def _own(field: str, unit: timedelta) -> ExpressionWrapper:
    """Return a figure of the order's CPO as a duration; a CPO without a row has the defaults."""
    row = Subquery(OfferPolicy.objects.filter(cpo=OuterRef("cpo")).values(field)[:1])
    default = getattr(OfferPolicy(), field)
    return ExpressionWrapper(Coalesce(row, Value(default)) * Value(unit), output_field=DurationField())
