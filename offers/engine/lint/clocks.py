"""On which clocks of an offer's stations its times ever come: each station reads windows and dates on its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from offers.engine.days import next_open
from offers.engine.lint.values import Subject
from offers.engine.values import Applicability


def begins_at(scope: Applicability, now: datetime) -> datetime:
    """Return when an offer's validity begins, now at the earliest."""
    return now if scope.valid_from is None else max(scope.valid_from, now)


def is_ever_open(scope: Applicability, now: datetime, zone: str) -> bool:
    """Say whether an instant of the offer's validity is in its windows and on its days, on this clock."""
    opens = next_open(scope, begins_at(scope, now), zone)
    return opens is not None and (scope.valid_until is None or opens < scope.valid_until)


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
