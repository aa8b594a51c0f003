"""Stretches of time as half-open spans of UTC instants: local days, what two have in common; pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from pricing.engine.values import TimeSpan
from pricing.engine.windows import zone_of
from pricing.versions.validity import Bounded

_DAY = timedelta(days=1)


def starts_of_day(day: date, zone: str) -> datetime:
    """Return the first instant of a local day."""
    return datetime.combine(day, time(0), tzinfo=zone_of(zone)).astimezone(UTC)


def days_as_spans(days: Iterable[date], zone: str) -> tuple[TimeSpan, ...]:
    """Return local days as spans in order, those that follow each other as one."""
    return merged(TimeSpan(starts_of_day(day, zone), starts_of_day(day + _DAY, zone)) for day in days)


def merged(spans: Iterable[TimeSpan]) -> tuple[TimeSpan, ...]:
    """Return spans in order, those that meet or overlap as one; empty ones are left out."""
    found: list[TimeSpan] = []
    for span in sorted(spans, key=lambda x: (x.starts_at, x.ends_at)):
        if span.starts_at >= span.ends_at:
            continue
        if found and span.starts_at <= found[-1].ends_at:
            last = found.pop()
            span = TimeSpan(last.starts_at, max(last.ends_at, span.ends_at))  # noqa: PLW2901
        found.append(span)
    return tuple(found)


def common(one: Iterable[TimeSpan], other: Iterable[TimeSpan]) -> tuple[TimeSpan, ...]:
    """Return the time that spans of both hold."""
    others = tuple(other)
    return merged(TimeSpan(max(a.starts_at, b.starts_at), min(a.ends_at, b.ends_at)) for a in one for b in others)


def within(period: Bounded, horizon: TimeSpan) -> tuple[TimeSpan, ...]:
    """Return what of a stretch of time lies in the horizon."""
    starts = max(period.valid_from or horizon.starts_at, horizon.starts_at)
    return merged((TimeSpan(starts, min(period.valid_until or horizon.ends_at, horizon.ends_at)),))
