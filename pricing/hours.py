"""What a kWh costs at a connector in the coming days, by its tariff and the surges, as published now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from django.db.models import F

from cpo_portal.network.models import Connector
from pricing.engine.hourly import PriceStretch, price_stretches
from pricing.engine.values import PriceTerms, Surge
from pricing.mapping import price_terms, tariffs_for, tax_of_cpo
from pricing.models import TariffAssignment
from pricing.surges.applying import Surges, applying, surges_of, with_surges
from pricing.surges.exempt import Driver
from pricing.surges.scope import tags_count_from


@dataclass(frozen=True, slots=True)
class ConnectorPrices:
    """The prices of a kWh in order of time, and the surges that may be on them, by id and version.

    `terms` are those of the first moment that has a tariff, None where none has.
    """

    stretches: tuple[PriceStretch, ...]
    surges: tuple[Surge, ...]
    terms: PriceTerms | None


def prices_of(connector: Connector, first: datetime, last: datetime, *, now: datetime) -> ConnectorPrices:
    """Return the prices between two aware instants for whoever is exempt from nothing; inside the CPO's scope.

    Where no tariff holds there is no stretch. The connector's charger and location are loaded.
    """
    # A level of demand is known for the next minutes alone.
    surges = surges_of([connector.cpo_id], now=now).get(connector.cpo_id, Surges()).scheduled()
    tax = tax_of_cpo(connector.cpo_id)
    zone = connector.charger.location.time_zone
    stretches: list[PriceStretch] = []
    named: dict[tuple[str, int], Surge] = {}
    opening: PriceTerms | None = None
    for start, end in pairwise([first, *_changes(connector, surges, first, last), last]):
        version = tariffs_for([connector], at=start).get(connector.pk)
        if version is None:
            continue
        plain = price_terms(version, tax, time_zone=zone, products=())
        found = applying(surges, connector, at=start)
        terms = with_surges(plain, found, surges.policy, Driver(), at=start)
        opening = opening or terms
        named |= {(x.surge_id, x.version): x for x in terms.surges}
        stretches += price_stretches(terms, start, end)
    return ConnectorPrices(tuple(stretches), tuple(named.values()), opening)


def _changes(connector: Connector, surges: Surges, first: datetime, last: datetime) -> list[datetime]:
    """Return the instants strictly between at which another version of a tariff or a surge begins to price starts."""
    rows = TariffAssignment.objects.filter(cpo=connector.cpo_id).values_list(F("valid_from"), F("valid_until"))
    edges = {edge for row in rows for edge in row}
    edges |= {edge for each in surges.published for x in each.layers for edge in (x.valid_from, x.valid_until)}
    edges |= set(tags_count_from(connector.charger.location, surges.policy.notice).values())
    return sorted(edge for edge in edges if edge is not None and first < edge < last)
