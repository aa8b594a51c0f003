"""The cheapest free connector nearby at which the same costs less, where a surge holds: of the same CPO and type."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from cpo_portal.database.queries import one_of
from cpo_portal.network.catalogue import status_of
from cpo_portal.network.geo import Circle, haversine_m
from cpo_portal.network.hours import is_open
from cpo_portal.network.models import Connector, StatusChoice
from cpo_portal.network.search import ConnectorQuery, find_connectors
from offers.asking import Lock, SessionAsk
from offers.priced import PricedSession
from offers.quoting import price_session
from offers.refusals import Refusal
from pricing.engine.price import price
from pricing.engine.rates import component_at
from pricing.engine.surge import per_kwh, surges_at
from pricing.engine.values import ChargingRequest, Dimension, EnergyMeasure, PriceTerms, PricingError, Quote
from pricing.mapping import price_terms, tariffs_for
from pricing.models import TariffVersion
from pricing.surges.applying import applying, with_surges
from pricing.surges.exempt import Driver

#: A driver goes no further.
NEAR_M = 3_500
#: Half the power takes twice the time, which a lower price may be worth; less is another kind of charging.
LEAST_POWER = Decimal("0.5")
#: What is compared where nobody has asked for anything yet.
USUAL = EnergyMeasure(10_000)
#: So many neighbours are looked at for one quote, and so many of them are quoted in full.
_LOOKED_AT, _QUOTED = 50, 2


@dataclass(frozen=True, slots=True)
class Cheaper:
    """A free connector nearby; `rate` is per kWh with what surges add, as a session there begins."""

    connector: Connector
    distance_m: float
    rate: Decimal


@dataclass(frozen=True, slots=True)
class _Listed:
    """A connector, its terms with the surges that apply, and what the usual amount of energy costs there."""

    connector: Connector
    terms: PriceTerms
    total: Decimal


def cheaper_in(listed: Sequence[tuple[Connector, PriceTerms]], at: datetime) -> dict[int, Cheaper]:
    """Return for connectors where a surge holds at an instant the cheapest other one of these, by primary key.

    They are one CPO's, with their terms and surges; compared is what 10 kWh cost from then on, without offers.
    """
    if not any(surges_at(terms, at) for _, terms in listed):
        return {}
    totals = _Totals(at)
    known = [_Listed(x, terms, total) for x, terms in listed if (total := totals.of(x, terms)) is not None]
    busy = _charging(x for x, _ in listed)
    free = [x for x in known if _is_free(x.connector, busy, at)]
    free.sort(key=lambda x: (x.total, x.connector.item_id))
    found = {}
    for here in known:
        if surges_at(here.terms, at) and (best := _best(here, free, at)) is not None:
            found[here.connector.pk] = best
    return found


def cheaper_for(
    connector: Connector, ask: SessionAsk, priced: PricedSession, lock: Lock, *, now: datetime
) -> Cheaper | None:
    """Return where the same session is cheaper by its full price; None where no surge holds at its start, or nowhere.

    It is priced there with the same `lock`. In a constant number of queries, inside the CPO's scope.
    """
    at, here = ask.planned_start, priced.quote
    if not surges_at(here.terms, at):
        return None
    best: _Quoted | None = None
    for place in _neighbours(connector, ask, priced, now):
        quote = _quoted(place.connector, ask, lock, now)
        if quote is None or not _is_better(quote, best.quote if best is not None else here):
            continue
        if (rate := _rate(quote.terms, at)) is not None:
            best = _Quoted(Cheaper(place.connector, _distance(connector, place.connector), rate), quote)
    return best.cheaper if best is not None else None


@dataclass(frozen=True, slots=True)
class _Quoted:
    cheaper: Cheaper
    quote: Quote


class _Totals:
    """What the usual amount of energy costs, worked out once for connectors that are alike."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._found: dict[tuple[int, int], tuple[PriceTerms, Decimal | None]] = {}

    def of(self, connector: Connector, terms: PriceTerms) -> Decimal | None:
        """Return the total, None where that much has no price there."""
        key = id(terms), connector.max_power_w
        if key not in self._found:
            # The terms are kept, so that no others are ever found under their identity.
            self._found[key] = terms, self._price(connector, terms)
        return self._found[key][1]

    def _price(self, connector: Connector, terms: PriceTerms) -> Decimal | None:
        request = ChargingRequest(connector.item_id, connector.max_power_w, self._at, None, USUAL)
        try:
            return price(request, terms).total.amount
        except PricingError:
            return None


