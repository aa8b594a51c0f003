"""Weekly windows in local time, evaluated on UTC instants so that the days of a DST change come out right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from pricing.engine.values import PricingError, WeeklyWindow

_DAY = timedelta(days=1)
_MIDNIGHT = time(0)
# A weekly window may lie in the hour that a DST change leaves out; the week after it certainly exists.
_SEARCH_DAYS = 16


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Return the IANA zone of this name; raises PricingError TIME_ZONE where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise PricingError("TIME_ZONE", f"Use an IANA time zone such as Asia/Kolkata instead of {name!r}.") from error


def is_open(windows: tuple[WeeklyWindow, ...], instant: datetime, zone: str) -> bool:
    """Say whether any window holds at this aware instant; no windows at all is always."""
    if not windows:
        return True
    local = instant.astimezone(zone_of(zone))
    weekday, clock = local.isoweekday(), local.time()
    return any(_holds(window, weekday, clock) for window in windows)


def next_opening(windows: tuple[WeeklyWindow, ...], after: datetime, zone: str) -> datetime | None:
    """Return the first instant (UTC) at or after `after` at which a window holds; None where there is none."""
    if is_open(windows, after, zone):
        return after
    if not any(window.weekdays for window in windows):
        return None
    candidates = _edges(after, after + _SEARCH_DAYS * _DAY, windows, zone_of(zone))
    return next((edge for edge in candidates if is_open(windows, edge, zone)), None)


def split_at_boundaries(
    start: datetime, end: datetime, windows: tuple[WeeklyWindow, ...], zone: str
) -> tuple[tuple[datetime, datetime], ...]:
    """Cut [start, end) at every window's edge, local midnight and DST change; the pieces are UTC and half-open.

    Within a piece every window is open or shut throughout. Empty where `end` is not after `start`.
    """
    if end <= start:
        return ()
    first, last = start.astimezone(UTC), end.astimezone(UTC)
    cuts = [first, *sorted(_edges(first, last, windows, zone_of(zone))), last]
    return tuple(pairwise(cuts))


def _holds(window: WeeklyWindow, weekday: int, clock: time) -> bool:
    if weekday not in window.weekdays:
        return False
    if window.start < window.end:
        return window.start <= clock < window.end
    return clock >= window.start or clock < window.end


def _edges(start: datetime, end: datetime, windows: tuple[WeeklyWindow, ...], zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the boundaries strictly between two instants, in order, one local day at a time."""
    clocks = frozenset((_MIDNIGHT,)).union(*({window.start, window.end} for window in windows))
    day, last_day = start.astimezone(zone).date(), end.astimezone(zone).date()
    while day <= last_day:
        for edge in _edges_of_day(day, clocks, zone):
            if start < edge < end:
                yield edge
        day += _DAY


@lru_cache(maxsize=4096)
def _edges_of_day(day: date, clocks: frozenset[time], zone: ZoneInfo) -> tuple[datetime, ...]:
    found = set()
    for clock in clocks:
        wall = datetime.combine(day, clock)
        for fold in (0, 1):
            instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            # A wall clock time that the spring change leaves out does not come back as itself.
            if instant.astimezone(zone).replace(tzinfo=None) == wall:
                found.add(instant)
    noon_before = datetime.combine(day - _DAY, time(12), tzinfo=zone).astimezone(UTC)
    noon_after = datetime.combine(day + _DAY, time(12), tzinfo=zone).astimezone(UTC)
    change = _offset_change(noon_before, noon_after, zone)
    if change is not None and change.astimezone(zone).date() == day:
        found.add(change)
    return tuple(sorted(found))


def _offset_change(start: datetime, end: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the first instant, to the second, of the UTC offset that holds at `end`, None where it held at `start`."""
    before = start.astimezone(zone).utcoffset()
    if end.astimezone(zone).utcoffset() == before:
        return None
    low, high = 0, int((end - start).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if (start + timedelta(seconds=middle)).astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return start + timedelta(seconds=high)
