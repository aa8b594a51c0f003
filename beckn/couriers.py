"""Who is on the way for whom in this process, so that no buyer app keeps all couriers from the others."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class Couriers:
    """At most so many at a time; a buyer app may have half of those that others leave it, and always one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._free = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._away: Counter[str] = Counter()

    @contextmanager
    def on_duty(self) -> Iterator[bool]:
        """Take a courier's place within the block; False where none is free."""
        free = self._free.acquire(blocking=False)
        try:
            yield free
        finally:
            if free:
                self._free.release()

    @contextmanager
    def away_for(self, bap_id: str) -> Iterator[None]:
        """Count this courier as the buyer app's within the block."""
        with self._lock:
            self._away[bap_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._away[bap_id] -= 1
                if not self._away[bap_id]:
                    del self._away[bap_id]

    def full(self) -> list[str]:
        """Return the buyer apps that may have no further courier now."""
        with self._lock:
            away = self._away.total()
            return [bap for bap, count in self._away.items() if count >= share(self._most - (away - count))]


def share(left: int) -> int:
    """Return how many couriers a buyer app may have where the others leave so many."""
    return max(1, (left + 1) // 2)
