"""Timestamps and durations: what is read, what is refused, what is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beckn.protocol import times

INDIA = ZoneInfo("Asia/Kolkata")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-09-24T10:00:00Z", datetime(2025, 9, 24, 10, tzinfo=UTC)),
        ("2025-09-24t10:00:00z", datetime(2025, 9, 24, 10, tzinfo=UTC)),
        ("2025-09-24 10:00:00Z", datetime(2025, 9, 24, 10, tzinfo=UTC)),
        ("2025-09-24T10:00:00.618Z", datetime(2025, 9, 24, 10, 0, 0, 618000, tzinfo=UTC)),
        ("2025-09-24T10:00:00.123456789Z", datetime(2025, 9, 24, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2025-09-24T10:00:00+05:30", datetime(2025, 9, 24, 4, 30, tzinfo=UTC)),
        ("2025-09-24T23:30:00-01:00", datetime(2025, 9, 25, 0, 30, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2025:09:24:10:00:00", datetime(2025, 9, 24, 10)),
        ("2025:09:24:10:10:00Z", datetime(2025, 9, 24, 10, 10, tzinfo=UTC)),
        ("2025:09:24:10:00:00+05:30", datetime(2025, 9, 24, 4, 30, tzinfo=UTC)),
        ("2023-06-01T10:00:00", datetime(2023, 6, 1, 10)),
    ],
)
def test_a_time_is_read_as_an_instant_or_as_local_time(text: str, expected: datetime) -> None:
    assert times.parse_time(text) == expected
    assert (times.parse_time(text).tzinfo is None) == (expected.tzinfo is None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2025-09-24",
        "2025-09-24:10:00:00",
        "2025:09:24T10:00:00",
        "2025-09:24T10:00:00Z",
        "2025-02-30T10:00:00Z",
        "2025-09-24T24:00:00Z",
        "2025-09-24T10:00:61Z",
        "2025-09-24T10:00:00+25:00",
        "2025-09-24T10:00:00+05:60",
        "2025-09-16T012:00:00Z",
        "0001-01-01T00:00:00+05:30",
        "9999-12-31T23:59:60Z",
        "9999-12-31T23:59:59-05:30",
        "２025-09-24T10:00:00Z",
        "2025-09-24T10:00:00Z\n",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="is"):
        times.parse_time(text)


@pytest.mark.parametrize(
    ("text", "standard"),
    [
        ("2025-09-24T10:00:00Z", True),
        ("2025-09-24T10:00:00+05:30", True),
        ("2025-09-24T10:00:00", False),
        ("2025:09:24:10:00:00Z", False),
        ("soon", False),
    ],
)
def test_the_standard_form_is_told_from_the_others(text: str, standard: bool) -> None:
    assert times.is_rfc3339(text) is standard


def test_a_local_time_is_resolved_in_the_zone_of_the_location() -> None:
    assert times.in_zone(datetime(2025, 9, 24, 10), INDIA) == datetime(2025, 9, 24, 4, 30, tzinfo=UTC)
    assert times.in_zone(datetime(2025, 9, 24, 10, tzinfo=UTC), INDIA) == datetime(2025, 9, 24, 10, tzinfo=UTC)


def test_a_local_time_that_happens_twice_is_its_first_occurrence() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert times.in_zone(datetime(2025, 10, 26, 2, 30), berlin) == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


def test_times_are_written_in_utc_with_milliseconds() -> None:
    assert times.format_time(datetime(2025, 9, 24, 10, tzinfo=INDIA)) == "2025-09-24T04:30:00.000Z"
    assert times.format_time(datetime(2025, 9, 24, 10, 0, 0, 618999, tzinfo=UTC)) == "2025-09-24T10:00:00.618Z"


def test_a_local_time_is_never_written() -> None:
    with pytest.raises(ValueError, match="offset"):
        times.format_time(datetime(2025, 9, 24, 10))


@given(st.datetimes(timezones=st.just(timezone(timedelta(hours=5, minutes=30))), min_value=datetime(1970, 1, 2)))
def test_what_is_written_is_read_again(moment: datetime) -> None:
    kept = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    text = times.format_time(moment)
    assert times.parse_time(text) == kept
    assert times.is_rfc3339(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PT30S", timedelta(seconds=30)),
        ("15S", timedelta(seconds=15)),
        ("10M", timedelta(minutes=10)),
        ("PT10M", timedelta(minutes=10)),
        ("PT2H", timedelta(hours=2)),
        ("P1D", timedelta(days=1)),
        ("P1DT2H3M4.5S", timedelta(days=1, hours=2, minutes=3, seconds=4.5)),
        ("P2W", timedelta(weeks=2)),
        ("P1M", timedelta(days=30)),
        ("P1Y", timedelta(days=365)),
        ("PT0S", timedelta(0)),
    ],
)
def test_a_duration_is_read(text: str, expected: timedelta) -> None:
    assert times.parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "P", "PT", "P1", "1D", "PT1D", "-PT1S", "PT1.5H", "15", "S", "pt5s", "P1DT"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="no ISO 8601 duration"):
        times.parse_duration(text)


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(minutes=15), "PT15M"),
        (timedelta(hours=2), "PT2H"),
        (timedelta(days=1), "P1D"),
        (timedelta(days=1, hours=2, minutes=3, seconds=4), "P1DT2H3M4S"),
        (timedelta(milliseconds=1500), "PT1.5S"),
        (timedelta(seconds=30), "PT30S"),
        (timedelta(0), "PT0S"),
    ],
)
def test_a_duration_is_written(length: timedelta, expected: str) -> None:
    assert times.format_duration(length) == expected


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=99_999)))
def test_a_written_duration_is_read_again(length: timedelta) -> None:
    assert times.parse_duration(times.format_duration(length)) == length


def test_a_negative_duration_is_never_written() -> None:
    with pytest.raises(ValueError, match="negative"):
        times.format_duration(timedelta(seconds=-1))
