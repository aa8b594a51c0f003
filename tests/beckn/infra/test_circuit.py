"""A buyer app that does not answer is left alone, for longer and longer; one callback at a time finds out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from beckn import subscriber_health, tasks
from beckn.circuit import Circuit, pause_after, state_of
from beckn.couriers import Couriers
from beckn.models import DeliveryAttempt, OutboundCallback, SubscriberHealth
from beckn.outbox import ClaimedCallback, Delivery, claim_due_callbacks, settle
from beckn.retry import Outcome, RetryAt
from tests.beckn.infra.support import BuyerApp, queue
from tests.processes import run_at_once

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER, EARLIER = NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)

STATES: dict[str, tuple[int, datetime | None, Circuit]] = {
    "no failure": (0, None, Circuit.CLOSED),
    "a failure": (1, None, Circuit.SUSPECT),
    "paused": (5, LATER, Circuit.OPEN),
    "the pause ends now": (5, NOW, Circuit.HALF_OPEN),
    "the pause is over": (5, EARLIER, Circuit.HALF_OPEN),
}


@pytest.mark.parametrize(("failures", "open_until", "state"), STATES.values(), ids=STATES.keys())
def test_state_follows_from_the_row(failures: int, open_until: datetime | None, state: Circuit) -> None:
    assert state_of(failures=failures, open_until=open_until, now=NOW) is state


@pytest.mark.parametrize(
    ("pauses", "longest"), [(0, 5), (1, 10), (2, 20), (5, 160), (6, 300), (7, 300), (500, 300), (10**6, 300)]
)
def test_pause_doubles_to_five_minutes_less_up_to_a_quarter(pauses: int, longest: int) -> None:
    pauses_of = {pause_after(pauses, seed).total_seconds() for seed in ("a", "b", "c", "d")}
    assert all(0.75 * longest < pause <= longest for pause in pauses_of)
    assert len(pauses_of) == 4


def failed(outcome: Outcome = Outcome.TIMED_OUT) -> Delivery:
    return Delivery(outcome=outcome, duration_ms=5, error="no whole answer within 8 s")


def end(callback: ClaimedCallback, delivery: Delivery) -> None:
    again = None if delivery.outcome is Outcome.DELIVERED else RetryAt(callback.claimed_at + timedelta(hours=1))
    assert settle(callback, delivery, again)


DELIVERED = Delivery(outcome=Outcome.DELIVERED, duration_ms=5, http_status=200)


def fail(times: int, outcome: Outcome = Outcome.TIMED_OUT) -> None:
    for _ in range(times):
        (claimed,) = claim_due_callbacks(1)
        end(claimed, failed(outcome))


def health() -> SubscriberHealth:
    return SubscriberHealth.objects.get(subscriber__subscriber_id="bap.example")


def end_pause() -> None:
    SubscriberHealth.objects.update(open_until=timezone.now() - timedelta(milliseconds=1))


def pending() -> int:
    return OutboundCallback.objects.filter(state="PENDING").count()


@pytest.fixture
def owed(bap: BuyerApp) -> list[OutboundCallback]:
    """Twelve callbacks of as many transactions."""
    return [queue(f"t-{number}") for number in range(12)]


pytestmark = pytest.mark.django_db
SILENT = [Outcome.UNREACHABLE, Outcome.TIMED_OUT, Outcome.TROUBLED]
ANSWERS = [Outcome.DELIVERED, Outcome.NACKED, Outcome.REFUSED, Outcome.REDIRECTED, Outcome.UNCLEAR]


@pytest.mark.parametrize("outcome", SILENT)
def test_five_failures_in_a_row_open_the_circuit(owed: list[OutboundCallback], outcome: Outcome) -> None:
    fail(4, outcome)
    assert (health().failures, health().open_until) == (4, None)
    fail(1, outcome)
    row = health()
    assert row.open_until is not None
    assert timedelta(seconds=3.7) < row.open_until - row.since <= timedelta(seconds=5)
    assert (row.failures, row.pauses, row.last_error) == (5, 1, "no whole answer within 8 s")
    assert (claim_due_callbacks(9), pending()) == ([], 12)
    assert set(OutboundCallback.objects.values_list("attempts", flat=True)) == {0, 1}


@pytest.mark.parametrize("outcome", ANSWERS)
def test_any_answer_begins_the_count_anew(owed: list[OutboundCallback], outcome: Outcome) -> None:
    fail(4)
    (claimed,) = claim_due_callbacks(1)
    end(claimed, Delivery(outcome=outcome, duration_ms=5))
    assert (health().failures, health().open_until) == (0, None)
    assert (health().last_success_at is None) == (outcome is not Outcome.DELIVERED)
    fail(4)
    assert health().open_until is None


@pytest.mark.parametrize("outcome", [Outcome.FORBIDDEN, Outcome.BROKEN])
def test_our_own_faults_say_nothing_of_the_buyer_app(owed: list[OutboundCallback], outcome: Outcome) -> None:
    fail(6, outcome)
    assert not SubscriberHealth.objects.exists()


def test_failure_makes_it_one_at_a_time(owed: list[OutboundCallback]) -> None:
    fail(1)
    (alone,) = claim_due_callbacks(9)
    assert claim_due_callbacks(9) == []
    end(alone, DELIVERED)
    assert len(claim_due_callbacks(9)) == 4


def test_one_probe_at_a_time_when_the_pause_is_over(owed: list[OutboundCallback]) -> None:
    fail(5)
    end_pause()
    (probe,) = claim_due_callbacks(9)
    assert (probe.pauses, claim_due_callbacks(9)) == (1, [])
    end(probe, failed())
    row = health()
    assert row.open_until is not None
    assert row.last_failure_at is not None
    assert timedelta(seconds=7.5) < row.open_until - row.last_failure_at <= timedelta(seconds=10)
    assert (row.pauses, claim_due_callbacks(9)) == (2, [])


def test_probe_that_is_answered_closes_the_circuit(owed: list[OutboundCallback]) -> None:
    fail(5)
    opened = health().since
    end_pause()
    end(claim_due_callbacks(9)[0], DELIVERED)
    row = health()
    assert (row.failures, row.pauses, row.open_until, row.since > opened) == (0, 0, None, True)
    assert len(claim_due_callbacks(9)) == 4


def test_failures_of_what_was_under_way_do_not_prolong_the_pause(owed: list[OutboundCallback]) -> None:
    under_way = claim_due_callbacks(4)
    end(under_way[0], DELIVERED)
    SubscriberHealth.objects.update(failures=4)
    end(under_way[1], failed())
    opened = health()
    end(under_way[2], failed())
    assert (health().open_until, health().pauses, health().failures) == (opened.open_until, 1, 6)
    end(under_way[3], DELIVERED)
    assert health().open_until is None


def test_courier_that_dies_over_the_probe_lets_another_try(owed: list[OutboundCallback]) -> None:
    fail(5)
    end_pause()
    claim_due_callbacks(9)
    OutboundCallback.objects.exclude(leased_until=None).update(leased_until=timezone.now())
    assert len(claim_due_callbacks(9)) == 1


def test_others_go_first_and_on(owed: list[OutboundCallback]) -> None:
    BuyerApp("other.example", seed=b"o" * 32).register()
    fail(1)
    young = queue("t-young", bap_id="other.example")
    assert [callback.id for callback in claim_due_callbacks(1)] == [young.id]
    fail(1)
    SubscriberHealth.objects.update(open_until=timezone.now() + timedelta(minutes=5))
    second = queue("t-second", bap_id="other.example")
    assert [callback.id for callback in claim_due_callbacks(9)] == [second.id]


def test_answers_expire_behind_an_open_circuit_without_an_attempt(bap: BuyerApp) -> None:
    late = [queue(f"t-{n}", action="on_select", expires_at=timezone.now() - timedelta(seconds=1)) for n in range(30)]
    kept = queue("t-kept")
    SubscriberHealth.objects.create(
        subscriber=bap.register(), failures=5, open_until=timezone.now() + timedelta(hours=1)
    )
    tasks.sweep()
    assert set(OutboundCallback.objects.filter(pk__in=[row.pk for row in late]).values_list("state", "attempts")) == {
        ("EXPIRED", 0)
    }
    kept.refresh_from_db()
    assert (kept.state, kept.attempts, DeliveryAttempt.objects.count()) == ("PENDING", 0, 0)


def test_what_was_owed_for_four_days_is_given_up_with_a_sentence(bap: BuyerApp) -> None:
    old, young = queue("t-old"), queue("t-young")
    OutboundCallback.objects.filter(pk=old.pk).update(queued_at=timezone.now() - timedelta(days=4))
    OutboundCallback.objects.filter(pk=young.pk).update(queued_at=timezone.now() - timedelta(days=3, hours=23))
    assert tasks.bury_old() == 1
    old.refresh_from_db()
    young.refresh_from_db()
    assert (old.state, old.last_error.strip()) == ("DEAD", "the buyer app could not be reached for 4 days")
    assert young.state == "PENDING"


def test_switched_off_buyer_app_is_not_waited_for(owed: list[OutboundCallback], bap: BuyerApp) -> None:
    fail(5)
    subscriber = health().subscriber
    subscriber.is_active = False
    subscriber.save()
    assert [callback.is_active for callback in claim_due_callbacks(9)] == [False] * 4


def test_sweep_wakes_nobody_for_a_buyer_app_that_is_left_alone(owed: list[OutboundCallback], nudges: list[str]) -> None:
    fail(5)
    nudges.clear()
    tasks.sweep()
    assert nudges == []
    end_pause()
    tasks.sweep()
    assert nudges == ["deliver_due"]


def test_buyer_app_that_is_left_alone_does_not_make_the_portal_unready(
    owed: list[OutboundCallback], client: Any
) -> None:
    fail(5)
    tasks.sweep()
    OutboundCallback.objects.update(next_attempt_at=timezone.now() - timedelta(hours=1))
    assert client.get("/readyz").status_code == 200


def test_probe_on_demand_ends_the_pause_and_takes_one_out_of_its_back_off(bap: BuyerApp, nudges: list[str]) -> None:
    first, second = queue("t-1"), queue("t-1")
    later = timezone.now() + timedelta(hours=1)
    OutboundCallback.objects.update(next_attempt_at=later)
    subscriber = bap.register()
    SubscriberHealth.objects.create(subscriber=subscriber, failures=5, pauses=7, open_until=later)
    assert subscriber_health.probe_now(subscriber)
    (probe,) = claim_due_callbacks(9)
    assert (probe.id, probe.pauses) == (first.id, 7)
    second.refresh_from_db()
    assert second.next_attempt_at == later


def test_probe_on_demand_of_nothing_is_told(bap: BuyerApp) -> None:
    assert not subscriber_health.probe_now(bap.register())


@pytest.mark.parametrize(
    ("failed_before", "ended"),
    [(timedelta(seconds=6), True), (timedelta(seconds=4), False)],
    ids=["it speaks again", "it only talks"],
)
def test_who_is_heard_from_is_tried_again(bap: BuyerApp, failed_before: timedelta, ended: bool) -> None:
    now = timezone.now()
    kept = {
        "failures": 9,
        "pauses": 7,
        "open_until": now + timedelta(minutes=5),
        "last_failure_at": now - failed_before,
    }
    SubscriberHealth.objects.create(subscriber=bap.register(), **kept)
    answer = queue("t-1")
    assert subscriber_health.heard_from([bap.id, bap.id, "stranger.example"]) == int(ended)
    assert [(probe.id, probe.pauses) for probe in claim_due_callbacks(9)] == ([(answer.id, 7)] if ended else [])


def test_hearing_from_a_buyer_app_that_answers_changes_nothing(bap: BuyerApp) -> None:
    row = SubscriberHealth.objects.create(subscriber=bap.register())
    assert subscriber_health.heard_from([bap.id]) == 0
    row.refresh_from_db()
    assert row.open_until is None


@pytest.mark.django_db(transaction=True)
def test_processes_that_look_at_once_send_one_probe(owed: list[OutboundCallback]) -> None:
    fail(5)
    end_pause()
    claimed = run_at_once(4, lambda _: [callback.id for callback in claim_due_callbacks(3)])
    assert sum(len(found) for found in claimed) == 1


@pytest.mark.django_db(transaction=True)
def test_failures_of_several_processes_are_all_counted(owed: list[OutboundCallback]) -> None:
    claimed = claim_due_callbacks(4)
    run_at_once(4, lambda number: end(claimed[number], failed()))
    assert (health().failures, health().open_until) == (4, None)


SHARES: dict[str, tuple[list[str], list[str]]] = {
    "nobody is away": ([], []),
    "half of all": (["a"] * 5, []),
    "more than half of all": (["a"] * 6, ["a"]),
    "half of what another leaves": (["a"] * 6 + ["b"] * 3, ["a", "b"]),
    "the last ones get one each": (["a"] * 6 + ["b"] * 3 + ["c", "d"], ["a", "b", "c", "d"]),
}


@pytest.mark.parametrize(("away", "full"), SHARES.values(), ids=SHARES.keys())
def test_no_buyer_app_has_all_couriers(away: list[str], full: list[str]) -> None:
    from contextlib import ExitStack

    couriers = Couriers(12)
    with ExitStack() as stack:
        for bap_id in away:
            stack.enter_context(couriers.away_for(bap_id))
        assert couriers.full() == full
    assert couriers.full() == []


def test_claim_leaves_out_those_that_have_their_share(owed: list[OutboundCallback]) -> None:
    BuyerApp("other.example", seed=b"o" * 32).register()
    other = queue("t-other", bap_id="other.example")
    assert [callback.id for callback in claim_due_callbacks(9, full=["bap.example"])] == [other.id]


def test_claim_begins_with_those_that_were_just_answered(owed: list[OutboundCallback]) -> None:
    BuyerApp("other.example", seed=b"o" * 32).register()
    other = queue("t-other", bap_id="other.example")
    assert [callback.id for callback in claim_due_callbacks(1, first=["other.example"])] == [other.id]
    assert [callback.id for callback in claim_due_callbacks(1, first=["other.example"])] == [owed[0].id]
