"""How offers stand at the station that is nearest to giving them, of those in their scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cpo_portal.network.models import Connector
from offers.engine.lint.shelf import Fault, Shelf
from offers.engine.values import OfferTerms
from offers.sites.scope import Clocks, Shelves, Stock, is_at, is_in, orderable


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
    stock = Stock()
    searches = [Search(offer, now, stock) for offer in offers]
    walk(searches)
    return [x.standing() for x in searches]


class Search:
    """The first connector of those looked at where an offer opens and can be given, as far as that goes.

    `outside` is the first that the offer is not for, `without` the first that it would be for, were the products sold
    there that it is about.
    """

    def __init__(self, offer: OfferTerms, now: datetime, stock: Stock) -> None:
        self._scope = offer.applicability
        self.shelves, self.clocks = Shelves(offer, stock), Clocks(offer, now)
        self.inside: Connector | None = None
        self.outside: Connector | None = None
        self.without: Connector | None = None
        self._least: tuple[bool, Fault] | None = None

    def look(self, connector: Connector) -> bool:
        """Look at one more, and say whether no other can be better."""
        if not is_in(self._scope, connector, self.shelves.stock):
            self.outside = self.outside or connector
            if self.without is None and is_at(self._scope, connector):
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


def walk(searches: Sequence[Search]) -> None:
    """Let each search look at the connectors until it has the best."""
    left = list(searches)
    for connector in orderable().order_by("item_id").iterator(chunk_size=500) if left else ():
        left = [x for x in left if not x.look(connector)]
        if not left:
            break
