"""Conditions of segments as people and the API write them, in one normal form, and in plain words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.core.exceptions import ValidationError

from cpo_portal.charging.segments.rules import ASKS, Condition, Fact

MOST_CONDITIONS, MOST_VALUES, LONGEST_VALUE = 50, 200, 200
#: The smallest and the largest number and number of days of a fact, and what the number counts.
NUMBERS = {Fact.SESSIONS: (1, 10_000, "sessions"), Fact.ENERGY: (1, 1_000_000_000, "kWh")}
DAYS = {Fact.LAPSED: (1, 3650), Fact.SESSIONS: (1, 3650), Fact.ANNIVERSARY: (0, 180)}
LABELS = {
    Fact.TIER: "Tier",
    Fact.ORGANISATION: "Organisation",
    Fact.VEHICLE_MAKE: "Vehicle make",
    Fact.BAP: "Buyer app",
    Fact.LIST: "On the named list",
    Fact.NEW: "Has never charged",
    Fact.RETURNING: "Has charged before",
    Fact.LAPSED: "Days since the last session, at least",
    Fact.SESSIONS: "Sessions in the last days, at least",
    Fact.ENERGY: "kWh in total, at least",
    Fact.ANNIVERSARY: "Days around the yearly day of joining",
    Fact.SEGMENT: "In the segment",
}
_OPPOSITE = {Fact.NEW: Fact.RETURNING, Fact.RETURNING: Fact.NEW}
_PARTS = {"fact", "values", "number", "days", "negated"}


def condition_from(data: Mapping[str, Any]) -> Condition:
    """Return a condition that is stored in its normal form."""
    return Condition(
        Fact(data["fact"]),
        tuple(data.get("values", ())),
        data.get("number", 0),
        data.get("days", 0),
        data.get("negated", False),
    )


def normal_conditions(
    said: Iterable[Any], *, lists: Collection[str], segments: Collection[str]
) -> tuple[dict[str, Any], ...]:
    """Return {"fact": "SESSIONS", "number": 3, "days": 30, "negated": false} and the like, each once.

    `lists` and `segments` are the ids that may be named. Raises ValidationError with a sentence per fault.
    """
    found: list[dict[str, Any]] = []
    faults: list[str] = []
    for position, condition in enumerate(said, start=1):
        fault = _fault(condition, lists, segments)
        if fault:
            faults.append(f"Condition {position}: {fault}")
            continue
        normal = _normal(condition)
        if normal not in found:
            found.append(normal)
    if not found and not faults:
        faults.append("Give at least one condition: a segment without any would be everybody.")
    if len(found) > MOST_CONDITIONS:
        faults.append(f"Give at most {MOST_CONDITIONS} conditions; join some in a segment of their own.")
    if faults:
        raise ValidationError(faults[:10])
    return tuple(found)


def condition_in_words(condition: Condition, names: Mapping[str, str]) -> str:
    """Return "3 sessions in the last 30 days or more"; `names` are those of lists and segments by id."""
    values = " or ".join(names.get(value, value) for value in condition.values)
    number, days = condition.number, f"{condition.days} day{'' if condition.days == 1 else 's'}"
    text = {
        Fact.TIER: f"tier {values}",
        Fact.ORGANISATION: f"organisation {values}",
        Fact.VEHICLE_MAKE: f"drives a {values}",
        Fact.BAP: f"comes through {values}",
        Fact.LIST: f"is on the list {values}",
        Fact.NEW: "has never charged",
        Fact.RETURNING: "has charged before",
        Fact.LAPSED: f"has not charged for {days} or longer",
        Fact.SESSIONS: f"{number} or more sessions in the last {days}",
        Fact.ENERGY: f"{number} kWh or more in total",
        Fact.ANNIVERSARY: f"within {days} of the yearly day of joining",
        Fact.SEGMENT: f"is in the segment {values}",
    }[condition.fact]
    return f"not: {text}" if condition.negated else text


def _normal(said: Mapping[str, Any]) -> dict[str, Any]:
    fact = Fact(said["fact"])
    normal: dict[str, Any] = {"fact": fact.value, "negated": bool(said.get("negated", False))}
    for part in sorted(ASKS[fact]):
        value = said[part]
        normal[part] = sorted({each.strip() for each in value}) if part == "values" else value
    return normal


def _fault(said: Any, lists: Collection[str], segments: Collection[str]) -> str:
    if not isinstance(said, Mapping) or "fact" not in said or not set(said) <= _PARTS:
        return 'write it as {"fact": "SESSIONS", "number": 3, "days": 30}.'
    if said["fact"] not in list(Fact):
        return f"choose a fact of {', '.join(Fact)}."
    fact, negated = Fact(said["fact"]), said.get("negated", False)
    if not isinstance(negated, bool):
        return "negated is true or false."
    if negated and fact in _OPPOSITE:
        return f"choose “{LABELS[_OPPOSITE[fact]]}” instead."
    for part in ("values", "number", "days"):
        if part not in ASKS[fact] and said.get(part) not in (None, [], (), 0, ""):
            return f"“{LABELS[fact]}” takes no {part}: leave it empty."
    return _fault_of_values(fact, said, lists, segments) or _fault_of_numbers(fact, said)


def _fault_of_values(fact: Fact, said: Mapping[str, Any], lists: Collection[str], segments: Collection[str]) -> str:
    if "values" not in ASKS[fact]:
        return ""
    values = said.get("values")
    if not isinstance(values, list | tuple) or not all(isinstance(each, str) for each in values):
        return "values are a list of texts."
    if not any(each.strip() for each in values) or not all(each.strip() for each in values):
        return f"say which for “{LABELS[fact]}”, and leave no value empty."
    if len(values) > MOST_VALUES:
        return f"give at most {MOST_VALUES} values; a named list takes more."
    if any(len(each) > LONGEST_VALUE or "\0" in each for each in values):
        return f"shorten each value to {LONGEST_VALUE} characters."
    known = {Fact.LIST: ("named list", lists), Fact.SEGMENT: ("segment", segments)}.get(fact)
    if known is not None:
        unknown = sorted({each.strip() for each in values} - set(known[1]))
        if unknown:
            return f"you have no {known[0]} “{unknown[0]}”: choose one of yours."
    return ""


def _fault_of_numbers(fact: Fact, said: Mapping[str, Any]) -> str:
    if fact in NUMBERS:
        least, most, unit = NUMBERS[fact]
        if not _is_between(said.get("number"), least, most):
            return f"give a number of {unit} from {least} to {most}."
    if fact in DAYS:
        least, most = DAYS[fact]
        if not _is_between(said.get("days"), least, most):
            return f"give a number of days from {least} to {most}."
    return ""


def _is_between(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
