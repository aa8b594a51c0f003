"""Explaining all of 10,000 offers of a CPO against one cart, of which five could apply and some are used up."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

from offers.engine.book import OfferBook
from offers.engine.explain import cart_of, explain_all
from offers.engine.step import OfferStep
from offers.engine.values import OfferTerms, Usage
from pricing.engine.price import price
from tests.bench.figures import Figures, p50
from tests.offers.engine.samples import WEEKEND, context, offer
from tests.pricing.engine.samples import PLAIN, SATURDAY, rupees

OFFERS, ROUNDS = 10_000, 25


def explaining() -> Figures:
    """Return how long the engine takes, in milliseconds."""
    book = OfferBook.compile(_offers(), revision=1)
    judged = replace(context(), usage={x.offer_id: Usage(uses=n % 120) for n, x in enumerate(book.all())})
    quote = price(rupees("100"), PLAIN, discounts=OfferStep(book, judged))
    cart, offers = cart_of(quote), book.all()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = explain_all(offers, cart, judged, quote.trace)
        times.append((time.perf_counter() - began) * 1000)
    assert len(found) == OFFERS
    return {"explain.ms.n10000": p50(times)}


def _offers() -> list[OfferTerms]:
    """Return offers for other stations, connectors and times, and five for this one."""
    here = [offer(f"here-{number}", str(25 - number), additive=bool(number)) for number in range(5)]
    return here + [
        offer(
            f"far-{number}",
            str(5 + number % 20),
            location_ids=frozenset({f"station-{10 + number % 500}"}),
            item_ids=frozenset({f"connector-{10 + number}"}) if number % 3 else frozenset(),
            valid_from=SATURDAY - timedelta(days=number % 90),
            valid_until=SATURDAY + timedelta(days=number % 60),
            weekly_windows=WEEKEND if number % 2 else (),
            min_value="50" if number % 4 else None,
            total_uses=100 if number % 5 else None,
        )
        for number in range(OFFERS - len(here))
    ]
