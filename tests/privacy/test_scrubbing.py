"""What is masked in texts that are kept or logged, and what stays legible."""

from __future__ import annotations

import json
import time
import uuid
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from beckn import delivery, outbox
from beckn.models import DeliveryAttempt, InboundMessage, OutboundCallback
from beckn.personal import words_of
from cpo_portal.database.scrubbing import scrub
from tests.beckn.infra.support import BuyerApp, Sink, respond

BODY = {
    "context": {"transaction_id": "t-1", "bap_id": "bap.example"},
    "message": {
        "order": {
            "billing": {"name": "Zébulon Quill", "phone": "+91-9812345678", "city": {"name": "Pune"}, "tax_id": "X-77"},
            "fulfillments": [
                {
                    "type": "CHARGING",
                    "customer": {"person": {"name": "आशा राव"}, "contact": {"phone": 9812345678}},
                    "vehicle": {"make": "Tata", "registration": "KA01AB1234"},
                    "stops": [{"authorization": {"type": "OTP", "token": "482913"}}],
                }
            ],
        }
    },
}


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("call +91 98123-45678 now", "call ••• now", id="a-phone-number"),
        pytest.param("call (+91) 98123 45678", "call •••", id="with-brackets"),
        pytest.param("phone=9812345678.", "phone=•••.", id="plain-digits"),
        pytest.param("to 'z.quill+ev@mail.example.com'", "to '•••'", id="an-address"),
        pytest.param("tax id 29ABCDE1234F2Z5", "tax id •••", id="a-gstin"),
        pytest.param(
            "code 30006, 42 tries, INR 12345.67", "code 30006, 42 tries, INR 12345.67", id="codes-and-amounts"
        ),
        pytest.param("at 2026-11-21 10:00:00+00", "at 2026-11-21 10:00:00+00", id="a-time"),
        pytest.param("at 2026-11-21T10:00:00.123456Z", "at 2026-11-21T10:00:00.123456Z", id="an-rfc-3339-time"),
        pytest.param("host 192.168.100.200:8000", "host 192.168.100.200:8000", id="an-ip-address"),
        pytest.param("id 5c1d8a3e-1f46-4f1e-8ad1-521234567890", "id 5c1d8a3e-1f46-4f1e-8ad1-521234567890", id="an-id"),
    ],
)
def test_what_looks_personal_is_masked_and_nothing_else(text: str, kept: str) -> None:
    assert scrub(text) == kept


def test_given_words_are_masked_whatever_their_case() -> None:
    assert scrub("ZÉBULON quill, zébulon", {"Zébulon", "Zébulon Quill"}) == "•••, •••"
    assert scrub("to İBRAHİM in ISTANBUL", {"İbrahim", "ıstanbul"}) == "to ••• in •••"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("w" * 64_000, 0, id="one-endless-word"),
        pytest.param("12345" * 12_800, 0, id="digits"),
        pytest.param("a." * 32_000, 0, id="dots"),
        pytest.param("a@" + "a-" * 32_000, 0, id="an-address-without-an-end"),
        pytest.param("none of them " * 300, 100_000, id="a-hundred-thousand-words"),
    ],
)
def test_no_text_holds_a_worker_up(text: str, words: int) -> None:
    started = time.process_time()
    assert scrub(text, {f"word{number}" for number in range(words)}) == text
    assert time.process_time() - started < 2


def test_the_words_of_a_message_are_its_persons_alone() -> None:
    assert words_of(json.dumps(BODY).encode()) == {
        "Zébulon Quill", "Zébulon", "Quill", "+91-9812345678", "X-77",
        "आशा राव", "आशा", "राव", "9812345678", "KA01AB1234", "482913",
    }  # fmt: skip
    assert words_of(b"no json") == words_of(None) == frozenset()


def send_to(sink: Sink, behave: Any) -> DeliveryAttempt:
    sink.behave = behave
    outbox.enqueue_callback(
        bap_id="bap.example",
        transaction_id="t-1",
        message_id=str(uuid.uuid4()),
        action="on_init",
        body=BODY,
        expires_at=None,
    )
    (claimed,) = outbox.claim_due_callbacks(1)
    delivery.deliver(claimed)
    return DeliveryAttempt.objects.get()


PERSONAL = ["Zébulon", "Quill", "9812345678", "आशा", "KA01AB1234", "482913"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("ascii_only", [True, False], ids=["escaped", "as-it-is"])
@pytest.mark.parametrize("status", [200, 400])
def test_an_answer_that_quotes_the_callback_is_kept_without_the_person(
    sink: Sink, status: int, ascii_only: bool
) -> None:
    def quote(request: BaseHTTPRequestHandler, raw: bytes) -> None:
        answer = {"error": {"code": "E-7", "message": f"bad: {raw.decode()[-600:]}"}, "order": json.loads(raw)}
        respond(request, status, json.dumps(answer, ensure_ascii=ascii_only).encode())

    attempt = send_to(sink, quote)
    assert attempt.response.startswith('{"error": {"code": "E-7", "message": "bad: ')
    kept = attempt.response + attempt.error + OutboundCallback.objects.get().last_error
    assert [word for word in PERSONAL if word in kept] == []
    assert len(attempt.response) <= 500


@pytest.mark.django_db(transaction=True)
def test_an_error_text_of_a_request_is_kept_without_the_person(
    post: Any, bap: BuyerApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(message: InboundMessage, request: Any, now: Any) -> None:
        raise ValueError("no room for Sarah Johnson, KA01AB1234, 482913 or sarah@example.com")

    from beckn import actions, inbox

    monkeypatch.setattr(actions, "HANDLERS", {"select": stumble})
    body = json.loads(bap.body("select"))
    body["message"]["order"]["fulfillments"] = [
        {
            "customer": {"person": {"name": "Sarah Johnson"}},
            "vehicle": {"registration": "KA01AB1234"},
            "stops": [{"authorization": {"token": "482913"}}],
        }
    ]
    post("select", json.dumps(body).encode(), by=bap)
    (claimed,) = inbox.claim_inbound(1)
    assert not inbox.process(claimed)
    error = InboundMessage.objects.get().error
    assert error.splitlines()[0] == "ValueError: no room for •••, •••, ••• or •••"
