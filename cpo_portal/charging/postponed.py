"""Work that failed is put off for a growing while, so that it neither fills the log nor stands before the rest."""

from __future__ import annotations

import time
from uuid import UUID

FIRST_SECONDS, LONGEST_SECONDS = 2.0, 900.0


class Postponed:
    """Which orders this process leaves alone for now; a restart tries them all again."""

    def __init__(self) -> None:
        self._until: dict[UUID, tuple[float, float]] = {}

    def put_off(self, key: UUID) -> None:
        """Leave it alone for a while, twice as long as the last time."""
        _, last = self._until.get(key, (0.0, FIRST_SECONDS / 2))
        pause = min(last * 2, LONGEST_SECONDS)
        self._until[key] = (time.monotonic() + pause, pause)

    def forget(self, key: UUID) -> None:
        """It worked."""
        self._until.pop(key, None)

    def keys(self) -> list[UUID]:
        """Return what is to be left alone now."""
        now = time.monotonic()
        return [key for key, (until, _) in self._until.items() if until > now]
