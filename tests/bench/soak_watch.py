"""What is looked at once a second while the buyer apps send: memory, connections, and how much waits."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import psycopg

from tests.bench.processes import Usage, usage

DEPTHS = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()),
    (SELECT count(*) FROM beckn_inboundmessage WHERE state = 'RECEIVED'),
    (SELECT count(*) FROM beckn_outboundcallback WHERE state = 'PENDING')
"""


@dataclass(frozen=True, slots=True)
class Look:
    """One look; `at` is on the machine's monotonic clock, `connections` are the portal's with the database."""

    at: float
    connections: int
    inbox: int
    outbox: int
    broker_files: int
    used: dict[str, Usage]

    @property
    def queued(self) -> int:
        return self.inbox + self.outbox


@dataclass
class Watch:
    """Looks at processes (by name) and queues within the block, from a thread and with a connection of its own."""

    pids: dict[str, int]
    looks: list[Look] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Watch:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as database:
            while not self._over.wait(1):
                self.looks.append(look(database, self.pids))


def look(database: psycopg.Connection, pids: dict[str, int]) -> Look:
    """Look once."""
    connections, inbox, outbox = database.execute(DEPTHS).fetchone() or (0, 0, 0)
    files = sum(1 for _ in (Path(os.environ["PORTAL_BROKER_DIR"]) / "queue").iterdir())
    used = {name: usage(pid) for name, pid in pids.items()}
    return Look(time.monotonic(), connections, inbox, outbox, files, used)


def queued() -> int:
    """Return how many messages and callbacks wait now."""
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], autocommit=True) as database:
        return look(database, {}).queued
