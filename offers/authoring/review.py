"""Four eyes: a draft is submitted, and somebody else than who wrote or submitted it approves it or sends it back.

People are named `user:<key>`. A token of the API speaks for whoever made it; one that nobody in particular made is
named `token:<prefix>`: it may write and submit, and never approves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError

from cpo_portal.accounts.models import ApiToken, User
from offers.authoring.conditions import check_counted
from offers.authoring.content import checked, content_of
from offers.authoring.giving import check_turns
from offers.authoring.limits import limits_of
from offers.authoring.linting import check_publishable
from offers.models import Offer, OfferPolicy, OfferState, OfferStateChange, OfferVersion
from offers.states import Move
from pricing.engine.codec import encode

_PERSON, _TOKEN = "user:", "token:"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a person, or the token that a machine brought; neither for the platform itself."""

    by: User | None = None
    by_token: str = ""

    @property
    def key(self) -> str:
        """Return how reviews name the actor; inside the CPO's scope."""
        if self.by is not None:
            return f"{_PERSON}{self.by.pk}"
        if not self.by_token:
            return ""
        maker = ApiToken.objects.filter(prefix=self.by_token).values_list("created_by", flat=True).first()
        return f"{_PERSON}{maker}" if maker else f"{_TOKEN}{self.by_token}"


def is_required(cpo_id: int) -> bool:
    """Tell whether the CPO's offers are reviewed before they are published; inside its scope."""
    return OfferPolicy.objects.filter(cpo=cpo_id, review_required=True).exists()


def draft_of(offer: Offer) -> OfferVersion | None:
    """Return the offer's draft."""
    return OfferVersion.objects.filter(offer=offer, published_at=None).first()


def authors_of(draft: OfferVersion) -> set[str]:
    """Return everybody who has written or submitted the draft."""
    found = {*(draft.authors or ()), draft.submitted_by}
    if draft.created_by_id is not None:
        found.add(f"{_PERSON}{draft.created_by_id}")
    return found - {""}


def may_approve(draft: OfferVersion, actor: Actor) -> bool:
    """Tell whether this actor is a second pair of eyes."""
    key = actor.key
    return key.startswith(_PERSON) and key not in authors_of(draft)


def names_of(keys: Iterable[str]) -> list[str]:
    """Return what people call these actors, in alphabetical order."""
    found = list(keys)
    people = [int(key.removeprefix(_PERSON)) for key in found if key.startswith(_PERSON)]
    names = [str(user) for user in User.objects.filter(pk__in=people)]
    names += [f"API token {key.removeprefix(_TOKEN)}…" for key in found if key.startswith(_TOKEN)]
    return sorted(names)


def sign(draft: OfferVersion, actor: Actor) -> None:
    """Name the actor among the authors of a draft that is about to be saved."""
    key = actor.key
    if key and key not in (draft.authors or ()):
        draft.authors = [*(draft.authors or ()), key]


def check_move(offer: Offer, move: Move, actor: Actor, note: str, expected: int | str | datetime | None) -> None:
    """Refuse a move that the review does not allow; in the transaction that holds the offer's row.

    `expected` is when what the approver has read was submitted.
    """
    if move is Move.PUBLISH:
        if is_required(offer.cpo_id):
            raise ValidationError(
                "Offers are reviewed here before they are published: submit the draft, and somebody else approves it."
            )
        return
    draft = draft_of(offer)
    if move is Move.SUBMIT:
        _check_submit(offer, draft, actor)
    elif draft is None or draft.submitted_at is None:
        raise ValidationError("Nothing of this offer is in review: its draft is submitted first.")
    elif move is Move.REJECT and not note.strip():
        raise ValidationError({"note": "Say what is to be changed: the author reads it."})
    elif move is Move.APPROVE:
        _check_approve(draft, actor, expected)


def refusal_of_move(offer: Offer, move: Move, actor: Actor) -> str:
    """Return why the review does not allow a move now, "" where it does; inside the CPO's scope."""
    try:
        check_move(offer, move, actor, note="-", expected=None)
    except ValidationError as refusal:
        return " ".join(refusal.messages)
    return ""


def _check_submit(offer: Offer, draft: OfferVersion | None, actor: Actor) -> None:
    if not is_required(offer.cpo_id):
        raise ValidationError("Offers are published here without a review: publish it.")
    if draft is None:
        raise ValidationError("There is no draft to submit: change the offer first.")
    if draft.submitted_at is not None:
        raise ValidationError("It is in review already.")
    if not actor.key:
        raise ValidationError("Somebody must submit it: sign in, or use a token.")


def _check_approve(draft: OfferVersion, actor: Actor, expected: int | str | datetime | None) -> None:
    if not actor.key.startswith(_PERSON):
        raise ValidationError("A person approves it: sign in, or use a token that a person has made.")
    if not may_approve(draft, actor):
        raise ValidationError("You wrote or submitted this draft: somebody else approves it.")
    if isinstance(expected, datetime) and expected != draft.submitted_at:
        raise ValidationError("It was submitted anew since you read it: read it again, then approve it.")


def submit(offer: Offer, actor: Actor, now: datetime) -> None:
    """Mark the draft as submitted; it must be fit to be published."""
    draft = OfferVersion.objects.get(offer=offer, published_at=None)
    check_publishable(offer, checked(offer, content_of(draft)), now)
    check_counted(draft.nth_session, limits_of(offer))
    check_turns(draft.item_unit, limits_of(offer))
    draft.submitted_at, draft.submitted_by = now, actor.key
    draft.save(update_fields=["submitted_at", "submitted_by"])


def send_back(offer: Offer) -> None:
    """Let the draft be a draft again."""
    OfferVersion.objects.filter(offer=offer, published_at=None).update(submitted_at=None, submitted_by="")


def begin_anew(offer: Offer, actor: Actor, *, what: str, now: datetime) -> None:
    """End the review of what was changed meanwhile: nobody approves what nobody has read. `offer` is locked."""
    draft = draft_of(offer)
    if draft is None or draft.submitted_at is None:
        return
    send_back(offer)
    before = offer.state
    if before == OfferState.IN_REVIEW:
        offer.state = OfferState.DRAFT
        offer.save(update_fields=["state"])
    OfferStateChange.objects.create(
        offer=offer,
        from_state=before,
        to_state=offer.state,
        version=offer.live_version,
        by=actor.by,
        by_token=actor.by_token,
        at=now,
        note=f"{what} while it was in review: submit it again.",
        limits=encode(limits_of(offer)),
        move="edit",
    )
