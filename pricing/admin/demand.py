"""The admin pages of demand policies: what they say, whether they are on, and where each location stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from cpo_portal.adminkit.actions import ActionVariant, object_action, page_button
from cpo_portal.adminkit.bases import TenantAdmin
from cpo_portal.adminkit.display import EMPTY, Tone, chip, column, pairs, table, when
from cpo_portal.network.models import Location
from pricing.admin.demand_replays import backtest_policy
from pricing.demand.chart import chart
from pricing.demand.course import Told, course_of
from pricing.demand.describe import (
    announced_in_words,
    percent_text,
    rules_in_words,
    scope_in_words,
    share,
    standing_in_words,
)
from pricing.demand.recording import state_of
from pricing.demand.rules import rules_in_force
from pricing.demand.switching import By, save_policy, switch_off, switch_on
from pricing.forms.demand import DemandPolicyForm
from pricing.models import DemandPolicy, DemandState
from pricing.surges.ceilings import SurgeCeilings
from pricing.surges.links import policy_page_urls
from pricing.surges.policies import policy_of

#: The spans that the chart shows, in days, and decisions and locations that a page lists.
SPANS = (1, 7)
MOST_DECISIONS, MOST_LOCATIONS = 100, 200


@admin.register(DemandPolicy)
class DemandPolicyAdmin(TenantAdmin):
    """Surcharges that follow the demand at each location."""

    form = DemandPolicyForm
    change_form_template = "pricing/admin/demand_policy.html"
    list_display = ("title", "state_chip", "adds", "places", "group")
    search_fields = ("name", "policy_id")
    actions_detail = ("levels", "switch_on", "switch_off", "backtest_policy")
    fieldsets = (
        ("What it is", {"fields": (("name", "policy_id"), "explanation")}),
        ("What it adds", {"fields": ("levels", ("cap_percent", "highest_rate"), "stacking_group")}),
        ("How it moves", {"fields": ("notice", ("dwell_up", "dwell_down"), ("half_life", "stale_after"))}),
        ("Limits", {"fields": (("surcharged_per_day", "changes_per_day"), ("least_reporting", "grid_weight"))}),
        ("Where", {"fields": ("location_ids", "location_tags")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("policy_id",) if obj is not None else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        # Who may only look reads the rules in words below.
        looks = obj is not None and not self.has_change_permission(request, obj)
        return ((None, {"fields": ("name", "policy_id")}),) if looks else self.fieldsets

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Bills name it; it is switched off instead.
        return False

    def save_model(self, request: HttpRequest, obj: DemandPolicy, form: Any, change: bool) -> None:
        user: Any = request.user
        save_policy(obj, By(user))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id)) if object_id else None
        shown = self._panels(row) if row is not None and self.has_view_permission(request, row) else []
        return super().changeform_view(request, object_id, form_url, {"panels": shown, **(extra_context or {})})

    def _panels(self, policy: DemandPolicy) -> list[tuple[str, SafeString]]:
        rules = rules_in_force(policy, policy_of(policy.cpo))
        said = [("Applies", scope_in_words(policy, _names())), *rules_in_words(rules, policy.cpo.currency)]
        return [("What it does", _does(policy, said)), ("Now", _standings(policy))]

    @page_button(description="Levels now", icon="show_chart", permission="view")
    def levels(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show where each location stands, and of one the last day or week as a chart with its decisions."""
        policy = self.get_object(request, unquote(object_id))
        if policy is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return missing
        request.crumb = "Levels now"  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": policy,
            "title": f"Levels of {policy}",
            **_levels_page(request, policy),
        }
        return TemplateResponse(request, "pricing/admin/demand_levels.html", context)

    @object_action(
        description="Switch on",
        confirm="From the next minutes on, sessions at busy locations may cost more. Every location begins without a "
        "surcharge, and each rise is announced first.",
        icon="play_circle",
        variant=ActionVariant.PRIMARY,
        offered=lambda policy: not policy.is_active,
    )
    def switch_on(self, request: HttpRequest, policy: DemandPolicy) -> str:
        user: Any = request.user
        return f"“{switch_on(policy, By(user))}” is switched on."

    @object_action(
        description="Switch off",
        confirm="The surcharge falls to nothing at once, everywhere. What was quoted with it keeps it.",
        icon="stop_circle",
        variant=ActionVariant.DANGER,
        offered=lambda policy: policy.is_active,
    )
    def switch_off(self, request: HttpRequest, policy: DemandPolicy) -> str:
        user: Any = request.user
        return f"“{switch_off(policy, By(user))}” is switched off; nobody is quoted it any more."

    backtest_policy = backtest_policy

    @column(description="Demand policy", header=True, ordering="name")
    def title(self, policy: DemandPolicy) -> list[str]:
        return [policy.name, policy.policy_id]

    @column(description="State", ordering="is_active")
    def state_chip(self, policy: DemandPolicy) -> SafeString:
        return chip("On", Tone.GOOD) if policy.is_active else chip("Off")

    @column(description="Adds")
    def adds(self, policy: DemandPolicy) -> str:
        return ", ".join(percent_text(x.percent) for x in rules_in_force(policy, policy_of(policy.cpo)).levels)

    @column(description="Applies")
    def places(self, policy: DemandPolicy) -> str:
        return scope_in_words(policy, {})

    @column(description="Group")
    def group(self, policy: DemandPolicy) -> str:
        return policy.stacking_group or EMPTY


