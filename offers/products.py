"""Which published offers need a product, which of them cannot be given since it was saved, and ids that offers have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.catalogue import Sold, sold_as
from cpo_portal.network.item_ids import HELD
from cpo_portal.network.models import Product
from cpo_portal.network.usage import EFFECTS, NEEDS
from offers.days import with_holidays
from offers.engine.lint.gifts import said_of
from offers.engine.lint.shelf import Fault
from offers.engine.values import OfferTerms
from offers.mapping import offer_terms
from offers.models import Offer, OfferState, OfferVersion
from offers.sites import Standing, standings

#: So many offers are named; of more it is said how many.
MOST_NAMED = 3
#: So many offers are tried when a product is saved.
MOST_TRIED = 50


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


def effects_on_offers(row: object, before: Any) -> list[str]:
    """Return which offers that are given now cannot be since the product was saved, the first ones with the reason.

    `before` is how it was sold until then, None where it is new.
    """
    if not isinstance(row, Product):
        return []
    now = timezone.now()
    with cpo_scope(row.cpo):
        sold = sold_as(row)
        if sold == before:
            return []
        live = [x for x in offers_needing(row, now) if x.state == OfferState.APPROVED]
        concerned = [x for x in live if _concerns(x, before, sold)]
        tried = concerned[:MOST_TRIED]
        faults = [(x, sentence) for x, sentence in zip(tried, _faults(row, tried, now), strict=True) if sentence]
    told = [f"The published offer {_named([x])} is not given now. {sentence}" for x, sentence in faults[:MOST_NAMED]]
    return [*told, *_more(len(faults) - len(told), len(concerned) - len(tried))]


def _concerns(offer: Offer, before: Sold | None, sold: Sold) -> bool:
    """Say whether the change may keep the offer from being given: where only units went, whether too few are left."""
    if before is None or replace(before, units=sold.units) != sold:
        return True
    count = offer.live_version.benefit_item_count if offer.live_version is not None else None
    if sold.units is None or count is None:
        return False
    return sold.units < count and (before.units is None or before.units >= count)


def _faults(product: Product, offers: Sequence[Offer], now: datetime) -> list[str]:
    """Return why nobody can get what each offer gives, "" where somebody can or it is not for want of the product."""
    rows = OfferVersion.objects.filter(pk__in=[x.live_version_id for x in offers])
    versions = with_holidays(rows).in_bulk()
    # Whoever the offers are for has no part in this.
    terms = [offer_terms(x, versions[x.live_version_id], segments={}) for x in offers if x.live_version_id]
    found = zip(terms, standings(terms, now), strict=True)
    return [_fault(product, offer, standing) if standing is not None else "" for offer, standing in found]


def _fault(product: Product, offer: OfferTerms, standing: Standing) -> str:
    shelf = standing.shelf
    # Where nothing is sold that counts as bought, the shelf names no product.
    wanted = {shelf.product_id} if shelf.product_id else offer.applicability.item_ids
    if shelf.fault is Fault.NONE or (wanted and product.product_id not in wanted):
        return ""
    names = {product.product_id: product.name}
    return said_of(offer, shelf, names, sometimes_closed=standing.sometimes_closed)


def _more(stopped: int, untried: int) -> Iterator[str]:
    """Yield how many offers are not named: those that are not given either, and those that were not tried."""
    if stopped:
        yield f"{stopped} more published offer{' is' if stopped == 1 else 's are'} not given now either."
    if untried == 1:
        yield "1 more published offer needs the product and was not checked: its page says whether it is given."
    elif untried:
        yield f"{untried} more published offers need the product and were not checked: look at their pages."


def _named(offers: Sequence[Offer]) -> str:
    """Return “Free coffee” (free-coffee), “Two for one” (two-for-one) and 4 more."""
    names = [f"“{x.live_version.name}” ({x.offer_id})" for x in offers[:MOST_NAMED] if x.live_version is not None]
    more = len(offers) - len(names)
    if more:
        return f"{', '.join(names)} and {more} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def held_by_offer(item_id: str) -> str:
    """Return "an offer" where buyer apps take and decline an offer of the CPO by this id, but for capitals."""
    return "an offer" if Offer.objects.filter(offer_id__iexact=item_id).exists() else ""


NEEDS.append(why_kept)
HELD.append(held_by_offer)
EFFECTS.append(effects_on_offers)
