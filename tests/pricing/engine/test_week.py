"""Weekly windows in words, and which hours of a week they share or leave out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engine.values import WeeklyWindow
from pricing.engine.week import common_hours, hours_left_out, windows_in_words
from pricing.engine.windows import is_open
from tests.pricing.engine.samples import window

MONDAYS, WEEKEND_DAYS = frozenset({1}), frozenset({6, 7})
WEEKEND = (window("00:00", "00:00", WEEKEND_DAYS),)


@pytest.mark.parametrize(
    ("windows", "words"),
    [
        pytest.param((), "", id="none"),
        pytest.param((window("18:00", "21:00"),), "every day 18:00–21:00", id="every-day"),
        pytest.param((window("18:00", "21:00", frozenset()),), "on no day 18:00–21:00", id="no-day"),
        pytest.param((window("22:00", "00:00", frozenset({1})),), "Mondays 22:00–24:00", id="until-midnight"),
        pytest.param(
            (window("22:00", "02:00", frozenset({5, 6, 7})), *WEEKEND),
            "Fridays, Saturdays and Sundays 00:00–02:00 and 22:00–24:00; Saturdays and Sundays all day",
            id="two",
        ),
        pytest.param(
            (window("22:00", "02:00", frozenset({5})),), "Fridays 00:00–02:00 and 22:00–24:00", id="a-night-of-one-day"
        ),
        pytest.param(
            (window("22:00", "02:00", frozenset({5, 6})),),
            "Fridays and Saturdays 00:00–02:00 and 22:00–24:00",
            id="nights-of-two-days",
        ),
        pytest.param(
            (window("22:00", "02:00", WEEKEND_DAYS),),
            "Saturdays and Sundays 00:00–02:00 and 22:00–24:00",
            id="nights-of-the-weekend",
        ),
        pytest.param((window("22:00", "02:00"),), "every day 22:00–02:00", id="every-night"),
        pytest.param((window("09:00", "09:00", MONDAYS),), "Mondays all day", id="round-the-clock-on-a-day"),
    ],
)
def test_windows_in_words(windows, words):
    assert windows_in_words(windows) == words


@pytest.mark.parametrize(
    ("windows", "words"),
    [
        pytest.param((), "every day all day", id="no-window-leaves-out-the-week"),
        pytest.param((window("00:00", "00:00"),), "", id="every-day-all-day-leaves-out-nothing"),
        pytest.param((window("18:00", "21:00"),), "every day 00:00–18:00; every day 21:00–24:00", id="around-one"),
        pytest.param((window("06:00", "22:00"), window("22:00", "06:00")), "", id="day-and-night"),
        pytest.param((window("06:00", "22:00"), window("22:00", "05:59")), "every day 05:59–06:00", id="a-minute"),
        pytest.param(
            (window("06:00", "00:00"), window("00:00", "06:00", frozenset(range(1, 6)))),
            "Saturdays and Sundays 00:00–06:00",
            id="the-nights-of-the-weekend",
        ),
        pytest.param(
            (window("22:00", "06:00", MONDAYS),),
            "Tuesdays, Wednesdays, Thursdays, Fridays, Saturdays and Sundays all day; Mondays 06:00–22:00",
            id="a-night-is-of-each-instants-own-day",
        ),
        pytest.param((window("09:00", "09:00"),), "", id="round-the-clock"),
    ],
)
def test_the_hours_that_windows_leave_out(windows: tuple[WeeklyWindow, ...], words: str) -> None:
    assert windows_in_words(hours_left_out(windows)) == words


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        pytest.param(window("18:00", "21:00"), window("21:00", "22:00"), "", id="one-begins-where-the-other-ends"),
        pytest.param(window("18:00", "21:00"), window("20:59", "22:00"), "every day 20:59–21:00", id="a-minute"),
        pytest.param(
            window("22:00", "06:00"),
            window("05:00", "23:00", MONDAYS),
            "Mondays 05:00–06:00; Mondays 22:00–23:00",
            id="both-ends-of-a-night",
        ),
        pytest.param(window("18:00", "21:00", MONDAYS), window("18:00", "21:00", WEEKEND_DAYS), "", id="other-days"),
    ],
)
def test_the_hours_that_windows_share(one: WeeklyWindow, other: WeeklyWindow, words: str) -> None:
    assert windows_in_words(common_hours((one,), (other,))) == words
    assert windows_in_words(common_hours((other,), (one,))) == words


clocks = st.integers(0, 47).map(lambda x: f"{x // 2:02}:{x % 2 * 30:02}")
weeks = st.lists(st.builds(window, clocks, clocks, st.frozensets(st.integers(1, 7), min_size=1)), max_size=4).map(tuple)


@settings(deadline=None, max_examples=100)
@given(weeks, weeks, st.integers(0, 7 * 48 - 1))
def test_they_agree_with_what_is_open_at_an_instant(one, other, half_hour):
    instant = datetime(2026, 11, 2, 0, 15, tzinfo=UTC) + timedelta(minutes=30 * half_hour)

    def holds(windows):
        return bool(windows) and is_open(windows, instant, "UTC")

    assert holds(hours_left_out(one)) is not holds(one)
    assert holds(common_hours(one, other)) is (holds(one) and holds(other))


@pytest.mark.parametrize("days", [{5}, {5, 6}, {6, 7}, {1, 2, 3, 4, 5, 6, 7}], ids=["one", "two", "weekend", "all"])
def test_the_words_of_a_night_are_the_hours_in_which_it_holds(days: set[int]) -> None:
    """2 Nov 2026 is a Monday; each hour of that week is in the words of its own day, or its night is of every day."""
    night = window("22:00", "02:00", frozenset(days))
    said = windows_in_words((night,))
    for hour in range(7 * 24):
        at = datetime(2026, 11, 2, tzinfo=UTC) + timedelta(hours=hour)
        of_day = at.isoweekday() in days and (at.hour < 2 or at.hour >= 22)
        assert is_open((night,), at, "UTC") is of_day
    assert said.endswith("22:00–02:00" if len(days) == 7 else " 00:00–02:00 and 22:00–24:00")
