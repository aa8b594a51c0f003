"""Where an offer applies, beyond named locations and items, and on which days, in plain words."""

from __future__ import annotations

from collections.abc import Iterable

from offers.engine.facts import Circle, HolidayChoice
from offers.engine.values import Applicability
from pricing.engine.wording import date_text, plain_number, power_text


def where_in_words(scope: Applicability) -> list[str]:
    """Return phrases such as "at highway or airport locations", "in New Delhi", "on CCS2 connectors"."""
    parts = []
    if scope.location_tags:
        parts.append(f"at {either(scope.location_tags)} locations")
    parts += [f"in {either(names)}" for names in (scope.cities, scope.states) if names]
    if scope.circle is not None:
        parts.append(_near(scope.circle))
    if scope.charger_ids:
        parts.append(f"at charger{'' if len(scope.charger_ids) == 1 else 's'} {either(scope.charger_ids)}")
    kinds = [either(names) for names in (scope.currents, scope.connector_types) if names]
    power = _power(scope.min_power_w, scope.max_power_w)
    if kinds or power:
        parts.append(f"on {' '.join([*kinds, 'connectors', *power])}")
    return parts


def days_in_words(scope: Applicability) -> list[str]:
    """Return phrases such as "only on holidays of Delhi", "not on 8 Nov 2026"."""
    parts = []
    if scope.holidays is not None:
        only = "only on" if scope.holidays.choice is HolidayChoice.ONLY else "not on"
        parts.append(f"{only} holidays of {scope.holidays.name or scope.holidays.calendar}")
    if scope.blackout_dates:
        first, count = min(scope.blackout_dates), len(scope.blackout_dates)
        named = f"not on {date_text(first)}"
        parts.append(named if count == 1 else f"{named} and {count - 1} other date{'' if count == 2 else 's'}")
    return parts


def either(names: Iterable[str]) -> str:
    """Return "a, b or c" in order."""
    *most, last = sorted(names)
    return f"{', '.join(most)} or {last}" if most else str(last)


def _near(circle: Circle) -> str:
    point = f"{plain_number(circle.latitude)}, {plain_number(circle.longitude)}"
    return f"within {plain_number(circle.radius_km)} km of {point}"


def _power(least: int | None, most: int | None) -> list[str]:
    words = (("from", least), ("up to", most))
    return [f"{word} {power_text(watts)}" for word, watts in words if watts is not None]
