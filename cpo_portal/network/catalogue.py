"""What a catalogue shows beside the connectors themselves: their last state, and the products sold on the site."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.network.models import Connector, Location, Product, StatusChoice


def status_of(connector: Connector) -> StatusChoice:
    """Return the last reported state; UNKNOWN where nothing was ever reported."""
    row = getattr(connector, "status_row", None)
    return StatusChoice.UNKNOWN if row is None else StatusChoice(row.status)


def products_at(locations: Iterable[Location]) -> dict[int, list[Product]]:
    """Return the published products sold at each location, by the location's primary key, in one query.

    A product that names no location is sold at all of its CPO's. `product.stock_row` is loaded where there is one.
    """
    places = list(locations)
    if not places:
        return {}
    with every_cpo():
        products = list(
            Product.objects.filter(is_published=True, cpo__in={place.cpo_id for place in places})
            .select_related("stock_row")
            .annotate(sold_at=ArrayAgg("locations", filter=Q(locations__isnull=False), default=[]))
            .order_by("name", "pk")
        )
    return {
        place.pk: [
            product
            for product in products
            if product.cpo_id == place.cpo_id and (not product.sold_at or place.pk in product.sold_at)
        ]
        for place in places
    }


def units_left(product: Product) -> int | None:
    """Return how many are left; None where the product is not counted."""
    row = getattr(product, "stock_row", None)
    return None if row is None else row.units
