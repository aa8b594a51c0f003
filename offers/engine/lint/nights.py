"""Weekly windows past midnight whose hours after midnight are of another day than an author may think."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from offers.engine.evaluate import appraise
from offers.engine.lint.clocks import begins_at
from offers.engine.lint.judging import ANYBODY, example_of, for_anybody, situation_at
from offers.engine.lint.sessions import tried
from offers.engine.lint.values import Finding, FindingCode, Severity, Subject
from offers.engine.values import ReasonCode
from pricing.engine.values import WeeklyWindow
from pricing.engine.windows import is_open, zone_of
from pricing.engine.wording import weekday_text

_MIDNIGHT = time(0)
_USUAL_WH = 20_000


def find_nights(subject: Subject) -> Iterator[Finding]:
    """Yield PAST_MIDNIGHT for each window that breaks off at midnight: the day after its last is not ticked, and no
    other window goes on; where that day comes in the offer's validity, on the first station's clock."""
    site = next(iter(subject.sites), None)
    if site is None:
        return
    scope, zone = subject.offer.applicability, zone_of(site.time_zone)
    begins = begins_at(scope, subject.now).astimezone(zone).date() + timedelta(days=1)
    nights = [datetime.combine(begins + timedelta(days=n), _MIDNIGHT, tzinfo=zone) for n in range(7)]
    valid = [x for x in nights if scope.valid_until is None or x < scope.valid_until]
    for window in scope.weekly_windows:
        broken = (x for x in valid if _breaks_off(window, x) and not is_open(scope.weekly_windows, x, site.time_zone))
        night = min(broken, key=datetime.isoweekday, default=None)
        if night is None:
            continue
        found = tried(site, night, _USUAL_WH)
        checks = appraise(for_anybody(subject.offer), situation_at(subject, found, ANYBODY)).checks if found else ()
        yield Finding(
            FindingCode.PAST_MIDNIGHT,
            Severity.WARNING,
            "weekly_windows",
            _sentence(window, night),
            example=example_of(found) if found is not None else None,
            failed=tuple(x for x in checks if not x.passed and x.code is ReasonCode.OUTSIDE_WEEKLY_WINDOW),
        )


def _breaks_off(window: WeeklyWindow, midnight: datetime) -> bool:
    """Say whether a window goes past midnight, and holds before this one alone."""
    past = window.end <= window.start and window.end != _MIDNIGHT
    return past and _before(midnight).isoweekday() in window.weekdays and midnight.isoweekday() not in window.weekdays


def _sentence(window: WeeklyWindow, midnight: datetime) -> str:
    """Return what the window holds around a midnight, and at the beginning of its days before it, and what to write."""
    first = last = _before(midnight)
    while _before(first).isoweekday() in window.weekdays:
        first = _before(first)
    begin, day, following = (weekday_text(x)[:3] for x in (first, last, midnight))
    start, end = f"{window.start:%H:%M}", f"{window.end:%H:%M}"
    alone = f", and let this one end at 00:00 unless {day} 00:00–{end} is meant too" if first == last else ""
    return (
        f"Hours after midnight count by their own day: the window {start}–{end} holds on {begin} 00:00–{end} and on "
        f"{day} {start}–24:00, but not on {following} 00:00–{end}. For the night from {day} to {following} add a "
        f"window {following} 00:00–{end}{alone}."
    )


def _before(day: datetime) -> datetime:
    return day - timedelta(days=1)
