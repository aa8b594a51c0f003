"""Makes the demonstration's offers by the functions that staff's own changes go through."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from beckn.demo.campaigns import CAMPAIGNS, REVIEW, Campaign
from cpo_portal.accounts.models import Cpo
from cpo_portal.network.models import Location
from offers.authoring import OfferContent, create_offer, perform
from offers.engine.values import OfferLimits
from offers.models import Offer, OfferState, OfferStateChange
from offers.states import Move


def make_offers(cpo: Cpo) -> None:
    """Make the CPO's missing offers, each with the moves that lead to its state."""
    there = set(Offer.objects.values_list("offer_id", flat=True))
    for campaign in CAMPAIGNS:
        if campaign.cpo == cpo.provider_id and campaign.offer_id not in there:
            _make(cpo, campaign)


def _make(cpo: Cpo, campaign: Campaign) -> None:
    valid_from, valid_until = campaign.valid
    content = OfferContent(
        valid_from=valid_from, valid_until=valid_until, location_ids=_locations(campaign), **campaign.content
    )
    limits = OfferLimits(**campaign.limits) if campaign.limits else None
    offer = create_offer(cpo, campaign.offer_id, content, limits=limits)
    for move in campaign.moves:
        if move == REVIEW:
            _send_to_review(offer)
        else:
            perform(Move(move), offer)


def _locations(campaign: Campaign) -> tuple[str, ...]:
    if campaign.at:
        return (campaign.at,)
    narrowed: dict[str, Any] = {"tags__contains": [campaign.at_tag]} if campaign.at_tag else {}
    if campaign.in_city:
        narrowed["city_code"] = campaign.in_city
    return tuple(Location.objects.filter(**narrowed).values_list("location_id", flat=True)) if narrowed else ()


def _send_to_review(offer: Offer) -> None:
    Offer.objects.filter(pk=offer.pk, state=OfferState.DRAFT).update(state=OfferState.IN_REVIEW)
    OfferStateChange.objects.create(
        offer=offer, from_state=OfferState.DRAFT, to_state=OfferState.IN_REVIEW, at=timezone.now()
    )
