"""What staff can change of a sale after its bill: dialogs and panel of the order's page, columns of its download."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from cpo_portal.accounts.models import User
from cpo_portal.adminkit.actions import ActionVariant, object_action
from cpo_portal.adminkit.display import EMPTY, money, plain_amount, when
from cpo_portal.charging.admin.orders import add_order_action, add_order_columns
from cpo_portal.charging.models import Order, OrderState
from cpo_portal.charging.panels import Panel, table, zone_of
from offers.adjustment_words import (
    owed_in_words,
    refund_beforehand,
    refunded_in_words,
    take_back_beforehand,
    taken_back_in_words,
    valued_in_words,
)
from offers.forms.adjustments import ExchangeForm, SaidForm, TakeBackForm, refusals
from offers.models import Adjustment, AdjustmentKind
from offers.ordering.adjusting import Said, units_text
from offers.ordering.exchange import to_value, value_exchange
from offers.ordering.refund import refund_bill
from offers.ordering.reverse import take_back
from offers.ordering.takeable import given_of


def _is_billed(order: Order) -> bool:
    return order.state == OrderState.COMPLETE


def _has_given(order: Order) -> bool:
    return _is_billed(order) and given_of(order).exists()


def _is_refundable(order: Order) -> bool:
    done = Adjustment.objects.filter(order=order, kind=AdjustmentKind.BILL_REFUNDED)
    return _is_billed(order) and not done.exists()


def _before_take_back(request: HttpRequest, order: Order) -> str:
    """Say what taking an offer back comes to before it is done."""
    return (
        "The driver is asked for what the offer gave, with its tax; products that it gave go back to the shelf. The "
        f"bill stays as it was printed. {take_back_beforehand(order)}"
    ).strip()


def _before_refund(request: HttpRequest, order: Order) -> str:
    """Say what a refund pays back before it is made."""
    amounts = f"{refund_beforehand(order)} " if _is_refundable(order) else ""
    return (
        f"{amounts}The offers of the session are as if they had not been used. A referral that it earned waits for "
        "another session; one that was rewarded already stays."
    )


@object_action(
    description="Take offer back",
    confirm=_before_take_back,
    icon="undo",
    form_class=TakeBackForm,
    offered=_has_given,
    dismiss="Keep offer",
)
def take_offer_back(self: Any, request: HttpRequest, order: Order, data: dict[str, Any]) -> str:
    """Take an offer's benefit back; the buyer app is told by on_update."""
    with refusals():
        done = take_back(data["redemption"], data["wanted"], _said(request, data), now=timezone.now())
    return taken_back_in_words(done)


@object_action(
    description="Refund bill",
    confirm=_before_refund,
    icon="currency_exchange",
    variant=ActionVariant.DANGER,
    form_class=SaidForm,
    offered=_is_refundable,
    dismiss="Keep bill",
)
def refund_order(self: Any, request: HttpRequest, order: Order, data: dict[str, Any]) -> str:
    """Pay a whole bill back; the buyer app is told by on_update."""
    with refusals():
        done = refund_bill(order, _said(request, data), now=timezone.now())
    return refunded_in_words(done)


@object_action(
    description="Value exchange",
    confirm="What the driver gave in return is here. Its value is credited or paid back once; the app is told.",
    icon="swap_horiz",
    form_class=ExchangeForm,
    offered=lambda order: _is_billed(order) and to_value(order).exists(),
)
def value_returned(self: Any, request: HttpRequest, order: Order, data: dict[str, Any]) -> str:
    """Value an exchange at its return; the buyer app is told by on_update."""
    with refusals():
        said = _said(request, data)
        done = value_exchange(data["redemption"], data["value"], data["credit_to"], said, now=timezone.now())
    return valued_in_words(done)


def _said(request: HttpRequest, data: dict[str, Any]) -> Said:
    return Said(data["reference"], data["reason"], request.user if isinstance(request.user, User) else None)


def adjusted(request: HttpRequest, order: Order) -> Panel | None:
    """Show what was changed after the bill, by whom and why."""
    zone = zone_of(order)
    found = Adjustment.objects.filter(order=order).select_related("redemption__version", "by", "payment")
    rows = [
        (
            when(row.at, zone),
            row.get_kind_display(),
            row.redemption.version.name if row.redemption else EMPTY,
            units_text(row.items) or money(row.amount, row.currency),
            owed_in_words(row),
            row.reference,
            row.reason,
            str(row.by or f"API token {row.source}"),
        )
        for row in found.order_by("pk")
    ]
    headers = ("When", "What", "Offer", "Amount", "Driver owes", "Reference", "Why", "By")
    return Panel("After the bill", table(headers, rows, numbers=(3, 4))) if rows else None


def _sum_of(kind: AdjustmentKind, figure: str) -> Callable[[Any], Any]:
    """Return a column of the download of orders: the sum of a figure over the changes of this kind."""

    def column(order: Any) -> Any:
        found = [getattr(row, figure) for row in order.adjustments.all() if row.kind == kind]
        return plain_amount(sum(found, Decimal(0)), order.currency) if found else None

    return column


COLUMNS = {
    "Offers taken back": _sum_of(AdjustmentKind.TAKEN_BACK, "amount"),
    "Owed for them (with tax)": _sum_of(AdjustmentKind.TAKEN_BACK, "owed"),
    "Bill refunded": _sum_of(AdjustmentKind.BILL_REFUNDED, "amount"),
    "Exchanges valued": _sum_of(AdjustmentKind.EXCHANGE_VALUED, "amount"),
}


def register() -> None:
    """Put the buttons on the order's page and the columns into the download of orders."""
    add_order_action("take_offer_back", take_offer_back)
    add_order_action("refund_order", refund_order)
    add_order_action("value_exchange", value_returned)
    add_order_columns(COLUMNS, "adjustments")
