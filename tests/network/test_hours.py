"""Opening hours in the location's zone, past midnight and across changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cpo_portal.network.hours import open_during
from cpo_portal.network.models import check_opening_hours

KOLKATA, BERLIN, NEW_YORK, LORD_HOWE = "Asia/Kolkata", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
MON, SAT, SUN = 1, 6, 7


def hours(weekday: int, opens: str, closes: str) -> list[dict[str, Any]]:
    return [{"weekday": weekday, "from": opens, "to": closes}]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


DAY = hours(MON, "08:00", "20:00")
NIGHT = hours(SAT, "22:00", "06:00")
# On Sunday 29 March 2026 Berlin goes from 02:00 to 03:00 (01:00 UTC); on 25 October from 03:00 back to 02:00.
EARLY = hours(SUN, "02:30", "05:00")
AUTUMN = hours(SUN, "02:30", "04:00")


@pytest.mark.parametrize(
    ("entries", "zone", "instant", "is_open"),
    [
        pytest.param([], KOLKATA, "2026-01-05T00:00", True, id="no hours are always"),
        pytest.param(DAY, KOLKATA, "2026-01-05T02:30", True, id="opens on the minute"),
        pytest.param(DAY, KOLKATA, "2026-01-05T02:29:59", False, id="shut just before"),
        pytest.param(DAY, KOLKATA, "2026-01-05T14:29:59", True, id="open to the last second"),
        pytest.param(DAY, KOLKATA, "2026-01-05T14:30", False, id="the end is outside"),
        pytest.param(DAY, KOLKATA, "2026-01-06T05:00", False, id="another day"),
        pytest.param(NIGHT, KOLKATA, "2026-01-10T16:30", True, id="a night begins on its day"),
        pytest.param(NIGHT, KOLKATA, "2026-01-11T00:29", True, id="and runs into the next"),
        pytest.param(NIGHT, KOLKATA, "2026-01-11T00:30", False, id="until its end"),
        pytest.param(NIGHT, KOLKATA, "2026-01-10T00:00", False, id="but not on the morning of its day"),
        pytest.param(hours(SUN, "22:00", "02:00"), KOLKATA, "2026-01-11T19:00", True, id="Sunday into Monday"),
        pytest.param(hours(MON, "00:00", "00:00"), KOLKATA, "2026-01-04T18:30", True, id="midnight to midnight: first"),
        pytest.param(hours(MON, "00:00", "00:00"), KOLKATA, "2026-01-05T18:29", True, id="midnight to midnight: last"),
        pytest.param(hours(MON, "00:00", "00:00"), KOLKATA, "2026-01-05T18:30", False, id="and over"),
        pytest.param(DAY, BERLIN, "2026-01-05T07:00", True, id="winter: 08:00 is 07:00 UTC"),
        pytest.param(DAY, BERLIN, "2026-07-06T06:00", True, id="summer: 08:00 is 06:00 UTC"),
        pytest.param(DAY, BERLIN, "2026-07-06T05:59", False, id="summer: not an hour early"),
        pytest.param(EARLY, BERLIN, "2026-03-29T01:29", False, id="spring: 02:30 does not exist, so not at 03:29"),
        pytest.param(EARLY, BERLIN, "2026-03-29T01:30", True, id="spring: it opens at 03:30"),
        pytest.param(EARLY, BERLIN, "2026-03-29T02:59", True, id="spring: until 05:00 summer time"),
        pytest.param(EARLY, BERLIN, "2026-03-29T03:00", False, id="spring: not later"),
        pytest.param(AUTUMN, BERLIN, "2026-10-25T00:30", True, id="autumn: the first 02:30"),
        pytest.param(AUTUMN, BERLIN, "2026-10-25T01:15", True, id="autumn: the second 02:15 is still open"),
        pytest.param(AUTUMN, BERLIN, "2026-10-25T02:59", True, id="autumn: to 04:00 winter time"),
        pytest.param(AUTUMN, BERLIN, "2026-10-25T03:00", False, id="autumn: not later"),
        pytest.param(hours(SUN, "01:00", "04:00"), NEW_YORK, "2026-03-08T07:59", True, id="New York: two hours long"),
        pytest.param(hours(SUN, "01:00", "04:00"), NEW_YORK, "2026-03-08T08:00", False, id="New York: over"),
        pytest.param(hours(SUN, "01:00", "03:00"), LORD_HOWE, "2026-04-04T16:29", True, id="half an hour of change"),
        pytest.param(hours(SUN, "01:00", "03:00"), LORD_HOWE, "2026-04-04T16:30", False, id="half an hour: over"),
    ],
)
def test_open_at(entries: list[dict[str, Any]], zone: str, instant: str, is_open: bool) -> None:
    assert open_during(entries, zone, utc(instant), None) is is_open


@pytest.mark.parametrize(
    ("start", "end", "is_open"),
    [
        pytest.param("2026-01-05T01:00", "2026-01-05T02:30", False, id="ends as it opens"),
        pytest.param("2026-01-05T01:00", "2026-01-05T02:30:01", True, id="a second of it"),
        pytest.param("2026-01-05T14:30", "2026-01-06T14:30", False, id="begins as it shuts"),
        pytest.param("2026-01-06T00:00", "2026-01-12T02:30", False, id="six shut days"),
        pytest.param("2026-01-06T00:00", "2027-01-01T00:00", True, id="a year"),
        pytest.param("2026-01-05T05:00", "2026-01-05T04:00", True, id="an end before the start is an instant"),
    ],
)
def test_open_at_some_instant_of_a_stretch(start: str, end: str, is_open: bool) -> None:
    assert open_during(DAY, KOLKATA, utc(start), utc(end)) is is_open


def test_naive_times_are_the_locations_own() -> None:
    monday_morning = datetime(2026, 1, 5, 8, 0)
    assert open_during(DAY, KOLKATA, monday_morning, None)
    assert open_during(DAY, NEW_YORK, monday_morning, None)
    assert not open_during(DAY, KOLKATA, monday_morning.replace(hour=7), None)


@pytest.mark.parametrize("instant", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
def test_times_beyond_the_calendar_are_shut(instant: datetime) -> None:
    assert not open_during(DAY, KOLKATA if instant.year > 1 else NEW_YORK, instant, None)


def test_the_model_takes_what_is_evaluated() -> None:
    for entries in (DAY, NIGHT, EARLY, []):
        check_opening_hours(entries)
