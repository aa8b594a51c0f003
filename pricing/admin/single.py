"""The admin page of a CPO's one row of settings: it opens directly, made with its defaults when first looked at."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from cpo_portal.adminkit.bases import TenantAdmin


class SingleRowAdmin(TenantAdmin):
    """A table with one row per CPO."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        row = self._row(request) if self.has_view_permission(request) else None
        if row is None:
            response: HttpResponse = super().changelist_view(request, extra_context)
            return response
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])
        return HttpResponseRedirect(f"{page}?{request.GET.urlencode()}" if request.GET else page)

    def _row(self, request: HttpRequest) -> Any:
        """Return the CPO's row; who may only look makes none."""
        cpo, rows = getattr(request, "cpo", None), self.model._default_manager
        if self.has_change_permission(request):
            return rows.get_or_create(cpo=cpo)[0]
        return rows.filter(cpo=cpo).first() if cpo is not None else None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        # The list has nothing to go back to.
        request.POST = request.POST | {"_continue": "1"}  # type: ignore[assignment]
        response: HttpResponse = super().response_change(request, obj)
        return response
