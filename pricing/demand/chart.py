"""The chart of a location's load, thresholds and levels over time: inline SVG, coloured by the page's style sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from pricing.demand.describe import percent_text
from pricing.engine.demand import DemandLevel
from pricing.engine.windows import zone_of
from pricing.engine.wording import weekday_text

_WIDTH, _LEFT, _RIGHT = 900, 44, 890
_TOP, _BOTTOM, _STRIP, _STRIP_HEIGHT, _HEIGHT = 12, 212, 226, 22, 276
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Point:
    """What was known at an instant: the smoothed load, and the share of the connectors that was busy."""

    at: datetime
    load: Decimal | None
    busy: Decimal | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time at one level above 0, with what it was."""

    since: datetime
    until: datetime
    level: int
    words: str


@dataclass(frozen=True, slots=True)
class Course:
    """What a chart shows between two instants, on the clock of a zone.

    Points that lie further apart than `gap` are not joined: nothing is known between them.
    """

    since: datetime
    until: datetime
    zone: str
    points: Sequence[Point]
    stretches: Sequence[Stretch]
    levels: Sequence[DemandLevel]
    gap: timedelta


def chart(course: Course, label: str) -> SafeString:
    """Return the SVG; the table below it says the same in words, so its label is short."""
    highest = len(course.levels)
    return format_html(
        '<svg class="demand-chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}{}{}{}</svg>',
        _WIDTH,
        _HEIGHT,
        label,
        _grid(course),
        format_html_join("", "{}", ((_threshold(x),) for x in course.levels)),
        _lines(course, "busy"),
        _lines(course, "load"),
        # Above the lines, which would make them hard to read.
        format_html_join("", "{}", ((_name(n, x),) for n, x in enumerate(course.levels, start=1))),
        format_html_join("", "{}", ((_stretch(course, x, highest),) for x in course.stretches)),
    )


def _x(course: Course, at: datetime) -> str:
    whole = course.until - course.since
    part = (min(max(at, course.since), course.until) - course.since) / whole
    return f"{_LEFT + part * (_RIGHT - _LEFT):.1f}"


def _y(share: Decimal) -> str:
    return f"{_BOTTOM - float(share) * (_BOTTOM - _TOP):.1f}"


def _grid(course: Course) -> SafeString:
    rows = (
        (_LEFT, _y(share), _RIGHT, _y(share), _LEFT - 6, _y(share), percent_text(share * 100))
        for share in (Decimal(0), Decimal("0.5"), Decimal(1))
    )
    across = format_html_join(
        "",
        '<line class="demand-grid" x1="{}" y1="{}" x2="{}" y2="{}"/><text class="demand-axis" x="{}" y="{}" '
        'text-anchor="end" dominant-baseline="middle">{}</text>',
        rows,
    )
    ticks = ((_x(course, at), _HEIGHT - 8, text) for at, text in _ticks(course))
    below = format_html_join("", '<text class="demand-axis" x="{}" y="{}" text-anchor="middle">{}</text>', ticks)
    return format_html("{}{}", across, below)


def _ticks(course: Course) -> Iterator[tuple[datetime, str]]:
    """Yield local hours to print: every third of a day, every day of a week."""
    zone, days = zone_of(course.zone), (course.until - course.since) > timedelta(days=2)
    at = course.since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    while at < course.until:
        # Zones are off by quarters of an hour; the tick stands at the next full hour of theirs.
        local = at.astimezone(zone)
        shown = at + (_HOUR - timedelta(minutes=local.minute) if local.minute else timedelta(0))
        clock = shown.astimezone(zone)
        if course.since <= shown < course.until and (clock.hour == 0 if days else clock.hour % 3 == 0):
            yield shown, weekday_text(clock)[:3] if days else f"{clock:%H:%M}"
        at += _HOUR


def _threshold(level: DemandLevel) -> SafeString:
    return format_html(
        '<line class="demand-on" x1="{0}" y1="{2}" x2="{1}" y2="{2}"/>'
        '<line class="demand-off" x1="{0}" y1="{3}" x2="{1}" y2="{3}"/>',
        _LEFT,
        _RIGHT,
        _y(level.on),
        _y(level.off),
    )


def _name(number: int, level: DemandLevel) -> SafeString:
    return format_html(
        '<text class="demand-label" x="{}" y="{}" dy="-3" text-anchor="end">level {} from {}, off below {}</text>',
        _RIGHT,
        _y(level.on),
        number,
        percent_text(level.on * 100),
        percent_text(level.off * 100),
    )


def _lines(course: Course, name: str) -> SafeString:
    """Return one line per stretch of time in which something was known all along."""
    known = [(x.at, value) for x in course.points if (value := getattr(x, name)) is not None]
    pieces: list[list[str]] = []
    before: datetime | None = None
    for at, value in known:
        if before is None or at - before > course.gap:
            pieces.append([])
        pieces[-1].append(f"{_x(course, at)},{_y(value)}")
        before = at
    # A single point has no length: it is drawn to where it was known until the next was missing.
    drawn = ((name, " ".join(x if len(x) > 1 else [*x, *x])) for x in pieces)
    return format_html_join("", '<polyline class="demand-{}" points="{}"/>', drawn)


def _stretch(course: Course, stretch: Stretch, highest: int) -> SafeString:
    left, right = float(_x(course, stretch.since)), float(_x(course, stretch.until))
    height = _STRIP_HEIGHT * stretch.level / highest
    return format_html(
        '<rect class="demand-level" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>',
        f"{left:.1f}",
        f"{_STRIP + _STRIP_HEIGHT - height:.1f}",
        f"{max(right - left, 1):.1f}",
        f"{height:.1f}",
        stretch.words,
    )


def stretches_of(
    changes: Sequence[tuple[datetime, int]], seen: Sequence[datetime], until: datetime, stale_after: timedelta
) -> list[tuple[datetime, datetime, int]]:
    """Return the times at levels above 0 between changes, in order of time.

    A level ends where nobody had decided (`seen`) for longer than `stale_after`: it was charged to nobody then.
    """
    found: list[tuple[datetime, datetime, int]] = []
    for (since, level), (ends, _) in pairwise([*changes, (until, 0)]):
        decided = [since, *(x for x in seen if since < x < ends), ends]
        for start, following in pairwise(decided):
            stop = min(following, start + stale_after)
            if not level or stop <= start:
                continue
            if found and found[-1][1:] == (start, level):
                found[-1] = (found[-1][0], stop, level)
            else:
                found.append((start, stop, level))
    return found
