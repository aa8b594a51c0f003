"""The catalogue of a search: providers with their connectors, sites, offers and prices, in few queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from beckn.presenting.parts import (
    category_view,
    energy_rate,
    item_view,
    location_view,
    offer_view,
    product_view,
    provider_view,
)
from beckn.protocol.catalog_views import (
    CatalogView,
    FulfillmentView,
    ItemView,
    ProviderView,
    StopType,
    StopView,
)
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.network.catalogue import products_at
from cpo_portal.network.models import CHARGING_CATEGORY, Connector, Product
from offers.book import LoadedBook, book_for
from offers.engine.values import OfferTerms
from offers.published import is_shown
from offers.usage import usage_of
from pricing.mapping import price_terms, tariffs_for
from pricing.models import TariffVersion

CATALOGUE_NAME = "EV charging"


def catalog_view(
    connectors: Sequence[Connector], *, starts_at: datetime | None, ends_at: datetime | None, now: datetime
) -> CatalogView:
    """Return the catalogue of these connectors; one without a published tariff is not for sale and left out."""
    with every_cpo():
        versions = tariffs_for(connectors)
    products = products_at({c.charger.location_id: c.charger.location for c in connectors}.values())
    by_cpo: dict[int, list[Connector]] = defaultdict(list)
    for connector in connectors:
        if connector.pk in versions:
            by_cpo[connector.cpo_id].append(connector)
    providers = tuple(
        _provider(own[0].cpo, own, versions, products, (starts_at, ends_at), now) for own in by_cpo.values()
    )
    return CatalogView(providers=providers, name=CATALOGUE_NAME)


def _provider(
    cpo: Cpo,
    connectors: list[Connector],
    versions: dict[int, TariffVersion],
    products: dict[int, list[Product]],
    plan: tuple[datetime | None, datetime | None],
    now: datetime,
) -> ProviderView:
    with cpo_scope(cpo):
        loaded = book_for(cpo)
        found = {connector.pk: _candidates(loaded, connector) for connector in connectors}
        everything = {terms.offer_id: terms for offers in found.values() for terms in offers}
        usage = usage_of(cpo.pk, list(everything.values()), None)
    shown = {key: terms for key, terms in sorted(everything.items()) if is_shown(terms, usage, now)}
    sold_at = {version.pk: version for version in (versions[connector.pk] for connector in connectors)}
    rates = {key: _rate(version) for key, version in sold_at.items()}
    items = tuple(
        _item(connector, rates[versions[connector.pk].pk], found[connector.pk], shown, products)
        for connector in connectors
    )
    locations = {c.charger.location_id: c.charger.location for c in connectors}
    categories = {category.id: category for category in map(category_view, shown.values())}
    base = provider_view(cpo)
    return ProviderView(
        id=base.id,
        name=base.name,
        short_desc=base.short_desc,
        images=base.images,
        categories=tuple(categories.values()),
        locations=tuple(location_view(location) for location in locations.values()),
        fulfillments=tuple(
            FulfillmentView(
                id=location.location_id,
                stops=(
                    StopView(
                        type=StopType.START,
                        range_start=plan[0],
                        range_end=plan[1],
                        location=location_view(location),
                        instructions=location.instructions,
                    ),
                ),
            )
            for location in locations.values()
        ),
        items=items,
        offers=tuple(offer_view(terms) for terms in shown.values()),
    )


def _candidates(loaded: LoadedBook, connector: Connector) -> tuple[OfferTerms, ...]:
    return loaded.book.candidates(connector.charger.location.location_id, connector.item_id, CHARGING_CATEGORY)


def _rate(version: TariffVersion) -> Decimal | None:
    return energy_rate(price_terms(version, None, time_zone="", products=()))


def _item(
    connector: Connector,
    rate: Decimal | None,
    candidates: tuple[OfferTerms, ...],
    shown: dict[str, OfferTerms],
    products: dict[int, list[Product]],
) -> ItemView:
    location = connector.charger.location
    return item_view(
        connector,
        rate,
        offers=[offer for offer in candidates if offer.offer_id in shown],
        add_ons=tuple(product_view(product) for product in products.get(location.pk, [])),
    )
