"""The admin site: its addresses, the CPO switcher, the search that stays inside the CPO, and the start page."""

from __future__ import annotations

import time
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import Resolver404, URLPattern, path, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from unfold.dataclasses import SearchResult
from unfold.sites import UnfoldAdminSite

from cpo_portal.adminkit.middleware import SESSION_KEY
from cpo_portal.adminkit.signin import SetPasswordView, SignInForm

ROWS_PER_MODEL = 8
PAGE = 60


class PortalAdminSite(UnfoldAdminSite):  # type: ignore[misc]
    """The theme's site for people who belong to CPOs."""

    login_form = SignInForm
    index_template = "adminkit/index.html"
    index_title = "Start"
    enable_nav_sidebar = True

    def has_permission(self, request: HttpRequest) -> bool:
        """Let every active person in: what they see follows from their memberships."""
        return request.user.is_authenticated and request.user.is_active

    def get_urls(self) -> list[URLPattern]:
        # "r/…" (view on site) reads any row by its number, of whichever CPO, so it is left out.
        kept = [pattern for pattern in super().get_urls() if getattr(pattern, "name", "") != "view_on_site"]
        own = [
            path("switch-cpo/", self.admin_view(require_POST(self.switch_cpo)), name="switch_cpo"),
            path("set-password/<uidb64>/<token>/", SetPasswordView.as_view(), name="set_password"),
        ]
        return own + kept

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context: dict[str, Any] = super().each_context(request)
        cpo = getattr(request, "cpo", None)
        context |= {
            "active_cpo": cpo,
            "cpo_choices": getattr(request, "cpos", []),
            "site_subheader": cpo.name if cpo else None,
            "site_dropdown": len(getattr(request, "cpos", [])) > 1,
        }
        return context

    def switch_cpo(self, request: Any) -> HttpResponse:
        """Work for another CPO from now on; one that the person does not belong to does not exist."""
        chosen = next((cpo for cpo in request.cpos if str(cpo.pk) == request.POST.get("cpo")), None)
        if chosen is None:
            raise Http404
        request.session[SESSION_KEY] = chosen.pk
        return HttpResponseRedirect(_same_list(request, request.POST.get("next", "")))

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Find pages and rows of the active CPO; the theme's own view remembers results by user, across CPOs."""
        started = time.monotonic()
        term = request.GET.get("s", "").strip().lower()[:100]
        if not term:
            return HttpResponse()
        # The list that the theme makes narrows itself to the matches, so each search asks for a new one.
        results: list[SearchResult] = self._search_apps(self.get_app_list(request), term)
        extended = "extended" in request.GET
        if extended:
            results += self._search_rows(request, term)
        paginator = Paginator(results, PAGE)
        page = paginator.get_page(request.GET.get("page"))
        template = "unfold/helpers/command_results.html" if extended else "unfold/helpers/search_results.html"
        context = {
            "page_obj": paginator,
            "results": page,
            "page_counter": (page.number - 1) * PAGE,
            "execution_time": time.monotonic() - started,
            "command_show_history": False,
        }
        return TemplateResponse(
            request, template, context, headers={"HX-Trigger": "search", "Cache-Control": "no-store"}
        )

    def _search_rows(self, request: HttpRequest, term: str) -> list[SearchResult]:
        found = []
        for model, model_admin in self._registry.items():
            if not model_admin.get_search_fields(request) or not model_admin.has_view_permission(request):
                continue
            opts = model._meta
            rows, may_repeat = model_admin.get_search_results(request, model_admin.get_queryset(request), term)
            for row in (rows.distinct() if may_repeat else rows)[:ROWS_PER_MODEL]:
                link = reverse(f"{self.name}:{opts.app_label}_{opts.model_name}_change", args=[row.pk])
                found.append(SearchResult(str(row), str(opts.verbose_name), link, "data_object"))
        return found


def _same_list(request: HttpRequest, address: str) -> str:
    """Return the list that the person was looking at, without its filters; otherwise the start page."""
    start = reverse("admin:index")
    bare = address.split("?", maxsplit=1)[0]
    if not url_has_allowed_host_and_scheme(address, None):
        return start
    try:
        found = resolve(bare)
    except Resolver404:
        return start
    return bare if (found.url_name or "").endswith("_changelist") else start