def _names() -> dict[str, str]:
    return dict(Location.objects.values_list("location_id", "name"))


def _does(policy: DemandPolicy, said: list[tuple[str, str]]) -> SafeString:
    """Return what the rules say, which ceilings they are above, and where drivers read of them."""
    notes = [
        f"{'Warning' if policy.is_active or not found.blocks else 'Before you switch it on'}: {found.sentence}"
        for found in SurgeCeilings().above_level(policy)
    ]
    url = policy_page_urls([policy])[policy.pk]
    link = format_html('<p><a href="{}" class="draft-link">Its public page</a></p>', url) if url else ""
    warned = format_html_join("", '<p class="draft-note">{}</p>', ((x,) for x in notes))
    return format_html("{}{}{}", pairs(said), warned, link)


def _standings(policy: DemandPolicy) -> SafeString:
    """Return where each location stands, those with a surcharge first."""
    if not policy.is_active:
        return SafeString("<p>It is switched off: nothing is charged.</p>")
    rules, now = rules_in_force(policy, policy_of(policy.cpo)), timezone.now()
    rows = policy.states.select_related("location").order_by("-level", "location__name")
    lines = [
        (
            row.location.name,
            standing_in_words(row, now, stale_after=rules.stale_after),
            announced_in_words(row),
            share(state_of(row).load),
            when(row.decided_at, row.location.time_zone),
        )
        for row in rows[:MOST_LOCATIONS]
    ]
    return table(("Location", "Charged now", "Announced", "Load", "Decided"), lines, numbers=(3,))


def _levels_page(request: HttpRequest, policy: DemandPolicy) -> dict[str, Any]:
    """Return what the page of levels shows, of the location and the span that were asked for."""
    places = {x.location_id: x for x in _locations(policy)}
    asked = request.GET.get("location", "") or next(iter(places), "")
    if places and asked not in places:
        raise Http404
    days = next((x for x in SPANS if request.GET.get("days") == str(x)), SPANS[0])
    context: dict[str, Any] = {"standings": _standings(policy), "places": places.values(), "days": days}
    if not places:
        return context
    place, now = places[asked], timezone.now()
    told = course_of(policy, asked, place.time_zone, since=now - timedelta(days=days), until=now)
    spans = [(x, f"?{urlencode({'location': asked, 'days': x})}", x == days) for x in SPANS]
    return context | {
        "place": place,
        "spans": spans,
        "chart": chart(told.course, f"Load and levels at {place.name} in the last {_span(days)}"),
        "stretches": [x.words for x in told.course.stretches][::-1][:MOST_DECISIONS],
        "decisions": _decisions(told, place),
    }


def _locations(policy: DemandPolicy) -> list[Location]:
    """Return the locations of which anything is known, those with a surcharge first."""
    states = DemandState.objects.filter(policy=policy).select_related("location")
    found = [x.location for x in states.order_by("-level", "location__name")]
    kept = policy.decisions.order_by().values_list("location_id", flat=True).distinct()
    known = {x.location_id for x in found}
    return [*found, *Location.objects.filter(location_id__in=set(kept) - known).order_by("name")]


def _decisions(told: Told, place: Location) -> SafeString:
    rows = [
        (when(row.at, place.time_zone), _busy(row), share(row.load), row.words, str(row.by or EMPTY))
        for row in told.decisions[:MOST_DECISIONS]
    ]
    return table(("At", "In use", "Load", "Decided", "By"), rows, numbers=(1, 2))


def _busy(row: Any) -> str:
    return EMPTY if row.reporting is None else f"{row.busy} of {row.reporting}"


def _span(days: int) -> str:
    return "24 hours" if days == 1 else f"{days} days"
