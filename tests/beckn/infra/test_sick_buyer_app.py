"""200,000 callbacks that one buyer app does not take, beside another that waits for its answers."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from beckn import tasks
from beckn.circuit import Circuit, state_of
from beckn.models import DeliveryAttempt, OutboundCallback, Subscriber, SubscriberHealth
from tests.beckn.infra.support import BuyerApp, Sink, acknowledge, wait_until
from tests.bench.sick import FILL
from tests.bench.sick_sink import ERROR, HANG, RESET, SickSink

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
ROWS, REQUESTS = 200_000, 120


@pytest.fixture
def lease_and_threads() -> tuple[int, int]:
    """As in production: a lease outlives a buyer app that hangs."""
    return 30, 16


@pytest.fixture
def ask(
    post: Any, bap: BuyerApp, sink: Sink, start_worker: Any, broker: Callable[[str], None]
) -> Callable[[int], None]:
    """Send so many requests, one after the other's answer."""
    start_worker()

    def one(number: int) -> None:
        message_id, before = str(uuid.uuid4()), len(sink.received)
        raw = bap.body("select", transaction_id=message_id, message_id=message_id)
        if number % 10 == 0:
            broker("sweep")
        began = swept = time.monotonic()
        post("select", raw, by=bap)
        broker("drain_inbox")
        while not any(message_id.encode() in body for _, body, _ in sink.received[before:]):
            assert time.monotonic() < began + 20, "no answer within 20 s"
            if time.monotonic() > swept + 1:  # as the scheduler would: what failed once is tried again
                broker("sweep")
                swept = time.monotonic()
            time.sleep(0.0005)

    def ask(count: int) -> None:
        for number in range(count):
            one(number)

    ask(10)
    return ask


def rows_read() -> int:
    """Return how many callbacks all connections have read from the table so far, once each has told the server."""
    time.sleep(11)  # an idle connection tells its counts after ten seconds
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables"
            " WHERE relname = 'beckn_outboundcallback'"
        )
        return int(cursor.fetchone()[0])


def owe_to(subscriber_id: str, rows: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"body": uuid.uuid4(), "bap": subscriber_id, "rows": rows})


def state_in_database(subscriber_id: str) -> Circuit:
    row = SubscriberHealth.objects.get(subscriber__subscriber_id=subscriber_id)
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        return state_of(failures=row.failures, open_until=row.open_until, now=cursor.fetchone()[0])


@pytest.mark.parametrize("behaviour", [HANG, RESET, ERROR])
def test_one_buyer_app_s_answers_cost_no_more_while_another_takes_nothing(
    ask: Callable[[int], None], broker: Callable[[str], None], behaviour: str
) -> None:
    """Counted in rows that are read, which no busy machine changes; `./portal bench sick` quotes the times."""
    with SickSink() as sick:
        sick.behaviour = behaviour
        BuyerApp("sick.example", seed=b"s" * 32).register(sick.url)
        before = rows_read()
        ask(REQUESTS)
        idle = rows_read() - before
        owe_to("sick.example", ROWS)
        before = rows_read()
        ask(REQUESTS)
        during = rows_read() - before
        wait_until(lambda: (broker("sweep"), SubscriberHealth.objects.filter(open_until__isnull=False).exists())[1], 40)
        before = rows_read()
        ask(REQUESTS)
        later = rows_read() - before
        asked = sick.asked
        assert OutboundCallback.objects.filter(bap_id="sick.example", state="PENDING").count() == ROWS
    # Four at once and one after the other until it was left alone, then one at a time.
    assert 5 <= asked <= 20
    assert DeliveryAttempt.objects.exclude(outcome="DELIVERED").count() <= asked
    # A row more or less for each attempt and each sweep; reading the others' once would be 200,000.
    assert during < idle + ROWS // 100
    assert later < idle + ROWS // 100


def test_all_arrives_in_order_once_the_buyer_app_is_back(
    bap: BuyerApp, sink: Sink, start_worker: Any, broker: Callable[[str], None]
) -> None:
    sink.behave = lambda request, raw: request.connection.close()
    owe_to(bap.id, 400)
    start_worker()

    def swept(happened: Callable[[], bool]) -> Callable[[], bool]:
        return lambda: (broker("sweep"), happened())[1]

    wait_until(swept(lambda: SubscriberHealth.objects.filter(open_until__isnull=False).exists()), 60)
    assert state_in_database(bap.id) in {Circuit.OPEN, Circuit.HALF_OPEN}
    sink.behave = acknowledge
    wait_until(swept(lambda: OutboundCallback.objects.filter(state="DELIVERED").count() == 400), 60)
    assert state_in_database(bap.id) is Circuit.CLOSED
    assert Subscriber.objects.filter(health__pauses=0).count() == 1
    ends = OutboundCallback.objects.order_by("transaction_id", "finished_at").values_list("transaction_id", "sequence")
    assert list(ends) == sorted(ends)
    assert tasks.bury_old() == 0
