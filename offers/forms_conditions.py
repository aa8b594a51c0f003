"""The form's fields for an offer's conditions on the session."""

from __future__ import annotations

from typing import Any

from django import forms

from offers.forms_where import ThousandsField

CONDITIONS_FIELDSET: Any = (
    "Qualifier",
    {"fields": ("min_value", ("min_energy_wh", "max_energy_wh"))},
)


class ConditionFields(forms.Form):
    """Fields of OfferContent that the session must meet."""

    min_energy_wh = ThousandsField(
        label="From an energy of (kWh)", help_text="Of the session as planned, and again as delivered."
    )
    max_energy_wh = ThousandsField(label="Up to an energy of (kWh)")
