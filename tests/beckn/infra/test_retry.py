"""The decision about a callback that was not delivered, as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from beckn.retry import GiveUp, Outcome, RetryAt, decide_retry, expiry_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def after(attempts: int, outcome: Outcome = Outcome.TROUBLED, ttl: float | None = None) -> RetryAt | GiveUp:
    expires_at = None if ttl is None else NOW + timedelta(seconds=ttl)
    return decide_retry(attempts=attempts, outcome=outcome, now=NOW, expires_at=expires_at, seed="c")


@pytest.mark.parametrize(
    ("attempts", "longest"), [(1, 1), (2, 2), (3, 4), (10, 512), (12, 2048), (13, 3600), (50, 3600), (83, 3600)]
)
def test_delay_doubles_to_an_hour_less_up_to_a_quarter(attempts: int, longest: int) -> None:
    decision = after(attempts)
    assert isinstance(decision, RetryAt)
    assert 0.75 * longest < (decision.at - NOW).total_seconds() <= longest


def test_delay_is_the_same_for_the_same_callback_and_differs_between_two() -> None:
    def delay(seed: str) -> RetryAt | GiveUp:
        return decide_retry(attempts=13, outcome=Outcome.TROUBLED, now=NOW, expires_at=None, seed=seed)

    assert delay("a") == delay("a")
    assert delay("a") != delay("b")


@pytest.mark.parametrize(
    ("outcome", "last"),
    [
        (Outcome.UNREACHABLE, 84),
        (Outcome.TIMED_OUT, 84),
        (Outcome.TROUBLED, 84),
        (Outcome.BROKEN, 84),
        (Outcome.NACKED, 5),
        (Outcome.REFUSED, 5),
        (Outcome.REDIRECTED, 5),
        (Outcome.UNCLEAR, 5),
        (Outcome.FORBIDDEN, 5),
    ],
)
def test_it_is_dead_after_its_last_attempt(outcome: Outcome, last: int) -> None:
    assert isinstance(after(last - 1, outcome), RetryAt)
    assert after(last, outcome) == GiveUp("DEAD", f"gave up after {last} attempts, the last {outcome}")


def test_all_attempts_take_about_three_days() -> None:
    whole = timedelta()
    for attempts in range(1, 84):
        decision = after(attempts)
        assert isinstance(decision, RetryAt)
        whole += decision.at - NOW
    assert timedelta(days=2) < whole < timedelta(days=4)


def test_next_attempt_after_the_ttl_is_not_made() -> None:
    assert after(3, ttl=3) == GiveUp("EXPIRED", "the request's ttl ends before the next attempt, the last TROUBLED")
    assert isinstance(after(3, ttl=4.01), RetryAt)


@pytest.mark.parametrize("action", ["search", "select", "init", "track", "support", "rating", "on_select"])
def test_answers_that_nobody_waits_for_expire(action: str) -> None:
    assert expiry_of(action, NOW) == NOW


@pytest.mark.parametrize("action", ["confirm", "status", "update", "cancel", "on_status"])
def test_answers_that_state_an_order_do_not_expire(action: str) -> None:
    assert expiry_of(action, NOW) is None
