"""Which of the surges that apply at a connector hold in the week to come, and from when to when: told before a sale."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from pricing.engine.values import TimeSpan
from pricing.engine.windows import next_opening
from pricing.surges.applying import Applying, horizon_of
from pricing.surges.spans import common
from pricing.versions.validity import Period
from pricing.windows import read_window

#: So far ahead are surges told.
AHEAD = timedelta(days=7)


def upcoming(found: Iterable[Applying], *, at: datetime, zone: str) -> list[tuple[Applying, Period]]:
    """Return the surges that hold at some time in the week from an instant on, each with the stretch to tell.

    That is the time of the version; of one that is limited to days or waits for signals, its next stretch of them.
    """
    periods = ((x, _period(x, at, zone)) for x in found)
    return [(x, period) for x, period in periods if period is not None]


def _period(surge: Applying, at: datetime, zone: str) -> Period | None:
    week, windows = TimeSpan(at, at + AHEAD), tuple(map(read_window, surge.version.weekly_windows))
    for span in (week,) if surge.spans is None else surge.spans:
        for ahead in common((span,), (week,)):
            opens = next_opening(windows, ahead.starts_at, zone)
            if opens is not None and opens < ahead.ends_at:
                return _told(surge, span, at)
    return None


def _told(surge: Applying, span: TimeSpan, at: datetime) -> Period:
    """Return the stretch of time to tell; what goes beyond what was looked at ends with the version."""
    version, known = surge.version, horizon_of(at)
    own = Period(surge.valid_from, surge.valid_until)
    if not (version.holiday_calendar or version.dates or version.signal_kinds):
        return own
    starts = span.starts_at if span.starts_at > known.starts_at else own.valid_from
    ends = span.ends_at if span.ends_at < known.ends_at else own.valid_until
    return Period(starts, ends)
