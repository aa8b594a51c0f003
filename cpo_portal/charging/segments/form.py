"""The form of a segment: a name, and rows of conditions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from cpo_portal.adminkit.rows import RowsField, RowsWidget
from cpo_portal.adminkit.widgets import Select
from cpo_portal.charging.models import NamedList, Segment
from cpo_portal.charging.segments.conditions import LABELS
from cpo_portal.charging.segments.rules import ASKS, Fact
from cpo_portal.charging.segments.stored import SegmentContent, checked

_ALL, _ANY = "all", "any"
#: The facts whose values are chosen, and by which input.
_CHOSEN = {Fact.LIST: "lists", Fact.SEGMENT: "segments"}


class ConditionRows(RowsWidget):
    """Rows of a fact with its values, number and days."""

    template_name = "charging/rows/condition_rows.html"
    parts = ("negated", "fact", "values", "number", "days")
    many_parts = ("lists", "segments")

    class Media:
        js = ("charging/conditions.js",)

    def is_blank(self, row: dict[str, Any]) -> bool:
        return not any(row[part] for part in ("fact", "values", "number", "days", *self.many_parts))

    def extra_context(self) -> dict[str, Any]:
        facts = [(fact.value, label, " ".join(_inputs(fact))) for fact, label in LABELS.items()]
        lists = list(NamedList.objects.order_by("name").values_list("list_id", "name"))
        segments = list(Segment.objects.order_by("name").values_list("segment_id", "name"))
        return {"facts": facts, "lists": lists, "segments": segments}


class ConditionsField(RowsField):
    """Conditions in the form of `segment_conditions`; values have commas between them."""

    widget = ConditionRows

    def prepare_value(self, value: Any) -> Any:
        rows = []
        for row in value or []:
            rows.append({"number": "", "days": "", **row, **_shown(row)})
        return rows

    def clean(self, value: Any) -> tuple[dict[str, Any], ...]:
        return tuple(_condition(row) for row in value or [])


class SegmentForm(forms.ModelForm):  # type: ignore[type-arg]
    """A segment by its conditions."""

    join = forms.ChoiceField(
        label="Who is in it",
        choices=[(_ALL, "Who meets all of the conditions"), (_ANY, "Who meets any of them")],
        widget=Select,
    )
    conditions = ConditionsField(
        required=False,
        help_text="Of several values, with commas between them, and of several lists or segments any will do. A number "
        "is of sessions or kWh; days count back from the planned start.",
    )

    class Meta:
        model = Segment
        fields = ["name", "segment_id", "conditions"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "join" in self.fields:
            self.initial["join"] = _ALL if self.instance.match_all else _ANY

    def clean(self) -> dict[str, Any]:
        super().clean()
        if not self.errors and self.fields:
            try:
                checked(self.content(), self.instance)
            except ValidationError as refusal:
                for name, faults in refusal.message_dict.items():
                    self.add_error(name if name in self.fields else None, faults)
        return self.cleaned_data

    def content(self) -> SegmentContent:
        """Return what the form says."""
        said = self.cleaned_data
        segment_id = said.get("segment_id") or self.instance.segment_id
        return SegmentContent(segment_id, said["name"], said["conditions"], said["join"] == _ALL)


def _inputs(fact: Fact) -> list[str]:
    """Return which inputs a fact asks for; lists and segments are chosen, other values written."""
    chosen = _CHOSEN.get(fact)
    return [chosen if chosen and part == "values" else part for part in sorted(ASKS[fact])]


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row's values as the inputs show them, of what is stored or of the form as it was sent."""
    if "lists" in row:
        return {"values_text": row["values"]}
    chosen = next((name for fact, name in _CHOSEN.items() if row["fact"] == fact), "values_text")
    values = row.get("values", ())
    found: dict[str, Any] = {"values_text": "", "lists": [], "segments": []}
    return found | {chosen: ", ".join(values) if chosen == "values_text" else list(values)}


def _condition(row: dict[str, Any]) -> dict[str, Any]:
    asked = ASKS[Fact(row["fact"])] if row["fact"] in list(Fact) else frozenset({"values", "number", "days"})
    found: dict[str, Any] = {"fact": row["fact"], "negated": bool(row["negated"])}
    written = [each.strip() for each in str(row["values"]).split(",") if each.strip()]
    chosen = _CHOSEN.get(Fact(row["fact"])) if row["fact"] in list(Fact) else None
    values = list(dict.fromkeys([*written, *(row[chosen] if chosen else ())]))
    if values or "values" in asked:
        found["values"] = values
    for part in ("number", "days"):
        if row[part] or part in asked:
            found[part] = int(row[part]) if str(row[part]).isdecimal() and len(row[part]) < 12 else row[part]
    return found
