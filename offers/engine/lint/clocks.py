"""On which clocks of an offer's stations its times ever come: each station reads windows and dates on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from offers.engine.days import next_open
from offers.engine.facts import HolidayChoice, HolidayRule
from offers.engine.lint.values import Subject
from offers.engine.values import Applicability
from pricing.engine.week import common_hours


def begins_at(scope: Applicability, now: datetime) -> datetime:
    """Return when an offer's validity begins, now at the earliest."""
    return now if scope.valid_from is None else max(scope.valid_from, now)


def is_ever_open(scope: Applicability, now: datetime, zone: str) -> bool:
    """Say whether an instant of the offer's validity is in its windows and on its days, on this clock."""
    opens = next_open(scope, begins_at(scope, now), zone)
    return opens is not None and (scope.valid_until is None or opens < scope.valid_until)


def opens_for_both(
    one: Applicability, other: Applicability, now: datetime, zone: str, after: datetime | None = None
) -> datetime | None:
    """Return the first instant at which the times of two offers both hold, on this clock; None where there is none.

    It lies at or after `after`, or where none does any more, at the beginning of what they have in common.
    """
    both = _both(one, other)
    if both is None:
        return None
    for at in (after, now) if after is not None else (now,):
        opens = next_open(both, begins_at(both, at), zone)
        if opens is not None and (both.valid_until is None or opens < both.valid_until):
            return opens
    return None


def _both(one: Applicability, other: Applicability) -> Applicability | None:
    """Return the times that two offers have in common, as those of a third; None where their weeks have none."""
    windows = one.weekly_windows or other.weekly_windows
    if one.weekly_windows and other.weekly_windows:
        windows = common_hours(one.weekly_windows, other.weekly_windows)
        if not windows:
            return None
    return Applicability(
        valid_from=max((x for x in (one.valid_from, other.valid_from) if x is not None), default=None),
        valid_until=min((x for x in (one.valid_until, other.valid_until) if x is not None), default=None),
        weekly_windows=windows,
        holidays=_both_holidays(one.holidays, other.holidays),
        blackout_dates=one.blackout_dates | other.blackout_dates,
    )


def _both_holidays(one: HolidayRule | None, other: HolidayRule | None) -> HolidayRule | None:
    """Return the days that two rules have in common: of two that leave days out, all that either leaves out."""
    if one is None or other is None:
        return one or other
    if one.choice is other.choice is HolidayChoice.EXCEPT:
        return replace(one, days=(*one.days, *other.days))
    only, second = (one, other) if one.choice is HolidayChoice.ONLY else (other, one)
    named = {x.day for x in second.days}
    wanted = second.choice is HolidayChoice.ONLY
    return replace(only, days=tuple(x for x in only.days if (x.day in named) is wanted))


def first_opening(scope: Applicability, now: datetime, zones: Sequence[str]) -> tuple[datetime | None, str]:
    """Return when it opens first, be it after its end, with the clock on which it does; the first one for never."""
    found = [(next_open(scope, begins_at(scope, now), zone), zone) for zone in zones]
    opening = [(at, zone) for at, zone in found if at is not None]
    return min(opening, key=lambda x: x[0]) if opening else found[0]


def zones_of(subject: Subject) -> tuple[str, ...]:
    """Return the clocks of all connectors in the offer's scope, that of the CPO where there is none; never empty."""
    found = dict.fromkeys((*subject.zones, *(x.time_zone for x in subject.sites)))
    return tuple(found) or (subject.time_zone,)


def is_closed_somewhere(subject: Subject) -> bool:
    """Say whether it never opens at some of the stations in its scope."""
    scope = subject.offer.applicability
    return not all(is_ever_open(scope, subject.now, zone) for zone in zones_of(subject))
