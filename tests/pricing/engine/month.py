"""A month of sessions that are made up from a seed, billed; printed as one hash when it is run as a program."""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pricing.engine.codec import quote_to_json
from pricing.engine.price import price
from pricing.engine.values import (
    ChargingRequest,
    Delivery,
    Dimension,
    EnergyMeasure,
    PriceComponent,
    PriceTerms,
    PricingModel,
    Quote,
    Reading,
    Surge,
    SurgeBasis,
    TimeSpan,
    Wheeling,
    WheelingBasis,
)
from tests.pricing.engine.samples import PLAIN, ask, window

#: The month in which Berlin's clock goes back, on the 25th.
BEGINS = datetime(2026, 10, 1, tzinfo=UTC)
SESSIONS, MINUTES = 600, 31 * 1440
TERMS = replace(
    PLAIN,
    model=PricingModel.TIME_OF_DAY,
    time_zone="Europe/Berlin",
    components=(
        PriceComponent(Dimension.ENERGY, Decimal("24.5"), (window("18:00", "21:00"),)),
        PriceComponent(Dimension.ENERGY, Decimal("14.25"), (window("22:30", "02:30"),)),
        PriceComponent(Dimension.ENERGY, Decimal(18)),
        PriceComponent(Dimension.TIME, Decimal("0.3")),
        PriceComponent(Dimension.IDLE, Decimal("1.5"), grace_minutes=10),
    ),
    surges=(
        Surge("fair", 3, "Fair", SurgeBasis.FIXED, Decimal(12), spans=(TimeSpan(BEGINS, BEGINS + timedelta(days=9)),)),
        Surge("night", 1, "Night", SurgeBasis.PERCENT, Decimal("7.5"), (window("23:00", "03:00"),), group="one"),
        Surge("rush", 1, "Rush", SurgeBasis.PER_KWH, Decimal("1.25"), (window("17:00", "01:00"),), group="one"),
    ),
    surge_cap_percent=Decimal(15),
    minimum_price=Decimal(30),
    maximum_price=Decimal(300),
    wheeling=Wheeling("Wheeling", Decimal("0.35"), WheelingBasis.KWH),
)


def sessions(seed: int) -> Iterator[ChargingRequest]:
    """Yield sessions with readings out of order, many at uneven times, some backwards."""
    dice = random.Random(seed)
    for _ in range(SESSIONS):
        # Some meters read on the clock, and so at every change of the rate.
        clocked = dice.random() < 0.5
        starts_at = BEGINS + timedelta(minutes=dice.randrange(0, MINUTES, 5 if clocked else 1))
        register, at, readings = dice.randrange(10**6), starts_at, []
        for _ in range(dice.randrange(2, 25)):
            readings.append(Reading(at, register))
            at += timedelta(minutes=5) if clocked else timedelta(seconds=dice.randrange(30, 1200))
            register += dice.choice((0, 0, dice.randrange(4000), -dice.randrange(50)))
        dice.shuffle(readings)
        stopped_at = at + timedelta(minutes=dice.randrange(40))
        request = ask(EnergyMeasure(1), start=starts_at, power_w=60_000)
        yield replace(request, delivery=Delivery(starts_at, stopped_at, tuple(readings)))


def bills(seed: int, terms: PriceTerms = TERMS) -> list[Quote]:
    """Return the bills of the month."""
    return [price(request, terms) for request in sessions(seed)]


def fingerprint(found: list[Quote]) -> str:
    """Return one hash of all that stands on the bills."""
    text = json.dumps([quote_to_json(x) for x in found], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


if __name__ == "__main__":
    print(fingerprint(bills(int(sys.argv[1]))))
