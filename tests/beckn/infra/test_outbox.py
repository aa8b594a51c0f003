"""Callbacks are queued once, go out in order, under a cap per buyer app, and every one ends visibly."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from beckn import bodies, outbox
from beckn.models import DeliveryAttempt, OutboundCallback, Subscriber
from beckn.outbox import Delivery, claim_due_callbacks, settle
from beckn.resending import send_again
from beckn.retry import GiveUp, Outcome, RetryAt
from tests.beckn.infra.support import BuyerApp, queue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bap")]

DELIVERED = Delivery(outcome=Outcome.DELIVERED, duration_ms=5, http_status=200, response="{}")
TROUBLED = Delivery(outcome=Outcome.TROUBLED, duration_ms=5, http_status=500, error="answered 500")


def ids(callbacks: Any) -> list[uuid.UUID]:
    return [callback.id for callback in callbacks]


def test_body_is_frozen_as_bytes(nudges: list[str], django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        callback = queue(number=7)
    assert bodies.load(callback.body_id, callback.body_at) == b'{"number":7}'
    assert (callback.state, callback.cpo, callback.inbound) == ("PENDING", None, None)
    assert nudges == ["deliver_due"]


def test_dedup_key_lets_a_callback_be_queued_once() -> None:
    first = queue(dedup_key="event-1")
    again = outbox.enqueue_callback(
        bap_id="bap.example",
        transaction_id="t-2",
        message_id="m",
        action="on_status",
        body={},
        expires_at=None,
        dedup_key="event-1",
    )
    assert (again, ids(OutboundCallback.objects.all())) == (None, [first.id])


def test_claim_carries_all_that_a_courier_needs() -> None:
    queued = queue(number=3)
    (claimed,) = claim_due_callbacks(5)
    assert (claimed.id, claimed.open_body(), claimed.action) == (queued.id, b'{"number":3}', "on_status")
    assert (claimed.callback_url, claimed.is_active, claimed.attempts) == ("https://bap.example/beckn", True, 1)


def test_claimed_callback_is_not_claimed_again_while_its_lease_runs() -> None:
    queue()
    assert len(claim_due_callbacks(5)) == 1
    assert claim_due_callbacks(5) == []
    OutboundCallback.objects.update(leased_until="2020-01-01T00:00:00Z")
    assert [callback.attempts for callback in claim_due_callbacks(5)] == [2]


@pytest.mark.parametrize("state", ["DELIVERED", "EXPIRED", "DEAD"])
def test_callback_waits_until_the_earlier_ones_are_final(state: str) -> None:
    first, second = queue("t-1"), queue("t-1")
    elsewhere = queue("t-2")
    assert ids(claim_due_callbacks(9)) == [first.id, elsewhere.id]
    OutboundCallback.objects.filter(pk=first.pk).update(state=state, leased_until=None, finished_at=timezone.now())
    assert ids(claim_due_callbacks(9)) == [second.id]


def test_callback_waits_while_the_earlier_one_is_in_back_off() -> None:
    first = queue("t-1")
    queue("t-1")
    OutboundCallback.objects.filter(pk=first.pk).update(next_attempt_at=timezone.now() + timedelta(hours=1))
    assert claim_due_callbacks(9) == []


def test_buyer_app_gets_no_more_at_a_time_than_its_cap_and_starves_nobody() -> None:
    other = BuyerApp("other.example", seed=b"o" * 32)
    other.register()
    Subscriber.objects.filter(subscriber_id="bap.example").update(max_concurrent=3)
    for number in range(10):
        queue(f"t-{number}")
    late = queue("t-late", bap_id="other.example")
    claimed = claim_due_callbacks(9)
    assert [callback.bap_id for callback in claimed].count("bap.example") == 3
    assert late.id in ids(claimed)
    assert claim_due_callbacks(9) == []
    assert settle(claimed[0], DELIVERED, None)
    assert len(claim_due_callbacks(9)) == 1


def test_too_late_answer_is_expired_and_the_next_goes_out() -> None:
    late = queue("t-1", action="on_select", expires_at=timezone.now() - timedelta(seconds=1))
    following = queue("t-1", action="on_confirm")
    assert ids(claim_due_callbacks(9)) == [following.id]
    late.refresh_from_db()
    assert (late.state, late.attempts, late.finished_at is None) == ("EXPIRED", 0, False)


def test_delivered_callback_is_settled_with_its_attempt() -> None:
    queue()
    (claimed,) = claim_due_callbacks(1)
    assert settle(claimed, DELIVERED, None)
    row, attempt = OutboundCallback.objects.get(), DeliveryAttempt.objects.get()
    assert (row.state, row.leased_until, row.last_error, row.finished_at is None) == ("DELIVERED", None, "", False)
    assert (attempt.callback_id, attempt.outcome, attempt.http_status) == (row.id, "DELIVERED", 200)
    assert (attempt.duration_ms, attempt.response) == (5, "{}")


def test_failed_callback_waits_for_its_next_attempt() -> None:
    queue()
    (claimed,) = claim_due_callbacks(1)
    at = claimed.claimed_at + timedelta(minutes=5)
    assert settle(claimed, TROUBLED, RetryAt(at))
    row = OutboundCallback.objects.get()
    assert (row.state, row.next_attempt_at, row.last_error, row.lease_owner) == ("PENDING", at, "answered 500", "")
    assert claim_due_callbacks(1) == []


def test_given_up_callback_says_why() -> None:
    queue()
    (claimed,) = claim_due_callbacks(1)
    assert settle(claimed, TROUBLED, GiveUp("DEAD", "gave up after 84 attempts"))
    row = OutboundCallback.objects.get()
    assert (row.state, row.last_error) == ("DEAD", "gave up after 84 attempts: answered 500")


def test_courier_that_lost_its_lease_settles_nothing_but_a_delivery() -> None:
    queue()
    (slow,) = claim_due_callbacks(1)
    OutboundCallback.objects.update(leased_until="2020-01-01T00:00:00Z")
    (quick,) = claim_due_callbacks(1)
    assert not settle(slow, TROUBLED, GiveUp("DEAD", "no"))
    assert OutboundCallback.objects.get().lease_owner == quick.owner
    assert settle(slow, DELIVERED, None)
    assert OutboundCallback.objects.get().state == "DELIVERED"
    assert not settle(quick, TROUBLED, RetryAt(quick.claimed_at))
    assert OutboundCallback.objects.get().state == "DELIVERED"


def test_attempts_are_history() -> None:
    from django.db import IntegrityError, transaction

    queue()
    settle(claim_due_callbacks(1)[0], DELIVERED, None)
    with pytest.raises(IntegrityError, match="history"), transaction.atomic():
        DeliveryAttempt.objects.update(outcome="NACKED")


def test_dead_callback_is_sent_again_on_demand() -> None:
    callback = queue(expires_at=timezone.now() - timedelta(hours=1))
    assert not send_again(callback)
    OutboundCallback.objects.update(state="DEAD", attempts=84, finished_at=timezone.now())
    assert send_again(callback)
    (claimed,) = claim_due_callbacks(1)
    assert (claimed.id, claimed.attempts) == (callback.id, 1)


@pytest.mark.django_db(transaction=True)
def test_claims_from_many_threads_never_exceed_the_cap() -> None:
    for number in range(40):
        queue(f"t-{number}")
    start = Barrier(8)

    def claim(_: int) -> list[uuid.UUID]:
        start.wait()
        claimed = [callback.id for _ in range(3) for callback in claim_due_callbacks(1)]
        connection.close()
        return claimed

    with ThreadPoolExecutor(8) as pool:
        claimed = [callback for share in pool.map(claim, range(8)) for callback in share]
    assert (len(claimed), len(set(claimed))) == (4, 4)
    assert OutboundCallback.objects.filter(leased_until__isnull=False).count() == 4
