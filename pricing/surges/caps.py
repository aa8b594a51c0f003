"""From when a new bound of all surges counts: a higher one once its notice is over, a lower one at once; pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Cap:
    """A bound in percent, which holds for sessions planned to start from `counts_from`, and the one until then.

    None is no bound, and of `counts_from` that `percent` holds at all times.
    """

    percent: Decimal | None = None
    counts_from: datetime | None = None
    earlier: Decimal | None = None

    def at(self, start: datetime) -> Decimal | None:
        """Return the bound of a session that is planned to start then."""
        return self.percent if self.counts_from is None or start >= self.counts_from else self.earlier


def changed(cap: Cap, percent: Decimal | None, *, now: datetime, notice: timedelta) -> Cap:
    """Return the cap with another bound; what was announced as high as this already counts as it was announced."""
    holds = cap.at(now)
    if _at_most(percent, holds):
        return Cap(percent)
    if cap.counts_from is not None and cap.counts_from > now and _at_most(percent, cap.percent):
        return replace(cap, percent=percent)
    return Cap(percent, now + notice, holds)


def _at_most(one: Decimal | None, other: Decimal | None) -> bool:
    return other is None or (one is not None and one <= other)
