"""The form's fields for the days on which an offer applies."""

from __future__ import annotations

from typing import Any

from django import forms

from cpo_portal.adminkit.widgets import Select
from offers.models.days import HolidaysChoice
from pricing.forms.rows import DatesField
from pricing.models import HolidayCalendar


class DaysFields(forms.Form):
    """Fields of OfferContent that limit the day; `fit_days` fills their choices."""

    holiday_calendar = forms.ChoiceField(label="Holiday calendar", required=False, widget=Select)
    holidays = forms.ChoiceField(
        label="On its holidays",
        required=False,
        widget=Select,
        choices=[("", "—"), *HolidaysChoice.choices],
        help_text="On the clock of each location, from midnight to midnight.",
    )
    blackout_dates = DatesField(
        required=False, label="Blackout dates", help_text="The offer does not apply on these dates of each location."
    )

    def fit_days(self) -> None:
        """Let the CPO's own calendars be chosen."""
        rows = HolidayCalendar.objects.order_by("name").values_list("calendar_id", "name")
        field: Any = self.fields["holiday_calendar"]
        field.choices = [("", "—"), *((key, f"{name} ({key})") for key, name in rows)]
