"""The page of templates: each kind of campaign with a sentence, and the ordinary form filled in by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cpo_portal.accounts.models import Cpo
from cpo_portal.adminkit.actions import page_button
from cpo_portal.adminkit.display import EMPTY, table
from cpo_portal.adminkit.rules import cpo_of
from offers.campaigns.filling import Filled, fill, sentence_for
from offers.campaigns.table import BY_KEY, TEMPLATES, Makes

_LINK = "text-primary-600 dark:text-primary-500"
#: The form that a template fills in, and the words of the link to it.
_FORMS = {
    Makes.OFFER: ("admin:offers_offer_add", "Fill in the form"),
    Makes.BALANCE: ("admin:charging_balance_add", "Make a balance"),
    Makes.GROUP: ("admin:charging_customergroup_add", "Make a group"),
    Makes.POLICY: ("admin:offers_offerpolicy_changelist", "Fill in the policy"),
}
#: Where what a template needs is made, by the field that names it.
_NEEDED_AT = {
    "segment_ids": ("admin:charging_segment_add", "Make a segment"),
    "holiday_calendar": ("admin:pricing_holidaycalendar_add", "Make a calendar"),
    "location_tags": ("admin:network_location_changelist", "Go to the locations"),
    "states": ("admin:network_location_changelist", "Go to the locations"),
    "plan": ("admin:pricing_tariff_add", "Make a tariff"),
}
#: What is filled in by the template's name; the others by the fields.
_BY_KEY = frozenset({Makes.OFFER, Makes.POLICY})
#: How the form of balances calls what the API calls otherwise.
_FORM_NAMES = {"currency": "of"}


class TemplatesMixin:
    """Offers the templates on the list of offers, and fills the form in by the one that its address names."""

    admin_site: Any
    opts: Any

    @page_button(description="New from a template", icon="auto_awesome")
    def templates(self, request: HttpRequest) -> HttpResponse:
        """List the kinds of campaign."""
        cpo = cpo_of(request)
        if cpo is None or not self.has_add_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": "New offer from a template"}
        request.crumb = context["title"]  # type: ignore[attr-defined]
        headers = ("Kind", "What it does", "What it needs", "")
        context["kinds"] = table(headers, _rows(cpo))
        return TemplateResponse(request, "offers/admin/templates.html", context)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        filled = _asked(request) if request.method == "GET" else None
        if filled is not None and filled.missing:
            messages.error(request, filled.missing)
            return HttpResponseRedirect(reverse("admin:offers_offer_templates"))
        response: HttpResponse = super().add_view(request, form_url, extra_context)  # type: ignore[misc]
        return response

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        filled = _asked(request)
        if filled is None:
            values: dict[str, Any] = super().get_changeform_initial_data(request)  # type: ignore[misc]
            return values
        return filled.content | filled.limits | {"offer_id": filled.offer_id}


def _asked(request: HttpRequest) -> Filled | None:
    """Return the form of the template that the address names, None where it names none."""
    template, cpo = BY_KEY.get(request.GET.get("template", "")), cpo_of(request)
    if template is None or cpo is None or template.makes is not Makes.OFFER:
        return None
    return fill(template, cpo, timezone.now())


def _rows(cpo: Cpo) -> Iterator[tuple[object, ...]]:
    now = timezone.now()
    for template in TEMPLATES:
        filled = fill(template, cpo, now)
        needed = template.need.sentence if template.need is not None else EMPTY
        yield template.title, sentence_for(template, cpo), needed, _link(filled)


def _link(filled: Filled) -> SafeString:
    """Return where the template leads, or where to make first what it needs."""
    template = filled.template
    if filled.missing and template.need is not None:
        page, words = _NEEDED_AT[template.need.field]
        return format_html('<a href="{}" class="{}">{}</a>', reverse(page), _LINK, words)
    page, words = _FORMS[template.makes]
    content = {_FORM_NAMES.get(name, name): value for name, value in filled.content.items()}
    query = {"template": template.key} if template.makes in _BY_KEY else content
    return format_html('<a href="{}?{}" class="{}">{}</a>', reverse(page), urlencode(query), _LINK, words)
