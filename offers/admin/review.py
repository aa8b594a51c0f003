"""What the pages of an offer add for its reviews and copies: buttons, the queue, the comparison of two versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from cpo_portal.adminkit.actions import go_to, object_action
from cpo_portal.adminkit.display import when
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.widgets import Select, TextInput
from offers import authoring
from offers.admin.pages import published_in_words
from offers.admin.publish import PublishForm
from offers.authoring.review import REVIEWS, is_required
from offers.engine.describe import benefit_in_words
from offers.links import offer_page_url
from offers.mapping import offer_terms
from offers.models import Offer, OfferVersion
from offers.names import gift_named, item_names, items_of_benefit
from offers.public.offer import is_public
from offers.states import Move, is_editable
from offers.version_words import differences
from pricing.admin.drafts import NoteForm
from pricing.admin.reviews import RejectForm, ReviewedFormMixin, SeenForm, shown_moves
from pricing.versions.review import Actor

MOST_VERSIONS = 200


class ApproveForm(SeenForm, PublishForm):
    """Asks for a note below what the checks found, and knows which submission the dialog was opened on."""

    reviews = REVIEWS


class DuplicateForm(DialogForm):
    """Asks for the new offer's id."""

    offer_id = forms.CharField(label="Id of the new offer", max_length=80, widget=TextInput)


class RestoreForm(DialogForm):
    """Asks which version."""

    version = forms.TypedChoiceField(label="Version", coerce=int, widget=Select)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = OfferVersion.objects.filter(offer=self.object_id).exclude(published_at=None).order_by("-number")
        shown = list(rows.select_related("offer__cpo", "cpo")[:MOST_VERSIONS])
        field: Any = self.fields["version"]
        goods = item_names(x for row in shown for x in (row.benefit_item_id, *row.qualifier_item_ids, *row.item_ids))
        field.choices = [(row.number, _to_restore(row, goods)) for row in shown]
        older = [row.number for row in shown if row.pk != row.offer.live_version_id]
        field.initial = older[0] if older else None


class CompareForm(forms.Form):
    """Asks for two versions by their numbers; what names none of them is read as the newest and the one before it."""

    def __init__(self, versions: list[OfferVersion], offer: Offer, data: Any) -> None:
        super().__init__()
        numbers = {str(version.number): version for version in versions}
        self.after = numbers.get(data.get("to", ""), versions[0])
        older = next((version for version in versions if version.number < self.after.number), self.after)
        self.before = numbers.get(data.get("from", ""), older)
        choices = [(version.number, _titled(version, offer)) for version in versions]
        for name, label, chosen in (("from", "From", self.before), ("to", "To", self.after)):
            self.fields[name] = forms.ChoiceField(label=label, widget=Select, choices=choices, initial=chosen.number)


def _not_now(move: Move) -> Callable[[HttpRequest, Offer], str]:
    """Return what tells somebody, before they fill in the dialog of a move, that it would be refused."""
    return lambda request, offer: REVIEWS.refusal_of_move(offer, move, Actor(_user(request)))


