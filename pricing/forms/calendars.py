"""The form of a holiday calendar: its days as rows, and a file whose days are added to them."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from cpo_portal.accounts.tenancy import current_cpo
from cpo_portal.adminkit.rows import RowsField, RowsWidget
from cpo_portal.adminkit.widgets import FileInput
from pricing.holiday_files import days_in_file
from pricing.holidays import MOST_DAYS, merged, normal_days
from pricing.models import HolidayCalendar


class DayRows(RowsWidget):
    """Rows of a date and a name."""

    template_name = "pricing/admin/holiday_rows.html"
    parts = ("date", "name")
    most_rows = MOST_DAYS


class DaysField(RowsField):
    """Named days in the form of `normal_days`."""

    widget = DayRows

    def clean(self, value: Any) -> list[dict[str, str]]:
        return normal_days(value or [])


class HolidayCalendarForm(forms.ModelForm):  # type: ignore[type-arg]
    """A calendar with its days."""

    days = DaysField(
        required=False,
        help_text="Each date once. Offers that name the calendar follow at once, surges once their notice is over.",
    )
    file = forms.FileField(
        required=False,
        widget=FileInput,
        label="Add days from a file",
        help_text="A .csv file with the columns date (2026-11-08) and name, or an .ics file. Days before this year are "
        "left out; where a date is there already, the file's name takes its place.",
    )

    class Meta:
        model = HolidayCalendar
        fields = ["calendar_id", "name", "days"]

    def clean(self) -> dict[str, Any]:
        super().clean()
        chosen = self.cleaned_data.get("file")
        if chosen and "days" in self.cleaned_data:
            cpo = self.instance.cpo if self.instance.cpo_id else current_cpo()
            try:
                today = timezone.now().astimezone(ZoneInfo(cpo.time_zone)).date()
                imported = days_in_file(chosen.name, chosen.read(), today=today)
                self.cleaned_data["days"] = merged(self.cleaned_data["days"], imported)
            except ValidationError as refusal:
                self.add_error("file", refusal)
        return self.cleaned_data
