"""The chart of a location: which levels held when, hours of zones that are off by half an hour, and the lines drawn."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from pricing.demand.chart import Course, Point, Stretch, chart, stretches_of
from tests.pricing.engine.samples_demand import LEVELS, MINUTE

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
HOUR = 60 * MINUTE


def at(minutes: float) -> datetime:
    return NOON + minutes * MINUTE


STRETCHES: dict[str, tuple[list[tuple[float, int]], list[float], list[tuple[float, float, int]]]] = {
    "nothing": ([(0, 0)], [], []),
    "one-level": ([(0, 0), (10, 1), (30, 0)], [10, 20, 30], [(10, 30, 1)]),
    "up-and-down": ([(0, 1), (10, 2), (20, 1)], [10, 20, 30, 40, 50], [(0, 10, 1), (10, 20, 2), (20, 60, 1)]),
    "still": ([(0, 2)], [10, 20, 30, 40, 50], [(0, 60, 2)]),
    "nobody-decided": ([(0, 1)], [10, 20], [(0, 45, 1)]),
    "nobody-decided-for-a-while": ([(0, 1)], [10, 40, 50], [(0, 35, 1), (40, 60, 1)]),
}


@pytest.mark.parametrize(("changes", "seen", "expected"), STRETCHES.values(), ids=STRETCHES)
def test_a_level_holds_until_it_changes_or_nobody_decides(
    changes: list[tuple[float, int]], seen: list[float], expected: list[tuple[float, float, int]]
) -> None:
    course = [(at(minutes), level) for minutes, level in changes]
    found = stretches_of(course, [at(x) for x in seen], at(60), 25 * MINUTE)
    assert found == [(at(since), at(until), level) for since, until, level in expected]


def course(zone: str = "Asia/Kolkata", hours: int = 24, points: tuple[Point, ...] = ()) -> Course:
    stretch = Stretch(at(60), at(120), 2, "Level 2 <b>")
    return Course(NOON, NOON + hours * HOUR, zone, points, [stretch], LEVELS, 21 * MINUTE)


def texts(svg: str) -> list[str]:
    return re.findall(r'text-anchor="middle">([^<]*)<', svg)


TICKS = {
    # 12:00 UTC is 17:30 in Kolkata, whose hours begin at the half of those of UTC.
    "a-day-at-half-an-hour": (
        "Asia/Kolkata",
        24,
        ["18:00", "21:00", "00:00", "03:00", "06:00", "09:00", "12:00", "15:00"],
    ),
    "a-day-at-three-quarters": ("Asia/Kathmandu", 6, ["18:00", "21:00"]),
    "a-day-at-full-hours": ("Asia/Dubai", 6, ["18:00", "21:00"]),
    "a-week": ("Asia/Kolkata", 7 * 24, ["Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Mon"]),
}


@pytest.mark.parametrize(("zone", "hours", "expected"), TICKS.values(), ids=TICKS)
def test_hours_are_those_of_the_location(zone: str, hours: int, expected: list[str]) -> None:
    assert texts(chart(course(zone, hours), "x")) == expected


def test_lines_break_where_nothing_is_known() -> None:
    points = [
        Point(at(minutes), Decimal(load), busy)
        for minutes, load, busy in ((0, "0", None), (20, "0.5", Decimal(1)), (60, "1", None))
    ]
    svg = chart(course(points=tuple(points)), "x")
    # 24 hours are 846 wide from 44 on, and loads 200 high from 212 upwards.
    assert re.findall(r'class="demand-load" points="([^"]*)"', svg) == [
        "44.0,212.0 55.8,112.0",
        "79.2,12.0 79.2,12.0",
    ]
    assert re.findall(r'class="demand-busy" points="([^"]*)"', svg) == ["55.8,12.0 55.8,12.0"]


def test_a_level_is_a_bar_of_its_height_with_its_words() -> None:
    svg = chart(course(), 'Load at "x"')
    assert re.findall(r'<rect class="demand-level" x="([^"]*)" y="([^"]*)" width="([^"]*)" height="([^"]*)">', svg) == [
        ("79.2", "233.3", "35.3", "14.7")
    ]
    assert "<title>Level 2 &lt;b&gt;</title>" in svg
    assert 'aria-label="Load at &quot;x&quot;"' in svg
