"""Weekly windows in local time: edges, midnight, weekdays, and the two days a year that are not 24 hours long."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engine.values import WeeklyWindow
from pricing.engine.windows import is_open, next_opening, split_at_boundaries
from tests.pricing.engine.samples import window

KOLKATA, BERLIN, NEW_YORK = "Asia/Kolkata", "Europe/Berlin", "America/New_York"
WEEKEND = frozenset({6, 7})
MINUTE = timedelta(minutes=1)


def local(zone: str, text: str, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("windows", "when", "expected"),
    [
        pytest.param((), "2026-11-07 12:00", True, id="no-windows-is-always"),
        pytest.param((window("18:00", "21:00"),), "2026-11-07 17:59:59.999999", False, id="just-before"),
        pytest.param((window("18:00", "21:00"),), "2026-11-07 18:00", True, id="start-is-inside"),
        pytest.param((window("18:00", "21:00"),), "2026-11-07 20:59:59.999999", True, id="just-before-the-end"),
        pytest.param((window("18:00", "21:00"),), "2026-11-07 21:00", False, id="end-is-outside"),
        pytest.param((window("22:00", "02:00"),), "2026-11-07 01:59", True, id="wraps-past-midnight"),
        pytest.param((window("22:00", "02:00"),), "2026-11-07 02:00", False, id="wrapped-end"),
        pytest.param((window("00:00", "00:00", WEEKEND),), "2026-11-06 23:59", False, id="friday-night"),
        pytest.param((window("00:00", "00:00", WEEKEND),), "2026-11-07 00:00", True, id="saturday-starts"),
        pytest.param((window("00:00", "00:00", WEEKEND),), "2026-11-08 23:59:59", True, id="sunday-ends"),
        pytest.param((window("00:00", "00:00", WEEKEND),), "2026-11-09 00:00", False, id="monday"),
        pytest.param((window("18:00", "00:00"),), "2026-11-07 23:59:59", True, id="until-the-end-of-the-day"),
        pytest.param(
            (window("22:00", "02:00", frozenset({6})),), "2026-11-08 01:00", False, id="weekday-of-the-instant"
        ),
        pytest.param((window("22:00", "02:00", frozenset({6})),), "2026-11-07 01:00", True, id="saturday-early"),
        pytest.param((window("22:00", "02:00", frozenset()),), "2026-11-07 23:00", False, id="no-weekday"),
    ],
)
def test_a_window_holds(windows, when, expected):
    assert is_open(windows, local(KOLKATA, when), KOLKATA) is expected


@pytest.mark.parametrize(
    ("windows", "after", "expected"),
    [
        pytest.param((window("00:00", "00:00", WEEKEND),), "2026-11-04 10:00", "2026-11-07 00:00", id="weekend-ahead"),
        pytest.param((window("00:00", "00:00", WEEKEND),), "2026-11-07 10:00", "2026-11-07 10:00", id="open-already"),
        pytest.param((window("18:00", "21:00"),), "2026-11-07 21:00", "2026-11-08 18:00", id="tomorrow"),
        pytest.param((window("18:00", "21:00"),), "2026-11-07 17:00", "2026-11-07 18:00", id="today"),
        pytest.param((window("18:00", "21:00", frozenset()),), "2026-11-07 17:00", None, id="never"),
    ],
)
def test_the_next_opening(windows, after, expected):
    found = next_opening(windows, local(KOLKATA, after), KOLKATA)
    assert found == (local(KOLKATA, expected) if expected else None)


def test_a_window_in_the_hour_that_spring_leaves_out_opens_a_day_later():
    early = (window("02:15", "02:45"),)
    assert next_opening(early, local(BERLIN, "2026-03-29 01:00"), BERLIN) == local(BERLIN, "2026-03-30 02:15")


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        pytest.param(BERLIN, "2026-03-29", 23, id="berlin-spring"),
        pytest.param(BERLIN, "2026-10-25", 25, id="berlin-autumn"),
        pytest.param(NEW_YORK, "2026-03-08", 23, id="new-york-spring"),
        pytest.param(NEW_YORK, "2026-11-01", 25, id="new-york-autumn"),
        pytest.param(KOLKATA, "2026-10-25", 24, id="kolkata-has-no-change"),
    ],
)
def test_a_day_of_change_is_as_long_as_it_is(zone, day, hours):
    start = local(zone, f"{day} 00:00")
    end = (start.astimezone(ZoneInfo(zone)) + timedelta(days=1)).astimezone(UTC)
    pieces = split_at_boundaries(start, end, (), zone)
    assert sum((b - a for a, b in pieces), timedelta()) == timedelta(hours=hours)
    assert len(pieces) == (1 if hours == 24 else 2)


@pytest.mark.parametrize(
    ("day", "hours"),
    [
        pytest.param("2026-03-28", 2, id="the-day-before"),
        pytest.param("2026-03-29", 1, id="the-missing-hour-is-empty"),
        pytest.param("2026-10-25", 3, id="the-repeated-hour-counts-twice"),
    ],
)
def test_a_night_window_on_a_day_of_change(day, hours):
    night = (window("01:00", "03:00"),)
    start = local(BERLIN, f"{day} 00:00")
    pieces = split_at_boundaries(start, start + timedelta(hours=12), night, BERLIN)
    opened = sum((b - a for a, b in pieces if is_open(night, a, BERLIN)), timedelta())
    assert opened == timedelta(hours=hours)


def test_a_session_is_cut_at_edges_and_midnight():
    start = local(KOLKATA, "2026-11-07 20:00")
    pieces = split_at_boundaries(start, start + timedelta(hours=6), (window("18:00", "21:00"),), KOLKATA)
    assert [b for _, b in pieces] == [
        local(KOLKATA, "2026-11-07 21:00"),
        local(KOLKATA, "2026-11-08 00:00"),
        local(KOLKATA, "2026-11-08 02:00"),
    ]


def test_nothing_is_left_of_a_span_that_does_not_last():
    start = local(KOLKATA, "2026-11-07 20:00")
    assert split_at_boundaries(start, start, (), KOLKATA) == ()
    assert split_at_boundaries(start, start - MINUTE, (), KOLKATA) == ()


clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
weekly = st.builds(WeeklyWindow, st.frozensets(st.integers(1, 7)), clocks, clocks)
around_changes = st.sampled_from(
    [
        (BERLIN, datetime(2026, 3, 28, 12, tzinfo=UTC)),
        (BERLIN, datetime(2026, 10, 24, 12, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 3, 7, 12, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 10, 31, 12, tzinfo=UTC)),
        (KOLKATA, datetime(2026, 12, 31, 6, tzinfo=UTC)),
    ]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(weekly, min_size=1, max_size=3), around_changes, st.integers(0, 1200), st.integers(1, 1500))
def test_pieces_join_up_and_nothing_changes_inside_one(windows, place, offset, minutes):
    zone, base = place
    start = base + offset * MINUTE
    end = start + minutes * MINUTE
    pieces = split_at_boundaries(start, end, tuple(windows), zone)
    assert (pieces[0][0], pieces[-1][1]) == (start, end)
    assert all(left[1] == right[0] for left, right in pairwise(pieces))
    for first, last in pieces:
        instant = first
        while instant < last:
            for each in windows:
                assert is_open((each,), instant, zone) is is_open((each,), first, zone)
            instant += MINUTE


@settings(deadline=None, max_examples=60)
@given(st.lists(weekly, min_size=1, max_size=2), around_changes)
def test_the_next_opening_is_the_first_open_minute(windows, place):
    zone, after = place
    found = next_opening(tuple(windows), after, zone)
    minutes = (after + n * MINUTE for n in range(9 * 1440))
    assert found == next((x for x in minutes if is_open(tuple(windows), x, zone)), None)
