"""What staff fill in to change a sale after its bill: what is taken back, refunded or valued, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.charging.models import Order
from offers.adjustment_words import takeable_in_words
from offers.models import Redemption
from offers.ordering.adjusting import AdjustmentRefused
from offers.ordering.exchange import CreditTo, to_value
from offers.ordering.recovering import wanted_of
from offers.ordering.takeable import takeable_of

MOVED_ON = "What is left of this order's offers has changed: open the page again."


class SaidForm(DialogForm):
    """Why, and under which reference of the books."""

    reference = forms.CharField(
        max_length=80, help_text="Of the complaint or case in your books; the same one again changes nothing."
    )
    reason = forms.CharField(max_length=200, help_text="Told to the driver's app.")


class TakeBackForm(SaidForm):
    """Of which offer, and how much; cleaned, `redemption` is the offer's and `wanted` what is taken."""

    offer = forms.ChoiceField(label="What is taken back")
    amount = forms.DecimalField(
        required=False,
        max_digits=14,
        decimal_places=3,
        help_text="Of the discount, before tax; the tax on it follows. Empty: all that is left.",
    )
    units = forms.IntegerField(
        required=False,
        help_text="Of products that the offer gave: they go back to the shelf, and what the driver paid for them is "
        "owed back. Empty: all that are left.",
    )
    field_order = ("offer", "amount", "units", "reference", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        order = Order.objects.filter(pk=self.object_id).first()
        self.left = {x.key: x for x in takeable_of(order)} if order is not None else {}
        field: Any = self.fields["offer"]
        field.choices = [(key, takeable_in_words(x)) for key, x in self.left.items()]
        # A field that no choice has a use for is not asked for.
        if not any(x.units for x in self.left.values()):
            del self.fields["units"]
        if not any(x.amount and not x.units for x in self.left.values()):
            del self.fields["amount"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if any(self.data.get(name) for name in ("amount", "units") if name not in self.fields):
            raise ValidationError(MOVED_ON)
        left = self.left.get(data.get("offer", ""))
        if left is None or self.errors:
            return data
        with refusals():
            wanted = wanted_of(data.get("amount"), data.get("units"), left.item_id)
        return data | {"redemption": left.redemption, "wanted": wanted}


class ExchangeForm(SaidForm):
    """What was returned is worth so much; cleaned, `redemption` is the exchange's."""

    offer = forms.ChoiceField(label="Exchange")
    value = forms.DecimalField(max_digits=14, decimal_places=3, help_text="What the returned thing is worth.")
    credit_to = forms.ChoiceField(label="Goes to", choices=CreditTo.choices)
    field_order = ("offer", "value", "credit_to", "reference", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        order = Order.objects.filter(pk=self.object_id).first()
        rows = to_value(order).select_related("version") if order is not None else ()
        self.waiting: dict[str, Redemption] = {str(row.pk): row for row in rows}
        field: Any = self.fields["offer"]
        field.choices = [(key, row.version.name) for key, row in self.waiting.items()]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        return data | {"redemption": self.waiting.get(data.get("offer", ""))}


@contextmanager
def refusals() -> Iterator[None]:
    """Show a refusal at its field; one of the order's state above all fields."""
    try:
        yield
    except AdjustmentRefused as refused:
        if refused.field == "order":
            raise ValidationError(str(refused)) from refused
        raise ValidationError({refused.field: str(refused)}) from refused
