"""The calendar periods that limits are counted by: days, weeks from Monday and months, in the CPO's time zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from pricing.engine.making import quickly_made
from pricing.engine.windows import zone_of
from pricing.engine.wording import weekday_text


class Period(StrEnum):
    """What a limit per period counts by."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


@quickly_made
@dataclass(frozen=True, slots=True)
class Today:
    """An instant as the limits see it: the local date in an IANA zone."""

    day: date
    zone: str

    def start_of(self, period: Period) -> date:
        """Return the first day of the running period."""
        return start_of(period, self.day)

    def next_start(self, period: Period) -> datetime:
        """Return the aware instant at which the next period begins."""
        first = self.start_of(period)
        if period is Period.MONTH:
            following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        else:
            following = first + timedelta(days=7 if period is Period.WEEK else 1)
        return datetime.combine(following, time(0), tzinfo=zone_of(self.zone))

    def again(self, period: Period) -> str:
        """Say when the next period begins: "again from tomorrow 00:00", "… Mon 00:00", "… 1 Dec 00:00"."""
        begins = self.next_start(period)
        if begins.date() == self.day + timedelta(days=1):
            return f"again from tomorrow {begins:%H:%M}"
        if period is Period.WEEK:
            return f"again from {weekday_text(begins)}"
        return f"again from {begins.day} {begins:%b %H:%M}"


def start_of(period: Period, day: date) -> date:
    """Return the first day of the period that this day lies in."""
    if period is Period.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period is Period.MONTH else day


def today_at(instant: datetime, zone: str) -> Today:
    """Return the date of an aware instant in a zone."""
    return Today(instant.astimezone(zone_of(zone)).date(), zone)
