"""The sessions that the linter tries: the same ones for the same offers, few enough for the form to wait for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import islice, product
from math import gcd
from typing import TypeVar

from offers.engine.benefits import rule_of
from offers.engine.book import OfferBook
from offers.engine.days import next_open
from offers.engine.energy import energy_edges
from offers.engine.evaluate import LIVE_STATE
from offers.engine.explain import cart_of
from offers.engine.lint.clocks import opens_for_both
from offers.engine.lint.shelf import baskets_at
from offers.engine.lint.values import Site, Subject, Tried
from offers.engine.values import ItemUnit, OfferTerms
from pricing.engine.inverse import energy_for_amount
from pricing.engine.price import price
from pricing.engine.values import (
    ITEM_KINDS,
    AmountMeasure,
    Cart,
    ChargingRequest,
    EnergyMeasure,
    PricingError,
    ProductOrder,
)
from pricing.engine.windows import split_at_boundaries, zone_of

#: Sessions that are tried, fewer where each must be held against thousands of offers.
MOST_SESSIONS, FEWEST_SESSIONS = 160, 8
#: Offers that may be judged for one report, one session after the other.
WORK = 100_000
#: How far ahead sessions are tried.
HORIZON = timedelta(days=366)
_WEEK = timedelta(days=7)
_HOUR = timedelta(hours=1)
_USUAL_WH = (20_000, 1_000, 2_000, 5_000, 10_000, 40_000, 80_000)
_MOST_INSTANTS, _MOST_SIZES, _MOST_WINDOWS, _MOST_DAYS = 40, 16, 12, 12
_SPREAD = 8
_NOTHING = Decimal(0)

Basket = tuple[ProductOrder, ...]
_T = TypeVar("_T")
#: A session's energy in Wh, or the cart value that it is to reach.
_Size = int | Decimal


def rivals_at(book: OfferBook, site: Site, offer: OfferTerms) -> tuple[OfferTerms, ...]:
    """Return the other live offers that could apply at a connector, with any product, while the offer lasts."""
    goods = tuple((x.product_id, x.category) for x in site.terms.product_prices) if site.terms is not None else ()
    found = book.candidates(site.location_id, site.item_id, site.category, products=goods, place=site.place)
    return tuple(x for x in found if x.offer_id != offer.offer_id and x.state == LIVE_STATE and _meet(x, offer))


def rivals_of(subject: Subject) -> list[OfferTerms]:
    """Return the other live offers that could apply at one of the sites, or anywhere in the offer's scope, by id."""
    found = {x.offer_id: x for site in subject.sites for x in rivals_at(subject.book, site, subject.offer)}
    elsewhere = (subject.book.get(offer_id) for offer_id in subject.met - found.keys())
    found |= {x.offer_id: x for x in elsewhere if x is not None and _meet(x, subject.offer)}
    return [found[offer_id] for offer_id in sorted(found)]


