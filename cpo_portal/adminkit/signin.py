"""Signing in by e-mail address, being locked out after failures, and setting the first password."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.tokens import default_token_generator
from django.contrib.auth.views import PasswordResetConfirmView
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from unfold.forms import AuthenticationForm

from cpo_portal.accounts.models import User
from cpo_portal.adminkit.widgets import PasswordInput

FORGOTTEN = (
    "Forgotten? A platform operator makes you a new set-password link. If you have never set a password, an owner of "
    "your CPO can make it as well."
)


class SignInForm(AuthenticationForm):  # type: ignore[misc]
    """E-mail address and password; what a person may see follows from the memberships, not from a staff flag."""

    error_messages = {
        "invalid_login": "This e-mail address and password do not belong together.",
        "inactive": "This account is closed.",
    }

    def __init__(self, request: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].widget.attrs |= {"type": "email", "autocomplete": "username", "inputmode": "email"}
        self.fields["username"].label = "E-mail address"
        self.fields["password"].help_text = FORGOTTEN

    def confirm_login_allowed(self, user: Any) -> None:
        if not user.is_active:
            raise ValidationError(self.error_messages["inactive"], code="inactive")


def name_for_lockout(request: Any, credentials: dict[str, Any] | None = None) -> str:
    """Return the address that failures are counted under: however it is written, it is one account."""
    name = (credentials or {}).get("username") or request.POST.get("username", "")
    return str(name).strip().lower()[:255]


def client_address(request: Any) -> str:
    """Return who asks: past PORTAL_PROXY_COUNT proxies, each of which adds whom it heard on the right."""
    heard = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    count = settings.AXES_IPWARE_PROXY_COUNT
    address = heard[-min(count, len(heard))] if count and heard else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ip_address(address))
    except ValueError:
        return "0.0.0.0"  # noqa: S104  a table of addresses takes nothing else


def locked_out(request: HttpRequest, response: Any = None, credentials: Any = None) -> HttpResponse:
    """Say in one sentence that sign-in is closed, and for how long."""
    minutes = round(float(settings.AXES_COOLOFF_TIME) * 60)
    sentence = f"Too many failed sign-ins for this address: try again in {minutes} minutes."
    context = admin.site.each_context(request) | {"title": "Sign-in is closed for now", "sentence": sentence}
    return render(request, "adminkit/message.html", context, status=429)


def set_password_link(request: HttpRequest, user: User) -> str:
    """Return the address where this person, and nobody else, sets a password; it works once, for three days."""
    arguments = [urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)]
    return request.build_absolute_uri(reverse("admin:set_password", args=arguments))


class FirstPasswordForm(SetPasswordForm):
    """Django's form in the theme's widgets."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget = PasswordInput(attrs={"autocomplete": "new-password"})
            if isinstance(field, forms.CharField):
                field.strip = False


class SetPasswordView(PasswordResetConfirmView):
    """The page behind a set-password link."""

    form_class = FirstPasswordForm  # type: ignore[assignment]
    template_name = "adminkit/set_password.html"
    success_url = reverse_lazy("admin:login")
    title = "Set your password"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return admin.site.each_context(self.request) | super().get_context_data(**kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, "Your password is set: sign in with it.")
        return super().form_valid(form)
