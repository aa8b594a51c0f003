"""A request is acknowledged after it is stored, or refused with the protocol's answer and no trace in the tables."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from beckn import bodies, registry
from beckn.models import InboundMessage, MessageBody, OutboundCallback, SigningKey, Subscriber
from beckn.outbox import enqueue_callback
from cpo_portal.accounts import sealing
from tests.beckn.infra.support import BuyerApp

pytestmark = pytest.mark.django_db

ACK = {"message": {"ack": {"status": "ACK"}}}


def nothing_happened(nudges: list[str]) -> bool:
    return not (InboundMessage.objects.exists() or MessageBody.objects.exists() or nudges)


def test_signed_select_is_stored_acknowledged_and_a_worker_woken(post: Any, bap: BuyerApp, nudges: list[str]) -> None:
    raw = bap.body("select", transaction_id="t-7", message_id="m-7")
    answer = post("select", raw, by=bap)
    assert (answer.status_code, answer.json()) == (200, ACK)
    message = InboundMessage.objects.get()
    assert (message.dialect, message.domain, message.version) == ("deg_v1", "deg:ev-charging", "1.1.0")
    assert (message.bap_id, message.action) == ("bap.example", "select")
    assert (message.transaction_id, message.message_id) == ("t-7", "m-7")
    assert (message.state, message.attempts, message.sandbox) == ("RECEIVED", 0, True)
    assert message.subscriber == Subscriber.objects.get(subscriber_id="bap.example")
    sent = datetime.fromisoformat(json.loads(raw)["context"]["timestamp"])
    assert message.ttl_until == sent + timedelta(seconds=30)
    assert bodies.load(message.body_id, message.body_at) == raw
    assert nudges == ["drain_inbox"]


def test_large_body_is_stored_compressed_and_comes_back_as_signed(post: Any, bap: BuyerApp) -> None:
    raw = bap.body("select") + b" " * 5000
    assert post("select", raw, by=bap).status_code == 200
    message, body = InboundMessage.objects.get(), MessageBody.objects.get()
    assert (body.codec, body.direction, body.key_id) == ("zlib-sealed", "IN", sealing.newest_key().id)
    assert len(body.body) < 1000
    assert bodies.load(message.body_id, message.body_at) == raw


def test_subscribers_default_ttl_counts_where_the_message_has_none(post: Any, bap: BuyerApp) -> None:
    Subscriber.objects.filter(subscriber_id=bap.id).update(default_ttl_seconds=90)
    sent = datetime.now(UTC).replace(microsecond=0)
    raw = bap.body("select", ttl=None, timestamp=sent.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert post("select", raw, by=bap).status_code == 200
    assert InboundMessage.objects.get().ttl_until == sent + timedelta(seconds=90)


OTHER = BuyerApp("other.example", seed=b"o" * 32)
SIGNATURES = {
    "none": lambda bap, raw: {},
    "garbage": lambda bap, raw: {"Authorization": "Signature keyId=?"},
    "over other bytes": lambda bap, raw: {"Authorization": bap.sign(raw + b" ")},
    "expired": lambda bap, raw: {"Authorization": bap.sign(raw, created=int(time.time()) - 60)},
    "from the future": lambda bap, raw: {"Authorization": bap.sign(raw, created=int(time.time()) + 20)},
    "by another key": lambda bap, raw: {"Authorization": bap.sign(raw, seed=b"z" * 32)},
    "unknown key id": lambda bap, raw: {"Authorization": bap.sign(raw, key_id="k2")},
    "unknown subscriber": lambda bap, raw: {"Authorization": bap.sign(raw, subscriber_id="nobody.example")},
    "of another subscriber": lambda bap, raw: {"Authorization": OTHER.sign(raw)},
    "gateway's header from a buyer app, on a select": lambda bap, raw: {"X-Gateway-Authorization": bap.sign(raw)},
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES.keys())
def test_bad_signature_is_401_and_nothing_happens(post: Any, bap: BuyerApp, nudges: list[str], signature: Any) -> None:
    OTHER.register()
    raw = bap.body("select")
    answer = post("select", raw, **signature(bap, raw))
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Signature realm="cpo-portal.example",headers="(created) (expires) digest"'
    assert answer.json()["message"] == {"ack": {"status": "NACK"}}
    assert answer.json()["error"]["code"] == "401"
    assert nothing_happened(nudges)


KEY_STATES: dict[str, dict[str, Any]] = {
    "revoked": {"revoked_at": timezone.now()},
    "over": {"valid_until": timezone.now() - timedelta(seconds=1)},
    "not valid yet": {"valid_from": timezone.now() + timedelta(hours=1)},
}


@pytest.mark.parametrize("change", KEY_STATES.values(), ids=KEY_STATES.keys())
def test_key_that_is_not_valid_now_does_not_sign(
    post: Any, bap: BuyerApp, nudges: list[str], change: dict[str, Any]
) -> None:
    SigningKey.objects.update(**change)
    assert post("select", bap.body("select"), by=bap).status_code == 401
    assert nothing_happened(nudges)


CLOCKS: dict[str, tuple[int, int, str]] = {
    "in time": (0, 30, ""),
    "4 s ahead": (4, 34, ""),
    "8 s ahead": (8, 38, "The signature was created in the future."),
    "4 s behind its end": (-30, 4, ""),
    "just over": (-30, -1, "The signature has expired."),
    "for an hour": (0, 3600, ""),
    "for longer than an hour": (
        0,
        3601,
        "The signature is valid for too long; let it expire at most 3600 s after it is created.",
    ),
    "for ever": (0, 10**11, "The signature is valid for too long; let it expire at most 3600 s after it is created."),
    "the wrong way round": (3, 2, "The signature has expired."),
}


@pytest.mark.parametrize(("created", "expires", "refusal"), CLOCKS.values(), ids=CLOCKS.keys())
def test_signatures_times(
    post: Any, bap: BuyerApp, nudges: list[str], created: int, expires: int, refusal: str
) -> None:
    raw, now = bap.body("select"), int(time.time())
    answer = post("select", raw, Authorization=bap.sign(raw, created=now + created, expires=now + expires))
    if refusal:
        assert (answer.status_code, answer.json()["error"]["message"]) == (401, refusal)
        assert nothing_happened(nudges)
    else:
        assert (answer.status_code, nudges) == (200, ["drain_inbox"])


ROTATION: dict[str, tuple[dict[str, Any], dict[str, Any], list[int]]] = {
    "both live": ({}, {}, [200, 200]),
    "the old one ends later": ({"valid_until": timedelta(hours=1)}, {}, [200, 200]),
    "the old one has ended": ({"valid_until": timedelta(0)}, {}, [401, 200]),
    "the old one is revoked": ({"revoked_at": timedelta(0)}, {}, [401, 200]),
    "the old one is revoked although it had time": (
        {"revoked_at": timedelta(0), "valid_until": timedelta(hours=1)},
        {},
        [401, 200],
    ),
    "the young one begins later": ({}, {"valid_from": timedelta(hours=1)}, [200, 401]),
    "the young one is revoked": ({}, {"revoked_at": timedelta(0)}, [200, 401]),
    "neither": ({"revoked_at": timedelta(0)}, {"valid_until": timedelta(0)}, [401, 401]),
}


@pytest.mark.parametrize(("old", "young", "answers"), ROTATION.values(), ids=ROTATION.keys())
def test_keys_rotate(post: Any, bap: BuyerApp, old: dict[str, Any], young: dict[str, Any], answers: list[int]) -> None:
    second = BuyerApp(bap.id, seed=b"y" * 32, key_id="k2")
    second.register()
    now = timezone.now()
    for key_id, changes in (("k1", old), ("k2", young)):
        SigningKey.objects.filter(key_id=key_id).update(**{name: now + after for name, after in changes.items()})
    assert [post("select", bap.body("select"), by=who).status_code for who in (bap, second)] == answers
    crossed = bap.body("select")
    assert post("select", crossed, Authorization=bap.sign(crossed, key_id="k2")).status_code == 401


def test_intercepted_message_that_is_sent_again_changes_nothing(post: Any, bap: BuyerApp, nudges: list[str]) -> None:
    raw = bap.body("cancel")
    header = bap.sign(raw)
    assert [post("cancel", raw, Authorization=header).status_code for _ in range(3)] == [200] * 3
    assert (InboundMessage.objects.count(), nudges) == (1, ["drain_inbox"])
    for action in ("confirm", "select", "status"):
        assert post(action, raw, Authorization=header).status_code == 400
    assert InboundMessage.objects.count() == 1


def test_two_live_keys_sign_alike_while_keys_rotate(post: Any, bap: BuyerApp) -> None:
    young = BuyerApp(bap.id, seed=b"y" * 32, key_id="k2")
    young.register()
    assert [post("select", bap.body("select"), by=who).status_code for who in (bap, young)] == [200, 200]


def test_revoked_key_outlives_the_cache_by_nothing(post: Any, bap: BuyerApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "CACHE_SECONDS", 0.05)
    assert post("select", bap.body("select"), by=bap).status_code == 200
    SigningKey.objects.update(revoked_at=timezone.now())
    time.sleep(0.06)
    assert post("select", bap.body("select"), by=bap).status_code == 401


def test_inactive_subscriber_is_unknown(post: Any, bap: BuyerApp, nudges: list[str]) -> None:
    Subscriber.objects.update(is_active=False)
    assert post("select", bap.body("select"), by=bap).status_code == 401
    assert nothing_happened(nudges)


def test_seller_platform_may_not_ask(post: Any, bap: BuyerApp, nudges: list[str]) -> None:
    Subscriber.objects.update(role="BPP")
    assert post("select", bap.body("select"), by=bap).status_code == 401
    assert nothing_happened(nudges)


@pytest.fixture
def gateway() -> BuyerApp:
    app = BuyerApp("gateway.example", seed=b"g" * 32)
    app.register(role="BG")
    return app


def test_gateway_passes_a_search_on(post: Any, bap: BuyerApp, gateway: BuyerApp) -> None:
    raw = bap.body("search", bpp_id=None, bpp_uri=None)
    both = {"Authorization": bap.sign(raw), "X-Gateway-Authorization": gateway.sign(raw)}
    assert post("search", raw, **both).status_code == 200
    other = bap.body("search")
    assert post("search", other, **{"X-Gateway-Authorization": gateway.sign(other)}).status_code == 200
    assert set(InboundMessage.objects.values_list("bap_id", "subscriber__subscriber_id")) == {(bap.id, bap.id)}


def test_gateways_bad_signature_is_told_to_the_gateway(
    post: Any, bap: BuyerApp, gateway: BuyerApp, nudges: list[str]
) -> None:
    raw = bap.body("search")
    bad = {"Authorization": bap.sign(raw), "X-Gateway-Authorization": gateway.sign(raw, seed=b"x" * 32)}
    answer = post("search", raw, **bad)
    assert (answer.status_code, answer["Proxy-Authenticate"].startswith("Signature realm=")) == (401, True)
    buyer_as_gateway = {"X-Gateway-Authorization": bap.sign(raw)}
    assert post("search", raw, **buyer_as_gateway).status_code == 401
    stranger = BuyerApp("stranger.example", seed=b"s" * 32).body("search")
    assert post("search", stranger, **{"X-Gateway-Authorization": gateway.sign(stranger)}).status_code == 401
    assert nothing_happened(nudges)


def without(name: str) -> Any:
    return lambda bap: bap.body("select", **{name: None})


def long_ago(bap: BuyerApp) -> bytes:
    return bap.body("select", timestamp="2024-01-01T00:00:00Z")


def in_an_hour(bap: BuyerApp) -> bytes:
    return bap.body("select", timestamp=(datetime.now(UTC) + timedelta(hours=1)).isoformat())


FAULTS: dict[str, tuple[Any, str, str]] = {
    "not JSON": (lambda bap: b"{", "30000", "$"),
    "not an object": (lambda bap: b"[1]", "30000", "$"),
    "empty": (lambda bap: b"", "30000", "$"),
    "not UTF-8": (lambda bap: b'{"context": "\xff"}', "30000", "$"),
    "too deep": (lambda bap: b"[" * 10_000, "30000", "$"),
    "NaN": (lambda bap: b'{"context": NaN}', "30000", "$"),
    "NUL": (lambda bap: bap.body("select", transaction_id="a\0b"), "30000", "$"),
    "larger than 1 MB": (lambda bap: bap.body("select") + b" " * (1 << 20), "30000", "$"),
    "without transaction_id": (without("transaction_id"), "30000", "$.context.transaction_id"),
    "without message_id": (without("message_id"), "30000", "$.context.message_id"),
    "without bpp_id": (without("bpp_id"), "30000", "$.context.bpp_id"),
    "for another platform": (lambda bap: bap.body("select", bpp_id="x.example"), "30000", "$.context.bpp_id"),
    "another version": (lambda bap: bap.body("select", version="0.9.0"), "30000", "$.context.version"),
    "another domain": (lambda bap: bap.body("select", domain="retail"), "30000", "$.context.domain"),
    "another action": (lambda bap: bap.body("init"), "30000", "$.context.action"),
    "stale": (long_ago, "40000", "$.context.timestamp"),
    "from the future": (in_an_hour, "40000", "$.context.timestamp"),
    "no order": (lambda bap: bap.body("select").replace(b'"order":', b'"odour":'), "30000", "$.message.order"),
}


@pytest.mark.parametrize(("make", "code", "path"), FAULTS.values(), ids=FAULTS.keys())
def test_shape_fault_is_400_with_its_path_and_nothing_happens(
    post: Any, bap: BuyerApp, nudges: list[str], make: Any, code: str, path: str
) -> None:
    answer = post("select", make(bap), by=bap)
    assert answer.status_code == 400
    assert answer.json()["message"] == {"ack": {"status": "NACK"}}
    assert (answer.json()["error"]["code"], answer.json()["error"]["paths"]) == (code, path)
    assert nothing_happened(nudges)


def test_unknown_action_is_refused(post: Any, bap: BuyerApp, nudges: list[str]) -> None:
    answer = post("destroy", bap.body("destroy"), by=bap)
    assert (answer.status_code, answer.json()["error"]["paths"]) == (400, "$.context.action")
    assert nothing_happened(nudges)


def test_key_given_twice_is_refused_where_state_changes(post: Any, bap: BuyerApp) -> None:
    def twice(action: str) -> bytes:
        return bap.body(action).replace(b'{"context"', b'{"message": {}, "context"', 1)

    assert post("cancel", twice("cancel"), by=bap).status_code == 400
    assert post("status", twice("status"), by=bap).status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*"])
def test_answer_is_json_whatever_is_accepted(post: Any, bap: BuyerApp, accept: str) -> None:
    answer = post("select", bap.body("select"), by=bap, Accept=accept)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


def test_longest_ids_of_the_protocol_fit(post: Any, bap: BuyerApp) -> None:
    ids = {"transaction_id": "\U0001f50c" * 255, "message_id": "\U0001f697" * 255}
    assert post("select", bap.body("select", **ids), by=bap).status_code == 200
    assert InboundMessage.objects.get().transaction_id == ids["transaction_id"]


def test_same_message_again_is_acknowledged_without_a_second_effect(
    post: Any, bap: BuyerApp, nudges: list[str]
) -> None:
    raw = bap.body("select")
    assert [post("select", raw, by=bap).json() for _ in range(3)] == [ACK] * 3
    assert (InboundMessage.objects.count(), MessageBody.objects.count()) == (1, 1)
    assert nudges == ["drain_inbox"]


def test_same_message_after_its_answer_brings_the_same_answer_again(post: Any, bap: BuyerApp) -> None:
    raw = bap.body("select")
    post("select", raw, by=bap)
    message = InboundMessage.objects.get()
    enqueue_callback(
        bap_id=bap.id,
        transaction_id=message.transaction_id,
        message_id=message.message_id,
        action="on_select",
        body={"message": {}},
        expires_at=None,
        inbound=message,
    )
    answered = OutboundCallback.objects.get()
    InboundMessage.objects.update(state="DONE")
    OutboundCallback.objects.update(state="DELIVERED", attempts=3, finished_at=timezone.now())
    assert post("select", raw, by=bap).json() == ACK
    again = OutboundCallback.objects.get()
    assert (again.pk, again.state, again.attempts, again.finished_at) == (answered.pk, "PENDING", 0, None)
    assert (again.body_id, again.message_id) == (answered.body_id, answered.message_id)


def test_same_ids_with_another_body_are_refused(post: Any, bap: BuyerApp) -> None:
    raw = bap.body("select", message_id="m-1")
    assert post("select", raw, by=bap).status_code == 200
    answer = post("select", raw + b" ", by=bap)
    assert (answer.status_code, answer.json()["error"]["paths"]) == (400, "$.context.message_id")
    assert InboundMessage.objects.count() == 1


def test_same_ids_under_another_action_are_another_message(post: Any, bap: BuyerApp) -> None:
    ids = {"transaction_id": "t-1", "message_id": "m-1"}
    assert [post(a, bap.body(a, **ids), by=bap).status_code for a in ("select", "status")] == [200, 200]
    assert InboundMessage.objects.count() == 2


def test_refusals_are_logged_with_their_ids(post: Any, bap: BuyerApp, caplog: pytest.LogCaptureFixture) -> None:
    post("select", bap.body("select", transaction_id="t-log", message_id="m-log"))
    post("select", bap.body("select", transaction_id="t-log", message_id="m-log", version="9"), by=bap)
    lines = [record.msg for record in caplog.records if record.name == "beckn.receive"]
    assert [(line["event"], line["status"]) for line in lines] == [("message_refused", 401), ("message_refused", 400)]
    assert [(line["transaction_id"], line["message_id"]) for line in lines] == [("t-log", "m-log")] * 2


def test_database_that_is_down_is_a_503_nack(
    post: Any, bap: BuyerApp, monkeypatch: pytest.MonkeyPatch, nudges: list[str]
) -> None:
    from django.db import OperationalError

    from beckn import receive

    def down(*args: Any) -> None:
        raise OperationalError("the server is gone")

    monkeypatch.setattr(receive, "_run_insert", down)
    answer = post("select", bap.body("select"), by=bap)
    assert (answer.status_code, answer.json()["message"]) == (503, {"ack": {"status": "NACK"}})
    assert nothing_happened(nudges)


def test_reader_that_stumbles_answers_a_nack(
    post: Any, bap: BuyerApp, monkeypatch: pytest.MonkeyPatch, nudges: list[str]
) -> None:
    from beckn import receive

    def stumble(*args: Any, **kwargs: Any) -> None:
        raise AttributeError("a bug")

    monkeypatch.setattr(receive, "dialect_of", stumble)
    answer = post("select", bap.body("select"), by=bap)
    assert (answer.status_code, answer.json()["message"]) == (400, {"ack": {"status": "NACK"}})
    assert nothing_happened(nudges)


@pytest.mark.django_db(transaction=True)
def test_dead_connection_is_replaced_within_the_request(post: Any, bap: BuyerApp) -> None:
    from django.db import connection

    raw = bap.body("select")
    assert post("status", bap.body("status"), by=bap).status_code == 200
    registry.lookup(bap.id, bap.key_id)
    connection.connection.close()
    assert post("select", raw, by=bap).json() == ACK
    assert InboundMessage.objects.filter(action="select").count() == 1


def test_lane_answers_before_all_middleware_and_lets_others_pass(
    post: Any, bap: BuyerApp, client: Any, settings: Any
) -> None:
    settings.MIDDLEWARE = ["beckn.lane.MessageLane", "tests.beckn.infra.lane_probe.mark"]
    answer = post("select", bap.body("select"), by=bap)
    assert (answer.json(), answer["Content-Type"], answer.has_header("X-Passed")) == (ACK, "application/json", False)
    assert post("select", b"{").status_code == 401
    assert [client.get(path)["X-Passed"] for path in ("/beckn/select", "/healthz")] == ["yes", "yes"]
    assert client.get("/beckn/select").status_code == 405
