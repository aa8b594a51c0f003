"""The pure price with its trace, with 0, 1 and 5 applicable offers, against reading a select's JSON."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal

from beckn.protocol.jsontext import read_json
from offers.engine.step import OfferStep
from pricing.engine.price import price
from tests.bench import buyer
from tests.bench.explaining import explaining
from tests.bench.figures import Figures, interleaved, p50, p99
from tests.offers.engine.samples import offer, step
from tests.pricing.engine.samples import PLAIN, rupees

CALLS, ROUNDS = 300, 15


def run() -> Figures:
    raw = buyer.select().raw
    steps = {count: _offers(count) for count in (0, 1, 5)}

    def priced(discounts: OfferStep) -> Callable[[], list[float]]:
        return lambda: timed(lambda: price(rupees("100"), PLAIN, discounts=discounts))

    measures = {f"offers{count}": priced(discounts) for count, discounts in steps.items()}
    found = interleaved(ROUNDS, read=lambda: timed(lambda: read_json(raw, refuse_duplicates=False)), **measures)
    figures: Figures = {}
    reading = p50([p50(times) for times in found["read"]])
    for name in measures:
        figures[f"price.p50_us.{name}"] = p50([p50(times) for times in found[name]])
        figures[f"price.p99_us.{name}"] = p50([p99(times) for times in found[name]])
    figures["price.p50_us"], figures["price.p99_us"] = figures["price.p50_us.offers1"], figures["price.p99_us.offers1"]
    figures["price.read_json_us"] = reading
    figures["price.ratio_to_read_json"] = figures["price.p50_us"] / reading
    return figures | explaining()


def timed(call: Callable[[], object]) -> list[float]:
    """Return how long each of many calls took, in microseconds."""
    times = []
    for _ in range(CALLS):
        began = time.perf_counter_ns()
        call()
        times.append((time.perf_counter_ns() - began) / 1000)
    return times


def _offers(count: int) -> OfferStep:
    """Return so many offers that apply, of which some can be combined."""
    offers = [
        offer(f"offer-{number}", str(25 - number), additive=bool(number), value_cap=Decimal(100), min_value="50")
        for number in range(count)
    ]
    return step(*offers)
