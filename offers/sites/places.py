"""Where an offer may be tried: connectors in its scope, with what they cost now."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cpo_portal.network.models import Connector
from offers.engine.book import OfferBook
from offers.engine.lint import Site
from offers.engine.lint.shelf import Fault
from offers.engine.values import OfferTerms
from offers.sites.company import Company
from offers.sites.priced import priced_sites
from offers.sites.scope import Clocks, Shelves, Stock, is_in, orderable
from offers.sites.standing import Search, walk

#: Of so many connectors the prices are read, and at so many of those offers are tried.
MOST_PRICED, MOST_SITES = 60, 12


@dataclass(frozen=True, slots=True)
class Places:
    """Some of the connectors in an offer's scope, how many there are, one that is not in it, and all time zones.

    `met` are the other offers for some places, things or categories alone that could apply at any of them, and
    `shared_with` says where each of some may be tried together with this one, by id.
    """

    sites: tuple[Site, ...]
    in_scope: int
    other: Site | None
    zones: tuple[str, ...] = ()
    met: frozenset[str] = frozenset()
    shared_with: Callable[[Sequence[OfferTerms]], Mapping[str, tuple[Site, ...]]] | None = None


def places_of(offer: OfferTerms, now: datetime, book: OfferBook) -> Places:
    """Return where an offer may be tried, opens and can be given as far as that goes; inside the CPO's scope.

    Connectors at which other offers of the book could apply are told apart: one of each kind comes first.
    """
    inside: list[Connector] = []
    outside: Connector | None = None
    shelves, clocks = Shelves(offer, Stock()), Clocks(offer, now)
    for connector in orderable().order_by("item_id"):
        if is_in(offer.applicability, connector, shelves.stock):
            inside.append(connector)
        elif outside is None:
            outside = connector
    best = [x for x in inside if clocks.opens(x)] or inside
    least = min(map(shelves.fault, best), default=Fault.NONE)
    at = max(now, offer.applicability.valid_from or now)
    company = Company(offer, book, shelves.stock)
    met = frozenset(offer_id for connector in inside for offer_id in company.at(connector))
    usable = company.one_of_each([x for x in best if shelves.fault(x) is least], MOST_PRICED)
    sites = priced_sites(usable, at)
    priced = [x for x in sites if x.terms is not None]
    return Places(
        sites=tuple(company.varied(priced)[:MOST_SITES] or sites[:1]),
        in_scope=len(inside),
        other=_site_of(outside, at),
        zones=clocks.zones,
        met=met,
        shared_with=lambda others: _shared(company, best, others, at),
    )


def _shared(
    company: Company, connectors: list[Connector], others: Sequence[OfferTerms], at: datetime
) -> dict[str, tuple[Site, ...]]:
    """Return where each of these offers meets the company's own, by id; all prices are read at once."""
    found = {x.offer_id: company.shared(connectors, x) for x in others}
    wanted = {x.item_id: x for shared in found.values() for x in shared}
    sites = {x.item_id: x for x in priced_sites(list(wanted.values()), at)}
    return {key: tuple(sites[x.item_id] for x in shared) for key, shared in found.items()}


def anywhere(offer: OfferTerms, now: datetime) -> Places:
    """Return the first connector in an offer's scope where it opens and can be given, as far as that goes; where
    there is none in its scope, the first that is not."""
    search = Search(offer, now, Stock())
    walk([search])
    at = max(now, offer.applicability.valid_from or now)
    if search.inside is None:
        return Places((), 0, _site_of(search.outside, at))
    return Places(tuple(priced_sites([search.inside], at)), 1, None, search.clocks.zones)


def _site_of(connector: Connector | None, at: datetime) -> Site | None:
    return priced_sites([connector], at)[0] if connector is not None else None
