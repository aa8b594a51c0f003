"""The days of a version as the offer engine reads them, with the holidays that its calendar names now."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from offers.engine.facts import Holiday, HolidayChoice, HolidayRule
from offers.models import OfferVersion
from pricing.models import HolidayCalendar

_DAY = timedelta(days=1)


def with_holidays(versions: QuerySet[OfferVersion]) -> QuerySet[OfferVersion]:
    """Let the versions bring their calendars' name and days along, in the same statement."""
    named = HolidayCalendar.objects.filter(cpo_id=OuterRef("cpo_id"), calendar_id=OuterRef("holiday_calendar"))
    return versions.annotate(calendar_name=Subquery(named.values("name")), calendar_days=Subquery(named.values("days")))


def day_terms(version: OfferVersion) -> dict[str, Any]:
    """Return the fields of Applicability that limit the day; holidays that the validity never meets are left out."""
    return {"holidays": _rule(version), "blackout_dates": frozenset(version.blackout_dates)}


def _rule(version: OfferVersion) -> HolidayRule | None:
    if not version.holiday_calendar:
        return None
    name, days = _calendar(version)
    # In every zone the validity lies within its UTC days and one day on each side.
    first, last = version.valid_from.date() - _DAY, version.valid_until.date() + _DAY
    found = ((date.fromisoformat(entry["date"]), entry["name"]) for entry in days)
    kept = tuple(Holiday(day, title) for day, title in found if first <= day <= last)
    return HolidayRule(version.holiday_calendar, name, HolidayChoice(version.holidays), kept)


def _calendar(version: OfferVersion) -> tuple[str, list[dict[str, str]]]:
    if hasattr(version, "calendar_days"):
        return version.calendar_name or "", version.calendar_days or []  # type: ignore[attr-defined]
    rows = HolidayCalendar.objects.filter(cpo=version.cpo_id, calendar_id=version.holiday_calendar)
    return rows.values_list("name", "days").first() or ("", [])
