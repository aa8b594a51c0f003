"""Form fields of drafts: Beckn ids, dates, lines, thousands, and what they take from `adminkit`: instants, rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from cpo_portal.adminkit.instants import LocalDateTimeField, LocalDateTimeInput
from cpo_portal.adminkit.rows import RowsField, RowsWidget
from cpo_portal.adminkit.widgets import DecimalInput, Select2Multiple, Textarea
from pricing.engine.wording import plain_number
from pricing.holidays import read_date

__all__ = [
    "DatesField",
    "IdsField",
    "LinesField",
    "LocalDateTimeField",
    "LocalDateTimeInput",
    "RowsField",
    "RowsWidget",
    "ThousandsField",
]

#: As many dates as a draft of an offer or of a surge takes.
MOST_DATES = 366


class IdsField(forms.MultipleChoiceField):
    """Beckn ids of the CPO's own things; ids that are gone stay in view until they are taken out."""

    widget = Select2Multiple

    def offer(self, choices: list[tuple[str, str]], chosen: tuple[str, ...] = ()) -> None:
        """Let these be chosen, and keep what was chosen before."""
        known = {key for key, _ in choices}
        self.choices = [*choices, *((key, f"{key} (no longer there)") for key in chosen if key not in known)]


class DateRows(RowsWidget):
    """Rows of one date."""

    template_name = "pricing/admin/date_rows.html"
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


class LinesField(forms.CharField):
    """Names, one on each line."""

    def __init__(self, **said: Any) -> None:
        super().__init__(required=False, widget=Textarea(attrs={"rows": 3}), **said)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> tuple[str, ...]:
        lines = (line.strip() for line in super().clean(value).splitlines())
        return tuple(line for line in lines if line)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return tuple(initial or ()) != self.clean(data)


class ThousandsField(forms.DecimalField):
    """A whole number of W or Wh, written and shown in kW or kWh."""

    widget = DecimalInput

    def __init__(self, **said: Any) -> None:
        super().__init__(max_digits=9, decimal_places=3, required=False, **said)

    def prepare_value(self, value: Any) -> Any:
        return plain_number(Decimal(value).scaleb(-3)) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        number = super().clean(value)
        return None if number is None else int(number * 1000)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))
