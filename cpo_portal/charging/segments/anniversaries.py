"""The yearly days of a date, as those of joining; pure."""

from __future__ import annotations

from datetime import date


def yearly_days(joined: date, today: date) -> list[date]:
    """Return the yearly days around a day; the 29th of February is the 28th where there is none."""
    years = {max(year, joined.year + 1) for year in (today.year - 1, today.year, today.year + 1)}
    return [_in_year(joined, year) for year in sorted(years) if year <= date.max.year]


def _in_year(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)
