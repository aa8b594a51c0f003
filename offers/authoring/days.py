"""What is refused of the days that an offer names: holidays of a calendar, and blackout dates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from offers.authoring.unread import Finding, told
from offers.known import names_there
from offers.models import Offer
from offers.models.days import HALF_A_HOLIDAY_RULE, HolidaysChoice
from pricing.models import HolidayCalendar

if TYPE_CHECKING:
    from offers.authoring.content import OfferContent

MOST_DATES = 366
OWN_FIELDS = ("holiday_calendar", "holidays", "blackout_dates")


def check_days(offer: Offer, content: OfferContent) -> Iterable[Finding]:
    """Yield each fault as (field, sentence); the calendar must be one of the CPO's. Inside its scope."""
    return told((_holidays, _calendar, _dates), content)


def _holidays(content: OfferContent) -> Iterable[Finding]:
    if content.holidays not in {"", *HolidaysChoice.values}:
        yield "holidays", "Use ONLY or EXCEPT, or leave it empty."
    elif bool(content.holiday_calendar) is not bool(content.holidays):
        yield "holidays" if content.holiday_calendar else "holiday_calendar", HALF_A_HOLIDAY_RULE


def _calendar(content: OfferContent) -> Iterable[Finding]:
    named = (content.holiday_calendar,) if content.holiday_calendar else ()
    if named and not names_there(HolidayCalendar.objects, "calendar_id", named):
        yield (
            "holiday_calendar",
            f"You have no holiday calendar “{content.holiday_calendar}”: make it first, or choose one of yours.",
        )


def _dates(content: OfferContent) -> Iterable[Finding]:
    if len(content.blackout_dates) > MOST_DATES:
        yield "blackout_dates", f"Name at most {MOST_DATES} dates: shorten the validity instead."
