"""The admin pages of what runs in the background: its state, how far it is, and what it found once it is done."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from cpo_portal.adminkit.bases import ReadOnlyMixin, TenantAdmin
from cpo_portal.adminkit.display import Tone, bar, chip, column, when

_TONES = {"QUEUED": Tone.NEUTRAL, "RUNNING": Tone.INFO, "DONE": Tone.GOOD, "FAILED": Tone.BAD}
_UNDER_WAY = frozenset({"QUEUED", "RUNNING"})


class RunAdmin(ReadOnlyMixin, TenantAdmin):
    """Runs with a `state` of QUEUED, RUNNING, DONE or FAILED, `done` of `total`, and a span `since` to `until`.

    The page renews itself, without a script, while a run is under way.
    """

    def results(self, run: Any) -> dict[str, Any]:
        """Return what the page's template shows beside the fields."""
        raise NotImplementedError

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        run = self.get_object(request, object_id)
        context = dict(extra_context or {})
        if run is not None and self.has_view_permission(request, run):
            context |= self.results(run)
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        if run is not None and run.state in _UNDER_WAY:
            response.headers["Refresh"] = "3"
        return response

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for name in self.fields if name != "error" or (obj is not None and obj.error)]

    @column(description="State", ordering="state")
    def state_chip(self, run: Any) -> SafeString:
        return chip(run.get_state_display(), _TONES[run.state])

    @column(description="Asked for", ordering="requested_at")
    def asked(self, run: Any) -> str:
        return when(run.requested_at, run.cpo.time_zone)

    def bar_of(self, run: Any) -> SafeString:
        """Return how much is done as a bar."""
        return bar(run.done, run.total, tone=_TONES[run.state])

    def span_of(self, run: Any) -> str:
        """Return what the run looks back at."""
        zone = run.cpo.time_zone
        return f"{when(run.since, zone)} to {when(run.until, zone)}"
