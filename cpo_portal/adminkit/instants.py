"""A form field for an instant, written and shown as the clock of a CPO or a place says it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextInputWidget

from cpo_portal.database.instants import FAR, FIRST_YEAR, LAST_YEAR

NO_INSTANT = "Give the date and the time, such as 2026-11-21T18:30."


class LocalDateTimeInput(UnfoldAdminTextInputWidget):
    """The browser's own date and time picker."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str | None:
        return value.strftime("%Y-%m-%dT%H:%M") if isinstance(value, datetime) else value


class LocalDateTimeField(forms.DateTimeField):
    """An instant, written and shown as the clock of `zone` says it."""

    widget = LocalDateTimeInput
    zone: ZoneInfo = ZoneInfo("UTC")

    def prepare_value(self, value: Any) -> Any:
        aware = isinstance(value, datetime) and value.tzinfo is not None
        return value.astimezone(self.zone).replace(tzinfo=None) if aware else value

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        try:
            wall = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            raise ValidationError(NO_INSTANT, "invalid") from None
        if isinstance(value, str) and ":" not in value:
            # Midnight would be a guess: an offer that ends on a day is meant to hold on it.
            raise ValidationError(NO_INSTANT, "invalid")
        if not FIRST_YEAR <= wall.year <= LAST_YEAR:
            # At the ends of the calendar another zone's clock has no reading, and a table's answer cannot be read.
            raise ValidationError(FAR, "far")
        if wall.tzinfo is not None:
            return wall
        instant = wall.replace(tzinfo=self.zone)
        if instant.astimezone(ZoneInfo("UTC")).astimezone(self.zone).replace(tzinfo=None) != wall:
            raise ValidationError("That hour does not exist: the clocks change then. Choose another.", "gap")
        return instant

    def has_changed(self, initial: Any, data: Any) -> bool:
        # The picker knows minutes; an instant with seconds, which only the API writes, is not changed by showing it.
        shown = initial.replace(second=0, microsecond=0) if isinstance(initial, datetime) else initial
        try:
            return bool(shown != self.to_python(data))
        except ValidationError:
            return True
