"""Nobody sends more than is good for the others; whoever does is told when to come again, and nobody else is."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from beckn import rate_limits, registry
from beckn.models import InboundMessage, RateBucket, Subscriber
from beckn.rate_limits import TooMany, admit_address, admit_subscriber
from beckn.registry import Participant
from cpo_portal.accounts import rates
from cpo_portal.accounts.rates import Buckets, address_of
from tests.beckn.infra.support import BuyerApp
from tests.processes import run_at_once


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_bucket_gives_its_burst_and_then_its_rate() -> None:
    clock = Clock()
    buckets = Buckets(rate=2, burst=3, clock=clock)
    assert [buckets.take("a") for _ in range(5)] == [0, 0, 0, 0.5, 0.5]
    assert buckets.take("b") == 0
    clock.now += 0.5
    assert [buckets.take("a"), buckets.take("a")] == [0, 0.5]
    clock.now += 3600
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_buckets_remember_so_many_callers_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "MOST_KEYS", 2)
    buckets = Buckets(rate=0.001, burst=1, clock=Clock())
    assert [buckets.take(key) for key in ("a", "b")] == [0, 0]
    assert buckets.take("b") > 0
    assert buckets.take("c") == 0  # "a" is forgotten
    assert buckets.take("b") > 0
    assert len(buckets._left) == 2


ADDRESSES: dict[str, tuple[int, dict[str, str], str]] = {
    "as connected": (0, {"REMOTE_ADDR": "8.8.8.8"}, "8.8.8.8"),
    "a header that nobody of us wrote": (0, {"REMOTE_ADDR": "8.8.8.8", "HTTP_X_FORWARDED_FOR": "1.1.1.1"}, "8.8.8.8"),
    "behind one proxy": (1, {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "9.9.9.9, 1.1.1.1"}, "1.1.1.1"),
    "behind two proxies": (
        2,
        {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": "7.7.7.7, 9.9.9.9, 1.1.1.1"},
        "9.9.9.9",
    ),
    "past the proxies": (2, {"REMOTE_ADDR": "8.8.8.8", "HTTP_X_FORWARDED_FOR": "9.9.9.9"}, "8.8.8.8"),
    "IPv6: the network": (0, {"REMOTE_ADDR": "2606:2800:220:1:248:1893:25c8:1946"}, "2606:2800:220:1::/64"),
    "IPv4 in IPv6": (0, {"REMOTE_ADDR": "::ffff:8.8.8.8"}, "8.8.8.8"),
    "nonsense": (1, {"REMOTE_ADDR": "", "HTTP_X_FORWARDED_FOR": "x" * 200}, "x" * 64),
}


@pytest.mark.parametrize(("proxies", "meta", "address"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_callers_address(settings: Any, proxies: int, meta: dict[str, str], address: str) -> None:
    settings.AXES_IPWARE_PROXY_COUNT = proxies
    assert address_of(meta) == address


def test_address_is_refused_before_its_signature_is_looked_at(settings: Any, client: Any) -> None:
    """No database here: what is refused costs no query either."""
    settings.BECKN_ADDRESS_RATE = 1
    for _ in range(2):
        admit_address("127.0.0.1")
    answer = client.post("/beckn/select", b"?", content_type="application/json")
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    assert answer.json() == {
        "message": {"ack": {"status": "NACK"}},
        "error": {"code": "429", "message": "Too many requests from this address; send this one again in 1 s."},
    }
    admit_address("127.0.0.2")


@pytest.mark.django_db
def test_subscriber_is_refused_above_its_own_figure_and_others_are_not(post: Any, bap: BuyerApp) -> None:
    other = BuyerApp("other.example", seed=b"o" * 32)
    other.register()
    Subscriber.objects.filter(subscriber_id=bap.id).update(requests_per_second=1)
    assert [post("select", bap.body("select"), by=bap).status_code for _ in range(3)] == [200, 200, 429]
    answer = post("select", bap.body("select"), by=bap)
    assert (answer.status_code, answer["Retry-After"]) == (429, "1")
    assert answer.json()["error"] == {
        "code": "429",
        "message": "Too many requests of this subscriber; send this one again in 1 s.",
    }
    assert post("select", other.body("select"), by=other).status_code == 200
    assert InboundMessage.objects.count() == 3


@pytest.mark.django_db
def test_forged_requests_do_not_count_against_the_forged(post: Any, bap: BuyerApp) -> None:
    Subscriber.objects.filter(subscriber_id=bap.id).update(requests_per_second=1)
    for _ in range(5):
        raw = bap.body("select")
        assert post("select", raw, Authorization=bap.sign(raw, seed=b"z" * 32)).status_code == 401
    assert post("select", bap.body("select"), by=bap).status_code == 200


@pytest.mark.django_db
def test_what_a_gateway_passes_on_counts_against_the_gateway(post: Any, bap: BuyerApp) -> None:
    gateway = BuyerApp("gateway.example", seed=b"g" * 32)
    gateway.register(role="BG")
    Subscriber.objects.filter(subscriber_id=gateway.id).update(requests_per_second=1)

    def passed_on() -> int:
        raw = bap.body("search")
        return int(post("search", raw, **{"X-Gateway-Authorization": gateway.sign(raw)}).status_code)

    assert [passed_on() for _ in range(3)] == [200, 200, 429]
    assert post("search", bap.body("search"), by=bap).status_code == 200


def signer(bap: BuyerApp, rate: int | None) -> Participant:
    Subscriber.objects.filter(subscriber_id=bap.id).update(requests_per_second=rate)
    registry.forget()
    key = registry.lookup(bap.id, bap.key_id)
    assert key is not None
    return key.owner


def admitted(who: Participant, times: int) -> int:
    """Return how many of so many requests are taken."""
    taken = 0
    for _ in range(times):
        try:
            admit_subscriber(who)
            taken += 1
        except TooMany:
            pass
    return taken


@pytest.mark.django_db
def test_most_requests_ask_nobody(bap: BuyerApp) -> None:
    who = signer(bap, 100)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert admitted(who, 100) == 100
    assert len(queries) == 10
    with CaptureQueriesContext(connection) as queries:
        assert admitted(signer(bap, 100), 0) == 0
        rate_limits._purses[who.pk].tokens = 0
        rate_limits._purses[who.pk].empty_until = time.monotonic() + 60
        queries.captured_queries.clear()
        assert admitted(who, 1000) == 0
    assert not [query for query in queries if "ratebucket" in query["sql"]]


@pytest.mark.django_db
def test_platforms_figure_holds_where_the_page_is_empty(bap: BuyerApp, settings: Any) -> None:
    settings.BECKN_SUBSCRIBER_RATE = 1
    assert admitted(signer(bap, None), 5) == 2
    settings.BECKN_SUBSCRIBER_RATE = 0
    assert admitted(signer(bap, None), 50) == 50
    assert admitted(signer(bap, 1), 1) == 0


@pytest.mark.django_db
def test_bucket_fills_by_the_databases_clock(bap: BuyerApp) -> None:
    who = signer(bap, 10)
    assert admitted(who, 30) == 20
    rate_limits.forget()
    RateBucket.objects.update(at="2020-01-01T00:00:00Z", tokens=0)
    assert admitted(who, 30) == 20


@pytest.mark.django_db(transaction=True)
def test_processes_share_one_bucket(bap: BuyerApp) -> None:
    who = signer(bap, 20)
    began = time.monotonic()
    taken = sum(run_at_once(4, lambda _: admitted(who, 60)))
    seconds = time.monotonic() - began
    assert 40 <= taken <= 40 + 20 * seconds


@pytest.mark.django_db(transaction=True)
def test_threads_of_a_process_spend_each_token_once(bap: BuyerApp) -> None:
    who = signer(bap, 20)

    def spend(_: int) -> int:
        try:
            return admitted(who, 30)
        finally:
            connection.close()

    began = time.monotonic()
    with ThreadPoolExecutor(6) as pool:
        taken = sum(pool.map(spend, range(6)))
    seconds = time.monotonic() - began
    assert 40 <= taken <= 40 + 20 * seconds
