"""A nudge returns at once, and many become one message."""

from __future__ import annotations

import threading
import time

import pytest

from beckn import nudge
from beckn.nudge import Nudger
from tests.beckn.infra.support import wait_until


def test_many_nudges_within_the_pause_become_two_messages() -> None:
    sent: list[tuple[float, str]] = []
    nudger = Nudger(lambda task: sent.append((time.monotonic(), task)), pause=0.2)
    nudger.nudge("a")
    wait_until(lambda: len(sent) == 1)
    for _ in range(100):
        nudger.nudge("a")
        nudger.nudge("b")
    wait_until(lambda: len(sent) == 3)
    time.sleep(0.25)
    assert [task for _, task in sent] == ["a", "a", "b"]
    assert sent[1][0] - sent[0][0] >= 0.2


def test_broker_that_is_down_or_slow_never_reaches_the_caller(caplog: pytest.LogCaptureFixture) -> None:
    calls: list[str] = []
    held, in_time = threading.Event(), list[bool]()

    def send(task: str) -> None:
        calls.append(task)
        in_time.append(held.wait(10))
        raise ConnectionError("no broker")

    nudger = Nudger(send, pause=0.01)
    # The broker answers once `held` is set, which a call that waited for it would keep from happening in time.
    nudger.nudge("a")
    nudger.nudge("a")
    held.set()
    nudger.nudge("b")
    wait_until(lambda: "b" in calls)
    wait_until(lambda: any(r.msg["event"] == "nudge_not_sent" for r in caplog.records if r.name == "beckn.nudge"))
    assert all(in_time)


def test_forked_process_has_a_thread_of_its_own() -> None:
    sent: list[str] = []
    nudger = Nudger(sent.append, pause=0.01)
    nudger.nudge("a")
    wait_until(lambda: sent == ["a"])
    nudger._process = -1  # what a fork leaves behind: the numbers of another process and no thread
    nudger.nudge("b")
    wait_until(lambda: sent == ["a", "b"])


def test_thread_that_delivers_next_itself_wakes_nobody(nudges: list[str]) -> None:
    with nudge.delivering_next():
        nudge.outbox()
        nudge.inbox()
    nudge.outbox()
    assert nudges == ["drain_inbox", "deliver_due"]
