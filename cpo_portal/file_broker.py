"""Kombu's filesystem broker without its races: no reader meets a file that is still being written.

Stock kombu opens a message's file under its final name and then writes it: a worker that takes it in between reads
nothing, and ends. The same holds of the file that lists an exchange's queues, when several processes start at once.
"""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from kombu.transport import TRANSPORT_ALIASES, _transport_cache, filesystem
from kombu.utils.json import dumps

log = structlog.get_logger(__name__)


class Channel(filesystem.Channel):
    """Messages appear whole, and one process at a time touches the list of queues."""

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:  # type: ignore[override]
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        # Readers look for names that end with the queue's: a draft is none of them.
        draft = os.path.join(self.data_folder_out, f".{name}.draft")
        with open(draft, "wb") as file:
            file.write(dumps(message).encode())
        os.rename(draft, os.path.join(self.data_folder_out, name))

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


class Transport(filesystem.Transport):
    """Kombu's own, with the channel above."""

    Channel = Channel


def install() -> None:
    """Let `filesystem://` mean this transport, in this process."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"
    # Kombu remembers what an alias meant when it was first used.
    _transport_cache.pop("filesystem", None)
