"""The parts that catalogue and order share: provider, connector, site, offer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from itertools import chain

from beckn.protocol.catalog_views import (
    CategoryView,
    ConnectorView,
    InlineOfferView,
    ItemView,
    LocationView,
    OfferView,
    ProviderView,
    TariffView,
)
from beckn.protocol.values import Measure
from cpo_portal.accounts.models import Cpo
from cpo_portal.network.catalogue import status_of
from cpo_portal.network.models import Connector, Location, Product
from offers.engine.giving import goods_of
from offers.engine.places import names_connectors
from offers.engine.values import OfferTerms
from offers.links import offer_page_url
from offers.models import CampaignKind
from offers.published import discounted_rate
from pricing.engine.rates import component_at
from pricing.engine.values import Dimension, LineKind, PriceTerms, QuoteLine


def provider_view(cpo: Cpo) -> ProviderView:
    """Return the CPO as it appears in an order."""
    return ProviderView(
        id=cpo.provider_id, name=cpo.name, short_desc=cpo.short_desc, images=(cpo.image_url,) if cpo.image_url else ()
    )


def location_view(location: Location) -> LocationView:
    """Return the site."""
    return LocationView(
        gps=location.gps,
        name=location.name,
        address=location.address,
        id=location.location_id,
        city_code=location.city_code,
        city=location.city,
        state=location.state,
    )


def connector_view(connector: Connector) -> ConnectorView:
    """Return the connector's specifications in the wire's words."""
    return ConnectorView(
        connector_id=connector.connector_id,
        power_type=connector.power_type,
        connector_type=connector.connector_type,
        connector_format=connector.connector_format,
        charging_speed=connector.charging_speed,
        power_rating=_power_rating(connector.max_power_w),
        status=status_of(connector).label,
    )


@lru_cache(maxsize=1024)
def _power_rating(watts: int) -> str:
    return f"{Decimal(watts) / 1000:g}kW"


@dataclass(frozen=True, slots=True)
class ItemPrice:
    """What a connector's item costs per unit, None where it has no such price, and all that its tariff charges."""

    amount: Decimal | None
    per: str = "kWh"
    tariff: TariffView | None = None

    @property
    def per_kwh(self) -> Decimal | None:
        return self.amount if self.per == "kWh" else None


def item_view(
    connector: Connector,
    price: ItemPrice,
    *,
    offers: tuple[InlineOfferView, ...] = (),
    add_ons: tuple[ItemView, ...] = (),
    selected: Measure | None = None,
    allocated_kwh: Decimal | None = None,
) -> ItemView:
    """Return the connector as an item at its price, with the offers shown on it."""
    charger = connector.charger
    place = (charger.location.location_id,)
    return ItemView(
        id=connector.item_id,
        name=charger.name,
        price=price.amount,
        currency=connector.cpo.currency,
        per=price.per,
        short_desc=charger.short_desc,
        connector=connector_view(connector),
        category_ids=tuple(dict.fromkeys(chain.from_iterable(inline.offer.category_ids for inline in offers))),
        location_ids=place,
        fulfillment_ids=place,
        offers=offers,
        tariff=price.tariff,
        add_ons=add_ons,
        selected=selected,
        allocated_kwh=allocated_kwh,
    )


def inline_offers(
    offers: Iterable[OfferTerms], rate: Decimal | None, provider_id: str = ""
) -> tuple[InlineOfferView, ...]:
    """Return offers as they are shown on a connector that is sold at `rate` per kWh."""
    return tuple(
        InlineOfferView(offer_view(terms, provider_id), discounted_rate(terms, rate) if rate is not None else None)
        for terms in offers
    )


def product_view(product: Product, count: int | None = None) -> ItemView:
    """Return a product as an add-on."""
    return ItemView(
        id=product.product_id,
        name=product.name,
        price=product.price,
        currency=product.currency,
        code=product.kind.lower(),
        short_desc=product.short_desc,
        count=count,
    )


def given_views(lines: Iterable[QuoteLine], currency: str) -> tuple[ItemView, ...]:
    """Return the products that a quote's lines give as add-ons, each at its list price with the offer that gives it."""
    given = [line for line in lines if line.is_given and line.kind is LineKind.PRODUCT and line.quantity]
    return tuple(
        ItemView(
            id=line.item_id,
            name=goods_of([line])[line.item_id].title,
            price=line.rate,
            currency=currency,
            code="given",
            count=int(line.quantity or 0),
            given_by=line.code,
        )
        for line in given
    )


@lru_cache(maxsize=1024)
def offer_view(terms: OfferTerms, provider_id: str = "") -> OfferView:
    """Return the offer as published; with its provider, the address of its public page, where it has one."""
    has_page = bool(provider_id) and not terms.requires_code
    scope, benefit = terms.applicability, terms.benefit
    return OfferView(
        id=terms.offer_id,
        name=terms.name,
        short_desc=terms.short_desc,
        long_desc=_long_desc(terms),
        campaign_kind=terms.campaign_kind,
        display_code=terms.display_code,
        value_type=benefit.value_type,
        value=benefit.value or None,
        value_cap=benefit.value_cap,
        min_value=terms.qualifier.min_value,
        valid_from=scope.valid_from,
        valid_until=scope.valid_until,
        images=terms.images,
        location_ids=tuple(sorted(scope.location_ids)),
        category_ids=(category_id(terms),),
        item_ids=tuple(sorted(scope.item_ids)),
        auto=terms.auto,
        requires_code=terms.requires_code,
        kind=benefit.kind,
        qualifier_item_ids=tuple(sorted(terms.qualifier.item_ids)),
        slabs=benefit.slabs,
        finance=benefit.finance,
        item_count=terms.qualifier.item_count,
        benefit=benefit if benefit.item_count is not None else None,
        page_url=offer_page_url(provider_id, terms.offer_id) if has_page else "",
    )


def _long_desc(terms: OfferTerms) -> str:
    """Return the long description with the terms behind it: a Beckn descriptor has no other place that apps show."""
    small_print = f"Terms: {terms.terms_text}" if terms.terms_text else ""
    return "\n\n".join(text for text in (terms.long_desc, small_print) if text)


def found_at(view: OfferView, terms: OfferTerms, connectors: Iterable[Connector]) -> OfferView:
    """Return an offer that is limited by its place with the locations where it holds.

    Where the charger, the kind of connector or its power limits it, with the items as well.
    """
    here = tuple(connectors)
    location_ids = tuple(sorted({x.charger.location.location_id for x in here}))
    if terms.applicability.item_ids or not names_connectors(terms.applicability):
        return replace(view, location_ids=location_ids)
    return replace(view, location_ids=location_ids, item_ids=tuple(sorted({x.item_id for x in here})))


def category_id(terms: OfferTerms) -> str:
    """Return the id of the campaign's category in a catalogue: WEEKEND_SPECIAL is weekend-special."""
    return terms.campaign_kind.lower().replace("_", "-")


def category_view(terms: OfferTerms) -> CategoryView:
    """Return the campaign as a category."""
    return CategoryView(id=category_id(terms), name=CampaignKind(terms.campaign_kind).label)


def price_at(terms: PriceTerms, at: datetime) -> ItemPrice:
    """Return the price per kWh that a session begins with, of a tariff without one the price per session."""
    if (energy := component_at(terms, Dimension.ENERGY, at)) is not None:
        return ItemPrice(energy.rate)
    flat = component_at(terms, Dimension.FLAT, at)
    return ItemPrice(flat.rate, "session") if flat is not None else ItemPrice(None)
