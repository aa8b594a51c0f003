"""What an offer's row shows: its state's name, the version that stands for it, and its benefit in words."""

from __future__ import annotations

from offers.engine.describe import benefit_in_words
from offers.mapping import offer_terms
from offers.models import Offer, OfferState, OfferVersion
from offers.names import gift_named
from offers.states import DerivedState

STATE_LABELS: dict[str, str] = dict(OfferState.choices) | {
    DerivedState.SCHEDULED.value: "Scheduled",
    DerivedState.LIVE.value: "Live",
    DerivedState.ENDED.value: "Ended",
    DerivedState.EXHAUSTED.value: "Used up",
}


def shown_version(offer: Offer) -> OfferVersion | None:
    """Return the published version, or the draft of an offer that has none; for rows with `drafts` prefetched."""
    return offer.live_version or next(iter(getattr(offer, "drafts", ())), None)


def benefit_shown(offer: Offer) -> str:
    """Return the benefit of the version that a row shows, "" where it has none; `gift` is the row's `gift_shown()`."""
    version = shown_version(offer)
    if version is None:
        return ""
    gift = getattr(offer, "gift", None)
    gifts = {version.benefit_item_id: gift} if gift else {}
    return benefit_in_words(gift_named(offer_terms(offer, version), gifts))
