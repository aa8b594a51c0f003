"""The handler of a select: its SQL queries at 10 and 1,000 offers, and at 10 and 2,000 connectors, must be equal."""

from __future__ import annotations

from time import perf_counter

from django.db import connection
from django.test.utils import CaptureQueriesContext

from beckn import inbox, nudge
from beckn.models import OutboundCallback
from beckn.receive import Posted, receive
from tests.bench import buyer, database
from tests.bench.figures import Figures, p50
from tests.bench.seed import add_connectors, add_offers
from tests.world import make_world

DELHI = [(28.63, 77.21)]
SIZES = {"offers10": (10, 10), "offers1000": (1000, 10), "connectors10": (10, 10), "connectors2000": (10, 2000)}
ROUNDS = 20


class _Silence:
    """Stands in for the nudges: this group works the inbox off by itself."""

    def nudge(self, task: str) -> None:
        pass


def run() -> Figures:
    buyer.register()
    nudger, nudge._nudger = nudge._nudger, _Silence()  # type: ignore[assignment]
    try:
        figures: Figures = {}
        queries = {}
        for name, (offers, connectors) in SIZES.items():
            provider_id = f"{name}.example"
            world = make_world(provider_id)
            add_connectors(world.cpo, connectors - 1, DELHI)
            add_offers(world.cpo, offers)
            database.tidy()
            times, queries[name] = _handle(provider_id)
            figures[f"select.sql_queries.{name}"] = queries[name]
            figures[f"select.handle_ms.{name}"] = p50(times)
    finally:
        nudge._nudger = nudger
    figures["select.sql_queries"] = max(queries.values())
    figures["select.sql_queries_spread"] = max(queries.values()) - min(queries.values())
    return figures


def _handle(provider_id: str) -> tuple[list[float], int]:
    """Return the time of each of many selects in milliseconds, and the queries of one more."""
    times, counted = [], 0
    for number in range(ROUNDS + 2):
        message = buyer.select(provider_id)
        answer = receive(Posted("select", message.raw, message.authorization))
        assert answer.status == 200, answer
        (claimed,) = inbox.claim_inbound(1)
        began = perf_counter()
        if number <= ROUNDS:
            assert inbox.process(claimed)
            times.append((perf_counter() - began) * 1000)
        else:
            with CaptureQueriesContext(connection) as captured:
                assert inbox.process(claimed)
            counted = len(captured)
        assert OutboundCallback.objects.filter(message_id=message.message_id, action="on_select").exists()
    return times[1:], counted  # the first compiles the offer book
