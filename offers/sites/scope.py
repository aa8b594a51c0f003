"""The connectors that buyer apps can order: which are of an offer, on which clocks it opens, what is sold there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from django.db.models import Q, QuerySet

from cpo_portal.network.catalogue import products_at
from cpo_portal.network.models import CHARGING_CATEGORY, Connector, Location
from offers.engine.facts import Good
from offers.engine.lint.clocks import is_ever_open
from offers.engine.lint.shelf import FREE_OF_FAULT, Fault, Shelf, gives_products, shelf_at
from offers.engine.places import fits
from offers.engine.values import Applicability, OfferTerms
from offers.places import place_facts
from offers.sites.priced import Sold, goods_of

#: What buyer apps see and can start.
_ORDERABLE = Q(is_published=True, charger__location__is_published=True, charger__system__isnull=False)


def orderable() -> QuerySet[Connector]:
    return Connector.objects.filter(_ORDERABLE).select_related("charger__location")


def is_at(scope: Applicability, connector: Connector) -> bool:
    """Say whether the connector is one of the places that an offer is for."""
    is_there = not scope.location_ids or connector.charger.location.location_id in scope.location_ids
    return is_there and fits(scope, place_facts(connector))


def is_in(scope: Applicability, connector: Connector, stock: Stock) -> bool:
    """Say whether a session there can be of the offer, with products where it is about these."""
    if not is_at(scope, connector):
        return False
    for_item = not scope.item_ids or connector.item_id in scope.item_ids
    for_category = not scope.categories or CHARGING_CATEGORY in scope.categories
    if for_item and for_category:
        return True
    goods = stock.goods(connector.charger.location_id)
    return (for_item or any(x in scope.item_ids for x in goods)) and (
        for_category or any(x.category in scope.categories for x in goods.values())
    )


class Clocks:
    """The time zones of the connectors that were asked about, each with whether the offer ever opens on its clock."""

    def __init__(self, offer: OfferTerms, now: datetime) -> None:
        self._scope, self._now = offer.applicability, now
        self._opens: dict[str, bool] = {}

    @property
    def zones(self) -> tuple[str, ...]:
        return tuple(self._opens)

    @property
    def sometimes_closed(self) -> bool:
        return not all(self._opens.values())

    def opens(self, connector: Connector) -> bool:
        zone = connector.charger.location.time_zone
        if zone not in self._opens:
            self._opens[zone] = is_ever_open(self._scope, self._now, zone)
        return self._opens[zone]


class Stock:
    """The products that are sold at each published location, read once somebody asks."""

    def __init__(self) -> None:
        self._goods: dict[int, dict[str, Good]] = {}

    @cached_property
    def _sold(self) -> Sold:
        return products_at(Location.objects.filter(is_published=True))

    @property
    def places(self) -> Iterable[int]:
        return self._sold

    def goods(self, place: int) -> dict[str, Good]:
        """Return what is sold at a location, by its primary key."""
        if place not in self._goods:
            self._goods[place] = goods_of(self._sold.get(place, ()))
        return self._goods[place]


class Shelves:
    """What an offer gives at each location, and the least fault that it has at any."""

    def __init__(self, offer: OfferTerms, stock: Stock) -> None:
        self._offer, self.stock = offer, stock
        self._shelves: dict[int, Shelf] = {}

    def at(self, place: int) -> Shelf:
        if not gives_products(self._offer):
            return FREE_OF_FAULT
        if place not in self._shelves:
            self._shelves[place] = shelf_at(self._offer, self.stock.goods(place))
        return self._shelves[place]

    def fault(self, connector: Connector) -> Fault:
        """Return what keeps the offer from giving anything there."""
        return self.at(connector.charger.location_id).fault

    @cached_property
    def least(self) -> Fault:
        return min((self.at(place).fault for place in self.stock.places), default=Fault.NONE)
