"""What a request asks for, checked: the start, the connector's power and the limits that any plan must keep."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from pricing.engine.metering import HORIZON
from pricing.engine.values import (
    AmountMeasure,
    ChargingRequest,
    DurationMeasure,
    EnergyMeasure,
    PriceTerms,
    PricingError,
)
from pricing.engine.wording import energy_text

_HOUR_SECONDS = 3600
_HORIZON_SECONDS = int(HORIZON.total_seconds())


def check_request(request: ChargingRequest, terms: PriceTerms) -> None:
    """Raise PricingError for a request that makes no sense whatever the tariff's rates are."""
    if request.max_power_w <= 0:
        raise PricingError("POWER", "Give the connector a power rating above 0 W.")
    for instant in _instants(request):
        if instant.tzinfo is None:
            raise PricingError("NAIVE_TIME", f"Give {instant.isoformat()} with its offset from UTC.")
    measure = request.measure
    if isinstance(measure, EnergyMeasure) and measure.wh <= 0:
        raise PricingError("QUANTITY", "Ask for more than 0 kWh.")
    if isinstance(measure, DurationMeasure) and measure.minutes <= 0:
        raise PricingError("QUANTITY", "Ask for at least one minute.")
    if isinstance(measure, AmountMeasure):
        _check_amount(measure, terms)


def most_energy(request: ChargingRequest) -> int:
    """Return the Wh that the connector can deliver in the longest session that has a price."""
    return request.max_power_w * _HORIZON_SECONDS // _HOUR_SECONDS


def energy_of_minutes(request: ChargingRequest, minutes: int) -> int:
    """Return the whole Wh that the connector's rating gives in so many minutes."""
    return request.max_power_w * minutes // 60


def check_energy(energy_wh: int, request: ChargingRequest, terms: PriceTerms) -> None:
    """Raise PricingError where a plan is beyond the tariff's limits or the longest session."""
    if terms.minimum_wh is not None and energy_wh < terms.minimum_wh:
        raise PricingError(
            "MINIMUM_QUANTITY",
            f"Ask for at least {energy_text(terms.minimum_wh)}: this request comes to {energy_text(energy_wh)}.",
        )
    if terms.maximum_wh is not None and energy_wh > terms.maximum_wh:
        raise PricingError(
            "MAXIMUM_QUANTITY",
            f"Ask for at most {energy_text(terms.maximum_wh)}: this request comes to more.",
        )
    if energy_wh > most_energy(request):
        raise too_long()


def check_duration(duration: timedelta) -> None:
    """Raise PricingError where a plan lasts longer than any session may."""
    if duration > HORIZON:
        raise too_long()


def too_long() -> PricingError:
    """Return the error of a request that would take longer than any session may."""
    return PricingError("PLAN_TOO_LONG", f"Ask for less: this would take more than {HORIZON.days} days of charging.")


def _check_amount(measure: AmountMeasure, terms: PriceTerms) -> None:
    if measure.currency != terms.currency:
        raise PricingError("CURRENCY", f"Ask for an amount in {terms.currency}, the currency of this tariff.")
    if not measure.amount.is_finite() or measure.amount <= Decimal(0):
        raise PricingError("QUANTITY", "Ask for an amount above zero.")


def _instants(request: ChargingRequest) -> list[datetime]:
    instants = [request.planned_start]
    if request.planned_end is not None:
        instants.append(request.planned_end)
    if request.delivery is not None:
        instants.append(request.delivery.started_at)
        if request.delivery.stopped_at is not None:
            instants.append(request.delivery.stopped_at)
        instants.extend(x.at for x in request.delivery.readings)
    return instants
