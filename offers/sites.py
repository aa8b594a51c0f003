"""Where an offer may be tried: connectors that buyer apps can order, in its scope, with what they cost now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Q, QuerySet

from cpo_portal.charging.segments.rules import Segment
from cpo_portal.charging.segments.stored import announced
from cpo_portal.network.catalogue import products_at, units_left
from cpo_portal.network.models import CHARGING_CATEGORY, Connector, Location, Product
from offers.engine.facts import Good
from offers.engine.lint import Site
from offers.engine.lint.clocks import is_ever_open
from offers.engine.lint.shelf import FREE_OF_FAULT, Fault, Shelf, gives_products, shelf_at
from offers.engine.places import fits
from offers.engine.values import Applicability, OfferTerms
from offers.places import place_facts
from pricing.engine.values import PriceTerms, Tax
from pricing.mapping import price_terms, tariffs_for, tax_and_surges_of
from pricing.models import TariffVersion
from pricing.surges.applying import Applying, Surges, applying, surges_of, with_surges
from pricing.surges.exempt import Driver, segments_asked

#: Of so many connectors the prices are read, and at so many of those offers are tried.
MOST_PRICED, MOST_SITES = 60, 12
#: What buyer apps see and can start.
ORDERABLE = Q(is_published=True, charger__location__is_published=True, charger__system__isnull=False)
_Sold = Mapping[int, Sequence[Product]]


@dataclass(frozen=True, slots=True)
class Places:
    """Some of the connectors in an offer's scope, how many there are, one that is not in it, and all time zones."""

    sites: tuple[Site, ...]
    in_scope: int
    other: Site | None
    zones: tuple[str, ...] = ()


def places_of(offer: OfferTerms, now: datetime) -> Places:
    """Return where an offer may be tried, opens and can be given as far as that goes; inside the CPO's scope."""
    inside: list[Connector] = []
    outside: Connector | None = None
    shelves, clocks = _Shelves(offer, _Stock()), _Clocks(offer, now)
    for connector in _orderable().order_by("item_id"):
        if _is_in(offer.applicability, connector, shelves.stock):
            inside.append(connector)
        elif outside is None:
            outside = connector
    best = [x for x in inside if clocks.opens(x)] or inside
    least = min(map(shelves.fault, best), default=Fault.NONE)
    at = max(now, offer.applicability.valid_from or now)
    sites = _sites(_spread([x for x in best if shelves.fault(x) is least], MOST_PRICED), at)
    priced = [x for x in sites if x.terms is not None]
    return Places(tuple(_varied(priced) or sites[:1]), len(inside), _site_of(outside, at), clocks.zones)


def anywhere(offer: OfferTerms, now: datetime) -> Places:
    """Return the first connector in an offer's scope where it opens and can be given, as far as that goes; where
    there is none in its scope, the first that is not."""
    search = _Search(offer, now, _Stock())
    _walk([search])
    at = max(now, offer.applicability.valid_from or now)
    if search.inside is None:
        return Places((), 0, _site_of(search.outside, at))
    return Places(tuple(_sites([search.inside], at)), 1, None, search.clocks.zones)


@dataclass(frozen=True, slots=True)
class Standing:
    """What an offer gives at the station of its scope that is nearest to giving it.

    `sometimes_closed` says that the offer never opens on the clock of some of the stations.
    """

    shelf: Shelf
    sometimes_closed: bool


def standings(offers: Sequence[OfferTerms], now: datetime) -> list[Standing | None]:
    """Return how each offer stands, None where it is for no station, in one walk over the connectors for all of them;
    inside the CPO's scope."""
    stock = _Stock()
    searches = [_Search(offer, now, stock) for offer in offers]
    _walk(searches)
    return [x.standing() for x in searches]


class _Clocks:
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


class _Stock:
    """The products that are sold at each published location, read once somebody asks."""

    def __init__(self) -> None:
        self._goods: dict[int, dict[str, Good]] = {}

    @cached_property
    def _sold(self) -> _Sold:
        return products_at(Location.objects.filter(is_published=True))

    @property
    def places(self) -> Iterable[int]:
        return self._sold

    def goods(self, place: int) -> dict[str, Good]:
        """Return what is sold at a location, by its primary key."""
        if place not in self._goods:
            self._goods[place] = _goods(self._sold.get(place, ()))
        return self._goods[place]


class _Shelves:
    """What an offer gives at each location, and the least fault that it has at any."""

    def __init__(self, offer: OfferTerms, stock: _Stock) -> None:
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


