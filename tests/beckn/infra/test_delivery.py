"""A callback is posted over real HTTP, signed at that moment; what the other side does becomes an outcome."""

from __future__ import annotations

import gzip
import json
import os
import socket
import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import connection
from django.utils import timezone

from beckn import keys, tasks, transport
from beckn.models import DeliveryAttempt, OutboundCallback, Subscriber
from beckn.protocol.signing import parse_signature_header, signing_string
from beckn.resending import send_again
from cpo_portal.accounts.sealing import SealBroken
from tests.beckn.infra.support import Sink, acknowledge, queue, refuse, respond

pytestmark = pytest.mark.django_db


def deliver() -> int:
    return tasks.deliver_callbacks(time.monotonic() + 20, share=False)


def last_attempt() -> DeliveryAttempt:
    return DeliveryAttempt.objects.latest("at")


def test_callback_arrives_signed_over_its_exact_bytes(sink: Sink) -> None:
    queue(number=7, action="on_select")
    assert deliver() == 1
    ((path, raw, headers),) = sink.received
    assert (path, raw) == ("/hooks/on_select", b'{"number":7}')
    assert (headers["Content-Type"], headers["Host"]) == ("application/json", sink.url.split("/")[2])
    params = parse_signature_header(headers["Authorization"])
    key = keys.own_key()
    assert (params.subscriber_id, params.key_id) == ("cpo-portal.example", key.key_id)
    assert abs(params.created - time.time()) < 5
    oracle = Ed25519PublicKey.from_public_bytes(key.public_key)
    oracle.verify(params.signature, signing_string(raw, created=params.created, expires=params.expires))
    assert OutboundCallback.objects.get().state == "DELIVERED"
    assert last_attempt().http_status == 200
    assert json.loads(last_attempt().response)["message"]["ack"]["status"] == "ACK"


def test_retry_sends_the_same_bytes_under_a_fresh_signature(sink: Sink) -> None:
    answers = iter([500, 200])
    sink.behave = lambda request, raw: respond(request, next(answers))
    queue()
    deliver()
    OutboundCallback.objects.update(next_attempt_at=timezone.now())
    time.sleep(1.01)
    deliver()
    (_, first, before), (_, second, after) = sink.received
    assert first == second
    assert before["Authorization"] != after["Authorization"]
    assert OutboundCallback.objects.get().state == "DELIVERED"


def reset(request: Any, raw: bytes) -> None:
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    os.close(request.connection.detach())


def redirect(request: Any, raw: bytes) -> None:
    respond(request, 307, Location=f"http://{request.headers['Host']}/elsewhere")


def flood(request: Any, raw: bytes) -> None:
    request.send_response(200)
    request.send_header("Content-Length", str(10 << 20))
    request.end_headers()
    for _ in range(160):
        request.wfile.write(b" " * (64 << 10))


def swell(request: Any, raw: bytes) -> None:
    respond(request, 200, gzip.compress(b" " * (64 << 20)), **{"Content-Encoding": "gzip"})


def answer(status: int, body: bytes = b"") -> Any:
    return lambda request, raw: respond(request, status, body)


NACK = json.dumps({"message": {"ack": {"status": "NACK"}}, "error": {"code": "1", "message": "no"}}).encode()
WITH_CONTEXT = json.dumps({"context": {"action": "on_status"}, "message": {"ack": {"status": "ACK"}}}).encode()
HALF_AN_EMOJI = rb'{"message": {"ack": {"status": "ACK"}}, "note": "thanks \ud83d"}'
BEHAVIOURS: dict[str, tuple[Any, str, str, int | None]] = {
    "200 ACK": (acknowledge, "DELIVERED", "DELIVERED", 200),
    "200 ACK with a context": (answer(200, WITH_CONTEXT), "DELIVERED", "DELIVERED", 200),
    "200 ACK with half an emoji": (answer(200, HALF_AN_EMOJI), "DELIVERED", "DELIVERED", 200),
    "201 empty": (answer(201), "DELIVERED", "DELIVERED", 201),
    "202 empty": (answer(202, b" \n"), "DELIVERED", "DELIVERED", 202),
    "204": (answer(204), "DELIVERED", "DELIVERED", 204),
    "200 NACK": (refuse, "PENDING", "NACKED", 200),
    "400 NACK": (answer(400, NACK), "PENDING", "NACKED", 400),
    "401": (answer(401), "PENDING", "REFUSED", 401),
    "404 that says ACK": (answer(404, WITH_CONTEXT), "PENDING", "REFUSED", 404),
    "200 with a web page": (answer(200, b"<html>It works</html>"), "PENDING", "UNCLEAR", 200),
    "200 with a list": (answer(200, b"[[]]"), "PENDING", "UNCLEAR", 200),
    "200 nested too deep": (answer(200, b"[" * 60_000), "PENDING", "UNCLEAR", 200),
    "10 MB": (flood, "PENDING", "UNCLEAR", 200),
    "64 MB in 64 KB": (swell, "PENDING", "UNCLEAR", 200),
    "redirect": (redirect, "PENDING", "REDIRECTED", 307),
    "429": (answer(429), "PENDING", "TROUBLED", 429),
    "500": (answer(500, b"\0oops"), "PENDING", "TROUBLED", 500),
    "503 that says ACK": (answer(503, WITH_CONTEXT), "PENDING", "TROUBLED", 503),
    "reset": (reset, "PENDING", "UNREACHABLE", None),
}


