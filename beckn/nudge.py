"""Wakes a worker soon after a row was written: one message per kind and 10 ms from each process, from a thread of its
own, because sending a task inside a request would cost more than the request. A lost nudge costs a second: the sweep
looks at the rows."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import sleep

import structlog
from celery import current_app

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 0.01
#: A nudge older than this helps nobody: the sweep has been by.
EXPIRES_SECONDS = 5


class Nudger:
    """Collects names of tasks and sends each once per pause; the thread starts with the first nudge."""

    def __init__(self, send: Callable[[str], None], pause: float = PAUSE_SECONDS) -> None:
        self._send = send
        self._pause = pause
        self._waiting: set[str] = set()
        self._changed = threading.Condition()
        self._process = 0

    def nudge(self, task: str) -> None:
        """Ask for one run of `task`; returns at once and never fails."""
        with self._changed:
            self._waiting.add(task)
            if self._process != os.getpid():  # the first nudge here, or a fork took the thread away
                self._process = os.getpid()
                threading.Thread(target=self._run, name="nudge", daemon=True).start()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                tasks, self._waiting = self._waiting, set()
            for task in sorted(tasks):
                try:
                    self._send(task)
                except Exception as error:  # noqa: BLE001  whatever a broker throws, the sweep repairs it
                    log.warning("nudge_not_sent", task=task, error=str(error))
            sleep(self._pause)


def _send(task: str) -> None:
    current_app.send_task(task, queue="messages", expires=EXPIRES_SECONDS, retry=False, ignore_result=True)


_nudger = Nudger(_send)
_here = threading.local()


def inbox() -> None:
    """Wake a worker that works off requests."""
    _nudger.nudge("beckn.tasks.drain_inbox")


def outbox() -> None:
    """Wake a worker that delivers callbacks, unless this thread is about to deliver them itself."""
    if not getattr(_here, "delivers_next", False):
        _nudger.nudge("beckn.tasks.deliver_due")


def replays() -> None:
    """Wake a worker that sends dead callbacks again."""
    _nudger.nudge("beckn.tasks.replay_dead")


@contextmanager
def delivering_next() -> Iterator[None]:
    """Within this, `outbox()` is silent: the thread looks at the outbox itself when it is done."""
    _here.delivers_next = True
    try:
        yield
    finally:
        _here.delivers_next = False
