"""Local days on which an offer applies: holidays of a calendar only, or all but those, and no blackout date."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from offers.engine.facts import HolidayChoice, HolidayRule
from offers.engine.values import Applicability, Check, ReasonCode
from pricing.engine.windows import next_opening, zone_of
from pricing.engine.wording import date_text

_DAY = timedelta(days=1)
#: No window is looked for beyond this many refused days: more than the two lists of days can hold.
_MOST_DAYS = 1500
#: The last hour of a date, anywhere on earth, lies this long after its midnight in UTC.
_LATEST_ZONE = timedelta(hours=36)


def day_checks(scope: Applicability, start: datetime, zone: str) -> list[Check]:
    """Return the checks of the days that are limited, at the planned start on the site's clock."""
    if scope.holidays is None and not scope.blackout_dates:
        return []
    day = start.astimezone(zone_of(zone)).date()
    checks = [_holiday(scope.holidays, day)] if scope.holidays is not None else []
    if day in scope.blackout_dates:
        field, text = "applicability.blackout_dates", day.isoformat()
        checks.append(Check(ReasonCode.BLACKOUT, field, "no blackout date", text, False, f"not on {date_text(day)}"))
    return checks


def next_holding(scope: Applicability, after: datetime, zone: str) -> datetime | None:
    """Return the first instant at or after `after` at which windows, days and validity all hold; None for none."""
    begins, ends = scope.valid_from, scope.valid_until
    opens = next_open(scope, after if begins is None else max(after, begins), zone, before=ends)
    return opens if opens is None or ends is None or opens < ends else None


def next_open(scope: Applicability, after: datetime, zone: str, *, before: datetime | None = None) -> datetime | None:
    """Return the first instant at or after `after` whose weekly window and local day both hold; None for none.

    What lies at or after `before` is not looked for, and may come back.
    """
    at: datetime | None = after
    refused = 0
    while refused < _MOST_DAYS:
        at = next_opening(scope.weekly_windows, at, zone) if at is not None and scope.weekly_windows else at
        if at is None or (before is not None and at >= before):
            return at
        day = at.astimezone(zone_of(zone)).date()
        if holds_on(scope, day):
            return at
        following, refused = _following(scope.holidays, day), refused + 1
        # Windows are looked for once for all the refused days that follow on each other.
        while following is not None and refused < _MOST_DAYS and not holds_on(scope, following):
            following, refused = _following(scope.holidays, following), refused + 1
        if following is None:
            return None
        at = datetime.combine(following, time(0), tzinfo=zone_of(zone)).astimezone(UTC)
    return None


def is_over(scope: Applicability, now: datetime) -> bool:
    """Say whether the last holiday of an offer for holidays alone has passed, in every zone."""
    rule = scope.holidays
    if rule is None or rule.choice is HolidayChoice.EXCEPT:
        return False
    left = [x.day for x in rule.days if x.day not in scope.blackout_dates]
    return not left or datetime.combine(max(left), time(0), tzinfo=UTC) + _LATEST_ZONE <= now


def holds_on(scope: Applicability, day: date) -> bool:
    """Say whether a local day is one on which the offer applies."""
    rule = scope.holidays
    if day in scope.blackout_dates:
        return False
    return rule is None or (day in _names(rule)) is (rule.choice is HolidayChoice.ONLY)


def _following(rule: HolidayRule | None, day: date) -> date | None:
    """Return the next day that may hold: the next holiday of an offer for holidays alone, else tomorrow."""
    if rule is None or rule.choice is HolidayChoice.EXCEPT:
        return day + _DAY
    return min((x.day for x in rule.days if x.day > day), default=None)


def _holiday(rule: HolidayRule, day: date) -> Check:
    name = _names(rule).get(day, "")
    field, actual = "applicability.holidays", f"{day.isoformat()} {name}".strip()
    title = rule.name or rule.calendar
    if rule.choice is HolidayChoice.EXCEPT:
        margin = f"not on {name}" if name else ""
        return Check(ReasonCode.HOLIDAY, field, f"no holiday of {title}", actual, not name, margin)
    margin = ""
    if not name:
        following = _following(rule, day)
        margin = f"next holiday {_names(rule)[following]}, {date_text(following)}" if following else "no holiday left"
    return Check(ReasonCode.HOLIDAY, field, f"a holiday of {title}", actual, bool(name), margin)


@lru_cache(maxsize=1024)
def _names(rule: HolidayRule) -> dict[date, str]:
    return {x.day: x.name for x in rule.days}
