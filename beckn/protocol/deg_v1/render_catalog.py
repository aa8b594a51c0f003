"""Writes on_search: providers with their stations, connectors, products and offers."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from beckn.protocol.catalog_views import (
    CatalogView,
    CategoryView,
    CheaperView,
    ConnectorView,
    InlineOfferView,
    ItemView,
    OfferView,
    ProviderView,
    SurchargeView,
    TariffView,
)
from beckn.protocol.deg_v1.render_benefit import DISCOUNT_TYPES, published_benefit, write_value
from beckn.protocol.deg_v1.render_session import write_fulfillment, write_location
from beckn.protocol.deg_v1.tags import write_group
from beckn.protocol.deg_v1.writing import amount, descriptor, instant, number, span, sparse, yes_or_no
from pricing.engine.money import round_amount


def render_on_search(catalog: CatalogView) -> dict[str, Any]:
    """Return the message; no match is a catalogue without providers."""
    providers = [write_provider(provider) for provider in catalog.providers]
    head = sparse(descriptor=descriptor(catalog.name), exp=instant(catalog.expires_at))
    return {"catalog": {**head, "providers": providers}}


def write_provider(provider: ProviderView) -> dict[str, Any]:
    """Write a CPO, with its catalogue where the view has one."""
    return sparse(
        id=provider.id,
        descriptor=descriptor(provider.name, short_desc=provider.short_desc, images=provider.images),
        categories=[_category(category) for category in provider.categories],
        locations=[write_location(location) for location in provider.locations],
        fulfillments=[write_fulfillment(session) for session in provider.fulfillments],
        offers=[_published_offer(offer) for offer in provider.offers],
        items=_items(provider.items),
    )


def _items(items: Iterable[ItemView]) -> list[dict[str, Any]]:
    """Write items; those that share what is shown on them share it here as well, so nobody changes it."""
    shared: dict[tuple[int, int, str], dict[str, Any]] = {}
    written = []
    for item in items:
        key = id(item.offers), id(item.add_ons), _unit_price_currency(item)
        if key not in shared:
            shared[key] = _shown_on(item)
        written.append(_item(item, shared[key]))
    return written


def write_item(item: ItemView) -> dict[str, Any]:
    """Write a connector or a product; in an order with what was asked for and what was delivered."""
    return _item(item, _shown_on(item))


def _shown_on(item: ItemView) -> dict[str, Any]:
    return sparse(
        add_ons=[_add_on(add_on) for add_on in item.add_ons],
        offers=[_inline_offer(offer, item) for offer in item.offers],
    )


def _item(item: ItemView, shown: dict[str, Any]) -> dict[str, Any]:
    tags = [_connector(item.connector)] if item.connector else []
    if item.tariff is not None:
        tags.append(_tariff(item.tariff))
    tags += [_surcharge(surcharge, item.currency) for surcharge in item.surcharges]
    if item.cheaper is not None:
        tags.append(_cheaper(item.cheaper, item.currency))
    return sparse(
        id=item.id,
        descriptor=descriptor(item.name, code=item.code, short_desc=item.short_desc, images=item.images),
        price=_item_price(item),
        quantity=_quantity(item),
        category_ids=list(item.category_ids),
        location_ids=list(item.location_ids),
        fulfillment_ids=list(item.fulfillment_ids),
        **shown,
        tags=tags,
    )


def offer_head(offer: OfferView, *, in_order: bool) -> dict[str, Any]:
    """Write an offer's id and words. A code that the buyer must know is not given away before it was used."""
    used = in_order and offer.validation is not None and offer.validation.validated
    code = offer.display_code if used or not offer.requires_code else ""
    words = descriptor(
        offer.name,
        code="" if in_order else code,
        short_desc=offer.short_desc,
        long_desc=offer.long_desc,
        images=offer.images,
        page_url=offer.page_url,
    )
    return {"id": offer.id, "descriptor": words}


def _published_offer(offer: OfferView) -> dict[str, Any]:
    valid = span(offer.valid_from, offer.valid_until)
    return {
        **offer_head(offer, in_order=False),
        **sparse(
            location_ids=list(offer.location_ids),
            category_ids=list(offer.category_ids),
            item_ids=list(offer.item_ids),
            time={"label": "valid", "range": valid} if valid else {},
        ),
        "tags": [_offer_details(offer), *published_benefit(offer)],
    }


def _inline_offer(inline: InlineOfferView, item: ItemView) -> dict[str, Any]:
    """Write the DEG page's form: the offer again, with the item's discounted price where it has one."""
    shown = offer_head(inline.offer, in_order=False)
    if inline.price is not None:
        shown["price"] = {"value": number(inline.price), "currency": _unit_price_currency(item)}
    return {**shown, "tags": [_offer_details(inline.offer), *published_benefit(inline.offer)]}


