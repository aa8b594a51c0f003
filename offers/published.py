"""What a CPO shows of its offers: those that a catalogue lists at a connector, and the next one to come there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from offers.book import LoadedBook
from offers.engine.book import OfferBook
from offers.engine.days import is_over, next_open
from offers.engine.demand import is_of_the_moment
from offers.engine.facts import NOWHERE, PlaceFacts
from offers.engine.values import BenefitKind, OfferTerms, Usage, ValueType
from offers.models import OfferState
from offers.room import cost_of
from pricing.engine.money import round_amount

_UNUSED = Usage()


def is_shown(terms: OfferTerms, usage: Mapping[str, Usage], now: datetime) -> bool:
    """Return whether an offer may be listed now: published, not over, not used up, not kept for who has the code."""
    until = terms.applicability.valid_until
    if terms.state != OfferState.APPROVED or terms.requires_code or (until is not None and until <= now):
        return False
    if is_over(terms.applicability, now):
        return False
    used, limits = usage.get(terms.offer_id, _UNUSED), terms.limits
    if limits.total_uses is not None and used.uses >= limits.total_uses:
        return False
    if not limits.has_budget:
        return True
    most = cost_of(terms)
    if limits.budget_per_day is not None and used.budget_used_today + most > limits.budget_per_day:
        return False
    return limits.budget is None or used.budget_used + most <= limits.budget


def in_stock(offers: tuple[OfferTerms, ...], left: Mapping[str, int | None]) -> tuple[OfferTerms, ...]:
    """Leave out what gives a product that is not sold on a site, or of which too few are `left` there.

    None is not counted. The same tuple comes back where nothing is left out, which is nearly always.
    """
    if not any(x.benefit.item_id for x in offers):
        return offers
    return tuple(x for x in offers if not x.benefit.item_id or _has_left(x, left))


def with_goods(
    book: OfferBook, place: Place, goods: tuple[tuple[str, str], ...]
) -> tuple[tuple[OfferTerms, frozenset[str]], ...]:
    """Return the offers that hold with one of a site's products in the cart, each with the products it is for.

    `goods` are (product id, category) pairs; offers for everything are not among them, the place's item is not asked.
    """
    found = book.candidates(place.location_id, "", place.category, products=goods, place=place.facts, limited=True)
    return tuple((x, frozenset(key for key, of in goods if x.applicability.covers(key, of))) for x in found)


def _has_left(terms: OfferTerms, left: Mapping[str, int | None]) -> bool:
    if terms.benefit.item_id not in left:
        return False
    units = left[terms.benefit.item_id]
    return units is None or units >= (terms.benefit.item_count or 0)


def discounted_rate(terms: OfferTerms, rate: Decimal) -> Decimal | None:
    """Return the rate per kWh under a discount for everybody, in percent or per kWh, before surge and tax; or None.

    None as well where nobody can tell beforehand if it holds: it asks for an energy, or is of the moment.
    """
    benefit, asked = terms.benefit, terms.qualifier
    if benefit.kind is not BenefitKind.DISCOUNT or benefit.value_type is ValueType.AMOUNT or terms.segments:
        return None
    if is_of_the_moment(terms) or asked.min_wh is not None or asked.max_wh is not None:
        return None
    if benefit.value_type is ValueType.PER_KWH:
        return max(rate - benefit.value, Decimal("0.00"))
    return round_amount(rate * (100 - terms.benefit.value) / 100, terms.currency)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an offer is looked for: Beckn ids, the zone of the site, and what else is known of it."""

    location_id: str
    item_id: str
    category: str
    time_zone: str
    facts: PlaceFacts = NOWHERE


def next_offer(
    loaded: LoadedBook, place: Place, *, after: datetime, without: frozenset[str]
) -> tuple[OfferTerms, datetime] | None:
    """Return the offer for everyone that is the next to be open at a place, and when; None where there is none."""
    found: list[tuple[datetime, str, OfferTerms]] = []
    for terms in loaded.book.candidates(place.location_id, place.item_id, place.category, place=place.facts):
        scope = terms.applicability
        of_some = terms.segments or is_of_the_moment(terms)
        if terms.offer_id in without or of_some or not is_shown(terms, {}, after):
            continue
        opens: datetime | None = max(after, scope.valid_from or after)
        if opens is not None:
            opens = next_open(scope, opens, place.time_zone)
        if opens is not None and (scope.valid_until is None or opens < scope.valid_until):
            found.append((opens, terms.offer_id, terms))
    if not found:
        return None
    opens, _, terms = min(found, key=lambda entry: entry[:2])
    return terms, opens
