"""Requests are worked off under leases, in order within a transaction, once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import InvalidOperation
from threading import Barrier
from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection

from beckn import bodies, inbox
from beckn.inbox import claim_inbound, process
from beckn.models import InboundMessage, OutboundCallback
from beckn.outbox import claim_due_callbacks
from tests.beckn.infra.support import BuyerApp

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(post: Any, bap: BuyerApp) -> Any:
    def send(action: str = "status", **context: Any) -> InboundMessage:
        assert post(action, bap.body(action, **context), by=bap).status_code == 200
        return InboundMessage.objects.order_by("-pk")[0]

    return send


def pks(messages: list[InboundMessage]) -> list[int]:
    return [message.pk for message in messages]


def explode(*args: Any) -> None:
    raise RuntimeError("boom")


def test_claimed_message_is_not_claimed_again_while_its_lease_runs(ask: Any) -> None:
    message = ask()
    assert pks(claim_inbound(5)) == [message.pk]
    assert claim_inbound(5) == []
    InboundMessage.objects.update(leased_until="2020-01-01T00:00:00Z")
    again = claim_inbound(5)
    assert (pks(again), again[0].attempts) == ([message.pk], 2)


def test_message_waits_for_the_earlier_one_of_its_transaction(ask: Any, handlers: Any) -> None:
    first, second, other = ask(transaction_id="t-1"), ask(transaction_id="t-1"), ask(transaction_id="t-2")
    claimed = claim_inbound(5)
    assert pks(claimed) == [first.pk, other.pk]
    assert process(claimed[0])
    assert pks(claim_inbound(5)) == [second.pk]


def test_transactions_of_two_buyer_apps_do_not_wait_for_each_other(ask: Any, post: Any) -> None:
    other = BuyerApp("other.example", seed=b"o" * 32)
    other.register()
    ask(transaction_id="t-1")
    post("status", other.body("status", transaction_id="t-1"), by=other)
    assert {message.bap_id for message in claim_inbound(5)} == {"bap.example", "other.example"}


def test_limit_is_kept_and_the_oldest_come_first(ask: Any) -> None:
    messages = [ask(transaction_id=f"t-{number}") for number in range(5)]
    assert pks(claim_inbound(2)) == pks(messages[:2])
    assert pks(claim_inbound(9)) == pks(messages[2:])


def test_handler_gets_the_request_its_context_and_one_now(ask: Any, handlers: Any) -> None:
    seen: list[Any] = []
    handlers["cancel"] = lambda *args: seen.extend(args)
    ask("cancel", transaction_id="t-9")
    assert process(claim_inbound(1)[0])
    message, request, now = seen
    assert (message.context.transaction_id, message.context.bap_id) == ("t-9", "bap.example")
    assert (request.reason_id, type(now)) == ("5", datetime)
    assert now.tzinfo is not None


def test_done_and_the_callback_are_one_commit(ask: Any, handlers: Any) -> None:
    message = ask()
    assert process(claim_inbound(1)[0])
    row, callback = InboundMessage.objects.get(), OutboundCallback.objects.get()
    assert (row.state, row.lease_owner, row.leased_until, row.finished_at is None) == ("DONE", "", None, False)
    assert (callback.action, callback.message_id, callback.inbound_id) == ("on_status", message.message_id, message.pk)
    assert (callback.state, callback.attempts) == ("PENDING", 0)
    assert claim_inbound(1) == []


def test_failed_handler_leaves_nothing_and_is_tried_again_later(ask: Any, handlers: Any) -> None:
    complaint = "boom\nDETAIL: Key (phone)=(+919876543210)"

    def write_and_fail(message: InboundMessage, request: Any, now: datetime) -> None:
        InboundMessage.objects.filter(pk=message.pk).update(dialect="changed")
        raise RuntimeError(complaint)

    handlers["status"] = write_and_fail
    ask()
    assert not process(claim_inbound(1)[0])
    row = InboundMessage.objects.get()
    assert (row.state, row.attempts, row.dialect, row.leased_until) == ("RECEIVED", 1, "deg_v1", None)
    assert row.error.startswith("RuntimeError: boom\n")
    assert "+919876543210" not in row.error
    assert claim_inbound(1) == []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT next_attempt_at - statement_timestamp() BETWEEN '0.3s' AND '0.5s' FROM beckn_inboundmessage"
        )
        assert cursor.fetchone() == (True,)


def due_now() -> None:
    InboundMessage.objects.update(next_attempt_at="2020-01-01T00:00:00Z")


def test_message_is_dead_after_five_attempts_and_answered_with_an_error(ask: Any, handlers: Any) -> None:
    handlers["status"] = explode
    message = ask(transaction_id="t-5", message_id="m-5")
    for _ in range(5):
        due_now()
        assert not process(claim_inbound(1)[0])
    due_now()
    assert claim_inbound(1) == []
    row, callback = InboundMessage.objects.get(), OutboundCallback.objects.get()
    assert (row.state, row.attempts) == ("DEAD", 5)
    assert (callback.action, callback.inbound_id) == ("on_status", message.pk)
    answer = json.loads(bodies.load(callback.body_id, callback.body_at) or b"")
    assert answer["error"]["code"] == "40000"
    assert (answer["context"]["action"], answer["context"]["message_id"]) == ("on_status", "m-5")
    assert "message" not in answer


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        (DataError("value too long"), 1),
        (IntegrityError("duplicate key"), 2),
        (TypeError("no"), 2),
        (InvalidOperation(), 2),
        (OperationalError("deadlock"), 5),
        (RuntimeError("boom"), 5),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_heal_is_not_tried_for_long(ask: Any, handlers: Any, error: Exception, tries: int) -> None:
    def fail(*args: Any) -> None:
        raise error

    handlers["status"] = fail
    ask()
    for attempt in range(1, tries + 1):
        due_now()
        assert not process(claim_inbound(1)[0])
        assert InboundMessage.objects.get().state == ("DEAD" if attempt == tries else "RECEIVED")
    assert OutboundCallback.objects.get().action == "on_status"


@pytest.mark.parametrize(
    ("action", "ttl", "state"),
    [("select", "PT3S", "RECEIVED"), ("select", "PT1S", "DEAD"), ("status", "PT1S", "RECEIVED")],
)
def test_message_is_dead_while_somebody_waits_for_its_answer(
    ask: Any, handlers: Any, action: str, ttl: str, state: str
) -> None:
    """The second failure is followed by a pause of two seconds."""
    handlers[action] = explode
    ask(action, ttl=ttl)
    for _ in range(2):
        due_now()
        assert not process(claim_inbound(1)[0])
    assert InboundMessage.objects.get().state == state
    if state == "DEAD":
        callback = OutboundCallback.objects.get()
        assert callback.expires_at == InboundMessage.objects.get().ttl_until
        assert [claimed.id for claimed in claim_due_callbacks(1)] == [callback.pk]


def test_message_that_kills_its_worker_is_dead_after_five_attempts(ask: Any, handlers: Any) -> None:
    ask()
    for _ in range(5):
        assert len(claim_inbound(1)) == 1  # and the worker dies
        InboundMessage.objects.update(leased_until="2020-01-01T00:00:00Z")
    assert not process(claim_inbound(1)[0])
    assert InboundMessage.objects.get().state == "DEAD"
    assert OutboundCallback.objects.get().action == "on_status"


def test_dead_message_lets_the_next_of_its_transaction_pass(ask: Any, handlers: Any) -> None:
    first, second = ask(), ask()
    InboundMessage.objects.filter(pk=first.pk).update(state="DEAD")
    assert pks(claim_inbound(5)) == [second.pk]


def test_message_without_its_body_dies_without_an_answer(ask: Any, handlers: Any) -> None:
    ask()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM beckn_messagebody")
    for _ in range(2):
        due_now()
        process(claim_inbound(1)[0])
    assert InboundMessage.objects.get().state == "DEAD"
    assert not OutboundCallback.objects.exists()


def test_worker_that_lost_its_lease_changes_nothing(ask: Any, handlers: Any) -> None:
    calls: list[Any] = []
    handlers["status"] = lambda *args: calls.append(args)
    ask()
    slow = claim_inbound(1)[0]
    InboundMessage.objects.update(leased_until="2020-01-01T00:00:00Z")
    quick = claim_inbound(1)[0]
    assert not process(slow)
    assert (len(calls), InboundMessage.objects.get().state) == (0, "RECEIVED")
    assert process(quick)
    assert (len(calls), InboundMessage.objects.get().state) == (1, "DONE")


def test_staff_see_the_message_once_its_cpo_is_known(ask: Any) -> None:
    import uuid

    from cpo_portal.accounts.models import Cpo

    cpo, order = Cpo.objects.create(provider_id="cpo1.com", name="One"), uuid.uuid4()
    message = ask()
    inbox.assign(message, cpo=cpo, order_ref=order)
    row = InboundMessage.objects.get()
    assert (row.cpo, row.order_ref) == (cpo, order)


@pytest.mark.django_db(transaction=True)
def test_threads_share_the_inbox_without_doubles(ask: Any, handlers: Any) -> None:
    for number in range(60):
        ask(transaction_id=f"t-{number % 30}")
    start = Barrier(6)

    def work(_: int) -> list[int]:
        start.wait()
        done = []
        while InboundMessage.objects.filter(state="RECEIVED").exists():
            for message in claim_inbound(3):
                assert process(message)
                done.append(message.pk)
        connection.close()
        return done

    with ThreadPoolExecutor(6) as pool:
        done = [pk for share in pool.map(work, range(6)) for pk in share]
    assert sorted(done) == sorted(InboundMessage.objects.values_list("pk", flat=True))
    assert OutboundCallback.objects.count() == 60
    per_transaction: dict[str, list[int]] = {}
    for callback in OutboundCallback.objects.order_by("sequence"):
        per_transaction.setdefault(callback.transaction_id, []).append(callback.inbound_id or 0)
    assert all(order == sorted(order) for order in per_transaction.values())
