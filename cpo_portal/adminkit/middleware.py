"""Puts every admin request of a signed-in person inside one CPO; other addresses pass untouched."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.urls import reverse
from structlog.contextvars import bind_contextvars

from cpo_portal.accounts.access import cpos_of, rights_of
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope

SESSION_KEY = "cpo"

#: The theme writes styles inline and its Alpine build evaluates expressions; scripts still come from here alone.
THEME_POLICY = {
    "default-src": [NONE],
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "https:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
}


class ActiveCpoMiddleware:
    """Sets `request.cpo`, `request.cpos` and `request.rights`, and holds the scope open until the answer is made."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    @cached_property
    def prefix(self) -> str:
        """Return where the admin begins; read late because the addresses are not loaded at start."""
        return reverse("admin:index")

    def __call__(self, request: Any) -> HttpResponse:
        if not request.path.startswith(self.prefix):
            return self.get_response(request)
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseBadRequest("The address holds a NUL character.", content_type="text/plain")
        response = self.answer(request)
        response._csp_config = THEME_POLICY  # type: ignore[attr-defined]
        return response

    def answer(self, request: Any) -> HttpResponse:
        """Answer inside the active CPO, outside any CPO for those who have none."""
        user = request.user
        request.cpos = cpos_of(user) if user.is_authenticated else []
        request.cpo = active_cpo(request.session.get(SESSION_KEY), request.cpos) if request.cpos else None
        request.rights = rights_of(user, request.cpo)
        bind_contextvars(user_id=user.pk, cpo_id=request.cpo.pk if request.cpo else None)
        if request.cpo is not None:
            with cpo_scope(request.cpo):
                return self.get_response(request)
        if user.is_authenticated and not user.is_platform_operator and not self.is_own_account(request.path):
            return render(request, "adminkit/no_cpo.html", admin.site.each_context(request), status=403)
        return self.get_response(request)

    def is_own_account(self, path: str) -> bool:
        """Tell whether the page is about the person alone: signing out, changing the password."""
        names = ("login", "logout", "password_change", "password_change_done", "jsi18n")
        return path in {reverse(f"admin:{name}") for name in names} or path.startswith(f"{self.prefix}set-password/")


def active_cpo(chosen: Any, cpos: list[Cpo]) -> Cpo:
    """Return the chosen CPO if the person may see it, else the first."""
    return next((cpo for cpo in cpos if cpo.pk == chosen), cpos[0])
