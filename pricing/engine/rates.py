"""Which component of a tariff holds when: the first match per dimension, as stretches of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from pricing.engine.included import with_included
from pricing.engine.making import maker, quickly_made
from pricing.engine.metering import Supply
from pricing.engine.surge import surge_edges, surges_at
from pricing.engine.values import (
    Dimension,
    PriceComponent,
    PricedSlice,
    PriceTerms,
    PricingError,
    PricingModel,
    SliceQuality,
)
from pricing.engine.windows import is_open, split_at_boundaries, zone_of
from pricing.engine.wording import weekday_text

# An enum's member takes longer to look up than most of what is done by it here.
_ENERGY, _TIME, _FLAT = Dimension.ENERGY, Dimension.TIME, Dimension.FLAT
_FIXED, _SINGLE_RATE = PricingModel.FIXED, SliceQuality.SINGLE_RATE
_FREE = Decimal(0)


@quickly_made
@dataclass(frozen=True, slots=True)
class RateSpan:
    """A stretch of time [starts_at, ends_at) with one component, None where none matches, and the surges that hold."""

    starts_at: datetime
    ends_at: datetime
    component: PriceComponent | None
    surges: tuple[str, ...] = ()


@quickly_made
@dataclass(frozen=True, slots=True)
class RateCard:
    """The components of a tariff, resolved for a session that starts at an instant."""

    energy: tuple[RateSpan, ...]
    time: tuple[RateSpan, ...]
    flat: PriceComponent | None


_span, _card, _slice = maker(RateSpan), maker(RateCard), maker(PricedSlice)


def component_at(terms: PriceTerms, dimension: Dimension, instant: datetime) -> PriceComponent | None:
    """Return the first component of this dimension whose windows hold at the instant."""
    for component in terms.components:
        if component.dimension is dimension and is_open(component.windows, instant, terms.time_zone):
            return component
    return None


def rate_spans(terms: PriceTerms, dimension: Dimension, starts_at: datetime, ends_at: datetime) -> tuple[RateSpan, ...]:
    """Cut [starts_at, ends_at] where the component changes; never empty, so an instant has its rate too."""
    components = [x for x in terms.components if x.dimension is dimension]
    if not components:
        return (_span(starts_at, max(starts_at, ends_at), None),)
    if not components[0].windows:
        return (_span(starts_at, max(starts_at, ends_at), components[0]),)
    if ends_at <= starts_at:
        return (_span(starts_at, starts_at, component_at(terms, dimension, starts_at)),)
    windows = tuple(window for component in components for window in component.windows)
    spans: list[RateSpan] = []
    for start, end in split_at_boundaries(starts_at, ends_at, windows, terms.time_zone):
        component = component_at(terms, dimension, start)
        continued = bool(spans) and spans[-1].component is component
        spans.append(_span(spans.pop().starts_at if continued else start, end, component))
    return tuple(spans)


def rate_card(terms: PriceTerms, starts_at: datetime, ends_at: datetime) -> RateCard:
    """Resolve the tariff from the start to the end of charging, its energy also by the surges that hold."""
    energy = rate_spans(terms, _ENERGY, starts_at, ends_at)
    return _card(
        _with_surges(energy, terms) if terms.surges else energy,
        rate_spans(terms, _TIME, starts_at, ends_at),
        component_at(terms, _FLAT, starts_at),
    )


def _with_surges(spans: tuple[RateSpan, ...], terms: PriceTerms) -> tuple[RateSpan, ...]:
    """Cut stretches of one rate where a surge begins or ceases to hold."""
    edges = surge_edges(terms, spans[0].starts_at, spans[-1].ends_at)
    found: list[RateSpan] = []
    for span in spans:
        inner = [edge for edge in edges if span.starts_at < edge < span.ends_at]
        cuts = [span.starts_at, *inner, span.ends_at]
        for start, end in pairwise(cuts):
            surges = surges_at(terms, start)
            continued = bool(found) and (found[-1].component, found[-1].surges) == (span.component, surges)
            found.append(RateSpan(found.pop().starts_at if continued else start, end, span.component, surges))
    return tuple(found)


def has_energy_rate(terms: PriceTerms) -> bool:
    """Say whether energy has a price of its own, as it has in every tariff but a FIXED one."""
    return terms.model is not _FIXED or any(x.dimension is _ENERGY for x in terms.components)


def no_rate(terms: PriceTerms, instant: datetime) -> PricingError:
    """Return the error of a session that touches a time without a rate."""
    local = instant.astimezone(zone_of(terms.time_zone))
    return PricingError("NO_RATE", f"Choose another time: this tariff has no rate from {weekday_text(local)}.")


def energy_slices(supply: Supply, card: RateCard, terms: PriceTerms) -> tuple[PricedSlice, ...]:
    """Cut the energy of a supply at the changes of rate and surge, and where the included energy ends.

    The slices add up exactly to the supply's energy. Raises PricingError NO_RATE where charging touches a time without
    a rate. Energy without a price of its own has the rate 0, and slices only where there are surges.
    """
    priced = has_energy_rate(terms)
    if not priced and not terms.surges:
        return ()
    spans: Sequence[RateSpan] = card.energy
    if len(spans) > 1:
        spans = [x for x in spans if x.starts_at < supply.charging_ends] or spans[:1]
    readings = {point.at for point in supply.points} if supply.metered else frozenset()
    slices = []
    delivered = 0
    for span in spans:
        if span.component is None and priced:
            raise no_rate(terms, span.starts_at)
        last = span is spans[-1]
        ends_at = supply.charging_ends if last else span.ends_at
        # Nothing flows after the end of charging.
        upto = supply.energy_wh if last else supply.delivered_at(ends_at)
        if len(spans) == 1:
            quality = _SINGLE_RATE
        elif span.starts_at in readings and ends_at in readings:
            quality = SliceQuality.METERED
        else:
            quality = SliceQuality.INTERPOLATED
        rate = _FREE if span.component is None else span.component.rate
        slices.append(_slice(span.starts_at, ends_at, upto - delivered, rate, quality, span.surges))
        delivered = upto
    return tuple(slices) if terms.included_wh is None else with_included(tuple(slices), supply, terms)