@pytest.mark.parametrize(("behave", "state", "outcome", "status"), BEHAVIOURS.values(), ids=BEHAVIOURS.keys())
def test_what_the_buyer_app_does_becomes_an_outcome(
    sink: Sink, behave: Any, state: str, outcome: str, status: int | None
) -> None:
    sink.behave = behave
    queue()
    assert deliver() == 1
    attempt = last_attempt()
    assert (OutboundCallback.objects.get().state, attempt.outcome, attempt.http_status) == (state, outcome, status)
    assert len(attempt.response) <= 500
    assert [path for path, _, _ in sink.received] == ["/hooks/on_status"]


def hang(request: Any, raw: bytes) -> None:
    time.sleep(1)


def drip(request: Any, raw: bytes) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(20):
        request.wfile.write(b" ")
        time.sleep(0.05)


def drip_headers(request: Any, raw: bytes) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(20):
        request.wfile.write(f"X-{number}: 1\r\n".encode())
        time.sleep(0.05)


@pytest.mark.parametrize("behave", [hang, drip, drip_headers])
def test_slow_answer_ends_at_the_deadline(sink: Sink, monkeypatch: pytest.MonkeyPatch, behave: Any) -> None:
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.2)
    sink.behave = behave
    queue()
    deliver()
    attempt = last_attempt()
    assert (attempt.outcome, attempt.http_status) == ("TIMED_OUT", None)
    assert 180 <= attempt.duration_ms < 700
    assert OutboundCallback.objects.get().state == "PENDING"


