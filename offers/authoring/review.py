"""Four eyes over offers: what a draft must be fit for, and that a change of it ends its review."""

from __future__ import annotations

from datetime import datetime

from offers.authoring.conditions import check_counted
from offers.authoring.content import checked, content_of
from offers.authoring.giving import check_turns
from offers.authoring.limits import limits_of
from offers.authoring.linting import check_publishable
from offers.models import Offer, OfferPolicy, OfferState, OfferStateChange, OfferVersion
from pricing.engine.codec import encode
from pricing.versions.review import EDIT, Actor, Reviews


def is_required(cpo_id: int) -> bool:
    """Tell whether the CPO's offers are reviewed before they are published; inside its scope."""
    return OfferPolicy.objects.filter(cpo=cpo_id, review_required=True).exists()


REVIEWS = Reviews(OfferVersion, "offer", "offer", is_required)


def submit(offer: Offer, actor: Actor, now: datetime) -> None:
    """Mark the draft as submitted; it must be fit to be published."""
    draft = OfferVersion.objects.get(offer=offer, published_at=None)
    check_publishable(offer, checked(offer, content_of(draft)), now)
    check_counted(draft.nth_session, limits_of(offer))
    check_turns(draft.item_unit, limits_of(offer))
    REVIEWS.submit(draft, actor, now)


def begin_anew(offer: Offer, actor: Actor, *, what: str, now: datetime) -> bool:
    """End the review of what was changed meanwhile: nobody approves what nobody has read. `offer` is locked.

    Returns whether there was one; that is an entry of the history.
    """
    draft = REVIEWS.draft_of(offer)
    if draft is None or draft.submitted_at is None:
        return False
    REVIEWS.send_back(offer)
    before = offer.state
    if before == OfferState.IN_REVIEW:
        offer.state = OfferState.DRAFT
        offer.save(update_fields=["state"])
    record(offer, before, actor, move=EDIT, note=f"{what} while it was in review: submit it again.", now=now)
    return True


def record(offer: Offer, before: str, actor: Actor, *, move: str, note: str, now: datetime) -> None:
    """Write into the history what was done to a locked offer, which was in the state `before`."""
    entry(offer, before, actor, move=move, note=note, now=now).save(force_insert=True)


def entry(offer: Offer, before: str, actor: Actor, *, move: str, note: str, now: datetime) -> OfferStateChange:
    """Return what `record` writes."""
    return OfferStateChange(
        offer=offer,
        from_state=before,
        to_state=offer.state,
        version=offer.live_version,
        by=actor.by,
        by_token=actor.by_token,
        at=now,
        note=note[:300],
        limits=encode(limits_of(offer)),
        move=move,
    )
