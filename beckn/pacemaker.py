"""Keeps a worker going while the broker is away: whoever hears no hint for a while looks at the rows itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import structlog
from django.db import connections

from cpo_portal.database.errors import describe

T = TypeVar("T")

log = structlog.get_logger(__name__)

#: The scheduler sends a hint a second, of which one of many workers may miss a few.
QUIET_SECONDS = 5.0
LOOK_SECONDS = 1.0
#: As many things as are done side by side without a broker: buyer apps that do not answer must not stop the others.
THREADS = 6


class Pacemaker:
    """Runs `look()` once a second while no hint comes; it returns what is to be done, each in a thread of its own."""

    def __init__(
        self, look: Callable[[], list[Callable[[], object]]], *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._look, self._clock = look, clock
        self._heard = clock()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="pacemaker")
        self._running: list[Future[None]] = []

    def hear(self) -> None:
        """Note that a hint came by the broker."""
        self._heard = self._clock()

    def start(self) -> None:
        threading.Thread(target=self._run, name="pacemaker", daemon=True).start()

    def beat(self) -> int:
        """Look at the rows if it has been quiet; return how much was begun."""
        if self._clock() - self._heard < QUIET_SECONDS:
            return 0
        self._running = [future for future in self._running if not future.done()]
        work = _closing(self._look)()[: THREADS - len(self._running)]
        self._running += [self._pool.submit(_told, _closing(job)) for job in work]
        return len(work)

    def _run(self) -> None:
        while True:
            time.sleep(LOOK_SECONDS)
            _told(self.beat)


def _told(job: Callable[[], object]) -> None:
    """Run the job; what it raises is logged, for nobody asks a thread how it ended."""
    try:
        job()
    except Exception as error:  # noqa: BLE001  whatever it was, the next second may do better
        log.warning("pacemaker_stumbled", error=describe(error))


def _closing(job: Callable[[], T]) -> Callable[[], T]:
    """Return the job with an end to this thread's connections: it may not be needed again for weeks."""

    def run() -> T:
        try:
            return job()
        finally:
            connections.close_all()

    return run
