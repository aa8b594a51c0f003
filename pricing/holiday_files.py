"""Reads named days from an uploaded file: CSV with date and name, or iCalendar (.ics) events."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from datetime import date, timedelta

from django.core.exceptions import ValidationError

from pricing.holidays import normal_days, read_date

LARGEST_FILE = 1_000_000
#: For how many years a yearly event without an end is written out.
YEARS_AHEAD = 5
_LONGEST_EVENT = 31
_BEGINS = "BEGIN:VCALENDAR"
_STAMP = re.compile(r"(\d{4})(\d{2})(\d{2})(T\d{6}Z?)?")
Day = dict[str, str]


def days_in_file(name: str, content: bytes, *, today: date) -> list[Day]:
    """Return the named days of a file from the first of this year on; raise ValidationError that says what is wrong."""
    if len(content) > LARGEST_FILE:
        raise ValidationError("The file is larger than a megabyte: import the days of the coming years alone.")
    is_ics = name.lower().endswith(".ics")
    # Without the zeros of UTF-16, which is told of as such.
    if is_ics and _BEGINS.encode() not in content.replace(b"\0", b"").upper():
        raise ValidationError("This is no calendar: choose an .ics file that a calendar program has exported.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValidationError("Save the file as UTF-8 and choose it again.") from None
    if is_ics or text.lstrip().upper().startswith(_BEGINS):
        found = list(_events(text, today.year + YEARS_AHEAD))
    elif name.lower().endswith(".csv"):
        found = list(_rows(text))
    else:
        raise ValidationError("Choose a .csv file with date and name, or an .ics file.")
    kept = [day for day in found if day["date"] >= f"{today.year:04}-01-01"]
    if not kept:
        raise ValidationError("The file names no day of this year or later: choose another.")
    return normal_days(kept)


def _rows(text: str) -> Iterator[Day]:
    lines = text.splitlines()
    first = re.search("[,;]", lines[0]) if lines else None
    try:
        rows = list(csv.reader(lines, delimiter=first[0] if first else ","))
    except csv.Error as error:
        raise ValidationError(f"The file cannot be read as CSV ({error}): save it again.") from None
    faults = []
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or (number == 1 and cells[0].lower() == "date"):
            continue
        if read_date(cells[0]) is None:
            faults.append(f"Row {number}: write the date as 2026-11-08 instead of “{cells[0][:40]}”.")
        elif len(cells) < 2 or not cells[1]:
            faults.append(f"Row {number}: give the day a name after the date.")
        else:
            yield {"date": cells[0], "name": cells[1]}
    if faults:
        raise ValidationError(faults[:10])


def _events(text: str, last_year: int) -> Iterator[Day]:
    """Yield a day for each day of each event that is not cancelled."""
    event: dict[str, str] | None = None
    for line in re.sub(r"\r?\n[ \t]", "", text).splitlines():
        name, _, value = line.partition(":")
        name = name.partition(";")[0].strip().upper()
        if (name, value.strip().upper()) == ("BEGIN", "VEVENT"):
            event = {}
        elif (name, value.strip().upper()) == ("END", "VEVENT") and event is not None:
            if event.get("STATUS", "").upper() != "CANCELLED":
                yield from _days_of(event, last_year)
            event = None
        elif event is not None:
            event.setdefault(name, value.strip())


def _days_of(event: dict[str, str], last_year: int) -> Iterator[Day]:
    name = _unescaped(event.get("SUMMARY", ""))
    start, end = _day(event.get("DTSTART", "")), _day(event.get("DTEND", ""))
    if start is None or not name:
        raise ValidationError(f"An event has no date or no name: {name or event.get('DTSTART', 'no DTSTART')[:40]}.")
    length = (end - start).days if end is not None and end > start else 1
    if length > _LONGEST_EVENT:
        raise ValidationError(f"“{name}” is longer than {_LONGEST_EVENT} days: take it out of the file.")
    for first in _years(start, event.get("RRULE", ""), name, last_year):
        for offset in range(length):
            yield {"date": (first + timedelta(days=offset)).isoformat(), "name": name[:100]}


def _years(start: date, rule: str, name: str, last_year: int) -> Iterator[date]:
    """Yield the first day of each repetition; only yearly ones on the same date are understood."""
    parts = dict(part.split("=", 1) for part in rule.upper().split(";") if "=" in part)
    dated = {"BYMONTH": str(start.month), "BYMONTHDAY": str(start.day)}
    plain = all(dated.get(key, value) == value for key, value in parts.items())
    if set(parts) - {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", *dated} or not plain:
        raise ValidationError(_repeats(name))
    numbers = [parts.get("INTERVAL", "1"), parts.get("COUNT", "1")]
    if parts.get("FREQ", "YEARLY") != "YEARLY" or not all(x.isdecimal() and int(x) for x in numbers):
        raise ValidationError(_repeats(name))
    until, interval = _day(parts.get("UNTIL", "")), int(numbers[0])
    times = int(numbers[1]) if "COUNT" in parts or not parts else last_year
    for turn in range(min(times, max(1, last_year - start.year + 1))):
        year = start.year + turn * interval
        if year > max(last_year, start.year):
            return
        try:
            day = start.replace(year=year)
        except ValueError:  # the 29th of February
            continue
        if until is not None and day > until:
            return
        yield day


def _repeats(name: str) -> str:
    return f"“{name}” repeats in a way that is not understood: write its days singly."


def _day(stamp: str) -> date | None:
    found = _STAMP.fullmatch(stamp)
    return read_date("-".join(found.groups()[:3])) if found else None


def _unescaped(text: str) -> str:
    plain = re.sub(r"\\([nN,;\\])", lambda found: " " if found[1] in "nN" else found[1], text)
    return " ".join(plain.split())
