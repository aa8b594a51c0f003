"""Tariffs, requests and readings that the engine's tests share: ₹18/kWh, a ₹10 fee, 18 % GST, Kolkata."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

from pricing.engine.values import (
    AmountMeasure,
    Basis,
    ChargingRequest,
    Delivery,
    Dimension,
    EnergyMeasure,
    Fee,
    Measure,
    PriceComponent,
    PriceTerms,
    PricingModel,
    Quote,
    Reading,
    Tax,
    WeeklyWindow,
)

SATURDAY = datetime(2026, 11, 7, 4, 30, tzinfo=UTC)  # 10:00 in Kolkata
EVERY_DAY = frozenset(range(1, 8))

PLAIN = PriceTerms(
    tariff_id="standard",
    tariff_version=1,
    model=PricingModel.PER_KWH,
    currency="INR",
    time_zone="Asia/Kolkata",
    components=(PriceComponent(Dimension.ENERGY, Decimal(18)),),
    fees=(Fee("SERVICE", "Service Fee", Decimal(10)),),
    tax=Tax("GST", Decimal(18), "998714"),
)
UNTAXED = replace(PLAIN, tax=None)
BARE = replace(PLAIN, tax=None, fees=())


def ask(measure: Measure, *, start: datetime = SATURDAY, power_w: int = 30_000) -> ChargingRequest:
    return ChargingRequest("connector-1", power_w, start, None, measure)


def kwh(text: str) -> ChargingRequest:
    return ask(EnergyMeasure(int(Decimal(text) * 1000)))


def rupees(text: str, basis: Basis = Basis.BEFORE_SURGE_OFFER_TAX) -> ChargingRequest:
    return ask(AmountMeasure(Decimal(text), "INR", basis))


def delivered(*readings: tuple[int, int], stop: int | None = 60, power_w: int = 30_000) -> ChargingRequest:
    """Return a delivery from readings of (minutes after the start, Wh); `stop` is in minutes, None while it runs."""
    delivery = Delivery(
        SATURDAY,
        None if stop is None else SATURDAY + timedelta(minutes=stop),
        tuple(Reading(SATURDAY + timedelta(minutes=minute), wh) for minute, wh in readings),
    )
    return replace(ask(EnergyMeasure(1), power_w=power_w), delivery=delivery)


def window(start: str, end: str, weekdays: frozenset[int] = EVERY_DAY) -> WeeklyWindow:
    return WeeklyWindow(weekdays, time.fromisoformat(start), time.fromisoformat(end))


def printed(quote: Quote) -> list[tuple[str, str]]:
    """Return the lines as they are printed: title and amount."""
    return [(line.title, str(line.amount.amount)) for line in quote.lines]
