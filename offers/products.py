"""Which published offers need a product, and what a product, as it is sold now, does to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Product
from cpo_portal.network.usage import EFFECTS, NEEDS
from offers.authoring.linting import faults_of_live
from offers.models import Offer, OfferState

#: So many offers are named; of more it is said how many.
MOST_NAMED = 3


def offers_needing(product: Product, now: datetime) -> list[Offer]:
    """Return the offers that give or name the product and are given, or will be, without being published again."""
    name = product.product_id
    named = Q(live_version__benefit_item_id=name) | Q(live_version__stock_product_id=name)
    named |= Q(live_version__item_ids__contains=[name]) | Q(live_version__qualifier_item_ids__contains=[name])
    given = Q(state__in=(OfferState.APPROVED, OfferState.PAUSED), live_version__valid_until__gt=now)
    offers = Offer.objects.filter(named, given, cpo=product.cpo_id)
    return list(offers.select_related("cpo", "live_version", "counter").order_by("offer_id"))


def why_kept(row: object) -> str:
    """Return why a product is not deleted, "" where no published offer needs it or the row is no product."""
    if not isinstance(row, Product):
        return ""
    with cpo_scope(row.cpo):
        offers = offers_needing(row, timezone.now())
    if not offers:
        return ""
    one = len(offers) == 1
    return (
        f"“{row.name}” cannot be deleted: the published offer{'' if one else 's'} {_named(offers)} "
        f"need{'s' if one else ''} it. Publish {'it' if one else 'them'} without the product or end "
        f"{'it' if one else 'them'}, then delete the product."
    )


def effects_on_offers(row: object) -> list[str]:
    """Return which published offers give nothing with the product as it is now, each with the reason."""
    if not isinstance(row, Product):
        return []
    now = timezone.now()
    with cpo_scope(row.cpo):
        return [
            f"The published offer {_named([offer])} is not given now. {sentence}"
            for offer in offers_needing(row, now)
            for sentence in faults_of_live(offer, now)
        ]


def _named(offers: Sequence[Offer]) -> str:
    """Return “Free coffee” (free-coffee), “Two for one” (two-for-one) and 4 more."""
    names = [f"“{x.live_version.name}” ({x.offer_id})" for x in offers[:MOST_NAMED] if x.live_version is not None]
    more = len(offers) - len(names)
    if more:
        return f"{', '.join(names)} and {more} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


NEEDS.append(why_kept)
EFFECTS.append(effects_on_offers)
