"""Form fields that hold a list of small rows, such as fees, weekly windows or opening hours.

A row that is left empty does not count; a little script of ours adds rows, and without it one empty row is there.
"""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

_MOST_ROWS = 200
DAYS = (("1", "Mon"), ("2", "Tue"), ("3", "Wed"), ("4", "Thu"), ("5", "Fri"), ("6", "Sat"), ("7", "Sun"))


class RowsWidget(forms.Widget):
    """Renders rows by `template_name`; subclasses say which inputs a row has and when it is empty."""

    template_name: str = ""
    parts: tuple[str, ...] = ()
    many_parts: tuple[str, ...] = ()
    most_rows = _MOST_ROWS

    class Media:
        js = ("adminkit/rows.js",)
        css = {"screen": ("adminkit/authoring.css",)}

    def is_blank(self, row: dict[str, Any]) -> bool:
        """Tell whether a row was left empty."""
        return not any(row.values())

    def extra_context(self) -> dict[str, Any]:
        """Return what the template needs beside the rows."""
        return {}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, Any]]:
        pattern = re.compile(rf"{re.escape(name)}-(\d{{1,4}})-[a-z_]+")
        numbers = sorted({int(found[1]) for key in data if (found := pattern.fullmatch(key))})[: self.most_rows]
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


class WindowRows(RowsWidget):
    """Rows of weekdays and two times."""

    template_name = "adminkit/rows/window_rows.html"
    parts = ("start", "end")
    many_parts = ("weekdays",)
    noun = "window"

    def extra_context(self) -> dict[str, Any]:
        return {"days": DAYS, "noun": self.noun}


class WindowsField(RowsField):
    """Weekly windows: {"weekdays": [1–7], "start": "HH:MM", "end": "HH:MM"}; no times are the whole day."""

    widget = WindowRows

    def prepare_value(self, value: Any) -> Any:
        return [row | {"weekdays": [str(day) for day in row["weekdays"]]} for row in value or []]

    def clean(self, value: Any) -> tuple[dict[str, Any], ...]:
        return tuple(
            {
                "weekdays": [int(day) for day in row["weekdays"] if day in dict(DAYS)],
                "start": row["start"] or ("00:00" if not row["end"] else ""),
                "end": row["end"] or ("00:00" if not row["start"] else ""),
            }
            for row in value or []
        )


class HoursRows(WindowRows):
    """The same rows under the word for a site's hours."""

    noun = "row of hours"


class HoursField(WindowsField):
    """Opening hours, {"weekday": 1–7, "from": "HH:MM", "to": "HH:MM"} each: a row of the form is several days."""

    widget = HoursRows

    def prepare_value(self, value: Any) -> Any:
        rows: dict[tuple[str, str], dict[str, Any]] = {}
        if value and "weekday" not in value[0]:
            return super().prepare_value(value)  # the form as it was sent
        for entry in value or []:
            row = {"weekdays": [], "start": entry["from"], "end": entry["to"]}
            rows.setdefault((entry["from"], entry["to"]), row)["weekdays"].append(str(entry["weekday"]))
        return list(rows.values())

    def clean(self, value: Any) -> list[dict[str, Any]]:  # type: ignore[override]
        hours = []
        for row in super().clean(value):
            if not row["weekdays"]:
                raise ValidationError("Choose the days on which these hours hold.")
            for clock in (row["start"], row["end"]):
                if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", clock):
                    raise ValidationError("Give both times, such as 08:00 and 20:00, or none for the whole day.")
            hours += [{"weekday": day, "from": row["start"], "to": row["end"]} for day in row["weekdays"]]
        return sorted(hours, key=lambda entry: (entry["weekday"], entry["from"]))
