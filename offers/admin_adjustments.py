"""What staff can change of a sale after its bill: dialogs and panel of the order's page, columns of its download."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone

from cpo_portal.accounts.models import User
from cpo_portal.adminkit.actions import ActionVariant, object_action
from cpo_portal.adminkit.display import EMPTY, money, plain_amount, when
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.charging.admin import add_order_action, add_order_columns
from cpo_portal.charging.models import Order, OrderState
from cpo_portal.charging.panels import Panel, table, zone_of
from offers.models import Adjustment, AdjustmentKind, Redemption, RedemptionState
from offers.ordering.adjusting import AdjustmentRefused, Said, units_text
from offers.ordering.exchange import CreditTo, to_value, value_exchange
from offers.ordering.recovering import wanted_of
from offers.ordering.refund import OWNERLESS, ownerless_of, refund_bill
from offers.ordering.reverse import take_back
from offers.stock import items_of


class SaidForm(DialogForm):
    """Why, and under which reference of the books."""

    reference = forms.CharField(
        max_length=80, help_text="Of the complaint or case in your books; the same one again changes nothing."
    )
    reason = forms.CharField(max_length=200, help_text="Told to the driver's app.")


class TakeBackForm(SaidForm):
    """Of which offer, and how much."""

    offer = forms.ChoiceField()
    amount = forms.DecimalField(
        required=False,
        max_digits=14,
        decimal_places=3,
        help_text="Of the discount, before tax; the tax on it follows. Empty: all that is left. Not for products.",
    )
    units = forms.IntegerField(
        required=False,
        help_text="Of products that the offer gave: they go back to the shelf, and what the driver paid for them is "
        "owed back. Empty: all that are left.",
    )
    field_order = ("offer", "amount", "units", "reference", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["offer"]
        field.choices = [choice for row in _given(self.object_id) for choice in _choices(row)]


class ExchangeForm(SaidForm):
    """What was returned is worth so much."""

    offer = forms.ChoiceField(label="Exchange")
    value = forms.DecimalField(max_digits=14, decimal_places=3, help_text="What the returned thing is worth.")
    credit_to = forms.ChoiceField(label="Goes to", choices=CreditTo.choices)
    field_order = ("offer", "value", "credit_to", "reference", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["offer"]
        waiting = Order.objects.filter(pk=self.object_id).first()
        rows = to_value(waiting).select_related("version") if waiting else ()
        field.choices = [(str(row.pk), row.version.name) for row in rows]


def _given(order_pk: Any) -> Any:
    """Return what the order was given and still has."""
    rows = Redemption.objects.filter(order=order_pk, state=RedemptionState.COMMITTED)
    rows = rows.exclude(adjustments__kind=AdjustmentKind.EXCHANGE_VALUED)
    return rows.select_related("version").order_by("created_at", "pk")


def _choices(row: Redemption) -> list[tuple[str, str]]:
    """Return what of an offer can be chosen: each product that it gave, else what it saved."""
    left = [item for item in items_of(row) if item.left]
    return [(f"{row.pk}/{x.product_id}", f"{row.version.name}: {x.left} × {x.product_id} left") for x in left] or [
        (str(row.pk), _left(row))
    ]


def _left(row: Redemption) -> str:
    left = money(row.committed - row.reversed, row.currency)
    return f"{row.version.name}: {left} left" if row.committed else f"{row.version.name}: the use alone"


def _is_billed(order: Order) -> bool:
    return order.state == OrderState.COMPLETE


def _has_given(order: Order) -> bool:
    return _is_billed(order) and _given(order.pk).exists()


def _is_refundable(order: Order) -> bool:
    done = Adjustment.objects.filter(order=order, kind=AdjustmentKind.BILL_REFUNDED)
    return _is_billed(order) and not done.exists()


@object_action(
    description="Take offer back",
    confirm="The driver is asked for what the offer gave, with its tax; products that it gave go back to the shelf. "
    "The bill stays as it was printed.",
    icon="undo",
    form_class=TakeBackForm,
    offered=_has_given,
    dismiss="Keep offer",
)
def take_offer_back(self: Any, request: HttpRequest, order: Order, data: dict[str, Any]) -> str:
    """Take an offer's benefit back; the buyer app is told by on_update."""
    key, _, item_id = data["offer"].partition("/")
    row = Redemption.objects.filter(order=order, pk=key).first()
    if row is None:
        raise ValidationError({"offer": "Choose an offer of this order."})
    with _refusals():
        wanted = wanted_of(data["amount"], data["units"], item_id)
        done = take_back(row, wanted, _said(request, data), now=timezone.now())
    if done.repeated:
        return _again(done)
    if done.items:
        back = f"{money(done.refund.amount, done.currency)} is due to the driver" if done.refund else "nothing is owed"
        return f"{units_text(done.items)} was taken back; {back}."
    owed = f"the driver owes {money(done.owed, done.currency)}" if done.owed else "it had saved no money"
    return f"{money(done.amount, done.currency)} was taken back; {owed}."


