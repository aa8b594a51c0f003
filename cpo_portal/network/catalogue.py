"""What a catalogue shows beside the connectors themselves: their last state, and the products sold on the site."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.database.queries import one_of
from cpo_portal.network.models import Connector, Location, Product, StatusChoice


def status_of(connector: Connector) -> StatusChoice:
    """Return the last reported state; UNKNOWN where nothing was ever reported."""
    row = getattr(connector, "status_row", None)
    return StatusChoice.UNKNOWN if row is None else StatusChoice(row.status)


def products_at(locations: Iterable[Location]) -> dict[int, list[Product]]:
    """Return the published products sold at each location, by the location's primary key, in two queries.

    A product that names no location is sold at all of its CPO's. `product.stock_row` is loaded where there is one.
    """
    places = list(locations)
    if not places:
        return {}
    with every_cpo():
        products = list(
            Product.objects.filter(is_published=True, cpo__in={place.cpo_id for place in places})
            .select_related("stock_row")
            .order_by("name", "pk")
        )
        named = Product.locations.through.objects.filter(one_of("product", (product.pk for product in products)))
        sold_at: dict[int, set[int]] = defaultdict(set)
        for product_id, location_id in named.values_list("product_id", "location_id") if products else ():
            sold_at[product_id].add(location_id)
    return {
        place.pk: [
            product
            for product in products
            if product.cpo_id == place.cpo_id and (product.pk not in sold_at or place.pk in sold_at[product.pk])
        ]
        for place in places
    }


@dataclass(frozen=True, slots=True)
class Sold:
    """How a product is sold: what decides whether something that is offered of it can be given.

    `locations` are primary keys, none where it is sold everywhere; `units` is None where nobody counts them.
    """

    price: Decimal
    category: str
    is_published: bool
    locations: frozenset[int]
    units: int | None


def sold_as(product: Product) -> Sold:
    """Return how a product is sold, as it was read."""
    places = frozenset(place.pk for place in product.locations.all())
    return Sold(product.price, product.category, product.is_published, places, units_left(product))


def units_left(product: Product) -> int | None:
    """Return how many can still be sold or given; None where the product is not counted."""
    row = getattr(product, "stock_row", None)
    return None if row is None else row.left
