"""The pages of segments: the rule as rows, in words, and how many customers are in it now."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html

from cpo_portal.adminkit.bases import TenantAdmin, TenantExportMixin
from cpo_portal.adminkit.display import EMPTY, column, when
from cpo_portal.charging.models import NamedList, Segment
from cpo_portal.charging.panels import Panel
from cpo_portal.charging.segments.conditions import condition_in_words
from cpo_portal.charging.segments.form import SegmentForm
from cpo_portal.charging.segments.past import counts_until
from cpo_portal.charging.segments.stored import (
    USERS,
    count_members,
    delete_segment,
    refuse_used,
    rules_of,
    save_segment,
)


def rule_in_words(row: Segment) -> str:
    """Return "Tier Gold, and 3 or more sessions in the last 30 days." """
    names = dict(NamedList.objects.values_list("list_id", "name"))
    names |= dict(Segment.objects.values_list("segment_id", "name"))
    conditions = rules_of([row])[row.segment_id].conditions
    text = (", and " if row.match_all else ", or ").join(condition_in_words(each, names) for each in conditions)
    return f"{text[:1].upper()}{text[1:]}."


def _users(row: Segment) -> list[str]:
    segments = [
        f"the segment {other.name}"
        for other in Segment.objects.exclude(pk=row.pk)
        if any(x["fact"] == "SEGMENT" and row.segment_id in x["values"] for x in other.conditions)
    ]
    return [*segments, *(name for find in USERS for name in find(row))]


@admin.register(Segment)
class SegmentAdmin(TenantExportMixin, TenantAdmin):
    """Customers by a rule, for whom offers can be."""

    form = SegmentForm
    change_form_template: Any = None
    change_form_after_template = "charging/panels.html"
    list_display = ("name", "segment_id", "in_words", "used_by")
    search_fields = ("name", "segment_id")
    fields = ("name", "segment_id", "join", "conditions")
    export_columns = {
        "Segment id": lambda row: row.segment_id,
        "Name": lambda row: row.name,
        "Rule": rule_in_words,
        "Used by": lambda row: ", ".join(_users(row)),
    }

    class Media:
        css = {"all": ("charging/order.css",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("segment_id",) if obj is not None else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # Who may only look reads the rule in words below.
        looks = obj is not None and not self.has_change_permission(request, obj)
        return ("name", "segment_id") if looks else self.fields

    def save_model(self, request: HttpRequest, obj: Segment, form: Any, change: bool) -> None:
        cpo: Any = obj.cpo
        saved = save_segment(cpo, form.content(), obj if change else None)
        obj.__dict__.update(saved.__dict__)

    def delete_model(self, request: HttpRequest, obj: Segment) -> None:
        delete_segment(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Segment]) -> None:
        for row in queryset:
            delete_segment(row)

    def _in_use(self, request: HttpRequest, rows: Any) -> str:
        for row in rows:
            try:
                refuse_used(row)
            except ValidationError as refusal:
                return f"Nothing was deleted. {' '.join(refusal.messages)}"
        return super()._in_use(request, rows)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id)) if object_id else None
        shown = self._panels(row) if row is not None and self.has_view_permission(request, row) else []
        return super().changeform_view(request, object_id, form_url, {"panels": shown, **(extra_context or {})})

    def _panels(self, row: Segment) -> list[Panel]:
        return [
            Panel("Who is in it", format_html("<p>{}</p>", f"{rule_in_words(row)}{former_in_words(row)}")),
            Panel("Customers in it now", format_html("<p>{}</p>", _counted(row))),
            Panel("Used by", format_html("<p>{}</p>", ", ".join(_users(row)) or "No offer, no surge and no segment.")),
        ]

    @column(description="Who is in it")
    def in_words(self, row: Segment) -> str:
        return rule_in_words(row)

    @column(description="Used by")
    def used_by(self, row: Segment) -> str:
        return ", ".join(_users(row)) or EMPTY


def former_in_words(row: Segment) -> str:
    """Return a sentence on whom surges let off besides, "" where the rule was not changed lately."""
    until = counts_until(row, timezone.now())
    if until is None:
        return ""
    return (
        f" It was changed: surges let off whom it was for before as well, in sessions that start before "
        f"{when(until, row.cpo.time_zone)}; offers go by the rule above."
    )


def _counted(row: Segment) -> str:
    found = count_members(row, timezone.now())
    if found.inside is None:
        return f"There are too many customers ({found.customers}) to count them on this page."
    return f"{found.inside} of {found.customers} customer{'' if found.customers == 1 else 's'}."
