"""The catalogue of a search: providers with their connectors, sites, offers and prices, in few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from textwrap import shorten
from typing import Any

from beckn.presenting.parts import (
    ItemPrice,
    category_view,
    found_at,
    inline_offers,
    item_view,
    location_view,
    offer_view,
    price_at,
    product_view,
    provider_view,
)
from beckn.presenting.surcharges import Surcharges, cheaper_view
from beckn.protocol.catalog_views import (
    CatalogView,
    FulfillmentView,
    InlineOfferView,
    LocationView,
    OfferView,
    ProviderView,
    StopType,
    StopView,
    TariffView,
)
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.network.catalogue import products_at, units_left
from cpo_portal.network.models import CHARGING_CATEGORY, Connector, Product
from offers.book import book_for
from offers.engine.book import OfferBook
from offers.engine.periods import today_at
from offers.engine.places import is_placed
from offers.engine.values import OfferTerms
from offers.nearby import cheaper_in
from offers.places import place_facts
from offers.published import Place, in_stock, is_shown, with_goods
from offers.usage import usage_of
from pricing.engine.describe import terms_in_words
from pricing.engine.values import PriceTerms, Tax
from pricing.mapping import price_terms, tariffs_for, tax_of_cpo
from pricing.models import TariffVersion
from pricing.surges.applying import Surges, surges_of

CATALOGUE_NAME = "EV charging"
#: A tariff of many prices is told in part: an item is one of thousands in a catalogue.
LONGEST_WORDS = 1000


def catalog_view(
    connectors: Sequence[Connector], *, starts_at: datetime | None, ends_at: datetime | None, now: datetime
) -> CatalogView:
    """Return the catalogue of these connectors; one without a published tariff is not for sale and left out."""
    at = starts_at or now
    with every_cpo():
        versions = tariffs_for(connectors, at=at)
        surges = surges_of({c.cpo_id for c in connectors}, now=now)
    products = products_at({c.charger.location_id: c.charger.location for c in connectors}.values())
    by_cpo: dict[int, list[Connector]] = defaultdict(list)
    for connector in connectors:
        if connector.pk in versions:
            by_cpo[connector.cpo_id].append(connector)
    sold = _Sold(versions, products, surges)
    providers = tuple(_provider(own[0].cpo, own, sold, (starts_at, ends_at), now) for own in by_cpo.values())
    return CatalogView(providers=providers, name=CATALOGUE_NAME)


@dataclass(frozen=True, slots=True)
class _Sold:
    """What is charged at connectors, what is sold beside at locations, and the surges of CPOs; each by primary key."""

    versions: dict[int, TariffVersion]
    products: dict[int, list[Product]]
    surges: dict[int, Surges]


def _provider(
    cpo: Cpo,
    connectors: list[Connector],
    sold: _Sold,
    plan: tuple[datetime | None, datetime | None],
    now: datetime,
) -> ProviderView:
    places = [connector.charger.location for connector in connectors]
    sites = {place.pk: place for place in places}
    with cpo_scope(cpo):
        book = book_for(cpo).book
        left = {key: {x.product_id: units_left(x) for x in sold.products[key]} for key in sites}
        found = [
            in_stock(
                book.candidates(place.location_id, connector.item_id, CHARGING_CATEGORY, place=place_facts(connector)),
                left[place.pk],
            )
            for connector, place in zip(connectors, places, strict=True)
        ]
        everything = {terms.offer_id: terms for offers in found for terms in offers}
        of_goods = _of_goods(book, connectors, sold.products, left, everything)
        everything |= {key: x.terms for key, x in of_goods.items()}
        tax = tax_of_cpo(cpo.pk)
        prices = _Prices(plan[0] or now, tax)
        surged = _surged(cpo, connectors, sold, prices)
        usage = usage_of(cpo.pk, list(everything.values()), None, today=today_at(now, cpo.time_zone))
    shown = {key: terms for key, terms in sorted(everything.items()) if is_shown(terms, usage, now)}
    add_ons = {key: tuple(product_view(product) for product in sold.products[key]) for key in sites}
    inline: dict[tuple[tuple[str, ...], Decimal | None], tuple[InlineOfferView, ...]] = {}
    items = []
    for connector, place, offers in zip(connectors, places, found, strict=True):
        price = prices.of(sold.versions[connector.pk], place.time_zone)
        rate = price.per_kwh
        listed = tuple(terms.offer_id for terms in offers if terms.offer_id in shown)
        if (listed, rate) not in inline:  # most connectors show the same offers at the same rate
            shown_here = (shown[offer_id] for offer_id in listed)
            inline[listed, rate] = inline_offers(shown_here, rate, cpo.provider_id)
        item = item_view(connector, price, offers=inline[listed, rate], add_ons=add_ons[place.pk])
        items.append(replace(item, **surged[connector.pk]) if connector.pk in surged else item)
    locations = tuple(location_view(site) for site in sites.values())
    categories = {category.id: category for category in map(category_view, shown.values())}
    base = provider_view(cpo)
    return ProviderView(
        id=base.id,
        name=base.name,
        short_desc=base.short_desc,
        images=base.images,
        categories=tuple(categories.values()),
        locations=locations,
        fulfillments=tuple(
            _start(view, site.instructions, plan) for view, site in zip(locations, sites.values(), strict=True)
        ),
        items=tuple(items),
        offers=tuple(_offers(cpo, shown, _where(connectors, found), of_goods)),
    )


def _surged(cpo: Cpo, connectors: list[Connector], sold: _Sold, prices: _Prices) -> dict[int, dict[str, Any]]:
    """Return what items say of surges, by the connectors at which any is told."""
    surges = sold.surges.get(cpo.pk)
    if surges is None:
        return {}
    surcharges = Surcharges(cpo, surges, prices.at)
    zones = {x.pk: x.charger.location.time_zone for x in connectors}
    terms = [(x, surcharges.priced(x, prices.terms(sold.versions[x.pk], zones[x.pk]))) for x in connectors]
    cheaper = cheaper_in(terms, prices.at)
    views = {x.pk: surcharges.views(x) for x in connectors}
    return {
        key: {"surcharges": found, "cheaper": cheaper_view(cheaper.get(key))} for key, found in views.items() if found
    }


@dataclass(slots=True)
class _OfGoods:
    """An offer that holds with a product in the cart alone: the products, and where these are sold."""

    terms: OfferTerms
    item_ids: set[str] = field(default_factory=set)
    location_ids: set[str] = field(default_factory=set)

    def view(self, provider_id: str) -> OfferView:
        """Return the offer as published, with the add-ons and the locations of this catalogue that it is for."""
        places, items = tuple(sorted(self.location_ids)), tuple(sorted(self.item_ids))
        return replace(offer_view(self.terms, provider_id), location_ids=places, item_ids=items)


def _of_goods(
    book: OfferBook,
    connectors: list[Connector],
    sold: dict[int, list[Product]],
    left: dict[int, dict[str, int | None]],
    without: Container[str],
) -> dict[str, _OfGoods]:
    """Return the offers that hold at these connectors with a product that is sold there, by id, `without` some ids."""
    found: dict[str, _OfGoods] = {}
    for site, facts in dict.fromkeys((x.charger.location, place_facts(x)) for x in connectors):
        goods = tuple((x.product_id, x.category) for x in sold[site.pk])
        place = Place(site.location_id, "", CHARGING_CATEGORY, site.time_zone, facts)
        for terms, item_ids in with_goods(book, place, goods) if goods else ():
            if terms.offer_id not in without and in_stock((terms,), left[site.pk]):
                offer = found.setdefault(terms.offer_id, _OfGoods(terms))
                offer.location_ids.add(site.location_id)
                offer.item_ids |= item_ids
    return found


def _where(connectors: list[Connector], found: list[tuple[OfferTerms, ...]]) -> dict[str, list[Connector]]:
    """Return the connectors at which each offer that is limited by its place was found."""
    where: dict[str, list[Connector]] = defaultdict(list)
    for connector, offers in zip(connectors, found, strict=True):
        for terms in offers:
            if is_placed(terms.applicability):
                where[terms.offer_id].append(connector)
    return where


def _offers(
    cpo: Cpo, shown: dict[str, OfferTerms], where: dict[str, list[Connector]], of_goods: dict[str, _OfGoods]
) -> Iterator[OfferView]:
    """Yield the offers as published; one that is limited by its place, or to products, names where in this catalogue it
    was found."""
    for key, terms in shown.items():
        if key in of_goods:
            yield of_goods[key].view(cpo.provider_id)
        elif key in where:
            yield found_at(offer_view(terms, cpo.provider_id), terms, where[key])
        else:
            yield offer_view(terms, cpo.provider_id)


def _start(location: LocationView, instructions: str, plan: tuple[datetime | None, datetime | None]) -> FulfillmentView:
    """Return the session that can begin at a location."""
    begin = StopView(
        type=StopType.START, range_start=plan[0], range_end=plan[1], location=location, instructions=instructions
    )
    return FulfillmentView(id=location.id, stops=(begin,))


class _Prices:
    """What tariffs charge at an instant and at all others, made once for each version and time zone."""

    def __init__(self, at: datetime, tax: Tax | None) -> None:
        self.at, self._tax = at, tax
        self._terms: dict[tuple[int, str], PriceTerms] = {}
        self._found: dict[tuple[int, str], ItemPrice] = {}

    def of(self, version: TariffVersion, zone: str) -> ItemPrice:
        key = version.pk, zone
        if key not in self._found:
            terms = self.terms(version, zone)
            words = shorten(terms_in_words(terms), LONGEST_WORDS, placeholder=" …")
            tariff = TariffView(terms.model.value, words)
            self._found[key] = replace(price_at(terms, self.at), tariff=tariff)
        return self._found[key]

    def terms(self, version: TariffVersion, zone: str) -> PriceTerms:
        key = version.pk, zone
        if key not in self._terms:
            self._terms[key] = price_terms(version, self._tax, time_zone=zone, products=())
        return self._terms[key]
