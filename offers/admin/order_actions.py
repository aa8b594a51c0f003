"""What staff can do on an order's page: cancel it as the CPO, end its session, and bill one that was held."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from cpo_portal.adminkit.actions import ActionVariant, object_action
from cpo_portal.adminkit.display import money
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.charging.admin.orders import add_order_action
from cpo_portal.charging.models import FulfillmentState, Order, OrderState
from cpo_portal.charging.sessions.breakdowns import give_up
from offers.ordering.cancel import CancelledBy, cancel
from offers.ordering.orders import lock_order
from offers.ordering.settle import settle
from offers.refusals import Refusal
from pricing.engine.values import PricingError


class ReasonForm(DialogForm):
    """Why: told to the buyer app."""

    reason = forms.CharField(max_length=200, help_text="Told to the driver's app, for example “charger out of order”.")


def _is_cancellable(order: Order) -> bool:
    return order.state in {OrderState.INITIALISED, OrderState.ACTIVE} and (
        order.fulfillment_state == FulfillmentState.PENDING
    )


def _is_held(order: Order) -> bool:
    return order.state == OrderState.ACTIVE and order.fulfillment_state == FulfillmentState.COMPLETED


def _is_running(order: Order) -> bool:
    return order.fulfillment_state in {FulfillmentState.ACTIVE, FulfillmentState.INTERRUPTED}


@object_action(
    description="Cancel order",
    confirm="The order is cancelled, its offers are freed, and everything that was paid comes back.",
    icon="cancel",
    variant=ActionVariant.DANGER,
    form_class=ReasonForm,
    offered=_is_cancellable,
    dismiss="Keep order",
)
def cancel_order(self: Any, request: HttpRequest, order: Order, data: dict[str, Any]) -> str:
    """Cancel as the CPO; the buyer app is told by on_cancel."""
    if _is_running(order):
        raise ValidationError("The session is running. End it instead: it is billed by what was delivered.")
    try:
        with transaction.atomic():
            cancelled = cancel(order, by=CancelledBy.PROVIDER, reason=data["reason"], now=timezone.now())
    except Refusal as refusal:
        raise ValidationError(refusal.message) from refusal
    back, credit = (money(x.amount, x.currency) for x in (cancelled.refund, cancelled.credit))
    if not cancelled.credit:
        return f"The order is cancelled; {back} comes back to the driver."
    rest = f" and {back} comes back to the driver" if cancelled.refund else ""
    return f"The order is cancelled; {credit} went back to the prepaid balance{rest}."


@object_action(
    description="Bill as metered",
    confirm="The session was held for review. It is billed by its readings as they are, and the driver is told.",
    icon="receipt",
    offered=_is_held,
)
def bill_held(self: Any, request: HttpRequest, order: Order) -> str:
    """Bill a session that was held, after a person looked at it."""
    try:
        with transaction.atomic():
            billed = settle(order, now=timezone.now(), reviewed=True)
    except PricingError as error:
        raise ValidationError(f"The session cannot be billed: {error}") from error
    if billed.state == OrderState.CANCELLED:
        return f"There is nothing to bill; the order is cancelled: {billed.cancellation_reason}"
    if billed.state != OrderState.COMPLETE:
        raise ValidationError("The session has not stopped yet. End it first.")
    return f"The session is billed: {money(billed.billed_amount, billed.currency)}."


@object_action(
    description="End session",
    confirm="The session ends at its last reading and is billed by it; the charger is told to stop.",
    icon="stop_circle",
    variant=ActionVariant.DANGER,
    offered=_is_running,
)
def end_session(self: Any, request: HttpRequest, order: Order) -> str:
    """End a session that does not stop; `settle` bills it from the event."""
    with transaction.atomic():
        if not give_up(lock_order(order), reason="EndedByStaff", now=timezone.now()):
            raise ValidationError("No session is running for this order.")
    return "The session is ended; its bill follows."


def register() -> None:
    """Put the buttons on the order's page."""
    add_order_action("cancel_order", cancel_order)
    add_order_action("bill_held", bill_held)
    add_order_action("end_session", end_session)
