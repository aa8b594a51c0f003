"""Bills from the meter: one session of 200 readings, and 100,000 sessions of 20 readings each billed anew.

Three tariff windows and two surges price them all. The yardstick is reading the register alone: the energy without
any price.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import perf_counter

from pricing.engine.metering import metered_supply
from pricing.engine.price import price
from pricing.engine.values import (
    ChargingRequest,
    Delivery,
    Dimension,
    PriceComponent,
    PricingModel,
    Reading,
    Surge,
    SurgeBasis,
)
from tests.bench.figures import Figures, interleaved, p50
from tests.pricing.engine.samples import PLAIN, kwh, window

SESSIONS, BATCH, READINGS = 100_000, 1_000, 20
LONG, CALLS, ROUNDS = 200, 200, 15
MIDNIGHT = datetime(2026, 3, 1, 18, 30, tzinfo=UTC)
TERMS = replace(
    PLAIN,
    model=PricingModel.TIME_OF_DAY,
    components=(
        PriceComponent(Dimension.ENERGY, Decimal(24), (window("18:00", "22:00"),)),
        PriceComponent(Dimension.ENERGY, Decimal(15), (window("00:00", "06:00"),)),
        PriceComponent(Dimension.ENERGY, Decimal(18), (window("06:00", "18:00"), window("22:00", "00:00"))),
    ),
    surges=(
        Surge("rush", 1, "Rush hours", SurgeBasis.PERCENT, Decimal(20), (window("17:30", "20:30"),)),
        Surge("grid", 1, "Grid stress", SurgeBasis.PER_KWH, Decimal(1), (window("19:00", "23:00"),)),
    ),
    surge_cap_percent=Decimal(25),
)
POWER_W = 30_000


def run() -> Figures:
    return _one_session() | _many_sessions()


def _one_session() -> Figures:
    """Measure a session from 17:00 to 22:50 in Kolkata: two rates, both surges, six stretches."""
    session = _session(MIDNIGHT + timedelta(hours=17), 105, [700] * (LONG - 1))
    assert len(price(session, TERMS).slices) == 6
    found = interleaved(
        ROUNDS, metered=lambda: _timed(session), reading=lambda: _supplies([session] * CALLS) / CALLS * 1000
    )
    metered, reading = p50([x for rounds in found["metered"] for x in rounds]), p50(found["reading"])
    return {"metered.p50_ms": metered, "metered.reading_ms": reading, "metered.ratio_to_reading": metered / reading}


def _many_sessions() -> Figures:
    """Measure batch by batch, in turn with the yardstick; the same bills come out again."""
    dice = random.Random(1)
    spent = {"bills": 0.0, "reading": 0.0}
    for number, batch in enumerate(_batches(dice)):
        began = perf_counter()
        totals = [price(x, TERMS).total.amount for x in batch]
        spent["bills"] += perf_counter() - began
        spent["reading"] += _supplies(batch)
        if not number:
            assert totals == [price(x, TERMS).total.amount for x in batch]
    return {
        "rebill.sessions_per_s": SESSIONS / spent["bills"],
        "rebill.readings_alone_per_s": SESSIONS / spent["reading"],
        "rebill.ratio_to_reading": spent["bills"] / spent["reading"],
    }


def _batches(dice: random.Random) -> Iterator[list[ChargingRequest]]:
    for _ in range(SESSIONS // BATCH):
        yield [
            _session(
                MIDNIGHT + timedelta(minutes=dice.randrange(30 * 1440)),
                dice.randrange(60, 240),
                [dice.randrange(0, 500) for _ in range(READINGS - 1)],
            )
            for _ in range(BATCH)
        ]


def _session(starts_at: datetime, seconds: int, steps: list[int]) -> ChargingRequest:
    """Return a delivered session with a reading every so many seconds."""
    register, readings = 0, [Reading(starts_at, 0)]
    for number, step in enumerate(steps, start=1):
        register += step
        readings.append(Reading(starts_at + timedelta(seconds=number * seconds), register))
    delivery = Delivery(starts_at, readings[-1].at, tuple(readings))
    return replace(kwh("1"), max_power_w=POWER_W, planned_start=starts_at, delivery=delivery)


def _timed(session: ChargingRequest) -> list[float]:
    found = []
    for _ in range(CALLS):
        began = perf_counter()
        price(session, TERMS)
        found.append((perf_counter() - began) * 1000)
    return found


def _supplies(sessions: list[ChargingRequest]) -> float:
    """Return the seconds that it takes to read the registers of sessions."""
    deliveries = [x.delivery for x in sessions if x.delivery is not None]
    began = perf_counter()
    for delivery in deliveries:
        metered_supply(delivery, POWER_W)
    return perf_counter() - began
