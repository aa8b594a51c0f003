"""The part of the `price` group that needs the database: queries, the service call, building and refreshing a book."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer
from cpo_portal.network.loaded import connector_for_sale
from offers import book
from offers.engine.values import ReasonCode
from offers.models import Offer, OfferState
from offers.quoting import PricedSession, price_session
from tests.bench import database
from tests.bench.figures import Figures, interleaved, p50, p99
from tests.bench.seed import PERSONAL, add_driver, add_live_offers
from tests.world import World, ask_for, make_world

CALLS, ROUNDS = 40, 5
PAST_SESSIONS = 20
SERVICE = 10_000
#: What an evaluation of offers reads; the tariff, the tax and the policy are the price's own.
EVALUATION = ("offers_bookrevision", "offers_offercounter")


def run(sizes: tuple[int, ...]) -> Figures:
    figures: Figures = {}
    for size in sizes:
        world = make_world(f"price{size}.example")
        add_live_offers(world.cpo, size)
        database.tidy()
        with cpo_scope(world.cpo):
            build = _seconds(lambda world=world: _built(world))  # type: ignore[misc]
            figures |= _queries(world, size)
            if size == SERVICE:
                figures |= {f"book.build_s.n{size}": build}
                figures |= _service(world, size) | _change(world, size)
        book._books.pop(world.cpo.pk)
    return figures


def _priced(world: World, driver: Customer | None = None) -> PricedSession:
    connector = connector_for_sale(world.cpo.provider_id, world.connector.item_id)
    assert connector is not None
    start = timezone.now() + timedelta(days=1)
    ask = ask_for(start=start, customer=driver, identity_required=driver is not None)
    return price_session(connector, ask, now=timezone.now())


def _queries(world: World, size: int) -> Figures:
    with CaptureQueriesContext(connection) as captured:
        priced = _priced(world)
    assert len(priced.trace.outcomes) == 5, priced.trace
    own = [x for x in captured.captured_queries if any(table in x["sql"] for table in EVALUATION)]
    return {f"price.sql_queries.n{size}": len(own), f"service.sql_queries.n{size}": len(captured)}


def _service(world: World, size: int) -> Figures:
    """Price as for a driver whom the CPO knows: segments and what they have used are read with the rest."""
    driver = add_driver(world, PAST_SESSIONS)
    with CaptureQueriesContext(connection) as captured:
        outcomes = {x.offer_id: x for x in _priced(world, driver).trace.outcomes}
    codes = {x.code: x.passed for x in outcomes[f"offer-{PERSONAL}"].checks}
    assert (codes[ReasonCode.SEGMENT], codes[ReasonCode.CUSTOMER_USES]) == (True, True), codes

    def select_1() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()

    worked: list[float] = []

    def service() -> list[float]:
        began = time.process_time()
        times = _times(lambda: _priced(world, driver))
        worked.append((time.process_time() - began) * 1000 / CALLS)
        return times

    found = interleaved(ROUNDS, service=service, bare=lambda: _times(select_1))
    return {
        f"service.sql_queries.known.n{size}": len(captured),
        f"service.cpu_ms.n{size}": p50(worked),
        f"service.p50_ms.n{size}": p50([p50(times) for times in found["service"]]),
        f"service.p99_ms.n{size}": p50([p99(times) for times in found["service"]]),
        "service.select_1_ms": p50([p50(times) for times in found["bare"]]),
    }


def _change(world: World, size: int) -> Figures:
    """Pause and resume one offer; what is measured is the next reading of the book, beside one that nothing moved."""
    states = [OfferState.PAUSED, OfferState.APPROVED] * 10
    changed, same = [], []
    for state in states:
        Offer.objects.filter(offer_id="other-7").update(state=state)
        changed.append(_seconds(lambda: book.book_for(world.cpo)) * 1000)
        found = book.book_for(world.cpo).book.get("other-7")
        assert found is not None
        assert found.state == state
        same.append(_seconds(lambda: book.book_for(world.cpo)) * 1000)
    return {f"book.change_ms.n{size}": p50(changed), f"book.unchanged_ms.n{size}": p50(same)}


def _built(world: World) -> Decimal:
    book._books.pop(world.cpo.pk, None)
    return Decimal(len(book.book_for(world.cpo).book.all()))


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _times(call: Callable[[], object]) -> list[float]:
    """Return how long each of some calls took, in milliseconds."""
    return [_seconds(call) * 1000 for _ in range(CALLS)]
