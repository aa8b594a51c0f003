"""Form fields of drafts: lists of small rows such as fees or weekly windows, Beckn ids, instants in a CPO's zone.

A row that is left empty does not count; a little script of ours adds rows, and without it one empty row is there.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from cpo_portal.adminkit.widgets import Select2Multiple, TextInput

_MOST_ROWS = 200


class RowsWidget(forms.Widget):
    """Renders rows by `template_name`; subclasses say which inputs a row has and when it is empty."""

    template_name: str = ""
    parts: tuple[str, ...] = ()
    many_parts: tuple[str, ...] = ()

    class Media:
        js = ("pricing/rows.js",)
        css = {"screen": ("pricing/authoring.css",)}

    def is_blank(self, row: dict[str, Any]) -> bool:
        """Tell whether a row was left empty."""
        return not any(row.values())

    def extra_context(self) -> dict[str, Any]:
        """Return what the template needs beside the rows."""
        return {}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, Any]]:
        pattern = re.compile(rf"{re.escape(name)}-(\d{{1,4}})-[a-z_]+")
        numbers = sorted({int(found[1]) for key in data if (found := pattern.fullmatch(key))})[:_MOST_ROWS]
        rows = [self._row(data, f"{name}-{number}") for number in numbers]
        return [row for row in rows if not self.is_blank(row)]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        blank: dict[str, Any] = dict.fromkeys(self.parts, "") | {part: [] for part in self.many_parts}
        rows = [*(value or []), blank]
        context = {"name": name, "rows": rows, "blank": blank, "next": len(rows), **self.extra_context()}
        return mark_safe(render_to_string(self.template_name, context))  # noqa: S308  the template escapes

    def _row(self, data: Any, prefix: str) -> dict[str, Any]:
        row: dict[str, Any] = {part: data.get(f"{prefix}-{part}", "").strip() for part in self.parts}
        return row | {part: data.getlist(f"{prefix}-{part}") for part in self.many_parts}


class RowsField(forms.Field):
    """A list of rows as the widget reads them; subclasses turn them into what the domain takes."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return list(initial or []) != list(self.clean(data))
        except ValidationError:
            return True


class IdsField(forms.MultipleChoiceField):
    """Beckn ids of the CPO's own things; ids that are gone stay in view until they are taken out."""

    widget = Select2Multiple

    def offer(self, choices: list[tuple[str, str]], chosen: tuple[str, ...] = ()) -> None:
        """Let these be chosen, and keep what was chosen before."""
        known = {key for key, _ in choices}
        self.choices = [*choices, *((key, f"{key} (no longer there)") for key in chosen if key not in known)]


class LocalDateTimeInput(TextInput):
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
            raise ValidationError("Give a date and a time.", "invalid") from None
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
