"""No name, number, address, tax id, one-time password or code reaches a log, at any level, whatever goes wrong."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.utils import timezone

from beckn import bodies, delivery, inbox, outbox
from beckn.models import DeliveryAttempt, InboundMessage, MessageBody, OutboundCallback
from beckn.personal import words_of
from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.charging.models import Customer
from cpo_portal.charging.people import customers
from offers.tasks import settle_stopped
from tests.beckn.actions.conversation import Conversation
from tests.beckn.infra.support import Sink, respond
from tests.journey.processes import LivePortal, prepare
from tests.world import make_offer

DRIVER = {
    "name": "Zephyrine Quillfeather",
    "phone": "+91 98123 45678",
    "email": "zephyrine.q@mailbox.example",
    "organization": {"descriptor": {"name": "Quokkasoft LLP"}},
    "tax_id": "29ZEPHY1234F2Z5",
    "address": "7 Marmalade Lane",
}
VEHICLE = {"make": "Tata", "model": "Zircon Special", "registration": "KA01ZQ9876"}
CODE = "MYSECRETCODE77"
COMMENT = "The crocodile at bay four was rude"
#: What must be nowhere, in any spelling that we know of.
SECRETS = [
    "Zephyrine", "Quillfeather", "9812345678", "98123 45678", "98123+45678", "zephyrine.q", "Quokkasoft",
    "29ZEPHY1234F2Z5", "Marmalade", "Zircon", "KA01ZQ9876", CODE, "crocodile",
]  # fmt: skip


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Everything that is logged where PORTAL_LOG_LEVEL is DEBUG, written as the portal's processes write it."""
    text = io.StringIO()
    logging.config.dictConfig(configured.LOGGING)
    root = logging.getLogger()
    handler = logging.StreamHandler(text)
    handler.setFormatter(root.handlers[0].formatter)
    old = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(old)


def cart_of(talk: Conversation, *offers: Any) -> dict[str, Any]:
    person = {"person": {"name": DRIVER["name"]}, "contact": {"phone": DRIVER["phone"], "email": DRIVER["email"]}}
    cart = talk.cart(*offers, customer=person, vehicle=VEHICLE)
    cart["order"]["billing"] = DRIVER
    return cart


def quote_everything(request: BaseHTTPRequestHandler, raw: bytes) -> None:
    """A buyer app that answers with what it was sent, and refuses the answer to a rating."""
    refused = request.path.endswith("/on_rating")
    order = json.loads(raw)["message"].get("order", {})
    answer = {
        "message": {"ack": {"status": "NACK" if refused else "ACK"}},
        "billing": order.get("billing"),
        "all": order,
    }
    respond(request, 400 if refused else 200, json.dumps(answer).encode())


def travel(talk: Conversation) -> str:
    """Buy, mistype the OTP, charge, rate; with a code that is refused. Return the OTP."""
    with_code = {
        "id": "secret-offer",
        "tags": [{"descriptor": {"code": "selection"}, "list": [{"descriptor": {"code": "code"}, "value": CODE}]}],
    }
    talk.say("select", cart_of(talk, with_code))
    talk.say("init", cart_of(talk, "weekend-discount-25"))
    assert talk.pay() == "PAID"
    order = talk.say("confirm", cart_of(talk, "weekend-discount-25"))["message"]["order"]
    otp: str = order["fulfillments"][0]["stops"][0]["authorization"]["token"]
    talk.update("start-charging", "000000" if otp != "000000" else "111111")
    talk.update("start-charging", otp)
    talk.charge(5200, stop=True)
    talk.say("rating", {"ratings": [{"id": order["id"], "rating_category": "Order", "value": "4"}], "comment": COMMENT})
    return otp


def stumble_over(words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let customers be looked up in a way that makes the database quote what it was given."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT %s::int", [f"{DRIVER['phone']} {DRIVER['email']} {words}"])

    monkeypatch.setattr(customers, "find_customer", refuse)


@pytest.mark.django_db(transaction=True)
def test_a_journey_with_every_mishap_leaves_nobody_in_the_logs(
    talk: Conversation, logs: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_offer(talk.world.cpo, "secret-offer", display_code=CODE, requires_code=True, auto=False)
    with Sink(quote_everything) as sink:
        talk.app.register(sink.url)
        otp = travel(talk)
        for claimed in iter(lambda: outbox.claim_due_callbacks(1), []):
            delivery.deliver(claimed[0])
    client = Client()
    client.force_login(
        User.objects.create_user("operator@platform.example", is_superuser=True),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    assert client.get("/admin/charging/customer/", {"q": DRIVER["phone"]}).status_code == 200
    talk.transaction_id = str(uuid.uuid4())
    stumble_over(DRIVER["name"], monkeypatch)
    talk.post("init", cart_of(talk, "weekend-discount-25"), message_id=str(uuid.uuid4()))
    (claimed_message,) = inbox.claim_inbound(1)
    assert not inbox.process(claimed_message)
    settle_stopped()

    said = logs.getvalue()
    assert '"level": "debug"' in said
    for event in ("callback_not_delivered", "request_refused", "payment_notice", "message_", "request_started"):
        assert event in said  # the mishaps were logged, so that their silence about the driver means something
    assert [secret for secret in [*SECRETS, otp] if secret.casefold() in said.casefold()] == []
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM beckn_messagebody")
        stored = b"".join(bytes(body) for (body,) in cursor.fetchall())
    assert [secret for secret in SECRETS if secret.encode() in stored] == []
    texts = [
        *InboundMessage.objects.values_list("error", flat=True),
        *OutboundCallback.objects.values_list("last_error", flat=True),
        *(f"{attempt.response}{attempt.error}" for attempt in DeliveryAttempt.objects.all()),
    ]
    assert sum(bool(text) for text in texts) > 5
    assert [secret for secret in [*SECRETS, otp] if secret.casefold() in " ".join(texts).casefold()] == []
    with every_cpo():
        assert Customer.objects.count() == 1


@pytest.fixture
def live(tmp_path: Any, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[LivePortal]:
    """A live portal of the demonstration that logs everything."""
    monkeypatch.setenv("PORTAL_LOG_LEVEL", "DEBUG")
    portal = prepare(tmp_path)
    try:
        portal.manage("load_demo")
        portal.start()
        yield portal
    finally:
        portal.stop()


@pytest.mark.slow
def test_the_processes_of_a_live_portal_log_nobody(live: LivePortal) -> None:
    done = live.buy()
    assert done.returncode == 0, done.stdout
    words: set[str] = set()
    for body in MessageBody.objects.all():
        words |= words_of(bodies.load(body.pk, body.created_at))
    assert {"Sarah Johnson", "+91-9876543210", "sarah.johnson@example.com"} <= words
    assert sum(word.isdigit() and len(word) == 6 for word in words) >= 1  # the OTP of on_confirm
    said = live.logs()
    assert '"level": "debug"' in said
    assert sorted(word for word in words if word in said) == []
    assert timezone.now() > MessageBody.objects.latest("created_at").created_at
