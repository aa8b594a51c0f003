"""Moves of an offer from state to state: one transaction each, with its entry in the history."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import cpo_scope
from offers.authoring import review
from offers.authoring.conditions import check_counted
from offers.authoring.content import checked, content_of
from offers.authoring.drafts import draft_key, lock_offer
from offers.authoring.giving import check_turns, lock_products
from offers.authoring.limits import limits_of
from offers.authoring.linting import check_publishable
from offers.models import DayCounter, Offer, OfferCounter, OfferState, OfferStateChange, OfferVersion
from offers.states import Move, next_state
from pricing.engine.codec import encode
from pricing.versions.review import REVIEWED, Actor
from pricing.versions.revisions import refuse_another

_GIVES = OfferState.APPROVED


def publish(
    offer: Offer, *, by: User | None = None, by_token: str = "", note: str = "", expected: int | str | None = None
) -> Offer:
    """Freeze the draft and make it live; `expected` is the draft's number, its revision or its `draft_key`, as the
    author saw it.

    A paused offer stays paused; an ended one is given again.
    """
    return _move(offer, Move.PUBLISH, by=by, by_token=by_token, note=note, expected=expected)


def check_publish(offer: Offer, *, by: User | None = None, by_token: str = "") -> None:
    """Raise what `publish` would raise now; nothing is published."""
    with cpo_scope(offer.cpo), transaction.atomic():
        locked = lock_offer(offer)
        if next_state(locked.state, Move.PUBLISH) is None:
            raise ValidationError(refusal_of(locked.state, Move.PUBLISH))
        review.REVIEWS.check_move(locked, Move.PUBLISH, Actor(by, by_token), "", None)
        _fit_draft(locked, None, timezone.now())


def pause(offer: Offer, *, by: User | None = None, by_token: str = "", note: str = "") -> Offer:
    """Stop new reservations until `resume`; what is reserved is honoured."""
    return _move(offer, Move.PAUSE, by=by, by_token=by_token, note=note)


def resume(offer: Offer, *, by: User | None = None, by_token: str = "", note: str = "") -> Offer:
    """Let a paused offer go on."""
    return _move(offer, Move.RESUME, by=by, by_token=by_token, note=note)


def end(offer: Offer, *, by: User | None = None, by_token: str = "", note: str = "") -> Offer:
    """End an offer before its time; what is reserved is honoured."""
    return _move(offer, Move.END, by=by, by_token=by_token, note=note)


def withdraw(offer: Offer, *, by: User | None = None, by_token: str = "", note: str = "") -> Offer:
    """Stop an offer at once, for good, and refuse even what is reserved."""
    return _move(offer, Move.WITHDRAW, by=by, by_token=by_token, note=note)


def archive(offer: Offer, *, by: User | None = None, by_token: str = "", note: str = "") -> Offer:
    """Put an offer away; its code becomes free."""
    return _move(offer, Move.ARCHIVE, by=by, by_token=by_token, note=note)


def submit(offer: Offer, *, by: User | None = None, by_token: str = "", note: str = "") -> Offer:
    """Ask somebody else to approve the draft."""
    return _move(offer, Move.SUBMIT, by=by, by_token=by_token, note=note)


def approve(
    offer: Offer, *, by: User | None = None, by_token: str = "", note: str = "", seen: datetime | None = None
) -> Offer:
    """Publish what somebody else submitted; `seen` is when what the approver has read was submitted."""
    return _move(offer, Move.APPROVE, by=by, by_token=by_token, note=note, expected=seen)


def reject(offer: Offer, *, by: User | None = None, by_token: str = "", note: str = "") -> Offer:
    """Send what was submitted back to the draft; the note says why."""
    return _move(offer, Move.REJECT, by=by, by_token=by_token, note=note)


def perform(
    move: Move, offer: Offer, *, by: User | None = None, by_token: str = "", note: str = "", expected: str | None = None
) -> Offer:
    """Make a move that is named by its value; `expected` is the draft's revision, or its `draft_key`, as who publishes
    saw it."""
    return _move(offer, move, by=by, by_token=by_token, note=note, expected=expected)


def _move(
    offer: Offer,
    move: Move,
    *,
    by: User | None,
    by_token: str,
    note: str,
    expected: int | str | datetime | None = None,
) -> Offer:
    with cpo_scope(offer.cpo), transaction.atomic():
        locked = lock_offer(offer)
        target = next_state(locked.state, move)
        if target is None:
            raise ValidationError(refusal_of(locked.state, move))
        # Taken after the lock, so that an offer's history is in the order of its moves.
        now = timezone.now()
        before = locked.state
        if move in REVIEWED:
            review.REVIEWS.check_move(locked, move, Actor(by, by_token), note, expected)
        if move in {Move.PUBLISH, Move.APPROVE}:
            locked.live_version = _freeze_draft(locked, expected, now)
        elif move is Move.SUBMIT:
            review.submit(locked, Actor(by, by_token), now)
        elif move is Move.REJECT:
            review.REVIEWS.send_back(locked)
        locked.state = target
        locked.save(update_fields=["state", "live_version"])
        OfferCounter.objects.filter(offer=locked).update(paused=target != _GIVES)
        DayCounter.objects.filter(offer=locked).update(paused=target != _GIVES)
        OfferStateChange.objects.create(
            offer=locked,
            from_state=before,
            to_state=target,
            version=locked.live_version,
            by=by,
            by_token=by_token,
            at=now,
            note=note[:300],
            limits=encode(limits_of(locked)),
            move=move.value,
        )
        return locked


def _freeze_draft(offer: Offer, expected: int | str | datetime | None, now: datetime) -> OfferVersion:
    draft = _fit_draft(offer, expected, now)
    draft.published_at = now
    draft.save(update_fields=["published_at"])
    return draft


def _fit_draft(offer: Offer, expected: int | str | datetime | None, now: datetime) -> OfferVersion:
    """Return the draft of a locked offer; raises ValidationError where it is not fit to be published."""
    draft = OfferVersion.objects.filter(offer=offer, published_at=None).first()
    if draft is None:
        raise ValidationError("There is no draft to publish: change the offer first.")
    if isinstance(expected, str) and "-" not in expected:
        if draft_key(draft) != expected:
            raise ValidationError("Someone else has changed this draft since you read it: reload and try again.")
    elif not isinstance(expected, datetime):
        refuse_another(expected, draft.number, content_of(draft), "offer")
    lock_products(content_of(draft))
    # Places may have gone, a code may have been taken and the end may have come since the draft was saved.
    check_publishable(offer, checked(offer, content_of(draft)), now)
    check_counted(draft.nth_session, limits_of(offer))
    check_turns(draft.item_unit, limits_of(offer))
    return draft


def refusal_of(state: str, move: Move) -> str:
    """Say why a move is refused and what to do instead."""
    if move is Move.PUBLISH:
        return f"An offer that is {OfferState(state).label.lower()} cannot be published: make a new one."
    if move is Move.SUBMIT and state == OfferState.IN_REVIEW:
        return "It is in review already."
    if move in {Move.APPROVE, Move.REJECT} and state == OfferState.DRAFT:
        return review.REVIEWS.nothing_submitted
    if move in {Move.SUBMIT, Move.APPROVE, Move.REJECT}:
        return f"An offer that is {OfferState(state).label.lower()} is not reviewed: make a new one."
    if move is Move.RESUME:
        return "Only a paused offer can be resumed."
    if move is Move.ARCHIVE and state != OfferState.ARCHIVED:
        return "End the offer before you archive it."
    done = {Move.PAUSE: "paused", Move.END: "ended", Move.WITHDRAW: "withdrawn", Move.ARCHIVE: "archived"}[move]
    now = "a draft" if state == OfferState.DRAFT else OfferState(state).label.lower()
    return f"Only a published offer can be {done}; this one is {now}."
