"""The limits of an offer as fields of its form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models

from cpo_portal.adminkit.display import sign
from cpo_portal.adminkit.widgets import Checkbox, DecimalInput, IntegerInput
from offers.models import Offer

_WIDGETS: dict[type[models.Field[Any, Any]], type[forms.Widget]] = {
    models.DecimalField: DecimalInput,
    models.BooleanField: Checkbox,
    models.PositiveIntegerField: IntegerInput,
}
#: The rows of the form, as the admin lays them out.
LIMIT_ROWS = (
    ("total_uses", "uses_per_customer"),
    ("uses_per_customer_day", "uses_per_customer_week"),
    ("uses_per_customer_month", "shared_in_groups"),
    ("budget", "redemption_cap"),
    ("budget_per_day", "give_use_back"),
)


def _limit(name: str) -> forms.Field:
    """Return the model's own form field with the theme's widget; what is no limit is left for the domain to refuse."""
    column: Any = Offer._meta.get_field(name)
    bounds = {"min_value": None} if isinstance(column, models.PositiveIntegerField) else {}
    field: forms.Field = column.formfield(widget=_WIDGETS[type(column)], **bounds)
    return field


class LimitFields(forms.Form):
    """Limits belong to the offer and are saved with its draft."""

    total_uses = _limit("total_uses")
    uses_per_customer = _limit("uses_per_customer")
    budget = _limit("budget")
    redemption_cap = _limit("redemption_cap")
    uses_per_customer_day = _limit("uses_per_customer_day")
    uses_per_customer_week = _limit("uses_per_customer_week")
    uses_per_customer_month = _limit("uses_per_customer_month")
    budget_per_day = _limit("budget_per_day")
    give_use_back = _limit("give_use_back")
    shared_in_groups = _limit("shared_in_groups")

    def explain_limits(self, *, currency: str, zone: str) -> None:
        """Say beside the fields what they mean for a CPO of this currency and time zone."""
        fields: Any = self.fields
        for name in ("total_uses", "uses_per_customer"):
            fields[name].help_text = "Empty means no limit."
        clock = f"on the clock of {zone}"
        fields["uses_per_customer_day"].help_text = f"A day begins at midnight {clock}."
        fields["uses_per_customer_week"].help_text = "A week begins on Monday."
        fields["uses_per_customer_month"].help_text = "A month begins on its first day."
        fields[
            "shared_in_groups"
        ].help_text = (
            "A family or a fleet together uses it as often as one customer may; who is in no group uses it alone."
        )
        fields["budget"].help_text = f"In {sign(currency)}; needs “most per redemption”."
        today = f"it counts for the day of the order, {clock}"
        fields["budget_per_day"].help_text = f"In {sign(currency)}; needs “most per redemption”; {today}."
        fields["give_use_back"].help_text = (
            "When all that the offer gave is taken back after the bill, may the driver use it again? "
            "The budget comes back in any case."
        )