@lru_cache(maxsize=1024)
def _offer_details(offer: OfferView) -> dict[str, Any]:
    """Write what an offer gives; the same object for every item that shows it, so nobody changes it."""
    value = write_value(offer.value_type, offer.value, offer.currency)
    return write_group(
        "offer-details",
        (
            ("discount-type", DISCOUNT_TYPES[offer.value_type] if value else ""),
            ("discount-value", value),
            ("valid-from", instant(offer.valid_from)),
            ("valid-until", instant(offer.valid_until)),
            ("min-session-value", "" if offer.min_value is None else amount(offer.min_value, offer.currency)),
            ("max-discount", "" if offer.value_cap is None else amount(offer.value_cap, offer.currency)),
            ("offer-type", offer.campaign_kind),
            ("auto", yes_or_no(offer.auto)),
            ("requires-code", "yes" if offer.requires_code else ""),
        ),
    )


def _category(category: CategoryView) -> dict[str, Any]:
    return {"id": category.id, "descriptor": descriptor(category.name, code=category.code)}


def _connector(connector: ConnectorView) -> dict[str, Any]:
    return write_group(
        "connector-specifications",
        (
            ("connector-id", connector.connector_id),
            ("power-type", connector.power_type),
            ("connector-type", connector.connector_type),
            ("connector-format", connector.connector_format),
            ("charging-speed", connector.charging_speed),
            ("power-rating", connector.power_rating),
            ("status", connector.status),
        ),
    )


@lru_cache(maxsize=1024)
def _tariff(tariff: TariffView) -> dict[str, Any]:
    """Write what a tariff charges; the same object for every item that has it, so nobody changes it."""
    return write_group("tariff-details", (("pricing-model", tariff.model), ("price", tariff.words)))


@lru_cache(maxsize=1024)
def _surcharge(surcharge: SurchargeView, currency: str) -> dict[str, Any]:
    """Write a surge; the same object for every item that has it, so nobody changes it."""
    rate = surcharge.rate
    # A price per kWh may be finer than the currency, and is told as it is.
    is_amount = surcharge.basis != "PERCENT" and round_amount(rate, currency) == rate
    return write_group(
        "surcharge-details",
        (
            ("name", surcharge.name),
            ("rate", amount(rate, currency) if is_amount else number(rate)),
            ("basis", surcharge.basis),
            ("window", surcharge.window),
            ("days", surcharge.days),
            ("when", surcharge.when),
            ("reason", surcharge.reason),
            ("calculation", surcharge.calculation),
            ("effective-from", instant(surcharge.effective_from)),
            ("valid-until", instant(surcharge.valid_until)),
            ("know-more", surcharge.page_url),
        ),
    )


def _cheaper(cheaper: CheaperView, currency: str) -> dict[str, Any]:
    return write_group(
        "cheaper-nearby",
        (
            ("item-id", cheaper.item_id),
            ("location-name", cheaper.location),
            ("distance-km", number(cheaper.distance_km)),
            ("price-per-kwh", number(cheaper.rate)),
            ("currency", currency),
        ),
    )


def _unit_price_currency(item: ItemView) -> str:
    return f"{item.currency}/{item.per}" if item.per else item.currency


def _item_price(item: ItemView) -> dict[str, Any]:
    if item.price is None:
        return {}
    value = number(item.price) if item.per else amount(item.price, item.currency)
    return {"value": value, "currency": _unit_price_currency(item)}


def _quantity(item: ItemView) -> dict[str, Any]:
    selected: dict[str, Any] = {}
    if item.selected is not None:
        selected = {"measure": _measure(number(item.selected.value), item.selected.unit.value)}
    elif item.count is not None:
        selected = {"count": item.count}
    allocated: dict[str, Any] = {}
    if item.allocated_kwh is not None:
        allocated = {"measure": _measure(number(item.allocated_kwh), "kWh")}
    return sparse(selected=selected, allocated=allocated)


def _measure(value: str, unit: str) -> dict[str, Any]:
    return {"type": "CONSTANT", "value": value, "unit": unit}


def _add_on(add_on: ItemView) -> dict[str, Any]:
    return sparse(
        id=add_on.id,
        descriptor=descriptor(add_on.name, code=add_on.code, short_desc=add_on.short_desc),
        price=_item_price(add_on),
        quantity=_quantity(add_on),
        tags=[write_group("given", (("offer-id", add_on.given_by),))] if add_on.given_by else [],
    )
