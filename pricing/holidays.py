"""Days of a holiday calendar in one normal form, and how they are merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError

#: As many as a form carries: several years of holidays.
MOST_DAYS = 366
LONGEST_NAME = 100
_FIRST, _LAST = date(2000, 1, 1), date(2199, 12, 31)


def check_days(days: Any) -> None:
    """Refuse what is not in the normal form of `normal_days`."""
    if not isinstance(days, list) or normal_days(days) != days:
        raise ValidationError('Write the days as [{"date": "2026-11-08", "name": "Diwali"}, …] in order.')


def normal_days(days: Iterable[Any]) -> list[dict[str, str]]:
    """Return [{"date": "2026-11-08", "name": "Diwali"}, …] by date, each date once, whose names are joined.

    Raise ValidationError with a sentence per fault.
    """
    found: dict[str, str] = {}
    faults = []
    for position, entry in enumerate(days, start=1):
        fault = _fault(entry)
        if fault:
            faults.append(f"Day {position}: {fault}")
            continue
        day, name = entry["date"], " ".join(entry["name"].split())
        names = found.get(day, "").split(" / ") if day in found else []
        found[day] = " / ".join([*names, *([] if name in names else [name])])[:LONGEST_NAME]
    if len(found) > MOST_DAYS:
        faults.append(f"A calendar holds at most {MOST_DAYS} days: leave out the past, or make a second calendar.")
    if faults:
        raise ValidationError(faults)
    return [{"date": day, "name": found[day]} for day in sorted(found)]


def merged(before: Iterable[Mapping[str, str]], imported: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return the days of both; for a date that both have, the imported name counts."""
    days = {entry["date"]: dict(entry) for entry in before} | {x["date"]: x for x in normal_days(imported)}
    return normal_days(days.values())


def read_date(text: str) -> date | None:
    """Return the day that is written as 2026-11-08, or None."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if text == day.isoformat() and _FIRST <= day <= _LAST else None


def _fault(entry: Any) -> str:
    if not isinstance(entry, Mapping) or set(entry) != {"date", "name"}:
        return 'write it as {"date": "2026-11-08", "name": "Diwali"}.'
    if not isinstance(entry["date"], str) or read_date(entry["date"]) is None:
        return "give the date as 2026-11-08."
    if not isinstance(entry["name"], str) or not entry["name"].strip() or "\0" in entry["name"]:
        return "give the day a name, such as Diwali."
    if len(entry["name"]) > LONGEST_NAME:
        return f"shorten the name to {LONGEST_NAME} characters."
    return ""
