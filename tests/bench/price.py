"""Prices among up to 100,000 live offers: the pure `price()`, its queries, the service, the book and its refresh.

Five offers apply wherever there are five. The yardsticks are reading a select's JSON, the same price without offers,
and a bare `SELECT 1`.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import islice

from beckn.protocol.jsontext import read_json
from cpo_portal.runtime.garbage import collect_seldom
from offers.engine.book import OfferBook
from offers.engine.step import OfferStep
from offers.engine.values import OfferTerms
from pricing.engine.price import price
from pricing.engine.values import ChargingRequest, PriceTerms, ProductOrder, ProductPrice
from tests.bench import buyer, price_service
from tests.bench.explaining import explaining
from tests.bench.figures import SIZES, Figures, interleaved, p50, p99
from tests.offers.engine.samples import context, offer, step
from tests.pricing.engine.samples import PLAIN, rupees

CALLS, ROUNDS = 300, 15
APPLICABLE = 5
PRODUCTS = ("coffee", "parking")
WITH_PRODUCTS = replace(PLAIN, product_prices=tuple(ProductPrice(x, x.title(), Decimal(30)) for x in PRODUCTS))


def run() -> Figures:
    """Measure in a process that looks for garbage as the portal's own do."""
    collect_seldom()
    raw = buyer.select().raw
    figures = _by_applicable(lambda: read_json(raw, refuse_duplicates=False))
    figures |= _by_size()
    return figures | price_service.run(SIZES)


def _by_applicable(reading: Callable[[], object]) -> Figures:
    """Measure with 0, 1 and 5 offers that apply, beside reading the JSON of a select."""
    steps = {f"offers{count}": step(*_applicable(count)) for count in (0, 1, APPLICABLE)}
    measures = {name: _priced(discounts, lines=1) for name, discounts in steps.items()}
    found = interleaved(ROUNDS, read=lambda: timed(reading), **measures)
    figures: Figures = {}
    for name in measures:
        figures[f"price.p50_us.{name}"] = p50([p50(times) for times in found[name]])
        figures[f"price.p99_us.{name}"] = p50([p99(times) for times in found[name]])
    figures["price.p50_us"], figures["price.p99_us"] = figures["price.p50_us.offers1"], figures["price.p99_us.offers1"]
    figures["price.read_json_us"] = p50([p50(times) for times in found["read"]])
    figures["price.ratio_to_read_json"] = figures["price.p50_us"] / figures["price.read_json_us"]
    return figures | explaining()


def _by_size() -> Figures:
    """Measure five applicable offers among N, with one line and with three, and without any offer."""
    steps = {size: OfferStep(_book(size), context()) for size in SIZES}
    measures = {
        f"n{size}{suffix}": _priced(discounts, lines=lines)
        for size, discounts in steps.items()
        for lines, suffix in ((1, ""), (3, ".lines3"))
    }
    none = step()
    measures |= {"without": _priced(none, lines=1), "without.lines3": _priced(none, lines=3)}
    # A hundred thousand offers are a million objects, and none of them is garbage.
    gc.collect()
    gc.freeze()
    try:
        found = interleaved(ROUNDS, **measures)
    finally:
        gc.unfreeze()
    figures: Figures = {}
    for name in measures:
        figures[f"price.p50_us.{name}"] = p50([p50(times) for times in found[name]])
        figures[f"price.p99_us.{name}"] = p50([p99(times) for times in found[name]])
    return figures


def _priced(discounts: OfferStep, *, lines: int) -> Callable[[], list[float]]:
    request, terms = _session(lines)
    assert len(price(request, terms, discounts=discounts).lines) >= lines
    return lambda: timed(lambda: price(request, terms, discounts=discounts))


def _session(lines: int) -> tuple[ChargingRequest, PriceTerms]:
    """Return ₹100 of charging, alone or with two products."""
    if lines == 1:
        return rupees("100"), PLAIN
    products = tuple(ProductOrder(x, 1) for x in PRODUCTS)
    return replace(rupees("200"), products=products), WITH_PRODUCTS


def timed(call: Callable[[], object]) -> list[float]:
    """Return how long each of many calls took, in microseconds."""
    times = []
    for _ in range(CALLS):
        began = time.perf_counter_ns()
        call()
        times.append((time.perf_counter_ns() - began) / 1000)
    return times


def _applicable(count: int) -> list[OfferTerms]:
    """Return so many offers that apply, of which some can be combined."""
    return [
        offer(f"offer-{number}", str(25 - number), additive=bool(number), value_cap=Decimal(100), min_value="50")
        for number in range(count)
    ]


def _book(size: int) -> OfferBook:
    """Return a book of so many live offers: five that apply, the others at other locations, items and categories."""
    scopes = ("location_ids", "item_ids", "categories")
    others = (
        offer(f"other-{n}", str(5 + n % 20), **{scopes[n % 3]: frozenset({f"elsewhere-{n // 10}"})})
        for n in range(size)
    )
    return OfferBook.compile([*_applicable(APPLICABLE), *islice(others, size - APPLICABLE)], revision=1)
