"""Kombu's filesystem broker without its races and its heaps: no reader meets a file that is still being written, and
no file waits that says what a later one says.

Stock kombu opens a message's file under its final name and then writes it: a worker that takes it in between reads
nothing, and ends. The same holds of the file that lists an exchange's queues, when several processes start at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty
from typing import Any

import structlog
from kombu.transport import TRANSPORT_ALIASES, _transport_cache, filesystem
from kombu.utils.json import dumps

#: More than the step of any file system's clock that we meet.
TICK_SECONDS = 0.05
#: A message that was left because every thread was busy changes nothing in the folder when one is free again.
LOOK_ANYWAY_SECONDS = 0.25

log = structlog.get_logger(__name__)


class Channel(filesystem.Channel):
    """Messages appear whole, and one process at a time touches the list of queues."""

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:  # type: ignore[override]
        folder = self.data_folder_out
        ending = f"_{_meaning(message)}.{queue}.msg"
        older = sorted(name for name in os.listdir(folder) if name.endswith(ending))
        since = older[0].partition("_")[0] if older else str(round(time.monotonic() * 1000))
        name = f"{since}_{uuid.uuid4()}{ending}"
        # Readers look for names that end with the queue's: a draft is none of them.
        draft = os.path.join(folder, f".{name}.draft")
        with open(draft, "wb") as file:
            file.write(dumps(message).encode())
        os.rename(draft, os.path.join(folder, name))
        # The new one stands in the old one's place, and expires later. A reader may have been faster.
        for name in older:
            with suppress(FileNotFoundError):
                os.remove(os.path.join(folder, name))

    def _get(self, queue: str, timeout: Any = None) -> Any:
        while True:
            try:
                return super()._get(queue)
            except ValueError:
                # What a machine's crash left of a message; the sweep finds what it was about.
                log.warning("broken_message_dropped", queue=queue)

    def _queue_bind(self, *args: Any, **kwargs: Any) -> None:
        with self._alone():
            super()._queue_bind(*args, **kwargs)

    def get_table(self, exchange: str) -> list[Any]:
        with self._alone():
            table: list[Any] = super().get_table(exchange)
            return table

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with open(self.control_folder / ".lock", "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _meaning(message: Any) -> str:
    """Return what two messages share that ask for the same: the task and what it is given; else a name of its own."""
    task = message.get("headers", {}).get("task")
    if task is None:
        return uuid.uuid4().hex
    return hashlib.blake2b(f"{task} {message.get('body')}".encode(), digest_size=12).hexdigest()


class Transport(filesystem.Transport):
    """Kombu's own, with the channel above, and a cheaper way to wait: it looks for messages when the folder changes."""

    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None, **_: Any) -> None:
        client: Any = self.client
        folder = client.transport_options["data_folder_in"]
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            changed = os.stat(folder).st_mtime
            try:
                self.cycle.get(self._deliver, timeout=timeout)  # type: ignore[union-attr]
                return
            except Empty:
                self._wait_for_change(folder, changed, deadline)

    def _wait_for_change(self, folder: str, changed: float, deadline: float | None) -> None:
        """Sleep until the folder changes; raise TimeoutError. Within one tick of its clock a change does not show."""
        look_anyway = time.monotonic() + LOOK_ANYWAY_SECONDS
        while time.monotonic() < look_anyway:
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError
            time.sleep(self.polling_interval)
            if time.time() - changed < TICK_SECONDS or os.stat(folder).st_mtime != changed:
                return


def install() -> None:
    """Let `filesystem://` mean this transport, in this process."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
    # Kombu remembers what an alias meant when it was first used.
    _transport_cache.pop("filesystem", None)