class ReviewMixin(ReviewedFormMixin):
    """Buttons and pages that an OfferAdmin has beside its own."""

    reviews = REVIEWS
    review_actions = ("submit_offer", "approve_offer", "reject_offer")
    copy_actions = ("reuse_version", "duplicate_offer")

    @object_action(
        description="Submit for review",
        confirm="Somebody else than who wrote or submitted the draft reads it and approves it or sends it back. A "
        "change meanwhile begins the review anew.",
        icon="rate_review",
        form_class=NoteForm,
        refusal=_not_now(Move.SUBMIT),
    )
    def submit_offer(self, request: HttpRequest, offer: Offer, data: dict[str, Any]) -> str:
        authoring.submit(offer, by=_user(request), note=data["note"])
        return "The draft is submitted: somebody else approves it."

    @object_action(
        description="Approve and publish",
        confirm="The draft is frozen as a version and takes the place of the published one: buyer apps see it and "
        "quotes use it from now on. Your name stands in the history.",
        icon="verified",
        form_class=ApproveForm,
        refusal=_not_now(Move.APPROVE),
    )
    def approve_offer(self, request: HttpRequest, offer: Offer, data: dict[str, Any]) -> str:
        moved = authoring.approve(offer, by=_user(request), note=data["note"], seen=data["seen"])
        return published_in_words(moved, timezone.now())

    @object_action(
        description="Send back",
        confirm="It becomes a draft again, with your note in the history.",
        icon="undo",
        form_class=RejectForm,
        refusal=_not_now(Move.REJECT),
    )
    def reject_offer(self, request: HttpRequest, offer: Offer, data: dict[str, Any]) -> str:
        authoring.reject(offer, by=_user(request), note=data["note"])
        return "It is a draft again; your note stands in the history."

    @object_action(
        description="Use an older version",
        confirm="What the version says goes into the draft, in place of what the draft says now. Nothing is published.",
        icon="settings_backup_restore",
        form_class=RestoreForm,
    )
    def reuse_version(self, request: HttpRequest, offer: Offer, data: dict[str, Any]) -> str:
        draft = authoring.restore(offer, data["version"], actor=Actor(_user(request)))
        return f"Draft {draft.number} says what version {data['version']} says."

    @object_action(
        description="Duplicate",
        confirm="Another offer is made, as a draft, that says the same within the same limits; what was used of this "
        "one does not count there.",
        icon="content_copy",
        form_class=DuplicateForm,
    )
    def duplicate_offer(self, request: HttpRequest, offer: Offer, data: dict[str, Any]) -> HttpResponse:
        made = authoring.duplicate(offer, data["offer_id"], actor=Actor(_user(request)))
        return go_to(request, reverse("admin:offers_offer_change", args=[made.pk]))

    def reviewed(self, request: HttpRequest, offer: Offer, names: set[str]) -> set[str]:
        """Return which of the buttons of a state are shown, as the review has it."""
        actor, draft = Actor(_user(request)), REVIEWS.draft_of(offer)
        waits = draft is not None and draft.submitted_at is not None
        # While somebody decides, the page offers what they decide between.
        shown = set(names) if waits else names | {"duplicate_offer"}
        moves = {name.removesuffix("_offer") for name in names}
        kept = shown_moves(REVIEWS, offer, actor, moves)
        shown -= {f"{move}_offer" for move in moves - kept}
        if is_required(offer.cpo_id):
            shown.discard("republish_offer")
        if is_editable(offer.state) and not waits and offer.versions.exclude(published_at=None).count() > 1:
            shown.add("reuse_version")
        return shown

    def compare_url(self) -> Any:
        """Return the address of the comparison of two versions."""
        view = self.admin_site.admin_view(self.compare_view)  # type: ignore[attr-defined]
        return path("compare/<int:object_id>/", view, name="offers_compare")

    def compare_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show, field by field and in words, what two versions say differently."""
        offer = Offer.objects.select_related("cpo", "live_version").filter(pk=object_id).first()
        if offer is None or not self.has_view_permission(request, offer):  # type: ignore[attr-defined]
            raise Http404
        versions = list(OfferVersion.objects.select_related("cpo", "created_by").filter(offer=offer))
        form = CompareForm(versions, offer, request.GET)
        context = {
            **self.admin_site.each_context(request),  # type: ignore[attr-defined]
            "opts": self.opts,  # type: ignore[attr-defined]
            "original": offer,
            "title": f"Versions of {versions[0].name} compared",
            "back": reverse("admin:offers_offer_change", args=[offer.pk]),
            "form": form,
            "differences": differences(form.before, form.after),
        }
        return TemplateResponse(request, "offers/admin/compare.html", context)


def public_url(offer: Offer, now: datetime) -> str:
    """Return the address of the offer's public page, "" where it has none now."""
    return offer_page_url(offer.cpo.provider_id, offer.offer_id) if is_public(offer, now) else ""


def _user(request: HttpRequest) -> Any:
    return request.user


def _to_restore(version: OfferVersion, goods: Mapping[str, str]) -> str:
    """Return a version with its date and what it gives, by which its author knows it again."""
    offer = version.offer
    since = when(version.published_at, offer.cpo.time_zone)
    current = ", current" if version.pk == offer.live_version_id else ""
    terms = offer_terms(offer, version)
    gives = benefit_in_words(gift_named(terms, goods), items_of_benefit(terms, goods))
    return f"{version.number}: {version.name}, {gives} (published {since}{current})"


def _titled(version: OfferVersion, offer: Offer) -> str:
    if version.published_at is None:
        state = "in review" if version.submitted_at else "draft"
    else:
        state = "current" if version.pk == offer.live_version_id else "replaced"
    made = when(version.published_at or version.created_at, offer.cpo.time_zone)
    return f"Version {version.number} ({state}), {made}"
