"""The page that shows a secret once: a token's text, a set-password link."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from cpo_portal.accounts.models import User
from cpo_portal.adminkit.signin import set_password_link


def shown_once(model_admin: Any, request: HttpRequest, title: str, secret: str, advice: str) -> HttpResponse:
    """Return the page that shows a secret: it is in no message, cookie or log, and cannot be opened again."""
    context = model_admin.admin_site.each_context(request) | {
        "title": title,
        "secret": secret,
        "advice": advice,
        "opts": model_admin.opts,
    }
    return TemplateResponse(request, "adminkit/shown_once.html", context)


def show_link(model_admin: Any, request: HttpRequest, user: User) -> HttpResponse:
    """Show the set-password link of a user."""
    advice = f"Send this link to {user.email}: it works once, within three days. It is shown only now."
    return shown_once(model_admin, request, "Set-password link", set_password_link(request, user), advice)


class ShowsSecretMixin:
    """An admin whose answer to "Save" is a secret: it offers no button that would skip it."""

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        buttons = {"show_save_and_add_another": False, "show_save_and_continue": False}
        response: HttpResponse = super().add_view(request, form_url, buttons | (extra_context or {}))  # type: ignore[misc]
        return response
