"""The public page of a published offer: what it gives, when, where and on which conditions, for anybody.

What may not be shown is answered alike, whatever the reason: unknown, a draft, paused, over, another CPO's, or kept
for those who have its code.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.rates import Buckets, address_of
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector, Location, Product
from offers.engine.benefits import rule_of
from offers.engine.describe import conditions_in_words, windows_in_words
from offers.engine.values import OfferTerms
from offers.mapping import offer_terms
from offers.models import Offer, OfferState
from offers.states import DerivedState, counter_of, derived_state
from pricing.engine.windows import zone_of
from pricing.engine.wording import moment_text

#: A reader's pages at once, and each second after them; each process counts for itself.
_addresses = Buckets(rate=5, burst=60)
#: So long may a browser or a proxy show what it has: an emergency stop is seen within it.
FRESH_SECONDS = 60
#: Of more places or things only so many are named, and how many more there are.
MOST_NAMED = 200
_SHOWN = {
    DerivedState.LIVE.value: "",
    DerivedState.SCHEDULED.value: "It has not begun yet.",
    DerivedState.EXHAUSTED.value: "All of it is given out at the moment.",
}


@dataclass(frozen=True, slots=True)
class OfferPage:
    """What the page says; lists of names are in alphabetical order, `more_…` count those that are not named."""

    name: str
    provider: str
    benefit: str
    note: str
    short_desc: str
    long_desc: str
    code: str
    begins: str
    ends: str
    windows: str
    locations: tuple[str, ...]
    more_locations: int
    items: tuple[str, ...]
    more_items: int
    conditions: tuple[str, ...]
    support: tuple[str, ...]


@require_safe
def public_offer(request: HttpRequest, provider_id: str, offer_id: str) -> HttpResponse:
    """Answer with the page; 404 where there is nothing to show, 429 to an address that asks too often."""
    wait = _addresses.take(address_of(request.META))
    if wait:
        seconds = str(max(1, math.ceil(wait)))
        return HttpResponse(
            f"Too many pages; try again in {seconds} s.\n",
            status=429,
            content_type="text/plain",
            headers={"Retry-After": seconds},
        )
    page = page_of(provider_id, offer_id, timezone.now())
    template = "offers/public/offer.html" if page is not None else "offers/public/none.html"
    # Without the request: context processors would read the session, and the page is the same for everybody.
    body = loader.get_template(template).render({"page": page})
    headers = {"Cache-Control": f"public, max-age={FRESH_SECONDS}"}
    if page is None:
        return HttpResponse(body, status=404, headers=headers)
    etag = quote_etag(hashlib.sha256(body.encode()).hexdigest()[:32])
    response = HttpResponse(body, headers=headers | {"ETag": etag})
    answer: HttpResponse = get_conditional_response(request, etag=etag, response=response) or response
    return answer


def page_of(provider_id: str, offer_id: str, now: datetime) -> OfferPage | None:
    """Return what the page of this offer says at an instant, None where nobody may see one."""
    cpo = Cpo.objects.filter(provider_id=provider_id, is_active=True).first()
    if cpo is None:
        return None
    with cpo_scope(cpo):
        offer = Offer.objects.select_related("live_version", "counter").filter(offer_id=offer_id).first()
        if offer is None or offer.live_version is None or not is_public(offer, now):
            return None
        state = derived_state(offer, offer.live_version, counter_of(offer), now)
        return _page(cpo, offer_terms(offer, offer.live_version), _SHOWN[state])


def is_public(offer: Offer, now: datetime) -> bool:
    """Tell whether anybody may read the offer's page: published, not over, and not kept for those who have its code."""
    live = offer.live_version
    if live is None or live.requires_code or offer.state != OfferState.APPROVED:
        return False
    return derived_state(offer, live, counter_of(offer), now) in _SHOWN


def _page(cpo: Cpo, terms: OfferTerms, note: str) -> OfferPage:
    scope, zone = terms.applicability, zone_of(cpo.time_zone)
    begins, ends = (
        moment_text(instant.astimezone(zone)) if instant is not None else ""
        for instant in (scope.valid_from, scope.valid_until)
    )
    locations = _locations(scope.location_ids)
    items = _items(scope.item_ids)
    return OfferPage(
        name=terms.name,
        provider=cpo.name,
        benefit=_capital(rule_of(terms).words(terms)),
        note=note,
        short_desc=terms.short_desc,
        long_desc=terms.long_desc,
        code=terms.display_code,
        begins=begins,
        ends=ends,
        windows=windows_in_words(scope.weekly_windows),
        locations=locations[:MOST_NAMED],
        more_locations=len(locations[MOST_NAMED:]),
        items=items[:MOST_NAMED],
        more_items=len(items[MOST_NAMED:]),
        conditions=tuple(map(_capital, (*_together(terms), *conditions_in_words(terms)))),
        support=tuple(part for part in (cpo.support_phone, cpo.support_email) if part),
    )


def _locations(ids: frozenset[str]) -> tuple[str, ...]:
    rows = Location.objects.filter(location_id__in=ids).values_list("name", "address", "city")
    return tuple(sorted({", ".join(dict.fromkeys(part for part in row if part)) for row in rows}))


def _items(ids: frozenset[str]) -> tuple[str, ...]:
    connectors = Connector.objects.filter(item_id__in=ids).select_related("charger")
    products = Product.objects.filter(product_id__in=ids).values_list("name", flat=True)
    return tuple(sorted({*(f"{row.charger.name} ({row.item_id})" for row in connectors), *products}))


def _together(terms: OfferTerms) -> tuple[str, ...]:
    """Return what must be in one session, by name: the items of a combination."""
    items = _items(terms.qualifier.item_ids)
    return (f"only together with {' and '.join(items)} in one session",) if items else ()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