def _best(here: _Listed, free: Sequence[_Listed], at: datetime) -> Cheaper | None:
    """Return the first of these, the cheapest first, that is near enough, of the same type and strong enough."""
    for there in free:
        if there.total >= here.total:
            return None
        if not _compares(here.connector, there.connector):
            continue
        distance, rate = _distance(here.connector, there.connector), _rate(there.terms, at)
        if distance <= NEAR_M and rate is not None:
            return Cheaper(there.connector, distance, rate)
    return None


def _neighbours(connector: Connector, ask: SessionAsk, priced: PricedSession, now: datetime) -> list[_Listed]:
    """Return the free connectors nearby that may be cheaper by what they usually cost, the cheapest first."""
    at, totals = ask.planned_start, _Totals(ask.planned_start)
    own = totals.of(connector, priced.quote.terms)
    if own is None:
        return []
    site = connector.charger.location
    query = ConnectorQuery(
        circle=Circle(float(site.latitude), float(site.longitude), NEAR_M),
        provider_id=connector.cpo.provider_id,
        connector_types=frozenset({connector.connector_type}),
        statuses=frozenset({StatusChoice.AVAILABLE.value}),
        min_power_w=_least_power(connector),
        open_from=at,
        limit=_LOOKED_AT,
    )
    found = [x for x in find_connectors(query, now) if _compares(connector, x)]
    busy = _charging(found)
    near = [x for x in found if _is_free(x, busy, at)]
    versions = tariffs_for(near, at=at) if near else {}
    sold = [x for x in near if x.pk in versions]
    terms = {x.pk: _terms(x, versions[x.pk], ask, priced) for x in sold}
    listed = [_Listed(x, terms[x.pk], total) for x in sold if (total := totals.of(x, terms[x.pk])) is not None]
    cheaper = sorted((x for x in listed if x.total < own), key=lambda x: (x.total, x.connector.item_id))
    return cheaper[:_QUOTED]


def _terms(connector: Connector, version: TariffVersion, ask: SessionAsk, priced: PricedSession) -> PriceTerms:
    zone, at, surges = connector.charger.location.time_zone, ask.planned_start, priced.surges.surges
    terms = price_terms(version, priced.quote.terms.tax, time_zone=zone, products=())
    driver = Driver(ask.bap_id, ask.vehicle_make, ask.charge_percent)
    return with_surges(terms, applying(surges, connector, at=at), surges.policy, driver, at=at)


def _quoted(connector: Connector, ask: SessionAsk, lock: Lock, now: datetime) -> Quote | None:
    """Return the price of the same session elsewhere, None where it cannot be had there."""
    try:
        return price_session(connector, ask, now=now, lock=lock).quote
    except (PricingError, Refusal):
        return None


def _is_better(there: Quote, here: Quote) -> bool:
    """Tell whether there is less to pay for no less energy, or, for who asked for an amount, more energy for it."""
    paid, given = (there.total.amount, here.total.amount), (there.energy_wh, here.energy_wh)
    return paid[0] <= paid[1] and given[0] >= given[1] and (paid[0] < paid[1] or given[0] > given[1])


def _compares(here: Connector, there: Connector) -> bool:
    return (
        there.pk != here.pk and there.connector_type == here.connector_type and there.max_power_w >= _least_power(here)
    )


def _least_power(connector: Connector) -> int:
    return int((connector.max_power_w * LEAST_POWER).to_integral_value(ROUND_CEILING))


def _charging(connectors: Iterable[Connector]) -> set[int]:
    """Return which of their chargers charge a car, at whichever connector."""
    chargers = {x.charger_id for x in connectors}
    rows = Connector.objects.filter(one_of("charger", chargers), status_row__status=StatusChoice.CHARGING)
    return set(rows.values_list("charger", flat=True))


def _is_free(connector: Connector, busy: Collection[int], at: datetime) -> bool:
    """Tell whether somebody may charge there: a charger charges one car at a time, and its station is open then."""
    if status_of(connector) is not StatusChoice.AVAILABLE or connector.charger_id in busy:
        return False
    return is_open(connector.charger.location, at)


def _rate(terms: PriceTerms, at: datetime) -> Decimal | None:
    energy = component_at(terms, Dimension.ENERGY, at)
    return energy.rate + per_kwh(terms, surges_at(terms, at), energy.rate) if energy is not None else None


def _distance(here: Connector, there: Connector) -> float:
    start, end = here.charger.location, there.charger.location
    return haversine_m(float(start.latitude), float(start.longitude), float(end.latitude), float(end.longitude))
