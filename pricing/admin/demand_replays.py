"""The admin pages of back-tests of demand policies: how far they are, and what they found."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from cpo_portal.adminkit.actions import go_to, object_action
from cpo_portal.adminkit.display import EMPTY, column
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.rows import WindowsField
from cpo_portal.adminkit.runs import RunAdmin
from pricing.demand.replay_words import ASSUMPTIONS, NO_FORECAST, page, static_in_words
from pricing.demand.replays import MOST_DAYS, ask_for_replay, result_of, static_of
from pricing.engine.demand_history import StaticSurge
from pricing.models import DemandPolicy, DemandReplay
from pricing.windows import normal_windows, read_window

_DAYS = f"Replay between 1 and {MOST_DAYS} days."


class ReplayForm(DialogForm):  # type: ignore[misc]
    """Asks how far back, and for a weekly surcharge to compare with."""

    days = forms.IntegerField(
        label="The last … days",
        initial=30,
        min_value=1,
        max_value=MOST_DAYS,
        error_messages={"min_value": _DAYS, "max_value": _DAYS},
    )
    percent = forms.DecimalField(
        label="Compare with a weekly surcharge of … %",
        required=False,
        min_value=0,
        max_value=1000,
        decimal_places=2,
        help_text="Empty: with no surcharge alone.",
    )
    windows = WindowsField(label="in these hours", required=False, help_text="On each location's clock; none: always.")

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or self.cleaned_data
        windows = said.get("windows") or ()
        try:
            read = tuple(map(read_window, normal_windows(windows)))
        except ValidationError as refusal:
            self.add_error("windows", refusal)
            return said
        if read and said.get("percent") is None and "percent" not in self.errors:
            self.add_error("percent", "Say how many percent these hours add, or leave them empty.")
        said["static"] = StaticSurge(read, said["percent"]) if said.get("percent") is not None else None
        return said


@object_action(
    description="Back-test",
    confirm="The rules as they are saved are replayed on what happened lately, in the background. Nothing is sold or "
    "changed by it.",
    icon="query_stats",
    form_class=ReplayForm,
)
def backtest_policy(self: Any, request: HttpRequest, policy: DemandPolicy, data: dict[str, Any]) -> HttpResponse:
    """The button of a policy's page: ask for a replay, and go to its page."""
    user: Any = request.user
    run = ask_for_replay(policy, data["days"], now=timezone.now(), static=data["static"], by=user)
    return go_to(request, reverse("admin:pricing_demandreplay_change", args=[run.pk]))


@admin.register(DemandReplay)
class DemandReplayAdmin(RunAdmin):
    """Back-tests, the newest first."""

    change_form_template = "pricing/admin/demand_replay.html"
    list_display = ("name", "state_chip", "asked", "surcharged")
    list_filter = ("state",)
    search_fields = ("policy__policy_id",)
    list_select_related = ("policy", "cpo")
    fields = ("name", "state_chip", "progress", "period", "compared", "asked", "asked_by", "error")
    readonly_fields = fields

    def results(self, run: DemandReplay) -> dict[str, Any]:
        return {"tables": list(page(run)), "notes": (NO_FORECAST, *ASSUMPTIONS)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[DemandReplay]:
        rows: QuerySet[DemandReplay] = super().get_queryset(request)
        return rows.select_related("policy", "cpo", "requested_by")

    @column(description="Demand policy", ordering="policy__policy_id")
    def name(self, run: DemandReplay) -> str:
        return f"{run.policy.name} ({run.policy.policy_id})"

    @column(description="By")
    def asked_by(self, run: DemandReplay) -> str:
        return str(run.requested_by or EMPTY)

    @column(description="Sessions with a surcharge")
    def surcharged(self, run: DemandReplay) -> str:
        found = result_of(run)
        return f"{found.total.demand.surcharged} of {found.total.demand.sessions}" if found is not None else EMPTY

    @column(description="Locations replayed")
    def progress(self, run: DemandReplay) -> SafeString:
        return self.bar_of(run)

    @column(description="What happened")
    def period(self, run: DemandReplay) -> str:
        return self.span_of(run)

    @column(description="Compared with")
    def compared(self, run: DemandReplay) -> str:
        static = static_of(run)
        return static_in_words(static) if static is not None else "no surcharge"
