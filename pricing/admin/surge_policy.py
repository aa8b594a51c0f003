"""The admin page of the surge policy: notices, and the bound of all surges."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html_join

from cpo_portal.accounts.access import Right
from cpo_portal.adminkit.display import when
from pricing.admin.single import SingleRowAdmin
from pricing.engine.wording import plain_number
from pricing.models import SurgePolicy
from pricing.surges.ceilings import SurgeCeilings
from pricing.surges.policies import waiting_notices


@admin.register(SurgePolicy)
class SurgePolicyAdmin(SingleRowAdmin):
    """What the CPO promises about its surges."""

    fieldsets = (
        (
            "Notice",
            {
                "fields": (("notice_hours", "signal_notice_minutes"), "notice_now"),
                "description": "Whoever may pay more is told so long before. A longer notice counts at once. A shorter "
                "one is announced itself: until the notice before it is over, no rise takes effect any earlier than "
                "that notice had promised. What was announced keeps its time.",
            },
        ),
        (
            "Review",
            {
                "fields": ("review_required",),
                "description": "A review is of what a surge's version says; pausing, ending, signals and levels of "
                "demand go on without one. Only an owner switches reviews on and off: the history of this page says "
                "who did, and when.",
            },
        ),
        (
            "At most",
            {
                "fields": ("cap_percent", "cap_now"),
                "description": "A lower limit counts at once. A higher one, or none, is a rise: it counts for sessions "
                "planned to start once the notice is over.",
            },
        ),
        (
            "Price ceilings",
            {
                "fields": ("above_ceilings",),
                "description": "Ceilings are compared with this limit when a tariff or a surge is published: a higher "
                "one can lift above them what was published before.",
            },
        ),
    )
    readonly_fields = ("notice_now", "cap_now", "above_ceilings")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        # Who could switch the review off for a moment would be all four eyes alone.
        own = self.may(request, Right.MANAGE_MEMBERS, obj)
        return self.readonly_fields if own else (*self.readonly_fields, "review_required")

    @admin.display(description="Counts now")
    def notice_now(self, policy: SurgePolicy) -> str:
        waits = waiting_notices(policy, timezone.now())
        return " ".join(waits) or "Both as they stand here."

    @admin.display(description="Holds now")
    def cap_now(self, policy: SurgePolicy) -> str:
        now, cap = timezone.now(), policy.cap
        said = _said(cap.at(now))
        if cap.counts_from is None or cap.counts_from <= now:
            return said
        start = when(cap.counts_from, policy.cpo.time_zone)
        return f"{said}; for sessions planned to start from {start}: {_said(cap.percent)}"

    @admin.display(description="Above them")
    def above_ceilings(self, policy: SurgePolicy) -> str:
        told = [x.sentence for x in SurgeCeilings().above_now()]
        return format_html_join("\n", "<p>{}</p>", ((x,) for x in told)) or "No price with surges is above a ceiling."

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("cpo")


def _said(percent: Decimal | None) -> str:
    return "no limit" if percent is None else f"{plain_number(percent)} %"
