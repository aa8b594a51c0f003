"""What a session on a subscription includes: as much as the customer has left of the energy paid for ahead."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from cpo_portal.charging.balances.holds import PREPAID, left_for
from cpo_portal.charging.balances.units import ENERGY, Means
from offers.asking import Lock, SessionAsk
from pricing.engine.plans import energy_of_minutes
from pricing.engine.values import ChargingRequest, DurationMeasure, EnergyMeasure, PriceTerms, PricingModel


def pool_of(terms: PriceTerms) -> Means:
    """Return what a session on this tariff draws on: pools of this subscription, and those of any."""
    return Means(ENERGY, terms.tariff_id)


def with_pool(terms: PriceTerms, request: ChargingRequest, ask: SessionAsk, *, lock: Lock, now: datetime) -> PriceTerms:
    """Return the terms with the energy that is included for this customer now, whatever an earlier quote included.

    Nothing is included while nobody is known, where the driver declines their balances, or in a test.
    """
    if terms.model is not PricingModel.SUBSCRIPTION:
        return terms
    known = ask.customer is not None and PREPAID not in ask.declined and not lock.is_test
    left = _left(ask.customer.pk, terms, lock.order_id, now) if known and ask.customer is not None else 0
    return replace(terms, included_wh=_of_plan(request, left))


def included_now(
    terms: PriceTerms, request: ChargingRequest, customer_id: UUID, *, order_id: UUID, now: datetime
) -> int | None:
    """Return what would be included in the customer's order; who has locked their balances goes by it."""
    return _of_plan(request, _left(customer_id, terms, order_id, now))


def _left(customer_id: UUID, terms: PriceTerms, order_id: UUID | None, now: datetime) -> int:
    return int(left_for(customer_id, pool_of(terms), now=now, order_id=order_id))


def _of_plan(request: ChargingRequest, left: int) -> int | None:
    """Return what is included of what is left: as much as is planned, all of it where an amount decides the energy."""
    measure = request.measure
    if request.delivery is None and isinstance(measure, EnergyMeasure):
        left = min(left, measure.wh)
    elif request.delivery is None and isinstance(measure, DurationMeasure):
        left = min(left, energy_of_minutes(request, measure.minutes))
    return left or None
