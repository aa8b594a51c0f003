"""The admin pages of surges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from cpo_portal.adminkit.bases import TenantExportMixin
from cpo_portal.adminkit.display import EMPTY, column
from cpo_portal.adminkit.filters import ChoicesDropdownFilter
from cpo_portal.adminkit.lists import ListedMixin
from pricing.admin.drafts import DraftAdmin, expected_version
from pricing.admin.reviews import ReviewFilter
from pricing.admin.surge_moves import SurgeMovesMixin, published_in_words
from pricing.admin.surge_page import surge_page
from pricing.admin.surge_words import Listed, kind_in_words, listed, state_chip
from pricing.forms.surges import SurgeForm
from pricing.models import SurgeSchedule, SurgeState
from pricing.surges.kinds import SurgeKind
from pricing.surges.reviews import REVIEWS, is_required
from pricing.surges.schedules import DRAFTS, create_schedule, publish, rename, save_draft
from pricing.versions.review import Actor

_NAMED = ("name", "schedule_id", "kind")


class SurgeReviewFilter(ReviewFilter):
    """The queue of the reviewers of surges."""

    reviews = REVIEWS


@admin.register(SurgeSchedule)
class SurgeScheduleAdmin(SurgeMovesMixin, TenantExportMixin, ListedMixin, DraftAdmin):
    """Surges with their versions, states and notices."""

    form = SurgeForm
    change_form_template: Any = DraftAdmin.change_form_template
    list_display = ("title", "family", "state_now", "adds", "times", "places", "announced")
    list_filter = (("state", ChoicesDropdownFilter), SurgeReviewFilter, ("kind", ChoicesDropdownFilter))
    search_fields = ("name", "schedule_id")
    export_columns = {
        "Surge id": lambda schedule: schedule.schedule_id,
        "Name": lambda schedule: schedule.name,
        "Kind": lambda schedule: kind_in_words(schedule.kind),
        "State": SurgeSchedule.get_state_display,
        "Adds": "adds",
        "When": "times",
        "Where": "places",
        "Does not pay": "exempt",
        "Announced": "announced",
    }
    actions_detail = (
        "submit_surge",
        "approve_surge",
        "reject_surge",
        "publish_surge",
        "pause_surge",
        "resume_surge",
        "end_surge",
        "archive_surge",
    )
    fieldsets = (
        ("What it is", {"fields": (("name", "schedule_id"), "kind")}),
        (
            "What it adds",
            {"fields": (("basis", "value"), ("maximum_amount", "stacking_group"), "explanation")},
        ),
        (
            "When",
            {
                "fields": (
                    "weekly_windows",
                    "holiday_calendar",
                    "dates",
                    "signal_kinds",
                    ("valid_from", "valid_until"),
                ),
                "description": "Every line that is filled in must hold. A quote tells the driver all of these times, "
                "and the energy is charged by the meter's.",
            },
        ),
        (
            "Where",
            {
                "fields": (
                    "location_ids",
                    "location_tags",
                    ("charger_ids", "item_ids"),
                    "connector_types",
                    ("min_power_w", "max_power_w"),
                    "product_ids",
                ),
                "description": "Every line that is filled in must hold; of several names in one field, one is enough.",
            },
        ),
        (
            "Who does not pay",
            {
                "fields": (
                    "segment_ids",
                    "bap_ids",
                    "organisations",
                    "vehicle_makes",
                    ("below_charge_percent", "first_session"),
                ),
                "description": "Whoever fits any of these; their bill names the surge with 0.00 and the reason.",
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SurgeSchedule]:
        rows: QuerySet[SurgeSchedule] = super().get_queryset(request).select_related("live_version", "cpo")
        return rows

    def complete(self, rows: Iterable[Any]) -> None:
        found = listed(rows, timezone.now())
        for row in rows:
            row.listed = found[row.pk]

    @column(description="Surge", header=True, ordering="name")
    def title(self, schedule: SurgeSchedule) -> list[str]:
        return [schedule.name, schedule.schedule_id]

    @admin.display(description="Kind", ordering="kind")
    def family(self, schedule: SurgeSchedule) -> str:
        return kind_in_words(schedule.kind)

    @admin.display(description="State", ordering="state")
    def state_now(self, schedule: SurgeSchedule) -> Any:
        return state_chip(schedule)

    @admin.display(description="Adds")
    def adds(self, schedule: SurgeSchedule) -> str:
        said = _listed(schedule).said
        return said.adds if said is not None else EMPTY

    @admin.display(description="When")
    def times(self, schedule: SurgeSchedule) -> str:
        said = _listed(schedule).said
        return ", ".join(x for x in (said.when, said.validity) if x) if said is not None else EMPTY

    @admin.display(description="Where")
    def places(self, schedule: SurgeSchedule) -> str:
        said = _listed(schedule).said
        return said.where if said is not None else EMPTY

    def exempt(self, schedule: SurgeSchedule) -> str:
        said = _listed(schedule).said
        return said.exempt if said is not None else EMPTY

    @admin.display(description="Announced")
    def announced(self, schedule: SurgeSchedule) -> str:
        return _listed(schedule).announced or EMPTY

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        return ("schedule_id",) if obj is not None else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        # Who may only look reads the tables of the page instead of a form.
        looks = obj is not None and not self.has_change_permission(request, obj)
        return ((None, {"fields": _NAMED}),) if looks else self.fieldsets

    def may_edit(self, obj: SurgeSchedule) -> bool:
        return obj.state != SurgeState.ARCHIVED

    def write_draft(self, request: HttpRequest, obj: SurgeSchedule, form: SurgeForm) -> SurgeSchedule:
        user: Any = request.user
        if obj.pk is None:
            return create_schedule(obj, form.content(), by=user)
        save_draft(obj, form.content(), by=user, expected=expected_version(request))
        return rename(obj, name=obj.name, kind=SurgeKind(obj.kind), actor=Actor(user))

    def saved_draft(self, obj: SurgeSchedule) -> str:
        working = DRAFTS.working(obj)
        if working is not None and working.published_at is not None:
            return f"“{obj}” is saved; it says what was published already."
        if is_required(obj.cpo_id):
            return f"The draft of “{obj}” is saved; nobody pays it until you submit it and somebody else approves it."
        return f"The draft of “{obj}” is saved; nobody pays it until you publish it."

    def publish_draft(self, request: HttpRequest, obj: SurgeSchedule) -> str:
        user: Any = request.user
        working = DRAFTS.working(obj)
        if working is not None and working.published_at is not None and obj.state != SurgeState.ENDED:
            return f"“{obj}” is saved; it says what was published already."
        return published_in_words(publish(obj, Actor(by=user)))

    def page(self, request: HttpRequest, obj: SurgeSchedule) -> dict[str, Any]:
        return surge_page(obj, timezone.now(), with_facts=not self.has_change_permission(request, obj))


def _listed(schedule: SurgeSchedule) -> Listed:
    """Return what the list shows; looked up for one row alone where no list has done it, as in a download."""
    found: Listed | None = getattr(schedule, "listed", None)
    if found is None:
        found = schedule.listed = listed([schedule], timezone.now())[schedule.pk]  # type: ignore[attr-defined]
    return found
