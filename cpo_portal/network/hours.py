"""Opening hours: whether a location is open at an instant or at any time of a stretch, in its own zone.

Hours are a list of {"weekday": 1-7 (Monday is 1), "from": "HH:MM", "to": "HH:MM"}; an empty list is always open.
Hours whose end is not after their beginning run into the next day; "00:00" to "00:00" is the whole day. Around a
change of the clocks RFC 5545's rule holds: a time that comes twice means its first, a time that is left out counts
with the offset from before the change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from cpo_portal.network.models import Location

_DAY = timedelta(days=1)
#: After eight days every entry has had its turn.
_LONGEST = timedelta(days=8)
_INSTANT = timedelta(microseconds=1)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """Return the zone of this IANA name."""
    return ZoneInfo(name)


def is_open(location: Location, instant: datetime) -> bool:
    """Tell whether the location is open at an aware instant."""
    return open_during(location.opening_hours, location.time_zone, instant, None)


def open_during(hours: Sequence[dict[str, Any]], zone_name: str, start: datetime, end: datetime | None) -> bool:
    """Tell whether the hours hold at some instant of [start, end), or at `start` where `end` is None or not later.

    Naive times are the location's own clock. Times that the calendar cannot hold are never open.
    """
    if not hours:
        return True
    zone = zone_of(zone_name)
    try:
        first = _to_utc(start, zone)
        last = first + _INSTANT if end is None else max(_to_utc(end, zone), first + _INSTANT)
        last = min(last, first + _LONGEST)
        return any(opens < last and closes > first for opens, closes in _periods(hours, zone, first, last))
    except OverflowError:
        return False


def _periods(
    hours: Sequence[dict[str, Any]], zone: ZoneInfo, first: datetime, last: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the opening periods (UTC) of the local days that the stretch touches, and of the day before."""
    day, last_day = first.astimezone(zone).date() - _DAY, last.astimezone(zone).date()
    while day <= last_day:
        for entry in hours:
            if int(entry["weekday"]) == day.isoweekday():
                opens, closes = time.fromisoformat(entry["from"]), time.fromisoformat(entry["to"])
                yield _at(day, opens, zone), _at(day if closes > opens else day + _DAY, closes, zone)
        day += _DAY


def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def _to_utc(moment: datetime, zone: ZoneInfo) -> datetime:
    return (moment.replace(tzinfo=zone) if moment.tzinfo is None else moment).astimezone(UTC)
