"""The public page of a published offer: what it gives, when, where and on which conditions, for anybody.

One that is paused or over is still shown, and says so: whoever has it in an order may look it up. One that asks for a
code is shown without it to whoever has the address, and is linked from no list. What may not be shown is answered
alike, whatever the reason: unknown, a draft, stopped or put away, or another CPO's. An offer's image is not shown: it
would tell the host that keeps it who reads the page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from offers.engine.describe_driver import conditions_in_words, connectors_in_words, some
from offers.engine.values import OfferTerms
from offers.mapping import offer_terms
from offers.models import Offer, OfferState, OfferVersion
from offers.public.limits import too_often
from offers.public.names import (
    area_of,
    benefit_for_driver,
    chargers_of,
    items_of,
    named_of,
    stations_of,
    unsold_in_words,
)
from offers.public.response import page_response
from offers.public.support import Contact, support_of
from offers.states import DerivedState, counter_of, derived_state
from pricing.engine.week import windows_in_words
from pricing.engine.windows import zone_of
from pricing.engine.wording import moment_text

#: Of more places or things only so many are named, and how many more there are.
MOST_NAMED = 200
#: A code of so many signs is in no text by chance.
_LONG = 6
_SHOWN = {
    DerivedState.LIVE.value: "",
    DerivedState.SCHEDULED.value: "It has not begun yet.",
    DerivedState.EXHAUSTED.value: "All of it is given out at the moment.",
    DerivedState.ENDED.value: "It is over: nobody gets it any more, and whoever has it in an order keeps it.",
    OfferState.PAUSED.value: "It is paused: nobody gets it at present, and whoever has it in an order keeps it.",
}
#: With these notes an offer can still be had, now or later.
_TO_BE_HAD = {DerivedState.LIVE.value, DerivedState.SCHEDULED.value, DerivedState.EXHAUSTED.value}


@dataclass(frozen=True, slots=True)
class Names:
    """Names in alphabetical order under a heading, and how many more there are."""

    heading: str
    names: tuple[str, ...]
    more: int


@dataclass(frozen=True, slots=True)
class OfferPage:
    """What the page says; `area` is the cities or states, `connectors` the kinds of them that it is limited to.

    One that is `unlisted` asks for a code, and is not for search engines.
    """

    name: str
    provider: str
    benefit: str
    note: str
    short_desc: str
    long_desc: str
    terms_text: str
    code: str
    begins: str
    ends: str
    windows: str
    everywhere: bool
    area: str
    places: tuple[Names, ...]
    connectors: str
    conditions: tuple[str, ...]
    support: tuple[Contact, ...]
    unlisted: bool = False


@require_safe
def public_offer(request: HttpRequest, provider_id: str, offer_id: str) -> HttpResponse:
    """Answer with the page; 404 where there is nothing to show, 429 to an address that asks too often."""
    if refused := too_often(request):
        return refused
    page = page_of(provider_id, offer_id, timezone.now())
    return page_response(request, page, "offers/public/offer.html", without="offers/public/none.html")


def page_of(provider_id: str, offer_id: str, now: datetime) -> OfferPage | None:
    """Return what the page of this offer says at an instant, None where nobody may see one."""
    cpo = Cpo.objects.filter(provider_id=provider_id, is_active=True).first()
    if cpo is None:
        return None
    with cpo_scope(cpo):
        offer = Offer.objects.select_related("live_version", "counter").filter(offer_id=offer_id).first()
        if offer is None or offer.live_version is None or not is_public(offer, now):
            return None
        state = _standing(offer, offer.live_version, now)
        page = _page(cpo, offer_terms(offer, offer.live_version), _SHOWN[state], now)
        return page if state in _TO_BE_HAD else replace(page, code="")


def is_public(offer: Offer, now: datetime) -> bool:
    """Tell whether anybody may read the offer's page: published once, neither stopped nor put away."""
    live = offer.live_version
    return live is not None and _standing(offer, live, now) in _SHOWN


def _standing(offer: Offer, live: OfferVersion, now: datetime) -> str:
    """Return the state at an instant; what was paused and has reached its end never comes back."""
    state = derived_state(offer, live, counter_of(offer), now)
    return DerivedState.ENDED if state == OfferState.PAUSED and now >= live.valid_until else state


def _page(cpo: Cpo, terms: OfferTerms, note: str, now: datetime) -> OfferPage:
    scope, zone = terms.applicability, zone_of(cpo.time_zone)
    begins, ends = (
        moment_text(instant.astimezone(zone)) if instant is not None else ""
        for instant in (scope.valid_from, scope.valid_until)
    )
    named = named_of(terms, now, cpo.time_zone)
    stations = stations_of(terms)
    connectors, products = items_of(scope.item_ids)
    found = (
        ("", stations or ()),
        ("Only at the chargers:", chargers_of(scope)),
        ("Only at the connectors:" if not products else "For:", (*connectors, *products)),
    )
    return OfferPage(
        name=_without_code(terms.name, terms),
        provider=cpo.name,
        benefit=_capital(benefit_for_driver(terms)),
        note=note or unsold_in_words(terms),
        short_desc=_without_code(terms.short_desc, terms),
        long_desc=_without_code(terms.long_desc, terms),
        terms_text=_without_code(terms.terms_text, terms),
        code="" if terms.requires_code else terms.display_code,
        begins=begins,
        ends=ends,
        windows=_capital(windows_in_words(scope.weekly_windows)),
        everywhere=stations is None and not scope.charger_ids and (not connectors or bool(products)),
        area=some(area_of(scope)) if stations is None and (scope.cities or scope.states) else "",
        places=tuple(Names(title, x[:MOST_NAMED], len(x[MOST_NAMED:])) for title, x in found if x),
        connectors=connectors_in_words(scope, named),
        conditions=tuple(map(_capital, (*_together(terms), *conditions_in_words(terms, named)))),
        support=support_of(cpo),
        unlisted=terms.requires_code,
    )


def _without_code(text: str, terms: OfferTerms) -> str:
    """Return what staff wrote, without the code that must be sent: whoever reads it here need not have it."""
    if not terms.requires_code or not terms.display_code:
        return text
    # A short one is part of other words and figures; letters of other scripts and signs may stand right beside any.
    code = re.escape(terms.display_code)
    alone = code if len(terms.display_code) >= _LONG else rf"(?<![A-Za-z0-9]){code}(?![A-Za-z0-9])"
    return re.sub(alone, "…", text, flags=re.IGNORECASE)


def _together(terms: OfferTerms) -> tuple[str, ...]:
    """Return what must be in one session, by name: the items of a combination."""
    connectors, products = items_of(terms.qualifier.item_ids)
    items = (*connectors, *products)
    return (f"only together with {' and '.join(items)} in one session",) if items else ()


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
