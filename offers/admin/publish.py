"""Publishing in the admin: what the checks warn of is read before it is published all the same."""

from __future__ import annotations

import hashlib
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from offers import authoring
from offers.admin.lint import panel_of
from offers.admin.pages import published_in_words
from offers.authoring import draft_key, working_version
from offers.authoring.linting import lint_offer
from offers.engine.lint import Report, Severity
from offers.models import Offer
from pricing.admin.drafts import NoteForm

READ_FIRST = "Not published yet. Read what the checks warn of, then press “Publish anyway”, or go back and change it."
FOUND_SINCE = "The checks warn of something that you have not seen yet: read it, then press the button again."
CHANGED_SINCE = "Somebody has changed the draft since you opened this: look at it again, then press the button again."


class PublishForm(NoteForm):
    """Asks for a note below what the checks found, and knows which draft and which warnings were read."""

    form_before_template = "offers/admin/publish_checks.html"
    data: Any
    read = forms.CharField(required=False, widget=forms.HiddenInput)
    draft = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer = Offer.objects.select_related("cpo").filter(pk=self.object_id).first()
        version = working_version(offer) if offer is not None else None
        self.kind = version.benefit_kind if version is not None else ""
        # Before the checks: what changes while they run was not read.
        self.fields["draft"].initial = draft_key(version) if version is not None else ""
        self.report = lint_offer(offer, timezone.now()) if offer is not None else Report()
        self.warned = warnings_key(self.report)
        self.submit_label = "Publish anyway" if self.warned else ""
        self.fields["read"].initial = self.warned

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:
        return panel_of(self.report, self.kind)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        now = {"read": self.warned, "draft": self.fields["draft"].initial}
        changed = bool(data.get("draft")) and data["draft"] != now["draft"]
        if changed or (self.warned and data.get("read") != self.warned):
            # The form that is sent back holds what it now shows.
            shown = self.data.copy()
            shown.update({self.add_prefix(name): value for name, value in now.items()})
            self.data = shown
            raise ValidationError(CHANGED_SINCE if changed else FOUND_SINCE)
        return data


def warnings_key(report: Report) -> str:
    """Return what names the warnings of a report, "" where it has none or cannot be published anyway."""
    if any(x.severity is Severity.CONTRADICTION for x in report.findings):
        return ""
    sentences = "\n".join(x.sentence for x in report.findings)
    return hashlib.sha256(sentences.encode()).hexdigest()[:16] if sentences else ""


def publish_saved(request: HttpRequest, offer: Offer, read: str, saved: HttpResponse) -> HttpResponse:
    """Publish a draft that was saved to be published, or lead to the dialog where the checks warn of something.

    `read` is its `draft_key` as it was saved; `saved` is the answer to the save. Outside of its transaction.
    """
    if warnings_key(lint_offer(offer, timezone.now())):
        messages.warning(request, READ_FIRST)
        return HttpResponseRedirect(reverse("admin:offers_offer_publish_offer", args=[offer.pk]))
    user: Any = request.user
    try:
        published = authoring.publish(offer, by=user, expected=read)
    except ValidationError as refusal:
        messages.error(request, f"The draft is saved, but not published. {' '.join(refusal.messages)}")
    else:
        messages.success(request, published_in_words(published, timezone.now()))
    return saved
