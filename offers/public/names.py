"""How people call what an offer's terms have ids for: stations, chargers, products and other offers, for its page."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db.models import Q, QuerySet

from cpo_portal.network.models import CHARGING_CATEGORY, Charger, Connector, ConnectorType, Location, Product
from offers.engine.benefits.items import price_words
from offers.engine.describe import gives_in_words
from offers.engine.describe_driver import Named, some
from offers.engine.places import fits
from offers.engine.values import Applicability, BenefitKind, ItemUnit, OfferTerms
from offers.models import Offer, OfferState
from offers.places import site_facts
from pricing.engine.windows import zone_of

UNSOLD = "The product that it gives is not sold at the moment: nobody gets the offer until it is."
UNSOLD_BOUGHT = "What it is given for is not sold at the moment: nobody gets the offer until it is."


def named_of(terms: OfferTerms, now: datetime, zone: str) -> Named:
    """Return the names that the conditions need; inside the CPO's scope."""
    stock, categories = terms.qualifier.stock_product_id, terms.applicability.categories
    goods = Product.objects.filter(category__in=categories, is_published=True) if categories else ()
    charging = ["charging"] if CHARGING_CATEGORY in categories else []
    others, hidden = _apart_from(terms, now)
    return Named(
        now.astimezone(zone_of(zone)).date(),
        products={stock: _sold_as(stock)} if stock else {},
        goods=(*charging, *sorted({row.name for row in goods})),
        connector_types=dict(ConnectorType.choices),
        apart_from=others,
        and_hidden=hidden,
    )


def with_item_named(terms: OfferTerms) -> OfferTerms:
    """Return the terms with the name of the product that they give in the place of its id, for a reader."""
    item_id = terms.benefit.item_id
    return replace(terms, benefit=replace(terms.benefit, item_id=_name(item_id) or "product")) if item_id else terms


def unsold_in_words(terms: OfferTerms) -> str:
    """Say that nobody gets the offer now since what it gives, or asks for, is hidden or gone; else an empty text."""
    if terms.benefit.item_id and not _name(terms.benefit.item_id):
        return UNSOLD
    if terms.qualifier.item_ids and not _all_of(terms.qualifier.item_ids):
        return UNSOLD_BOUGHT
    if _counts_products(terms) and _goods_of(terms) == ():
        return UNSOLD_BOUGHT if terms.benefit.item_id else UNSOLD
    return ""


def benefit_for_driver(terms: OfferTerms) -> str:
    """Return what the offer gives, with the products that are bought and given by their names."""
    if not _counts_products(terms):
        return gives_in_words(with_item_named(terms), benefit_items(terms))
    bought, more = terms.qualifier.item_count, terms.benefit.item_count
    goods = _goods_of(terms)
    if terms.benefit.item_id:
        given = f"{more} × {_sold_as(terms.benefit.item_id)}"
        return f"{given} {price_words(terms)} for every {_counted(bought, goods)}"
    if goods and len(goods) == 1:
        return f"{more} more × {goods[0]} {price_words(terms)} for every {bought} bought"
    alike = f"{more} more of the same product {price_words(terms)} for every {bought} bought of it"
    return f"{alike}: {some(goods)}" if goods else alike


def benefit_items(terms: OfferTerms) -> tuple[str, ...]:
    """Return what a combination is with, or a discount is taken of, by name; nothing where that has no name."""
    if terms.benefit.kind is BenefitKind.COMBO:
        return _all_of(terms.qualifier.item_ids)
    goods = _goods_of(terms)
    if goods is None or terms.benefit.kind is not BenefitKind.DISCOUNT:
        return ()
    names = (*(["energy"] if _is_for_energy(terms.applicability) else []), *goods)
    return (some(names, "and"),) if names else ("products that are not sold now",)


def _counted(bought: int | None, goods: tuple[str, ...] | None) -> str:
    """Return what must be bought for another product, of the names of `_goods_of`."""
    if goods is None:
        return f"{bought} products bought"
    if len(goods) == 1:
        return f"{bought} × {goods[0]}"
    return f"{bought} bought of {some(goods) if goods else 'products that are not sold now'}"


def _counts_products(terms: OfferTerms) -> bool:
    return terms.benefit.item_unit is ItemUnit.PRODUCT


def _goods_of(terms: OfferTerms) -> tuple[str, ...] | None:
    """Return the products that count as bought and are sold, by name; None where any product counts."""
    scope = terms.applicability
    if not scope.item_ids and not scope.categories:
        return None
    return tuple(sorted(set(_goods_in(scope).values_list("name", flat=True))))


def _goods_in(scope: Applicability) -> QuerySet[Product]:
    """Return the products that are of an offer's items and categories, and are sold."""
    rows = Product.objects.filter(is_published=True)
    rows = rows.filter(product_id__in=scope.item_ids) if scope.item_ids else rows
    return rows.filter(category__in=scope.categories) if scope.categories else rows


def _is_for_energy(scope: Applicability) -> bool:
    """Say whether any connector is of an offer's items and categories."""
    if scope.categories and CHARGING_CATEGORY not in scope.categories:
        return False
    return not scope.item_ids or Connector.objects.filter(item_id__in=scope.item_ids).exists()


def _sold_as(product_id: str) -> str:
    return _name(product_id) or "a product that is not sold now"


def _name(product_id: str) -> str:
    """Return a product's name; one that is hidden from buyer apps, or gone, has none for a reader."""
    sold = Product.objects.filter(product_id=product_id, is_published=True)
    return sold.values_list("name", flat=True).first() or ""


