"""Buttons on an object's page or row: they ask first, act on POST alone, and find the object inside the scope."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action as unfold_action
from unfold.enums import ActionVariant

from cpo_portal.adminkit.forms import DialogForm

__all__ = ["ActionVariant", "go_to", "object_action", "page_button"]


def go_to(request: HttpRequest, url: str) -> HttpResponse:
    """Redirect; a dialog's request is made by script, which follows this header instead."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)


def object_action(  # noqa: PLR0913  one keyword per property of the button
    *,
    description: str,
    confirm: str | Callable[[HttpRequest, Any], str],
    icon: str | None = None,
    variant: ActionVariant = ActionVariant.DEFAULT,
    permission: str = "operate",
    form_class: type[DialogForm] | None = None,
    offered: Callable[[Any], bool] | None = None,
    refusal: Callable[[HttpRequest, Any], str] | None = None,
    dismiss: str = "Go back",
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Turn `method(self, request, obj)` into a button for `actions_detail` or `actions_row`.

    `confirm` is what the dialog says, or returns it of `(request, obj)`; with `form_class` the method gets the cleaned
    data as a fourth argument. A returned string is shown as success, a returned response is sent, a ValidationError is
    shown as an error, in the form as it was filled in where there is one, and nothing else happens. `offered(obj)` says
    whether the object's page shows the button, and `refusal(request, obj)` why the dialog is not even shown, "" where
    it is; the method must still refuse what is too late. `dismiss` is the dialog's other button.
    """
    asks = form_class or DialogForm

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def run(self: Any, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
            obj = self.get_object(request, unquote(object_id))
            arguments = (obj, form.cleaned_data) if form_class else (obj,)
            try:
                result = method(self, request, *arguments)
            except ValidationError as refused:
                if form_class:
                    _refuse(form, refused)
                    return _ask(self, request, obj, {"dialog": said(request, obj), "form": form})
                messages.error(request, " ".join(refused.messages))
                result = None
            if isinstance(result, HttpResponse):
                return result
            if result:
                messages.success(request, result)
            return go_to(request, page_of(self, request, object_id))

        def said(request: HttpRequest, obj: Any) -> dict[str, str]:
            asks_for = confirm if isinstance(confirm, str) else confirm(request, obj)
            return {"title": description, "description": asks_for, "dismiss": dismiss}

        # The theme only looks whether there is a dialog; `_ask` shows it.
        button = unfold_action(run, description=description, icon=icon, variant=variant, dialog={"title": description})

        @wraps(button)
        def find_first(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
            obj = self.get_object(request, unquote(object_id))
            if obj is None:
                missing: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
                return missing
            if not getattr(self, f"has_{permission}_permission")(request, obj):
                raise PermissionDenied
            if request.method == "GET" and refusal and (why := refusal(request, obj)):
                messages.error(request, why)
                return go_to(request, page_of(self, request, object_id))
            form = asks(data=request.POST or None, request=request, object_id=object_id)
            if form.is_valid():
                return run(self, request, form, object_id)
            return _ask(self, request, obj, {"dialog": said(request, obj), "form": form})

        find_first.allowed_permissions = [permission]  # type: ignore[attr-defined]
        find_first.offered = offered  # type: ignore[attr-defined]
        return find_first

    return decorate


def page_button(
    *, description: str, icon: str | None = None, permission: str = "operate"
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Turn `method(self, request)`, for `actions_list`, or `method(self, request, object_id)` into a page's button."""

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        button: Callable[..., Any] = unfold_action(method, description=description, icon=icon)
        button.allowed_permissions = [permission]  # type: ignore[attr-defined]
        return button

    return decorate


def _refuse(form: DialogForm, refusal: ValidationError) -> None:
    """Put a refusal at the fields that it names, and above all of them what names none that is seen."""
    seen = {field.name for field in form.visible_fields()}
    for name, errors in (refusal.error_dict if hasattr(refusal, "error_dict") else {None: refusal.error_list}).items():
        form.add_error(name if name in seen else None, errors)


def _ask(model_admin: Any, request: HttpRequest, obj: Any, content: dict[str, Any]) -> HttpResponse:
    """Return the dialog for the page that asked by script; opened by its address it is a page of its own."""
    if request.headers.get("HX-Request"):
        return render(request, "unfold/helpers/dialog.html", content)
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "original": obj,
        "title": content["dialog"]["title"],
        "back": page_of(model_admin, request, str(obj.pk)),
        **content,
    }
    return TemplateResponse(request, "adminkit/dialog_page.html", context)


def page_of(model_admin: Any, request: HttpRequest, object_id: str) -> str:
    """Return the object's page, or the list when the object is gone."""
    opts = model_admin.opts
    if model_admin.get_object(request, unquote(object_id)) is None:
        return reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[object_id])
