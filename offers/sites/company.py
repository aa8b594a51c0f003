"""Connectors told apart by the other offers that could apply there: one of each kind, and where two offers meet."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeVar

from cpo_portal.network.models import CHARGING_CATEGORY, Connector
from offers.engine.book import OfferBook
from offers.engine.lint import Site
from offers.engine.values import OfferTerms
from offers.places import place_facts
from offers.sites.scope import Stock, is_in

#: Connectors at which two offers are tried together.
_MOST_SHARED = 2
_T = TypeVar("_T")
_K = TypeVar("_K")
#: Whether an offer names the connector itself, and which others could apply there.
_Kind = tuple[bool, frozenset[str]]


class Company:
    """Which of the other offers that are for some places, things or categories alone could apply at each connector."""

    def __init__(self, offer: OfferTerms, book: OfferBook, stock: Stock) -> None:
        self._offer, self._book, self._stock = offer, book, stock
        self._known: dict[str, frozenset[str]] = {}

    def at(self, connector: Connector) -> frozenset[str]:
        """Return the ids of these offers."""
        item_id = connector.item_id
        if item_id not in self._known:
            location = connector.charger.location
            goods = tuple((key, good.category) for key, good in self._stock.goods(location.pk).items())
            at = location.location_id, item_id, CHARGING_CATEGORY
            found = self._book.candidates(*at, products=goods, place=place_facts(connector), limited=True)
            self._known[item_id] = frozenset(x.offer_id for x in found) - {self._offer.offer_id}
        return self._known[item_id]

    def one_of_each(self, connectors: list[Connector], most: int) -> list[Connector]:
        """Return at most so many connectors, among them one for each set of offers, as far as that goes."""
        if len(connectors) <= most:
            return connectors
        firsts = {self._kind(x.item_id): x for x in reversed(connectors)}
        chosen = [firsts[kind] for kind in _from_both_ends(firsts)][: most // 2]
        taken = {x.item_id for x in chosen}
        rest = [x for x in connectors if x.item_id not in taken]
        return [*chosen, *_spread(rest, most - len(chosen))]

    def varied(self, sites: list[Site]) -> list[Site]:
        """Return the sites, one for each set of offers before a second for any; of these one of each tariff and kind of
        connector at each place."""
        varied = list(_rounds(_grouped(sites, _kind_of)))
        groups = _grouped(varied, lambda x: self._kind(x.item_id))
        return list(_rounds({kind: groups[kind] for kind in _from_both_ends(groups)}))

    def shared(self, connectors: Iterable[Connector], other: OfferTerms) -> list[Connector]:
        """Return the first connectors at which both offers may hold, with what a combination needs sold there."""
        wanted = self._offer.qualifier.item_ids | other.qualifier.item_ids
        found = (x for x in connectors if is_in(other.applicability, x, self._stock))
        return list(islice((x for x in found if not wanted or wanted <= self._sold(x)), _MOST_SHARED))

    def _sold(self, connector: Connector) -> set[str]:
        return {connector.item_id, *self._stock.goods(connector.charger.location_id)}

    def _kind(self, item_id: str) -> _Kind:
        """Return of what kind a connector is that was looked at."""
        return item_id in self._offer.applicability.item_ids, self._known[item_id]


def _spread(connectors: list[Connector], most: int) -> list[Connector]:
    count = len(connectors)
    return connectors if count <= most else [connectors[n * count // most] for n in range(most)]


def _kind_of(site: Site) -> object:
    terms = site.terms
    return terms.tariff_id if terms is not None else "", site.place.connector_type, site.location_id


def _grouped(found: Iterable[_T], kind: Callable[[_T], _K]) -> dict[_K, list[_T]]:
    groups: dict[_K, list[_T]] = {}
    for x in found:
        groups.setdefault(kind(x), []).append(x)
    return groups


def _rounds(groups: Mapping[_K, list[_T]]) -> Iterator[_T]:
    """Yield one of each group before a second of any."""
    for n in range(max(map(len, groups.values()), default=0)):
        yield from (group[n] for group in groups.values() if n < len(group))


def _from_both_ends(kinds: Iterable[_Kind]) -> Iterator[_Kind]:
    """Yield kinds in turn from either end, those that the offer names first: with the fewest other offers, where it is
    likely to be the best, and with the most, where it comes together with them."""
    left = deque(sorted(kinds, key=lambda x: (not x[0], len(x[1]), sorted(x[1]))))
    while left:
        yield left.popleft()
        left.reverse()
