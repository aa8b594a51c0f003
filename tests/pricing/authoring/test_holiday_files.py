"""Named days from uploaded files: CSV and iCalendar, and every reason to refuse one."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from pricing.holiday_files import days_in_file
from pricing.holidays import merged, normal_days

TODAY = date(2026, 6, 1)
NO_CALENDAR = "This is no calendar: choose an .ics file that a calendar program has exported."


def ics(*lines: str) -> str:
    events = "\r\n".join(lines)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}\r\nEND:VCALENDAR\r\n"


def event(*lines: str) -> str:
    return ics("BEGIN:VEVENT", *lines, "END:VEVENT")


@pytest.mark.parametrize(
    ("name", "text", "days"),
    [
        pytest.param(
            "h.csv",
            "date,name\n2026-11-08,Diwali\n2026-08-15,Independence Day\n",
            [("2026-08-15", "Independence Day"), ("2026-11-08", "Diwali")],
            id="csv-in-order",
        ),
        pytest.param(
            "h.csv",
            "\ufeff2026-11-08;Diwali, the first day\n\n",
            [("2026-11-08", "Diwali, the first day")],
            id="semicolons",
        ),
        pytest.param(
            "h.csv",
            '2026-11-08,"Diwali, day 1",public\n',
            [("2026-11-08", "Diwali, day 1")],
            id="quotes-and-more-columns",
        ),
        pytest.param(
            "h.csv",
            "2025-12-25,Christmas\n2026-01-01,New Year\n",
            [("2026-01-01", "New Year")],
            id="past-years-left-out",
        ),
        pytest.param(
            "h.csv",
            "2026-11-08,Diwali\n2026-11-08,Kali Puja\n2026-11-08,Diwali\n",
            [("2026-11-08", "Diwali / Kali Puja")],
            id="two-names-of-a-date",
        ),
        pytest.param(
            "x.ics",
            event("DTSTART;VALUE=DATE:20261108", "DTEND;VALUE=DATE:20261109", "SUMMARY:Diwali"),
            [("2026-11-08", "Diwali")],
            id="ics",
        ),
        pytest.param(
            "x",
            event("DTSTART:20261108T000000Z", "SUMMARY:Diwali\\, the\r\n  feast"),
            [("2026-11-08", "Diwali, the feast")],
            id="folded-escaped-timed-unnamed",
        ),
        pytest.param(
            "x.ics",
            event("DTSTART;VALUE=DATE:20261108", "DTEND;VALUE=DATE:20261110", "SUMMARY:Feast"),
            [("2026-11-08", "Feast"), ("2026-11-09", "Feast")],
            id="the-end-is-outside",
        ),
        pytest.param(
            "x.ics",
            event("DTSTART;VALUE=DATE:20200815", "RRULE:FREQ=YEARLY", "SUMMARY:Independence Day"),
            [(f"{y}-08-15", "Independence Day") for y in range(2026, 2032)],
            id="yearly-five-years-ahead",
        ),
        pytest.param(
            "x.ics",
            event("DTSTART;VALUE=DATE:20260815", "RRULE:FREQ=YEARLY;COUNT=2;BYMONTH=8;BYMONTHDAY=15", "SUMMARY:I"),
            [("2026-08-15", "I"), ("2027-08-15", "I")],
            id="twice",
        ),
        pytest.param(
            "x.ics",
            event("DTSTART;VALUE=DATE:20260815", "RRULE:FREQ=YEARLY;UNTIL=20270815", "SUMMARY:I"),
            [("2026-08-15", "I"), ("2027-08-15", "I")],
            id="until-inclusive",
        ),
        pytest.param(
            "x.ics",
            event("DTSTART;VALUE=DATE:20240229", "RRULE:FREQ=YEARLY", "SUMMARY:Leap"),
            [("2028-02-29", "Leap")],
            id="leap-days",
        ),
        pytest.param(
            "x.ics",
            ics(
                "BEGIN:VEVENT",
                "DTSTART:20261108",
                "SUMMARY:A",
                "END:VEVENT",
                "BEGIN:VEVENT",
                "DTSTART:20261109",
                "SUMMARY:B",
                "STATUS:CANCELLED",
                "END:VEVENT",
            ),
            [("2026-11-08", "A")],
            id="cancelled-events-are-none",
        ),
    ],
)
def test_the_days_of_a_file(name, text, days):
    assert days_in_file(name, text.encode(), today=TODAY) == [{"date": day, "name": title} for day, title in days]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        pytest.param(
            "h.csv", b"8 Nov 2026,Diwali", "Row 1: write the date as 2026-11-08 instead of “8 Nov 2026”.", id="date"
        ),
        pytest.param(
            "h.csv",
            b"2026-02-30,Never",
            "Row 1: write the date as 2026-11-08 instead of “2026-02-30”.",
            id="no-such-day",
        ),
        pytest.param("h.csv", b"date,name\n2026-11-08,", "Row 2: give the day a name after the date.", id="no-name"),
        pytest.param("h.csv", b"", "The file names no day of this year or later: choose another.", id="empty"),
        pytest.param("h.csv", b"\xff\xfe2", "Save the file as UTF-8 and choose it again.", id="encoding"),
        pytest.param("h.pdf", b"%PDF", "Choose a .csv file with date and name, or an .ics file.", id="another-kind"),
        pytest.param("x.ics", b"hello", NO_CALENDAR, id="a-text-called-ics"),
        pytest.param("x.ics", b"", NO_CALENDAR, id="an-empty-ics"),
        pytest.param("x.ICS", b"\x89PNG\r\n\x1a\n\x00\xff", NO_CALENDAR, id="binary-called-ics"),
        pytest.param(
            "x.ics",
            b"BEGIN:VEVENT\r\nDTSTART:20261108\r\nSUMMARY:Diwali\r\nEND:VEVENT\r\n",
            NO_CALENDAR,
            id="an-event-outside-of-a-calendar",
        ),
        pytest.param(
            "x.ics", event("SUMMARY:A").encode("utf-16"), "Save the file as UTF-8 and choose it again.", id="utf-16"
        ),
        pytest.param(
            "x.ics", ics().encode(), "The file names no day of this year or later: choose another.", id="no-events"
        ),
        pytest.param(
            "h.csv",
            b"x" * 1_000_001,
            "The file is larger than a megabyte: import the days of the coming years alone.",
            id="too-large",
        ),
        pytest.param(
            "x.ics",
            event("DTSTART:20260105", "RRULE:FREQ=WEEKLY", "SUMMARY:Monday").encode(),
            "“Monday” repeats in a way that is not understood: write its days singly.",
            id="weekly",
        ),
        pytest.param(
            "x.ics",
            event("DTSTART:20260105", "RRULE:FREQ=YEARLY;BYDAY=1MO", "SUMMARY:Labour").encode(),
            "“Labour” repeats in a way that is not understood: write its days singly.",
            id="first-monday",
        ),
        pytest.param(
            "x.ics",
            event("DTSTART:20260105", "DTEND:20260401", "SUMMARY:Season").encode(),
            "“Season” is longer than 31 days: take it out of the file.",
            id="a-season",
        ),
        pytest.param(
            "x.ics",
            event("SUMMARY:Some day").encode(),
            "An event has no date or no name: Some day.",
            id="event-without-a-date",
        ),
        pytest.param(
            "h.csv",
            "\n".join(f"{date.fromordinal(TODAY.toordinal() + n)},Day" for n in range(367)).encode(),
            "A calendar holds at most 366 days: leave out the past, or make a second calendar.",
            id="too-many",
        ),
    ],
)
def test_what_is_wrong_with_a_file(name, content, sentence):
    with pytest.raises(ValidationError) as refusal:
        days_in_file(name, content, today=TODAY)
    assert refusal.value.messages == [sentence]


def test_imported_days_are_added_and_rename_those_that_are_there():
    before = normal_days([{"date": "2026-11-08", "name": "Deepavali"}, {"date": "2026-12-25", "name": "Christmas"}])
    after = merged(before, [{"date": "2026-11-08", "name": "Diwali"}, {"date": "2026-08-15", "name": "Independence"}])
    assert [(x["date"], x["name"]) for x in after] == [
        ("2026-08-15", "Independence"),
        ("2026-11-08", "Diwali"),
        ("2026-12-25", "Christmas"),
    ]
