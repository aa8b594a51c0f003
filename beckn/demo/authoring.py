"""Makes the demonstration's offers by the functions that staff's own changes go through."""

from __future__ import annotations

from typing import Any

from beckn.demo.campaigns import CAMPAIGNS, REVIEW, Campaign
from cpo_portal.accounts.models import Cpo, Role, User
from cpo_portal.network.models import Location
from offers.authoring import OfferContent, create_offer, perform, submit
from offers.authoring.review import is_required
from offers.engine.values import OfferLimits
from offers.models import Offer, OfferPolicy
from offers.states import Move


def make_offers(cpo: Cpo) -> None:
    """Make the CPO's missing offers, each with the moves that lead to its state."""
    there = set(Offer.objects.values_list("offer_id", flat=True))
    for campaign in CAMPAIGNS:
        if campaign.cpo != cpo.provider_id or campaign.offer_id in there:
            continue
        offer = _make(cpo, campaign)
        if campaign.moves == (REVIEW,):
            _submit(cpo, offer, require=not there)
        elif not is_required(cpo.pk):  # else staff have them reviewed: it stays a draft of theirs
            for move in campaign.moves:
                perform(Move(move), offer)


def _make(cpo: Cpo, campaign: Campaign) -> Offer:
    valid_from, valid_until = campaign.valid
    content = OfferContent(
        valid_from=valid_from, valid_until=valid_until, location_ids=_locations(campaign), **campaign.content
    )
    limits = OfferLimits(**campaign.limits) if campaign.limits else None
    return create_offer(cpo, campaign.offer_id, content, limits=limits)


def _submit(cpo: Cpo, offer: Offer, *, require: bool) -> None:
    """Submit the draft as the CPO's manager; reviews are switched on with the CPO's first offers alone."""
    if require:
        OfferPolicy.objects.update_or_create(cpo=cpo, defaults={"review_required": True})
    manager = User.objects.filter(memberships__cpo=cpo, memberships__role=Role.MANAGER).first()
    if manager is not None and is_required(cpo.pk):
        submit(offer, by=manager, note="For the fleets that ask for it.")


def _locations(campaign: Campaign) -> tuple[str, ...]:
    if campaign.at:
        return (campaign.at,)
    narrowed: dict[str, Any] = {"tags__contains": [campaign.at_tag]} if campaign.at_tag else {}
    if campaign.in_city:
        narrowed["city_code"] = campaign.in_city
    return tuple(Location.objects.filter(**narrowed).values_list("location_id", flat=True)) if narrowed else ()
