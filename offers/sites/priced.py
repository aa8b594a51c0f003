"""Connectors as sites at which offers are tried, with what a session and what is sold beside it cost there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cpo_portal.charging.segments.rules import Segment
from cpo_portal.charging.segments.stored import announced
from cpo_portal.network.catalogue import products_at, units_left
from cpo_portal.network.models import CHARGING_CATEGORY, Connector, Product
from offers.engine.facts import Good
from offers.engine.lint import Site
from offers.places import place_facts
from pricing.engine.values import PriceTerms, Tax
from pricing.mapping import price_terms, tariffs_for, tax_and_surges_of
from pricing.models import TariffVersion
from pricing.surges.applying import Applying, Surges, applying, surges_of, with_surges
from pricing.surges.exempt import Driver, segments_asked

Sold = Mapping[int, Sequence[Product]]


def priced_sites(connectors: Sequence[Connector], at: datetime) -> list[Site]:
    """Return connectors of one CPO as sites, in order, at the prices of an instant; inside the CPO's scope."""
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


def _site(connector: Connector, version: TariffVersion | None, pricing: _Pricing, sold: Sold) -> Site:
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
        goods=goods_of(sold[location.pk]),
        exempt={x.version.schedule.schedule_id: segments_asked(x.exemptions, pricing.segments) for x in found},
    )


def goods_of(products: Iterable[Product]) -> dict[str, Good]:
    """Return products with what is left of them, by id."""
    return {x.product_id: Good(x.name, x.price, x.category, units_left(x)) for x in products}
