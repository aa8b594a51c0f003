"""What the pages of offers and of surges have for reviews: the dialogs, the queue, where a review stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from cpo_portal.adminkit.display import when
from cpo_portal.adminkit.filters import DropdownFilter
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.navigation import page_of
from cpo_portal.adminkit.widgets import Textarea
from pricing.admin.drafts import NoteForm
from pricing.versions.review import APPROVE, REJECT, SUBMIT, Actor, Reviews, authors_of, may_approve, names_of

#: So many drafts that wait are looked at for the start page.
MOST_WAITING = 100


class RejectForm(DialogForm):  # type: ignore[misc]
    """Asks what is to be changed."""

    note = forms.CharField(label="What is to be changed (the author reads it)", max_length=300, widget=Textarea)


class SeenForm(NoteForm):
    """Asks for a note, and knows which submission the dialog was opened on."""

    reviews: ClassVar[Reviews[Any]]
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        draft = self.reviews.draft_of(self.object_id)
        if draft is not None and draft.submitted_at is not None:
            self.fields["seen"].initial = draft.submitted_at.isoformat()

    def clean_seen(self) -> datetime | None:
        """Return when what was read was submitted."""
        text = self.cleaned_data["seen"]
        try:
            return datetime.fromisoformat(text) if text else None
        except ValueError as fault:
            raise ValidationError("Open the page again, then approve it.") from fault


class ReviewFilter(DropdownFilter):  # type: ignore[misc]
    """The queue of the reviewers: things with a draft that somebody submitted."""

    title = "review"
    parameter_name = "review"
    reviews: ClassVar[Reviews[Any]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "Waiting for approval")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() != "waiting":
            return queryset
        return queryset.filter(pk__in=self.reviews.waiting().values(self.reviews.owner))


class ReviewedFormMixin:
    """A form that publishes nothing where a review is required; before the admin's other bases."""

    reviews: ClassVar[Reviews[Any]]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = extra_context or {}
        cpo = getattr(request, "cpo", None)
        if cpo is not None and self.reviews.is_required(cpo.pk):
            context = {**context, "may_publish": False}
        response: HttpResponse = super().changeform_view(  # type: ignore[misc]
            request, object_id, form_url, context
        )
        return response


def shown_moves(reviews: Reviews[Any], thing: Any, actor: Actor, moves: set[str]) -> set[str]:
    """Return which of the moves that a state allows are offered to somebody, as the review has it."""
    draft, required = reviews.draft_of(thing), reviews.is_required(thing.cpo_id)
    waits = draft is not None and draft.submitted_at is not None
    hidden = {"publish"} if required else set()
    if draft is None or waits or not required:
        hidden.add(SUBMIT)
    if not waits:
        hidden |= {APPROVE, REJECT}
    elif not (required and may_approve(draft, actor)):
        # Where reviews are off, it is published.
        hidden.add(APPROVE)
    return moves - hidden


def reviews_waiting(request: HttpRequest, reviews: Reviews[Any], page: str) -> list[dict[str, str]]:
    """Return what the start page says of drafts that wait for this person's approval: one line, or none.

    `page` names the admin of the things, as “offers.offer”.
    """
    cpo, shown = getattr(request, "cpo", None), page_of(request, page)
    if cpo is None or shown is None or not shown.has_operate_permission(request) or not reviews.is_required(cpo.pk):
        return []
    user: Any = request.user
    count = sum(may_approve(draft, Actor(user)) for draft in reviews.waiting()[:MOST_WAITING])
    if not count:
        return []
    said = f"1 {reviews.noun} waits" if count == 1 else f"{count} {reviews.noun}s wait"
    address = reverse(f"admin:{page.replace('.', '_')}_changelist")
    return [{"said": f"{said} for your approval.", "list": f"{address}?review=waiting"}]


def review_notes(reviews: Reviews[Any], thing: Any) -> list[str]:
    """Say on the thing's page where the review of its draft stands, and what its author or reviewer wrote last."""
    draft = reviews.draft_of(thing)
    if draft is None:
        return []
    zone = thing.cpo.time_zone
    last = thing.state_changes.filter(move__in=(SUBMIT, REJECT)).select_related("by").first()
    if draft.submitted_at is None:
        # This draft was sent back, and not one that was published since.
        sent_back = last is not None and last.move == REJECT and last.at > draft.created_at
        return (
            [f"Sent back by {last.by or 'an API token'} on {when(last.at, zone)}: “{last.note}”"] if sent_back else []
        )
    since = when(draft.submitted_at, zone)
    if reviews.is_required(thing.cpo_id):
        people = " or ".join(names_of(authors_of(draft)))
        found = [f"Draft {draft.number} is in review since {since}: somebody else than {people} approves it."]
    else:
        found = [f"Draft {draft.number} was submitted on {since}; {reviews.noun}s are published without a review now."]
    if last is not None and last.note:
        found.append(f"The note of who submitted it: “{last.note}”")
    return found
