"""The form of a segment: a name, and rows of conditions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from cpo_portal.adminkit.rows import RowsField, RowsWidget
from cpo_portal.adminkit.widgets import Select
from cpo_portal.charging.models import NamedList, Segment
from cpo_portal.charging.segment_conditions import LABELS
from cpo_portal.charging.segment_rules import ASKS, Fact
from cpo_portal.charging.segments import SegmentContent, checked

_ALL, _ANY = "all", "any"


class ConditionRows(RowsWidget):
    """Rows of a fact with its values, number and days."""

    template_name = "charging/rows/condition_rows.html"
    parts = ("negated", "fact", "values", "number", "days")

    def is_blank(self, row: dict[str, Any]) -> bool:
        return not any(row[part] for part in ("fact", "values", "number", "days"))

    def extra_context(self) -> dict[str, Any]:
        named = [
            *NamedList.objects.order_by("name").values_list("list_id", "name"),
            *Segment.objects.order_by("name").values_list("segment_id", "name"),
        ]
        return {"facts": [(fact.value, label) for fact, label in LABELS.items()], "values": named}


class ConditionsField(RowsField):
    """Conditions in the form of `segment_conditions`; values have commas between them."""

    widget = ConditionRows

    def prepare_value(self, value: Any) -> Any:
        rows = []
        for row in value or []:
            values = row.get("values", ())
            text = values if isinstance(values, str) else ", ".join(values)
            rows.append({"number": "", "days": "", **row, "values_text": text})
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
        help_text="Values go with tiers, organisations, makes, buyer apps, lists and segments, with commas between "
        "them: any of them will do. A number is of sessions or kWh; days count back from the planned start.",
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


def _condition(row: dict[str, Any]) -> dict[str, Any]:
    asked = ASKS[Fact(row["fact"])] if row["fact"] in list(Fact) else frozenset({"values", "number", "days"})
    found: dict[str, Any] = {"fact": row["fact"], "negated": bool(row["negated"])}
    values = [each.strip() for each in str(row["values"]).split(",") if each.strip()]
    if values or "values" in asked:
        found["values"] = values
    for part in ("number", "days"):
        if row[part] or part in asked:
            found[part] = int(row[part]) if str(row[part]).isdecimal() and len(row[part]) < 12 else row[part]
    return found
