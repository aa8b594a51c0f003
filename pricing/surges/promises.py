"""How long a rise is announced: a longer notice counts at once, a shorter one waits for the longer one; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Promise:
    """A notice, and the instant before which no rise takes effect because a longer notice was promised; None: none."""

    notice: timedelta
    kept_until: datetime | None = None

    def at(self, now: datetime) -> timedelta:
        """Return how long what is published now waits."""
        return self.notice if self.kept_until is None else max(self.notice, self.kept_until - now)

    @property
    def counts_from(self) -> datetime | None:
        """The first instant at which the notice is all that a rise waits for; None: it always is."""
        return None if self.kept_until is None else self.kept_until - self.notice

    def waits(self, now: datetime) -> bool:
        """Tell whether what is published now waits longer than the notice."""
        return self.at(now) > self.notice


def changed(promise: Promise, notice: timedelta, *, now: datetime) -> Promise:
    """Return the promise with another notice: nothing takes effect earlier than what is published now would have."""
    promised = now + promise.at(now)
    return Promise(notice, promised if promised > now + notice else None)