def test_handshake_that_drips_is_cut_at_the_deadline(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS reads byte by byte here; every one of them would begin a socket's timeout anew."""
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.sendall(b"\x16\x03\x03\x40\x00")
                for _ in range(40):
                    time.sleep(0.05)
                    connection.sendall(b"\0")

        dripping = threading.Thread(target=serve, daemon=True)
        dripping.start()
        Subscriber.objects.update(callback_url=f"https://127.0.0.1:{listener.getsockname()[1]}/")
        queue()
        deliver()
        dripping.join()
    assert last_attempt().outcome == "TIMED_OUT"
    assert 250 <= last_attempt().duration_ms < 1000


def test_connection_that_is_used_again_is_cut_at_the_deadline(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "ANSWER_SECONDS", 0.3)
    queue()
    deliver()
    sink.behave = drip
    queue()
    deliver()
    assert DeliveryAttempt.objects.filter(outcome="DELIVERED").count() == 1
    assert last_attempt().outcome == "TIMED_OUT"
    assert 250 <= last_attempt().duration_ms < 800


def test_callback_that_cannot_be_signed_waits_and_is_given_up_in_the_end(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any) -> str:
        raise SealBroken("sealed with another key\nDETAIL: a secret")

    monkeypatch.setattr(keys, "sign_as_us", fail)
    queue()
    assert deliver() == 1
    callback = OutboundCallback.objects.get()
    assert (callback.state, callback.leased_until, callback.attempts) == ("PENDING", None, 1)
    assert callback.next_attempt_at > timezone.now()
    assert (last_attempt().outcome, last_attempt().error) == ("BROKEN", "SealBroken: sealed with another key")
    OutboundCallback.objects.update(attempts=83, next_attempt_at=timezone.now())
    assert deliver() == 1
    callback.refresh_from_db()
    assert (callback.state, callback.attempts, sink.received) == ("DEAD", 84, [])


def test_callback_whose_couriers_die_is_given_up(sink: Sink) -> None:
    queue()
    OutboundCallback.objects.update(attempts=84, leased_until="2020-01-01T00:00:00Z", lease_owner="gone")
    assert deliver() == 1
    callback = OutboundCallback.objects.get()
    assert (callback.state, callback.leased_until, sink.received) == ("DEAD", None, [])
    assert callback.last_error == (
        "gave up after 85 attempts, the last BROKEN: the couriers died while they delivered this callback"
    )


def test_callback_of_a_buyer_app_that_is_switched_off_is_given_up(sink: Sink) -> None:
    Subscriber.objects.update(is_active=False)
    queue()
    for _ in range(5):
        OutboundCallback.objects.update(next_attempt_at=timezone.now())
        assert deliver() == 1
    assert (OutboundCallback.objects.get().state, sink.received) == ("DEAD", [])


def test_closed_port_is_unreachable(sink: Sink) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        Subscriber.objects.update(callback_url=f"http://127.0.0.1:{closed.getsockname()[1]}/")
        queue()
        deliver()
    assert (last_attempt().outcome, last_attempt().http_status) == ("UNREACHABLE", None)
    assert last_attempt().error == "no connection: Connection refused"


def test_second_address_of_a_name_is_tried_when_the_first_does_not_answer(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(sink.url.split(":")[2].split("/")[0])
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: found if host == "two.example" else real(host, *a, **k)
    )
    Subscriber.objects.update(callback_url=f"http://two.example:{port}/hooks")
    queue()
    deliver()
    assert OutboundCallback.objects.get().state == "DELIVERED"
    assert sink.received[0][2]["Host"] == f"two.example:{port}"


def test_private_address_is_never_called_unless_configured(sink: Sink, settings: Any) -> None:
    settings.BECKN_ALLOWED_NETWORKS = []
    queue()
    deliver()
    assert (last_attempt().outcome, sink.received) == ("FORBIDDEN", [])
    assert last_attempt().error == "127.0.0.1 resolves to 127.0.0.1, which is not public"


def test_environments_proxies_are_not_used(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    queue()
    deliver()
    assert len(sink.received) == 1


def test_subscriber_that_is_switched_off_is_not_called(sink: Sink) -> None:
    Subscriber.objects.update(is_active=False)
    queue()
    deliver()
    assert (last_attempt().outcome, last_attempt().error) == ("FORBIDDEN", "the subscriber is switched off")
    assert sink.received == []


def test_refused_callback_is_dead_after_five_attempts_and_can_be_sent_again(sink: Sink) -> None:
    sink.behave = refuse
    callback = queue()
    for _ in range(5):
        OutboundCallback.objects.update(next_attempt_at=timezone.now())
        deliver()
    callback.refresh_from_db()
    assert (callback.state, callback.attempts, DeliveryAttempt.objects.count()) == ("DEAD", 5, 5)
    sink.behave = acknowledge
    assert send_again(callback)
    deliver()
    callback.refresh_from_db()
    assert (callback.state, len(sink.received)) == ("DELIVERED", 6)


def test_answer_that_cannot_come_in_time_is_expired_after_a_failure(sink: Sink) -> None:
    sink.behave = answer(500)
    queue(expires_at=timezone.now() + timedelta(seconds=0.5))
    deliver()
    assert (OutboundCallback.objects.get().state, len(sink.received)) == ("EXPIRED", 1)


def test_transaction_goes_out_in_order_and_others_pass_it(sink: Sink) -> None:
    def fail_first(request: Any, raw: bytes) -> None:
        respond(request, 500 if raw == b'{"number":1}' and len(sink.received) == 1 else 200)

    sink.behave = fail_first
    for number in (1, 2):
        queue("t-1", number=number)
    queue("t-2", number=3)
    deliver()
    assert [json.loads(raw)["number"] for _, raw, _ in sink.received] == [1, 3]
    OutboundCallback.objects.update(next_attempt_at=timezone.now())
    deliver()
    assert [json.loads(raw)["number"] for _, raw, _ in sink.received] == [1, 3, 1, 2]


@pytest.mark.django_db(transaction=True)
def test_no_more_callbacks_at_a_time_than_the_cap(sink: Sink, nudges: list[str]) -> None:
    sink.behave = lambda request, raw: (time.sleep(0.05), acknowledge(request, raw))[1]
    for number in range(24):
        queue(f"t-{number}")

    def work() -> None:
        while OutboundCallback.objects.filter(state="PENDING").exists():
            deliver()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(sink.received), sink.most_at_once) == (24, 4)
    assert OutboundCallback.objects.filter(state="DELIVERED").count() == 24
    assert DeliveryAttempt.objects.count() == 24
