"""The form's fields for an offer's conditions on the session."""

from __future__ import annotations

from typing import Any

from django import forms

from cpo_portal.adminkit.widgets import IntegerInput, Select
from cpo_portal.network.models import Product
from pricing.forms.rows import ThousandsField

CONDITIONS_FIELDSET: Any = (
    "Qualifier",
    {
        "fields": (
            "min_value",
            ("min_energy_wh", "max_energy_wh"),
            "nth_session",
            "max_busy_percent",
            ("stock_product_id", "stock_at_least"),
        )
    },
)


class ConditionFields(forms.Form):
    """Fields of OfferContent that the session must meet."""

    min_energy_wh = ThousandsField(
        label="From an energy of (kWh)", help_text="Of the session as planned, and again as delivered."
    )
    max_energy_wh = ThousandsField(label="Up to an energy of (kWh)")
    nth_session = forms.IntegerField(
        required=False,
        label="Only this session of a customer",
        widget=IntegerInput,
        help_text="1 is the first with you; confirmed and completed sessions count. Published with one use per "
        "customer alone, so that nobody orders it twice before confirming.",
    )
    max_busy_percent = forms.IntegerField(
        required=False,
        label="While less than this much of the location is busy (%)",
        widget=IntegerInput,
        help_text="Of its working chargers, when the price is quoted; the quote keeps what was seen.",
    )
    stock_product_id = forms.ChoiceField(label="While this product is in stock", required=False, widget=Select)
    stock_at_least = forms.IntegerField(required=False, label="With at least (units)", widget=IntegerInput)

    def fit_conditions(self) -> None:
        """Let the CPO's own products with a counted stock be chosen."""
        rows = Product.objects.filter(stock_row__isnull=False).order_by("name").values_list("product_id", "name")
        field: Any = self.fields["stock_product_id"]
        known = [(key, f"{name} ({key})") for key, name in rows]
        chosen = self.initial.get("stock_product_id")
        if chosen and chosen not in dict(known):
            known.append((chosen, f"{chosen} (no longer counted)"))
        field.choices = [("", "—"), *known]