def _apart_from(terms: OfferTerms, now: datetime) -> tuple[tuple[str, ...], bool]:
    """Return the published offers that would combine but for this one, by name, and whether some are kept by a code."""
    if not terms.additive:
        return (), False
    group = terms.exclusivity_group
    against = Q(offer_id__in=terms.excludes) | Q(live_version__excludes__contains=[terms.offer_id])
    if group:
        against |= Q(live_version__exclusivity_group=group)
    live = Offer.objects.filter(
        state=OfferState.APPROVED, live_version__additive=True, live_version__valid_until__gt=now
    )
    found = live.filter(against).exclude(offer_id=terms.offer_id)
    rows = list(found.values_list("live_version__name", "live_version__requires_code"))
    return tuple(sorted({name for name, coded in rows if not coded})), any(coded for _, coded in rows)


def stations_of(terms: OfferTerms) -> tuple[str, ...] | None:
    """Return the stations where an offer applies, in words; None where it names none but by their city or state.

    Where it needs or gives something that is not sold everywhere, only the stations count where all of that is sold.
    """
    scope, sold = terms.applicability, _sold_at(terms)
    of_stations = (
        sold is not None or scope.location_ids or scope.location_tags or scope.circle or (scope.cities and scope.states)
    )
    if not of_stations and (not scope.cities or _cities(scope.cities)):
        return None
    rows = Location.objects.filter(is_published=True)
    rows = rows.filter(location_id__in=scope.location_ids) if scope.location_ids else rows
    rows = rows.filter(pk__in=sold) if sold is not None else rows
    sites = replace(
        scope,
        charger_ids=frozenset(),
        connector_types=frozenset(),
        currents=frozenset(),
        min_power_w=None,
        max_power_w=None,
    )
    return _in_words(row for row in rows if fits(sites, site_facts(row)))


def _sold_at(terms: OfferTerms) -> set[int] | None:
    """Return the stations, by key, that have all that the offer needs and gives; None where all of it is everywhere."""
    wanted = terms.qualifier.item_ids | ({terms.benefit.item_id} if terms.benefit.item_id else set())
    shops = _shops_of(terms.applicability)
    if not wanted:
        return shops
    places: dict[str, set[int]] = defaultdict(set)
    products = Product.objects.filter(product_id__in=wanted).exclude(locations=None)
    for item_id, place in products.values_list("product_id", "locations"):
        places[item_id].add(place)
    for item_id, station in Connector.objects.filter(item_id__in=wanted).values_list("item_id", "charger__location_id"):
        places[item_id].add(station)
    found = [*places.values(), *([] if shops is None else [shops])]
    return set.intersection(*found) if found else None


def _shops_of(scope: Applicability) -> set[int] | None:
    """Return the stations, by key, that sell something of an offer for products alone; None where all of them do."""
    if _is_for_energy(scope):
        return None
    places = set(_goods_in(scope).values_list("locations", flat=True))
    # A product that names no station is sold at all of them.
    return None if None in places else places


def _all_of(item_ids: frozenset[str]) -> tuple[str, ...]:
    """Return the names of all of these items as `items_of` has them; nothing where one of them is hidden or gone."""
    shown = Connector.objects.filter(is_published=True, charger__location__is_published=True)
    known = shown.filter(item_id__in=item_ids).count()
    known += Product.objects.filter(product_id__in=item_ids, is_published=True).count()
    connectors, products = items_of(item_ids) if known == len(item_ids) else ((), ())
    return (*connectors, *products)


def area_of(scope: Applicability) -> tuple[str, ...]:
    """Return the cities, else the states, that an offer is limited to, as people call them."""
    return _cities(scope.cities) if scope.cities else tuple(sorted(scope.states))


def chargers_of(scope: Applicability) -> tuple[str, ...]:
    """Return the chargers that an offer is limited to, each with its station."""
    rows = Charger.objects.filter(evse_id__in=scope.charger_ids, location__is_published=True)
    return tuple(sorted({", ".join(row) for row in rows.values_list("name", "location__name")}))


def items_of(item_ids: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the connectors and the products that an offer names, in words."""
    shown = Connector.objects.filter(is_published=True, charger__location__is_published=True)
    rows = shown.filter(item_id__in=item_ids).select_related("charger__location")
    types = dict(ConnectorType.choices)
    connectors = {
        f"{row.charger.name}, {types.get(row.connector_type, row.connector_type)}, {row.charger.location.name}"
        for row in rows
    }
    products = Product.objects.filter(product_id__in=item_ids, is_published=True).values_list("name", flat=True)
    return tuple(sorted(connectors)), tuple(sorted(set(products)))


def _cities(named: frozenset[str]) -> tuple[str, ...]:
    """Return cities that an offer names, by name or by code, as their locations write them."""
    wanted = {name.casefold() for name in named}
    rows = Location.objects.filter(is_published=True).values_list("city", "city_code").distinct()
    return tuple(
        sorted({city for city, code in rows if city and not wanted.isdisjoint((city.casefold(), code.casefold()))})
    )


def _in_words(rows: Iterable[Location]) -> tuple[str, ...]:
    return tuple(sorted({site_in_words(row) for row in rows}))


def site_in_words(row: Location) -> str:
    """Return name, address and city, each of them once: an address often ends with the city."""
    named = f"{row.name}, {row.address}"
    says_city = re.search(rf"(?<!\w){re.escape(row.city)}(?!\w)", named, re.IGNORECASE)
    return ", ".join(dict.fromkeys(part for part in (row.name, row.address, "" if says_city else row.city) if part))
