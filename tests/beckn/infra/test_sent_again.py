"""What was answered or given up is sent again, the same bytes: on a repeated request, or all dead letters at once."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from beckn import resending, tasks, upkeep
from beckn.models import InboundMessage, OutboundCallback, Replay
from beckn.outbox import Delivery, claim_due_callbacks, settle
from beckn.retry import Outcome, RetryAt
from tests.beckn.infra.support import BuyerApp, echo, queue
from tests.processes import run_at_once

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DELIVERED = Delivery(outcome=Outcome.DELIVERED, duration_ms=5, http_status=200)
TIMED_OUT = Delivery(outcome=Outcome.TIMED_OUT, duration_ms=5, error="no whole answer within 8 s")

pytestmark = pytest.mark.django_db


def _pending() -> int:
    return OutboundCallback.objects.filter(state="PENDING").count()


@pytest.fixture
def answered(bap: BuyerApp) -> OutboundCallback:
    """A request's answer, on its way."""
    now = timezone.now()
    message = InboundMessage.objects.create(
        dialect="deg_v1",
        domain="deg:ev-charging",
        version="1.1.0",
        action="select",
        bap_id=bap.id,
        transaction_id="t-1",
        message_id="m-1",
        subscriber=bap.register(),
        body_hash=b"",
        body_id=uuid.uuid4(),
        body_at=now,
        ttl_until=now,
        state="DONE",
    )
    echo(message, None, now)
    return OutboundCallback.objects.get()


REPEATS: dict[str, tuple[Delivery, RetryAt | None, tuple[str, int]]] = {
    "it arrived": (DELIVERED, None, ("PENDING", 0)),
    "it failed, and is tried again anyway": (TIMED_OUT, RetryAt(NOW), ("PENDING", 1)),
}


@pytest.mark.parametrize(("delivery", "decision", "then"), REPEATS.values(), ids=REPEATS.keys())
def test_repeat_that_arrives_while_its_answer_is_on_its_way_is_answered_too(
    answered: OutboundCallback, delivery: Delivery, decision: RetryAt | None, then: tuple[str, int]
) -> None:
    (claimed,) = claim_due_callbacks(1)
    assert resending.repeat_answer(answered.inbound_id or 0)
    assert claim_due_callbacks(1) == []
    assert settle(claimed, delivery, decision)
    row = OutboundCallback.objects.get()
    assert (row.state, row.attempts, row.wanted_again, row.finished_at) == (*then, False, None)
    (again,) = claim_due_callbacks(1)
    assert (again.id, again.open_body()) == (claimed.id, claimed.open_body())
    assert settle(again, DELIVERED, None)
    assert (OutboundCallback.objects.get().state, claim_due_callbacks(1)) == ("DELIVERED", [])


def test_repeat_does_not_revive_an_answer_whose_ttl_is_over(answered: OutboundCallback) -> None:
    (claimed,) = claim_due_callbacks(1)
    assert resending.repeat_answer(answered.inbound_id or 0)
    OutboundCallback.objects.update(expires_at=timezone.now())
    assert settle(claimed, DELIVERED, None)
    assert OutboundCallback.objects.get().state == "DELIVERED"


def kill(*callbacks: OutboundCallback) -> None:
    keys = [callback.pk for callback in callbacks]
    OutboundCallback.objects.filter(pk__in=keys).update(state="DEAD", attempts=84, finished_at=timezone.now())


def test_all_dead_letters_are_sent_again_in_order_and_nobody_elses(bap: BuyerApp) -> None:
    other = BuyerApp("other.example", seed=b"o" * 32).register()
    first, second, third = queue("t-1"), queue("t-1"), queue("t-2")
    foreign = queue("t-3", bap_id=other.subscriber_id)
    kill(first, second, third, foreign)
    replay = upkeep.request_replay(bap.register(), by="operator@platform.example")
    assert replay is not None
    assert (replay.total, replay.sent, replay.requested_by) == (3, 0, "operator@platform.example")
    assert tasks.replay_dead() == 3
    replay.refresh_from_db()
    assert (replay.sent, replay.finished_at is None) == (3, False)
    assert [callback.id for callback in claim_due_callbacks(9)] == [first.id, third.id]
    foreign.refresh_from_db()
    assert foreign.state == "DEAD"


def test_replay_goes_on_as_the_buyer_app_takes_them(bap: BuyerApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "REPLAY_AHEAD", 3)
    dead = [queue(f"t-{number}") for number in range(5)]
    kill(*dead)
    assert upkeep.request_replay(bap.register(), by="o") is not None
    assert [tasks.replay_dead(), tasks.replay_dead(), _pending()] == [3, 0, 3]
    for callback in claim_due_callbacks(9):
        assert settle(callback, DELIVERED, None)
    assert [tasks.replay_dead(), tasks.replay_dead(), _pending()] == [2, 0, 2]


