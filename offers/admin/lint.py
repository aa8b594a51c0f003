"""What the linter found on an offer's page: a panel that loads beside the form, and what a save is told at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import FieldDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from cpo_portal.adminkit.display import Tone, chip, money
from offers.authoring import working_version
from offers.authoring.linting import is_linted, lint_offer
from offers.engine.lint import Finding, FindingCode, Report, Severity
from offers.lint_words import HOW, example_in_words, outcome_in_words, tried_in_words
from offers.models import Offer
from offers.names import product_names
from offers.reasons.names import names_of
from offers.reasons.parts import Names
from offers.type_words import label_of

#: Findings that a save is told of in words; the panel has them all.
MOST_TOLD = 3
_CHIPS = {
    Severity.CONTRADICTION: chip("Cannot be published", Tone.BAD),
    Severity.WARNING: chip("Warning", Tone.WARN),
}


class LintMixin:
    """What an OfferAdmin has for the linter beside its own pages."""

    def lint_url(self) -> Any:
        """Return the address of the findings."""
        view = self.admin_site.admin_view(self.lint_view)  # type: ignore[attr-defined]
        return path("lint/<int:object_id>/", view, name="offers_lint")

    def lint_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what the linter finds now: as a panel to a page that asks by script, else as a page."""
        offer = Offer.objects.select_related("cpo").filter(pk=object_id).first()
        if offer is None or not self.has_view_permission(request, offer):  # type: ignore[attr-defined]
            raise Http404
        version = working_version(offer)
        panel = panel_of(lint_offer(offer, timezone.now()), version.benefit_kind if version is not None else "")
        if request.headers.get("HX-Request"):
            return TemplateResponse(request, "offers/admin/lint.html", panel)
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "opts": self.opts,  # type: ignore[attr-defined]
            "original": offer,
            "title": f"Checks of {offer.offer_id}",
            "back": reverse("admin:offers_offer_change", args=[offer.pk]),
            **panel,
        }
        return TemplateResponse(request, "offers/admin/lint_page.html", context)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)  # type: ignore[misc]
        request.saved_offer = form.instance.pk  # type: ignore[attr-defined]

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]
        saved = getattr(request, "saved_offer", None)
        # Only what is committed is linted: the offers' book in memory must never hold what may be rolled back.
        if saved is not None and response.status_code == 302:
            return self.after_save(request, Offer.objects.select_related("cpo").get(pk=saved), response)
        return response

    def after_save(self, request: HttpRequest, offer: Offer, response: HttpResponse) -> HttpResponse:
        """Tell what the checks find in an offer that was saved, outside of its transaction."""
        _tell(request, lint_offer(offer, timezone.now()))
        return response


def check_url(offer: Offer) -> str:
    """Return the address of the findings, "" where there are none to be expected."""
    version = working_version(offer)
    shown = version is not None and is_linted(offer, version)
    return reverse("admin:offers_lint", args=[offer.pk]) if shown else ""


def panel_of(report: Report, kind: str) -> dict[str, Any]:
    """Return what the template shows of a report on an offer of this type; inside the CPO's scope."""
    goods = product_names(
        x.product_id for finding in report.findings if finding.example for x in finding.example.products
    )
    names = names_of(check for finding in report.findings for check in finding.failed)
    tried = tried_in_words(report)
    shown = [_shown(x, goods, names) | {"field": _label(x.field, kind)} for x in report.findings]
    return {"findings": shown, "notes": (tried, *HOW) if tried else ()}


def _shown(finding: Finding, products: dict[str, str], names: Names) -> dict[str, Any]:
    currency = finding.example.currency if finding.example is not None else ""
    return {
        "chip": _CHIPS[finding.severity],
        "sentence": finding.sentence,
        "example": example_in_words(finding.example, products) if finding.example is not None else "",
        "outcome": outcome_in_words(finding, names),
        "keeps_out": finding.code is FindingCode.SHADOWS,
        "rivals": [
            (x.name, x.offer_id, x.sessions, f"{money(x.least, currency)} to {money(x.most, currency)}")
            for x in finding.rivals
            if x.sessions
        ],
    }


def _label(field: str, kind: str) -> str:
    if not field:
        return ""
    try:
        return label_of(field, kind)
    except FieldDoesNotExist:
        column: Any = Offer._meta.get_field(field)
        return str(column.verbose_name).capitalize()


def _tell(request: HttpRequest, report: Report) -> None:
    for finding in report.findings[:MOST_TOLD]:
        blocks = "It cannot be published like this. " if finding.severity is Severity.CONTRADICTION else ""
        messages.warning(request, f"{blocks}{finding.sentence}")
    left = len(report.findings) - MOST_TOLD
    if left > 0:
        messages.warning(request, f"{left} more {'is' if left == 1 else 'are'} listed under “Checks”.")
