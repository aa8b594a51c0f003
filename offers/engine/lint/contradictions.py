"""What can never apply, whoever drives and whatever else is live: it keeps an offer from being published."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from offers.engine.benefits import rule_of
from offers.engine.days import next_open
from offers.engine.evaluate import appraise
from offers.engine.facts import HolidayChoice
from offers.engine.lint.clocks import begins_at, first_opening, zones_of
from offers.engine.lint.gifts import find_gifts
from offers.engine.lint.judging import example_of, situation_at
from offers.engine.lint.sessions import tried
from offers.engine.lint.values import Example, Figure, Finding, FindingCode, Severity, Subject, Tried
from offers.engine.values import Applicability, Check, ReasonCode
from pricing.engine.windows import zone_of
from pricing.engine.wording import moment_text, money_text

_USUAL_WH = 20_000
#: Which conditions make an example of each finding.
_OF_TIME = frozenset(
    {
        ReasonCode.NOT_YET_VALID,
        ReasonCode.ENDED,
        ReasonCode.OUTSIDE_WEEKLY_WINDOW,
        ReasonCode.HOLIDAY,
        ReasonCode.BLACKOUT,
    }
)
_OF_PLACE = frozenset(
    {
        ReasonCode.LOCATION,
        ReasonCode.ITEM,
        ReasonCode.CATEGORY,
        ReasonCode.LOCATION_TAG,
        ReasonCode.AREA,
        ReasonCode.DISTANCE,
        ReasonCode.CHARGER,
        ReasonCode.CONNECTOR_CLASS,
        ReasonCode.POWER,
    }
)
OVER = "The offer is over already: choose a later end."
NO_STATIONS = "No station of yours is shown to buyer apps: publish one first."


def find_contradictions(subject: Subject) -> Iterator[Finding]:
    """Yield what is wrong with the times, the places, the budget and what is given, each at its field."""
    yield from _times(subject)
    yield from _places(subject)
    yield from _budgets(subject)
    yield from find_gifts(subject)


def _times(subject: Subject) -> Iterator[Finding]:
    scope, now, zones = subject.offer.applicability, subject.now, zones_of(subject)
    begins, ends = begins_at(scope, now), scope.valid_until
    if ends is not None and ends <= now:
        yield _timed(subject, FindingCode.OVER, "valid_until", OVER, (now, zones[0]))
        return
    opens, zone = first_opening(scope, now, zones)
    if opens is None:
        field, sentence = _no_window(scope, begins, zone)
        yield _timed(subject, FindingCode.NO_WINDOW, field, sentence, (begins, zone))
    elif ends is not None and opens >= ends:
        at = moment_text(opens.astimezone(zone_of(zone)))
        sentence = f"The offer ends before its first window, which opens on {at}: choose a later end or another window."
        yield _timed(subject, FindingCode.ENDS_BEFORE_WINDOW, "valid_until", sentence, (opens, zone))


def _no_window(scope: Applicability, begins: datetime, zone: str) -> tuple[str, str]:
    """Return the field and the sentence of an offer whose days and windows leave no instant."""
    rule = scope.holidays
    title = "" if rule is None else rule.name or rule.calendar
    if rule is None or rule.choice is HolidayChoice.EXCEPT:
        return "weekly_windows", "Its weekly windows and dates leave no instant: choose other days or times."
    if next_open(Applicability(holidays=rule), begins, zone) is None:
        return "holidays", f"No holiday of {title} is left in its validity: choose another calendar or other dates."
    if next_open(replace(scope, weekly_windows=()), begins, zone) is None:
        return "blackout_dates", f"Its blackout dates leave no holiday of {title}: take one of them out."
    return "weekly_windows", f"Its weekly windows leave no holiday of {title}: choose other days or times."


def _timed(subject: Subject, code: FindingCode, field: str, sentence: str, shown: tuple[datetime, str]) -> Finding:
    at, zone = shown
    first = next(iter(subject.sites), subject.other_site)
    site = next((x for x in subject.sites if x.time_zone == zone), first)
    found = tried(site, at, _USUAL_WH) if site is not None else None
    failed = _failed(subject, found, _OF_TIME)
    example = example_of(found) if found is not None else None
    return Finding(code, Severity.CONTRADICTION, field, sentence, example=example, failed=failed)


def _places(subject: Subject) -> Iterator[Finding]:
    if subject.in_scope:
        return
    other = subject.other_site
    if other is None:
        yield Finding(FindingCode.NO_STATION, Severity.CONTRADICTION, "location_ids", NO_STATIONS)
        return
    found = tried(other, subject.now, _USUAL_WH)
    failed = _failed(subject, found, _OF_PLACE)
    yield Finding(
        FindingCode.NO_STATION,
        Severity.CONTRADICTION,
        _field_of(subject.offer.applicability),
        "No connector that buyer apps see is in its scope: choose other places, or publish one of these.",
        example=example_of(found) if found is not None else None,
        failed=failed,
    )


def _field_of(scope: Applicability) -> str:
    """Return the narrowest attribute by which an offer names its places."""
    given = {
        "item_ids": scope.item_ids,
        "charger_ids": scope.charger_ids,
        "location_ids": scope.location_ids,
        "radius_km": scope.circle is not None,
        "location_tags": scope.location_tags,
        "cities": scope.cities,
        "states": scope.states,
        "connector_types": scope.connector_types,
        "currents": scope.currents,
        "min_power_w": scope.min_power_w,
        "max_power_w": scope.max_power_w,
        "categories": scope.categories,
    }
    return next((name for name, said in given.items() if said), "location_ids")


def _budgets(subject: Subject) -> Iterator[Finding]:
    """Yield a budget that holds no redemption at all, and one of which too little is left for another."""
    offer, used = subject.offer, subject.used
    most = rule_of(offer).maximum(offer)
    if most is None or not most:
        return
    for name, budget, spent, again in (
        ("budget", offer.limits.budget, used.budget_used, ""),
        ("budget_per_day", offer.limits.budget_per_day, used.budget_used_today, " until tomorrow"),
    ):
        if budget is None:
            continue
        needs, left = money_text(most, offer.currency), max(budget - spent, Decimal(0))
        figures = (
            Figure("one_redemption", most, offer.currency),
            Figure("budget", budget, offer.currency),
            Figure("left", left, offer.currency),
        )
        example, outcome = _dearest(subject), f"It is refused: {money_text(most - left, offer.currency)} short."
        if budget < most:
            sentence = (
                f"The budget is below one redemption, which reserves up to {needs}: raise it, or lower the most per "
                "redemption."
            )
            code, severity = FindingCode.BUDGET_TOO_SMALL, Severity.CONTRADICTION
        elif left < most:
            sentence = (
                f"Nobody gets it{again}: {money_text(left, offer.currency)} of its budget are left, and one redemption "
                f"reserves up to {needs}."
            )
            code, severity = FindingCode.BUDGET_LEFT, Severity.WARNING
        else:
            continue
        yield Finding(code, severity, name, sentence, example=example, outcome=outcome, figures=figures)


def _dearest(subject: Subject) -> Example | None:
    site = next(iter(subject.sites), None)
    scope = subject.offer.applicability
    at = next_open(scope, begins_at(scope, subject.now), site.time_zone) if site is not None else None
    found = tried(site, at, _USUAL_WH) if site is not None and at is not None else None
    return example_of(found) if found is not None else None


def _failed(subject: Subject, found: Tried | None, codes: frozenset[ReasonCode]) -> tuple[Check, ...]:
    if found is None:
        return ()
    checks = appraise(subject.offer, situation_at(subject, found, None)).checks
    return tuple(x for x in checks if not x.passed and x.code in codes)
