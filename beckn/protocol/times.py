"""Timestamps and durations of the wire: RFC 3339 and ISO 8601 out, a little more in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Decimal

# RFC 3339, the same without an offset, and the DEG pages' `2025:09:24:10:00:00` (with or without an offset).
_TIMESTAMP = re.compile(
    r"(\d{4})(?P<separator>[-:])(\d{2})(?P=separator)(\d{2})"
    r"(?:(?P<t>[Tt ])|:)(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?"
    r"(?:(?P<utc>[Zz])|(?P<sign>[+-])(\d{2}):(\d{2}))?",
    re.ASCII,
)
_DURATION = re.compile(
    r"P(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?"
    r"(?:T(?:(\d{1,7})H)?(?:(\d{1,8})M)?(?:(\d{1,9})(?:\.(\d{1,6}))?S)?)?",
    re.ASCII,
)
_SHORT_DURATION = re.compile(r"\d{1,9}[SMH]", re.ASCII)
#: Years and months as calendars differ are read as 365 and 30 days.
_DAYS = (365, 30, 7, 1)


def parse_time(text: str) -> datetime:
    """Read a timestamp: aware UTC where it has an offset, naive (the location's local time) where it has none.

    Raises ValueError with a sentence for anything else.
    """
    match = _TIMESTAMP.fullmatch(text)
    # RFC 3339 joins date and time by a T (a space is tolerated), the colon form by a colon.
    if match is None or (match["separator"] == "-") == (match["t"] is None):
        raise ValueError(f"{text[:40]!r} is no RFC 3339 timestamp")
    year, _, month, day, _, hour, minute, second, fraction, utc, sign, off_hours, off_minutes = match.groups()
    micro = int((fraction or "0")[:6].ljust(6, "0"))
    zone: tzinfo | None = None
    if utc:
        zone = UTC
    elif sign:
        if int(off_minutes) > 59 or int(off_hours) > 23:
            raise ValueError(f"{text[:40]!r} has an offset that does not exist")
        offset = timedelta(hours=int(off_hours), minutes=int(off_minutes))
        zone = timezone(-offset if sign == "-" else offset)
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute), min(int(second), 59), micro, tzinfo=zone
        )
        # A leap second is read as the second after it.
        moment += timedelta(seconds=1 if second == "60" else 0)
        if int(second) > 60:
            raise ValueError
        return moment.astimezone(UTC) if zone else moment
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:40]!r} is a time that does not exist") from None


def is_rfc3339(text: str) -> bool:
    """Tell whether the sender used the standard form (date with hyphens, and an offset)."""
    match = _TIMESTAMP.fullmatch(text)
    return bool(match and match["separator"] == "-" and (match["utc"] or match["sign"]))


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """Return the aware UTC instant of a parsed time, reading a naive one in the location's zone.

    A local time that happens twice is its first occurrence.
    """
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def format_time(moment: datetime) -> str:
    """Write an aware instant as RFC 3339 in UTC with whole milliseconds: `2025-09-24T04:30:00.000Z`."""
    if moment.tzinfo is None:
        raise ValueError("a timestamp on the wire needs an offset")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_duration(text: str) -> timedelta:
    """Read an ISO 8601 duration, or `15S` (`15M`, `15H`) as PT15S; raises ValueError with a sentence."""
    if _SHORT_DURATION.fullmatch(text):
        text = "PT" + text
    match = _DURATION.fullmatch(text)
    if match is None or text.endswith("T") or not any(match.groups()):
        raise ValueError(f"{text[:40]!r} is no ISO 8601 duration")
    *calendar, hours, minutes, seconds, fraction = match.groups()
    days = sum(int(count or 0) * length for count, length in zip(calendar, _DAYS, strict=True))
    micro = int((fraction or "0").ljust(6, "0"))
    return timedelta(
        days=days, hours=int(hours or 0), minutes=int(minutes or 0), seconds=int(seconds or 0), microseconds=micro
    )


def format_duration(length: timedelta) -> str:
    """Write a duration of zero or more as ISO 8601 in days, hours, minutes and seconds: PT15M, P1DT2H."""
    if length < timedelta(0):
        raise ValueError("a duration on the wire is not negative")
    hours, rest = divmod(length.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    exact = Decimal(seconds) + Decimal(length.microseconds).scaleb(-6)
    date = f"{length.days}D" if length.days else ""
    clock = f"{hours}H" if hours else ""
    clock += f"{minutes}M" if minutes else ""
    clock += f"{exact.normalize():f}S" if exact else ""
    if not date and not clock:
        return "PT0S"
    return f"P{date}" + (f"T{clock}" if clock else "")