def test_what_dies_again_during_a_replay_stays_dead(bap: BuyerApp) -> None:
    kill(queue("t-1"))
    assert upkeep.request_replay(bap.register(), by="o") is not None
    kill(queue("t-2"))
    assert tasks.replay_dead() == 1
    assert OutboundCallback.objects.get(transaction_id="t-2").state == "DEAD"


def test_a_replay_that_is_stopped_leaves_the_rest_dead(bap: BuyerApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "REPLAY_AHEAD", 3)
    subscriber = bap.register()
    dead = [queue(f"t-{number}") for number in range(5)]
    kill(*dead)
    other = queue("t-other")
    assert upkeep.request_replay(subscriber, by="o") is not None
    assert tasks.replay_dead() == 2
    on_its_way = claim_due_callbacks(2)
    assert {callback.id for callback in on_its_way} == {other.id, dead[0].id}
    assert upkeep.stop_replay(subscriber, by="p") == 1
    assert tasks.replay_dead() == 0
    for callback in on_its_way:
        assert settle(callback, DELIVERED, None)
    states = OutboundCallback.objects.order_by("sequence").values_list("state", flat=True)
    assert list(states) == ["DELIVERED", "DEAD", "DEAD", "DEAD", "DEAD", "DELIVERED"]
    replay = Replay.objects.get()
    assert (replay.sent, replay.total, replay.stopped_by) == (1, 5, "p")
    assert replay.finished_at is not None
    assert replay.finished_at == replay.stopped_at
    again = upkeep.request_replay(subscriber, by="o")
    assert again is not None
    assert again.total == 4


def test_a_replay_that_has_queued_all_can_be_stopped_while_they_wait(bap: BuyerApp) -> None:
    subscriber = bap.register()
    kill(queue("t-1"), queue("t-2"))
    assert upkeep.request_replay(subscriber, by="o") is not None
    assert (tasks.replay_dead(), upkeep.is_replaying(subscriber)) == (2, True)
    assert (upkeep.stop_replay(subscriber, by="p"), upkeep.is_replaying(subscriber)) == (2, False)
    assert OutboundCallback.objects.filter(state="DEAD").count() == 2
    assert upkeep.stop_replay(subscriber, by="p") is None


def test_what_was_on_its_way_and_failed_can_be_stopped_as_well(bap: BuyerApp) -> None:
    subscriber = bap.register()
    kill(queue("t-1"), queue("t-2"))
    assert upkeep.request_replay(subscriber, by="o") is not None
    assert tasks.replay_dead() == 2
    [callback] = claim_due_callbacks(1)
    assert (upkeep.stop_replay(subscriber, by="p"), upkeep.is_replaying(subscriber)) == (1, True)
    assert settle(callback, Delivery(Outcome.TROUBLED, 5, 500), RetryAt(timezone.now() + timedelta(minutes=1)))
    assert (upkeep.stop_replay(subscriber, by="p"), upkeep.is_replaying(subscriber)) == (1, False)
    assert Replay.objects.get().sent == 0


def test_what_a_person_sent_again_is_not_stopped_with_a_replay(bap: BuyerApp) -> None:
    subscriber = bap.register()
    kill(queue("t-1"))
    assert upkeep.request_replay(subscriber, by="o") is not None
    assert tasks.replay_dead() == 1
    kill(OutboundCallback.objects.get())
    assert resending.send_again(OutboundCallback.objects.get())
    assert upkeep.stop_replay(subscriber, by="p") is None
    assert _pending() == 1


@pytest.mark.django_db(transaction=True)
def test_a_stop_calls_back_the_batch_that_is_queued_at_the_same_time(bap: BuyerApp) -> None:
    subscriber = bap.register()
    for _ in range(5):
        kill(*(queue(f"t-{number}") for number in range(4)))
        assert upkeep.request_replay(subscriber, by="o") is not None
        sent, back = run_at_once(
            2, lambda number: upkeep.stop_replay(subscriber, by="p") if number else tasks.replay_dead()
        )
        replay = Replay.objects.order_by("-pk")[0]
        assert (sent, replay.sent, replay.finished_at is None) == (back, 0, False)
        assert _pending() == 0


def test_one_replay_of_a_buyer_app_at_a_time_and_none_of_nothing(bap: BuyerApp) -> None:
    subscriber = bap.register()
    assert upkeep.request_replay(subscriber, by="o") is None
    kill(queue("t-1"))
    assert upkeep.request_replay(subscriber, by="o") is not None
    assert upkeep.request_replay(subscriber, by="o") is None
