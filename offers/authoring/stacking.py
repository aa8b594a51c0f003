"""The group and the exclusions of an offer: their normal form, and every reason to refuse them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from offers.known import names_there
from offers.models import Offer

if TYPE_CHECKING:
    from offers.authoring.content import OfferContent

MOST_EXCLUDED = 200


def normal_stacking(content: OfferContent) -> dict[str, Any]:
    """Return the group in small letters and the excluded ids sorted, each once."""
    ids = {offer_id.strip() for offer_id in content.excludes}
    group = content.exclusivity_group.strip().lower()
    return {"exclusivity_group": group, "excludes": tuple(sorted(ids - {""}))}


def check_stacking(offer: Offer, content: OfferContent) -> Iterable[tuple[str, str]]:
    """Yield each fault by field; the group's name is checked as the model states it. Inside the CPO's scope."""
    if offer.offer_id in content.excludes:
        yield "excludes", "An offer cannot exclude itself: take it out."
    if len(content.excludes) > MOST_EXCLUDED:
        yield "excludes", f"Name at most {MOST_EXCLUDED} offers, or put them into one group."
        return
    others = set(content.excludes) - {offer.offer_id}
    known = names_there(Offer.objects, "offer_id", others)
    for unknown in sorted(others - known):
        yield "excludes", f"You have no offer “{unknown}”: give the id of one of yours."