def sessions_to_try(
    subject: Subject, rivals: Sequence[OfferTerms], most: int = MOST_SESSIONS
) -> tuple[list[Tried], int]:
    """Return sessions in the offer's scope, and how many combinations of place, time, size and products there are.

    Of the combinations every so many-th is taken, so that each value of each kind comes up.
    """
    offer, near = subject.offer, rivals[:_MOST_WINDOWS]
    sizes = _sizes(offer, near)
    choices = [
        (site, at, size, basket)
        for site in subject.sites
        for at, size, basket in product(instants(offer, near, subject.now, site), sizes, _baskets(offer, site))
    ]
    fewer = max(FEWEST_SESSIONS, min(most, WORK // max(1, len(rivals))))
    found = (tried(*choices[n]) for n in every_so_many(len(choices), fewer))
    return [x for x in found if x is not None], len(choices)


def short_sessions(offer: OfferTerms, now: datetime, site: Site) -> tuple[Iterator[Tried], ...]:
    """Return the sessions at a site where the offer first opens, by growing energy, and those by growing value."""
    at = next(iter(instants(offer, (), now, site)), None)
    sizes = _sizes(offer, ())
    return tuple(_at(site, at, _of(kind, sizes), _baskets(offer, site)) for kind in (int, Decimal))


def joint_sessions(offer: OfferTerms, other: OfferTerms, now: datetime, site: Site) -> tuple[Iterator[Tried], ...]:
    """Return the sessions at a site where both offers first open, with what either is about: by growing energy, by
    growing value and by falling energy."""
    at = opens_for_both(offer.applicability, other.applicability, now, site.time_zone)
    sizes = _sizes(offer, (other,))
    baskets = [_together(*both) for both in product(_baskets(offer, site), _baskets(other, site))]
    wanted = (_of(int, sizes), _of(Decimal, sizes), _of(int, sizes)[::-1])
    return tuple(_at(site, at, x, sorted(dict.fromkeys(baskets), key=len)) for x in wanted)


def _together(one: Basket, other: Basket) -> Basket:
    """Return what is in either basket, of each product as many as in the fuller one."""
    most: dict[str, int] = {}
    for x in (*one, *other):
        most[x.product_id] = max(x.count, most.get(x.product_id, 0))
    return tuple(ProductOrder(*x) for x in sorted(most.items()))


def _of(kind: type[int] | type[Decimal], sizes: Iterable[_Size]) -> list[_Size]:
    return sorted(x for x in sizes if isinstance(x, kind))


def _at(site: Site, at: datetime | None, sizes: Iterable[_Size], baskets: Iterable[Basket]) -> Iterator[Tried]:
    if at is None:
        return
    for size, basket in product(sizes, baskets):
        found = tried(site, at, size, basket)
        if found is not None:
            yield found


def tried(site: Site, at: datetime, size: _Size, basket: Basket = ()) -> Tried | None:
    """Price one session without offers; None where it has no price."""
    if site.terms is None:
        return None
    request = ChargingRequest(site.item_id, site.max_power_w, at, None, EnergyMeasure(1), basket)
    try:
        energy_wh = size if isinstance(size, int) else _reaching(size, request, site)
        return Tried(site, cart_of(price(replace(request, measure=EnergyMeasure(energy_wh)), site.terms)))
    except PricingError:
        return None


def value_of(cart: Cart) -> Decimal:
    """Return the sum of the ITEM lines."""
    return sum((x.amount.amount for x in cart.lines if x.kind in ITEM_KINDS), _NOTHING)


def instants(offer: OfferTerms, rivals: Iterable[OfferTerms], now: datetime, site: Site) -> list[datetime]:
    """Return planned starts at which the offer's times hold, some of each part of the week and of the time to come.

    A week is cut wherever a weekly window of the offer, of a rival or of a surge begins or ends; then come the instants
    at which a rival ends, days that a rival names, and some spread over the offer's validity.
    """
    scope, zone = offer.applicability, site.time_zone
    surges = site.terms.surges if site.terms is not None else ()
    first = _full_hour(now) if scope.valid_from is None or scope.valid_from < now else scope.valid_from
    last = min(x for x in (scope.valid_until, first + HORIZON) if x is not None)
    windows = (*scope.weekly_windows, *(x for rival in rivals for x in rival.applicability.weekly_windows))
    surged = (window for surge in surges for window in surge.windows)
    windows = (*windows[:_MOST_WINDOWS], *islice(surged, _MOST_WINDOWS))
    week = [start for start, _ in split_at_boundaries(first, first + _WEEK, windows, zone)]
    later = [x.applicability.valid_until for x in rivals if x.applicability.valid_until is not None]
    days = [day for rival in rivals for day in _next_days(rival, first, zone)]
    spread = [first + (last - first) * n / _SPREAD for n in range(1, _SPREAD)]
    wanted = (
        first,
        *_some(week, _MOST_INSTANTS),
        *_some(later, _SPREAD),
        *_some(days, _MOST_DAYS),
        *map(_full_hour, spread),
    )
    found = (next_open(scope, x, zone) for x in wanted if first <= x < last)
    return list(dict.fromkeys(x for x in found if x is not None and x < last))


def _next_days(offer: OfferTerms, after: datetime, zone: str) -> list[datetime]:
    """Return the next of the holidays and of the blackout dates of an offer, as local midnights: on these days another
    one may be the best, or hold together with it."""
    scope = offer.applicability
    today = after.astimezone(zone_of(zone)).date()
    holidays = [x.day for x in scope.holidays.days] if scope.holidays is not None else []
    named = (min((x for x in days if x > today), default=None) for days in (holidays, scope.blackout_dates))
    return [datetime.combine(x, time(0), zone_of(zone)).astimezone(UTC) for x in named if x is not None]


def _full_hour(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0) + _HOUR


def _sizes(offer: OfferTerms, rivals: Sequence[OfferTerms]) -> list[_Size]:
    """Return usual energies and those at which something begins or ceases to hold, or reaches its cap."""
    edges = [*_given_wh(offer), *(y for x in energy_edges((offer,)) for y in (x, x - 1))]
    others = [y for x in energy_edges(rivals) for y in (x, x - 1)]
    values = rule_of(offer).thresholds(offer)
    theirs = sorted({x for rival in rivals for x in rule_of(rival).thresholds(rival)})
    found: list[_Size] = [*_USUAL_WH, *_some(edges, _MOST_SIZES), *_some(others, _SPREAD)]
    found += [*values[:_MOST_SIZES], *_some(theirs, _SPREAD)]
    # 2,000 Wh are not a value of 2,000, though the numbers are equal.
    return [size for _, size in dict.fromkeys((type(x), x) for x in found) if size > 0]


def _given_wh(offer: OfferTerms) -> tuple[int, ...]:
    """Return the energy with which a first block is given whole, and that with which it begins."""
    if offer.benefit.item_unit is not ItemUnit.KWH:
        return ()
    paid, given = 1000 * (offer.qualifier.item_count or 0), 1000 * (offer.benefit.item_count or 0)
    return paid + given, paid + 1


def _reaching(value: Decimal, request: ChargingRequest, site: Site) -> int:
    """Return the least energy whose cart reaches a value: what the money buys, and a Wh more where it falls short."""
    if site.terms is None:
        raise PricingError("NO_TARIFF", "Nothing prices this connector.")
    fees = sum((fee.amount for fee in site.terms.fees), _NOTHING)
    amount = AmountMeasure(value + fees, site.terms.currency)
    bought = energy_for_amount(replace(request, measure=amount), site.terms)
    for energy_wh in (bought, bought + 1):
        found = tried(site, request.planned_start, energy_wh, request.products)
        if found is not None and value_of(found.cart) >= value:
            return energy_wh
    return bought + 2


def _baskets(offer: OfferTerms, site: Site) -> list[Basket]:
    """Return the products that a driver adds: none where the offer allows that, and what it is about.

    Where anything counts towards the least value, that is the dearest.
    """
    scope = offer.applicability
    sold = site.terms.product_prices if site.terms is not None else ()
    if offer.benefit.item_unit is ItemUnit.PRODUCT:
        return baskets_at(offer, site.goods)
    together = frozenset(x.product_id for x in sold if x.product_id in offer.qualifier.item_ids)
    own = [x for x in sold if x.product_id in scope.item_ids or x.category in scope.categories][:3]
    if offer.qualifier.min_value is not None and not scope.item_ids and not scope.categories:
        own = sorted(sold, key=lambda x: (-x.amount, x.product_id))[:1]
    wanted = [together, *(together | {x.product_id} for x in own)]
    return [tuple(ProductOrder(x, 1) for x in sorted(ids)) for ids in dict.fromkeys(wanted)]


def _meet(one: OfferTerms, other: OfferTerms) -> bool:
    """Say whether the validities of two offers have an instant in common."""
    a, b = one.applicability, other.applicability
    return not (
        (a.valid_until is not None and b.valid_from is not None and a.valid_until <= b.valid_from)
        or (b.valid_until is not None and a.valid_from is not None and b.valid_until <= a.valid_from)
    )


def _some(found: Sequence[_T], most: int) -> Sequence[_T]:
    """Return at most so many, evenly spread, the first among them."""
    return found if len(found) <= most else [found[n * len(found) // most] for n in range(most)]


def every_so_many(count: int, most: int) -> Iterator[int]:
    """Yield all positions, or `most` of them by a step that has no divisor in common with their number."""
    if count <= most:
        yield from range(count)
        return
    step = next(x for x in range(int(count * 0.618), count) if gcd(x, count) == 1)
    for n in range(most):
        yield n * step % count
