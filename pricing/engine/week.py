"""Weekly windows as parts of a week: in words, where they overlap, and which hours they leave out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import time

from pricing.engine.values import WeeklyWindow

_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_MIDNIGHT = time(0)
DAY_SECONDS = 86_400

#: Seconds of a day, half-open.
Span = tuple[int, int]

WHOLE_WEEK = (WeeklyWindow(frozenset(range(1, 8)), _MIDNIGHT, _MIDNIGHT),)


def windows_in_words(windows: Iterable[WeeklyWindow]) -> str:
    """Return weekly windows: "Saturdays and Sundays all day; Mondays 18:00–21:00"; empty for none.

    The weekday is that of each instant, so the hours past midnight of a window that is not of every day are said as the
    beginning of its days: "Fridays 00:00–02:00 and 22:00–24:00".
    """
    return "; ".join(f"{_days(x.weekdays)} {_hours(x)}" for x in windows)


def joined(words: list[str]) -> str:
    """Return "a, b and c"."""
    return " and ".join(x for x in (", ".join(words[:-1]), *words[-1:]) if x)


def hours_left_out(windows: Iterable[WeeklyWindow]) -> tuple[WeeklyWindow, ...]:
    """Return the hours of a week in which no window holds; none where there are no gaps."""
    week = spans_by_day(windows)
    return windows_of({day: _complement(week.get(day, [])) for day in range(1, 8)})


def common_hours(one: Iterable[WeeklyWindow], other: Iterable[WeeklyWindow]) -> tuple[WeeklyWindow, ...]:
    """Return the hours of a week in which windows of both hold."""
    first, second = spans_by_day(one), spans_by_day(other)
    return windows_of({day: _intersection(first.get(day, []), second.get(day, [])) for day in range(1, 8)})


def spans_by_day(windows: Iterable[WeeklyWindow]) -> dict[int, list[Span]]:
    """Return the spans of each weekday, merged and in order; the weekday is that of each instant."""
    found: dict[int, list[Span]] = {}
    for window in windows:
        start, end = _seconds(window.start), _seconds(window.end)
        spans = [(start, end)] if start < end else [(start, DAY_SECONDS), (0, end)]
        for day in window.weekdays:
            found.setdefault(day, []).extend(span for span in spans if span[0] < span[1])
    return {day: _merged(spans) for day, spans in found.items()}


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _complement(spans: list[Span]) -> list[Span]:
    edges = [0, *(edge for span in spans for edge in span), DAY_SECONDS]
    return [(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if start < end]


def _intersection(one: list[Span], other: list[Span]) -> list[Span]:
    pairs = ((max(a[0], b[0]), min(a[1], b[1])) for a in one for b in other)
    return [(start, end) for start, end in pairs if start < end]


def windows_of(week: dict[int, list[Span]]) -> tuple[WeeklyWindow, ...]:
    """Return the spans of weekdays as windows, what follows on each other as one span; windows of the same hours are
    one, in the order of their hours."""
    days: dict[Span, set[int]] = {}
    for day, spans in week.items():
        for span in _merged(spans):
            days.setdefault(span, set()).add(day)
    return tuple(WeeklyWindow(frozenset(days[start, end]), _clock(start), _clock(end)) for start, end in sorted(days))


def _seconds(clock: time) -> int:
    return clock.hour * 3600 + clock.minute * 60 + clock.second


def _clock(seconds: int) -> time:
    return time(seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)


def _days(weekdays: frozenset[int]) -> str:
    if len(weekdays) == len(_DAYS):
        return "every day"
    return joined([_DAYS[day - 1] for day in sorted(weekdays)]) or "on no day"


def _hours(window: WeeklyWindow) -> str:
    if window.start == window.end:
        return "all day"
    if _MIDNIGHT < window.end < window.start and len(window.weekdays) < len(_DAYS):
        return f"00:00–{window.end:%H:%M} and {window.start:%H:%M}–24:00"
    end = "24:00" if window.end == _MIDNIGHT else f"{window.end:%H:%M}"
    return f"{window.start:%H:%M}–{end}"