class _Search:
    """The first connector of those looked at where an offer opens and can be given, as far as that goes.

    `outside` is the first that the offer is not for, `without` the first that it would be for, were the products sold
    there that it is about.
    """

    def __init__(self, offer: OfferTerms, now: datetime, stock: _Stock) -> None:
        self._scope = offer.applicability
        self.shelves, self.clocks = _Shelves(offer, stock), _Clocks(offer, now)
        self.inside: Connector | None = None
        self.outside: Connector | None = None
        self.without: Connector | None = None
        self._least: tuple[bool, Fault] | None = None

    def look(self, connector: Connector) -> bool:
        """Look at one more, and say whether no other can be better."""
        if not _is_in(self._scope, connector, self.shelves.stock):
            self.outside = self.outside or connector
            if self.without is None and _is_at(self._scope, connector):
                self.without = connector
            return False
        fault = not self.clocks.opens(connector), self.shelves.fault(connector)
        if self._least is None or fault < self._least:
            self.inside, self._least = connector, fault
        closed, least = self._least
        return not closed and (least is Fault.NONE or least <= self.shelves.least)

    def standing(self) -> Standing | None:
        if self.inside is not None:
            return Standing(self.shelves.at(self.inside.charger.location_id), self.clocks.sometimes_closed)
        return None if self.without is None else Standing(Shelf(Fault.NOTHING_TO_BUY), sometimes_closed=False)


def _walk(searches: Sequence[_Search]) -> None:
    """Let each search look at the connectors until it has the best."""
    left = list(searches)
    for connector in _orderable().order_by("item_id").iterator(chunk_size=500) if left else ():
        left = [x for x in left if not x.look(connector)]
        if not left:
            break


def _goods(products: Iterable[Product]) -> dict[str, Good]:
    return {x.product_id: Good(x.name, x.price, x.category, units_left(x)) for x in products}


def _site_of(connector: Connector | None, at: datetime) -> Site | None:
    return _sites([connector], at)[0] if connector is not None else None


def _orderable() -> QuerySet[Connector]:
    return Connector.objects.filter(ORDERABLE).select_related("charger__location")


def _is_at(scope: Applicability, connector: Connector) -> bool:
    """Say whether the connector is one of the places that an offer is for."""
    is_there = not scope.location_ids or connector.charger.location.location_id in scope.location_ids
    return is_there and fits(scope, place_facts(connector))


def _is_in(scope: Applicability, connector: Connector, stock: _Stock) -> bool:
    """Say whether a session there can be of the offer, with products where it is about these."""
    if not _is_at(scope, connector):
        return False
    for_item = not scope.item_ids or connector.item_id in scope.item_ids
    for_category = not scope.categories or CHARGING_CATEGORY in scope.categories
    if for_item and for_category:
        return True
    goods = stock.goods(connector.charger.location_id)
    return (for_item or any(x in scope.item_ids for x in goods)) and (
        for_category or any(x.category in scope.categories for x in goods.values())
    )


def _sites(connectors: Sequence[Connector], at: datetime) -> list[Site]:
    if not connectors:
        return []
    cpo_id = connectors[0].cpo_id
    versions = tariffs_for(connectors, at=at)
    tax, surged = tax_and_surges_of(cpo_id)
    # What is said of an offer must not come and go with the demand of the minute.
    surges = (surges_of([cpo_id], now=at).get(cpo_id, Surges()).scheduled() if surged else None) or Surges()
    found = {x.pk: applying(surges, x, at=at) if x.pk in versions else [] for x in connectors}
    wanted = {name for each in found.values() for x in each for name in x.exemptions.segment_ids}
    pricing = _Pricing(at, tax, surges, found, announced(wanted, at) if wanted else {})
    sold = products_at({x.charger.location for x in connectors})
    return [_site(x, versions.get(x.pk), pricing, sold) for x in connectors]


@dataclass(frozen=True, slots=True)
class _Pricing:
    """What the prices of connectors are made of, at an instant: the surges of each, by its key, and the segments that
    these exempt, by id."""

    at: datetime
    tax: Tax | None
    surges: Surges
    applying: Mapping[int, Sequence[Applying]]
    segments: Mapping[str, tuple[Segment, ...]]


def _site(connector: Connector, version: TariffVersion | None, pricing: _Pricing, sold: _Sold) -> Site:
    location = connector.charger.location
    terms: PriceTerms | None = None
    found = pricing.applying[connector.pk]
    if version is not None:
        terms = price_terms(version, pricing.tax, time_zone=location.time_zone, products=sold[location.pk])
        if found:
            terms = with_surges(terms, found, pricing.surges.policy, Driver(), at=pricing.at)
    return Site(
        location_id=location.location_id,
        location=location.name,
        item_id=connector.item_id,
        category=CHARGING_CATEGORY,
        place=place_facts(connector),
        max_power_w=connector.max_power_w,
        time_zone=location.time_zone,
        terms=terms,
        goods=_goods(sold[location.pk]),
        exempt={x.version.schedule.schedule_id: segments_asked(x.exemptions, pricing.segments) for x in found},
    )


def _spread(connectors: list[Connector], most: int) -> list[Connector]:
    count = len(connectors)
    return connectors if count <= most else [connectors[n * count // most] for n in range(most)]


def _varied(sites: list[Site]) -> list[Site]:
    """Return at most so many, one of each tariff and kind of connector at each place before a second of any."""
    return list(_rounds(sites))[:MOST_SITES]


def _rounds(sites: list[Site]) -> Iterator[Site]:
    groups: dict[object, list[Site]] = {}
    for site in sites:
        terms = site.terms
        kind = (terms.tariff_id if terms is not None else "", site.place.connector_type, site.location_id)
        groups.setdefault(kind, []).append(site)
    for n in range(max(map(len, groups.values()), default=0)):
        yield from (group[n] for group in groups.values() if n < len(group))