@object_action(
    description="Refund bill",
    confirm="Everything that was paid for the session comes back, and its offers are as if they had not been used. A "
    "referral that it earned waits for another session; one that was rewarded already stays.",
    icon="currency_exchange",
    variant=ActionVariant.DANGER,
    form_class=SaidForm,
    offered=_is_refundable,
    dismiss="Keep bill",
)
def refund_order(self: Any, request: HttpRequest, order: Order, data: dict[str, Any]) -> str:
    """Pay a whole bill back; the buyer app is told by on_update."""
    with _refusals():
        done = refund_bill(order, _said(request, data), now=timezone.now())
    if done.repeated:
        return _again(done)
    cash = done.refund.amount if done.refund else Decimal(0)
    credit = f", {money(done.amount - cash, done.currency)} to the prepaid balance" if done.amount > cash else ""
    instead = ownerless_of(order)
    words = f" {OWNERLESS.format(money(instead.amount, done.currency))}" if instead else ""
    return f"{money(cash, done.currency)} is due to the driver{credit}.{words}"


@object_action(
    description="Value exchange",
    confirm="What the driver gave in return is here. Its value is credited or paid back once; the app is told.",
    icon="swap_horiz",
    form_class=ExchangeForm,
    offered=lambda order: _is_billed(order) and to_value(order).exists(),
)
def value_returned(self: Any, request: HttpRequest, order: Order, data: dict[str, Any]) -> str:
    """Value an exchange at its return; the buyer app is told by on_update."""
    row = Redemption.objects.filter(order=order, pk=data["offer"]).first()
    if row is None:
        raise ValidationError({"offer": "Choose an exchange of this order."})
    with _refusals():
        done = value_exchange(row, data["value"], data["credit_to"], _said(request, data), now=timezone.now())
    if done.repeated:
        return _again(done)
    to = "was credited to the driver's balance" if done.balance_id else "is due to the driver"
    return f"{money(done.amount, done.currency)} {to}."


def _again(done: Adjustment) -> str:
    what = units_text(done.items) or money(done.amount, done.currency)
    return f"Nothing was changed: {done.reference} had been written before, {what}."


def _said(request: HttpRequest, data: dict[str, Any]) -> Said:
    return Said(data["reference"], data["reason"], request.user if isinstance(request.user, User) else None)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except AdjustmentRefused as refused:
        if refused.field == "order":
            raise ValidationError(str(refused)) from refused
        raise ValidationError({refused.field: str(refused)}) from refused


def adjusted(request: HttpRequest, order: Order) -> Panel | None:
    """Show what was changed after the bill, by whom and why."""
    zone = zone_of(order)
    rows = [
        (
            when(row.at, zone),
            row.get_kind_display(),
            row.redemption.version.name if row.redemption else EMPTY,
            units_text(row.items) or money(row.amount, row.currency),
            money(row.owed, row.currency) if row.owed else EMPTY,
            row.reference,
            row.reason,
            str(row.by or f"API token {row.source}"),
        )
        for row in Adjustment.objects.filter(order=order).select_related("redemption__version", "by").order_by("pk")
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
