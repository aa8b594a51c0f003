"""The buyer app's address: signed callbacks are acknowledged and kept, others refused."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
import urllib3

from beckn.buyer.credentials import Unusable
from beckn.buyer.server import CallbackServer, Mailbox, Missing
from beckn.buyer.signing import Signer, Verifier
from tests.beckn.buyer.test_signing import PUBLIC, SEED

SIGNER = Signer("bpp.example", "k1", SEED)
VERIFIER = Verifier("bpp.example", "k1", PUBLIC)
BODY = {"context": {"message_id": "m1", "transaction_id": "t1"}, "message": {}}
RAW = json.dumps(BODY).encode()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def url(mailbox: Mailbox) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}/beckn"
    with CallbackServer(address, VERIFIER, mailbox, port):
        yield address


def post(url: str, raw: bytes, header: str) -> urllib3.BaseHTTPResponse:
    with urllib3.PoolManager() as pool:
        return pool.request("POST", url, body=raw, headers={"Authorization": header}, retries=False)


def test_a_signed_callback_is_acknowledged_and_can_be_taken_once(url: str, mailbox: Mailbox) -> None:
    answer = post(f"{url}/on_select", RAW, SIGNER.header(RAW))
    assert (answer.status, answer.json()) == (200, {"message": {"ack": {"status": "ACK"}}})
    callback = mailbox.take(lambda c: c.action == "on_select", 5)
    assert (callback.raw, callback.body) == (RAW, BODY)
    with pytest.raises(Missing):
        mailbox.take(lambda c: c.action == "on_select", 0)
    assert mailbox.left() == []


@pytest.mark.parametrize(
    ("path", "raw", "signed", "status"),
    [
        pytest.param("/on_select", RAW, RAW + b" ", 401, id="tampered"),
        pytest.param("/on_select", b"[1]", b"[1]", 400, id="no object"),
        pytest.param("/on_select", b"{", b"{", 400, id="no JSON"),
        pytest.param("/select", RAW, RAW, 404, id="no callback"),
    ],
)
def test_what_is_not_a_signed_callback_is_refused_and_not_kept(
    url: str, mailbox: Mailbox, path: str, raw: bytes, signed: bytes, status: int
) -> None:
    answer = post(f"{url}{path}", raw, SIGNER.header(signed))
    assert (answer.status, answer.json()["message"]["ack"]["status"]) == (status, "NACK")
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)
    assert mailbox.callbacks == []


def test_a_refused_callback_is_remembered_as_a_deviation(url: str, mailbox: Mailbox) -> None:
    post(f"{url}/on_select", RAW, "")
    assert mailbox.refusals == ["on_select came with a bad signature: there is no Signature header"]


def test_the_same_bytes_delivered_again_are_no_surprise(url: str, mailbox: Mailbox) -> None:
    for _ in range(2):
        post(f"{url}/on_select", RAW, SIGNER.header(RAW))
    mailbox.take(lambda c: True, 5)
    assert mailbox.left() == []


def test_a_taken_port_is_one_clear_sentence(mailbox: Mailbox) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unusable, match=rf"Port {port} for callbacks .* cannot be used \(Address already in use\)"):
            CallbackServer(f"http://127.0.0.1:{port}/beckn", VERIFIER, mailbox, port)
