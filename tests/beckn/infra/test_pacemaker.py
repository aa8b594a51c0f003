"""The pacemaker: silent while hints come, and never more at a time than its threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from beckn.pacemaker import QUIET_SECONDS, THREADS, Pacemaker
from tests.beckn.infra.support import wait_until


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("quiet", "begun"), [(0.0, 0), (QUIET_SECONDS - 0.1, 0), (QUIET_SECONDS, 1), (QUIET_SECONDS * 100, 1)]
)
def test_it_looks_only_after_a_quiet_time(quiet: float, begun: int) -> None:
    clock, done = Clock(), threading.Event()
    pacemaker = Pacemaker(lambda: [done.set], clock=clock)
    clock.now += 1000
    pacemaker.hear()
    clock.now += quiet
    assert pacemaker.beat() == begun
    assert done.wait(2 if begun else 0.05) is bool(begun)


def test_work_that_hangs_leaves_threads_for_other_work() -> None:
    clock, release, done = Clock(), threading.Event(), threading.Event()
    work: list[Callable[[], object]] = [release.wait]
    pacemaker = Pacemaker(lambda: work, clock=clock)
    clock.now += QUIET_SECONDS
    try:
        assert [pacemaker.beat() for _ in range(THREADS)] == [1] * (THREADS - 1) + [1]
        assert pacemaker.beat() == 0
    finally:
        release.set()
    work[:] = [done.set]
    for _ in range(100):
        if pacemaker.beat():
            break
        threading.Event().wait(0.02)
    assert done.wait(2)


def test_a_look_that_fails_is_the_callers_to_log() -> None:
    clock = Clock()
    pacemaker = Pacemaker(lambda: (_ for _ in ()).throw(OSError("no database")), clock=clock)
    clock.now += QUIET_SECONDS
    with pytest.raises(OSError, match="no database"):
        pacemaker.beat()


def lines(caplog: pytest.LogCaptureFixture) -> list[Any]:
    return [record.msg for record in caplog.records if record.name == "beckn.pacemaker"]


def test_work_that_fails_is_logged_with_where_it_failed(caplog: pytest.LogCaptureFixture) -> None:
    def settle() -> None:
        raise OSError("no database")

    clock = Clock()
    pacemaker = Pacemaker(lambda: [settle], clock=clock)
    clock.now += QUIET_SECONDS
    assert pacemaker.beat() == 1
    wait_until(lambda: bool(lines(caplog)))
    (line,) = lines(caplog)
    assert (line["event"], line["error"].splitlines()[0]) == ("pacemaker_stumbled", "OSError: no database")
    assert line["error"].count("in settle") == 1
