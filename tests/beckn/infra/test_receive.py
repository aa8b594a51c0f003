"""A request is acknowledged after it is stored, or refused with the protocol's answer and no trace in the tables."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from beckn import bodies, registry
from beckn.models import InboundMessage, MessageBody, OutboundCallback, Subscriber
from beckn.outbox import enqueue_callback
from cpo_portal.accounts import sealing
from tests.beckn.infra.support import BuyerApp, nothing_happened

pytestmark = pytest.mark.django_db

ACK = {"message": {"ack": {"status": "ACK"}}}


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
