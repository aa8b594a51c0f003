"""The form's fields for what an offer gives for what is bought."""

from __future__ import annotations

from typing import Any

from django import forms

from cpo_portal.adminkit.display import sign
from cpo_portal.adminkit.widgets import DecimalInput, IntegerInput, Select
from cpo_portal.network.models import Product
from offers.models import ItemUnitChoice

GIVING_ROWS: Any = ("item_unit", "qualifier_item_count", ("benefit_item_count", "benefit_item_id"), "item_value")


class GivingFields(forms.Form):
    """Fields of OfferContent for a free product, and for more of what is bought."""

    item_unit = forms.ChoiceField(
        label="What is counted",
        required=False,
        widget=Select,
        choices=[("", "—"), *ItemUnitChoice.choices],
        help_text="An offer of kWh or sessions stands alone. One of sessions is published with one use per customer "
        "and day.",
    )
    qualifier_item_count = forms.IntegerField(
        label="For every", required=False, widget=IntegerInput, help_text="So many kWh, sessions or products are paid."
    )
    # In the form each type calls these two by its own name (`explain_types`); the columns of files are called this.
    benefit_item_count = forms.IntegerField(label="The driver gets", required=False, widget=IntegerInput)
    benefit_item_id = forms.ChoiceField(label="Of this product", required=False, widget=Select)
    item_value = forms.DecimalField(
        label="At this price each", required=False, widget=DecimalInput, max_digits=14, decimal_places=2
    )

    def fit_giving(self, currency: str) -> None:
        """Let the CPO's own products be chosen."""
        rows = Product.objects.order_by("name").values_list("product_id", "name")
        known = [(key, f"{name} ({key})") for key, name in rows]
        chosen = self.initial.get("benefit_item_id")
        if chosen and chosen not in dict(known):
            known.append((chosen, f"{chosen} (gone)"))
        fields: Any = self.fields
        fields["benefit_item_id"].choices = [("", "—"), *known]
        fields["item_value"].help_text = (
            f"In {sign(currency)}; 0 is free. Never more than the list price. A driver who pays for a product chooses "
            "the offer: it is not applied automatically."
        )
