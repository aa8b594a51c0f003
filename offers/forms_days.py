"""The form's fields for the days on which an offer applies."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from cpo_portal.adminkit.rows import RowsField, RowsWidget
from cpo_portal.adminkit.widgets import Select
from offers.authoring.days import MOST_DATES
from offers.models.days import HolidaysChoice
from pricing.holidays import read_date
from pricing.models import HolidayCalendar


class DateRows(RowsWidget):
    """Rows of one date."""

    template_name = "offers/admin/date_rows.html"
    parts = ("date",)
    most_rows = MOST_DATES


class DatesField(RowsField):
    """Local dates, in order and without repetitions."""

    widget = DateRows

    def prepare_value(self, value: Any) -> Any:
        return [{"date": x.isoformat()} if isinstance(x, date) else x for x in value or []]

    def clean(self, value: Any) -> tuple[date, ...]:
        days = {row["date"]: read_date(row["date"]) for row in value or []}
        faults = [
            f"Write the date as 2026-11-08 instead of “{text[:20]}”." for text, day in days.items() if day is None
        ]
        if faults:
            raise ValidationError(faults)
        return tuple(sorted(day for day in days.values() if day is not None))


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
