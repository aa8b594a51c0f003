"""What makes a segment, what is known of a customer, and the answer whether they are in it: values, pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class Fact(StrEnum):
    """What a condition looks at; part of stored rules and of the API, never renamed."""

    TIER = "TIER"
    ORGANISATION = "ORGANISATION"
    VEHICLE_MAKE = "VEHICLE_MAKE"
    BAP = "BAP"
    LIST = "LIST"
    NEW = "NEW"
    RETURNING = "RETURNING"
    LAPSED = "LAPSED"
    SESSIONS = "SESSIONS"
    ENERGY = "ENERGY"
    ANNIVERSARY = "ANNIVERSARY"
    SEGMENT = "SEGMENT"


#: What a condition says besides its fact; all of it must be given, and nothing else.
ASKS: Mapping[Fact, frozenset[str]] = {
    Fact.TIER: frozenset({"values"}),
    Fact.ORGANISATION: frozenset({"values"}),
    Fact.VEHICLE_MAKE: frozenset({"values"}),
    Fact.BAP: frozenset({"values"}),
    Fact.LIST: frozenset({"values"}),
    Fact.NEW: frozenset(),
    Fact.RETURNING: frozenset(),
    Fact.LAPSED: frozenset({"days"}),
    Fact.SESSIONS: frozenset({"number", "days"}),
    Fact.ENERGY: frozenset({"number"}),
    Fact.ANNIVERSARY: frozenset({"days"}),
    Fact.SEGMENT: frozenset({"values"}),
}
#: Facts that are the session's, known before the customer is.
OF_THE_SESSION = frozenset({Fact.BAP})
#: Facts that hold at one of a customer's sessions and not at another, by what came between and by the day.
OF_THE_MOMENT = frozenset(
    {Fact.VEHICLE_MAKE, Fact.NEW, Fact.RETURNING, Fact.LAPSED, Fact.SESSIONS, Fact.ENERGY, Fact.ANNIVERSARY}
)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on one fact: `values` are OR, `number` counts sessions or kWh, `days` look back from the start."""

    fact: Fact
    values: tuple[str, ...] = ()
    number: int = 0
    days: int = 0
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """What makes one segment: all of its conditions, or any; other segments are named by id."""

    segment_id: str
    name: str
    match_all: bool
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment with every rule that it stands on, each after those that it names; its own is the last."""

    segment_id: str
    name: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What is known of one customer as of the planned start of a session.

    `sessions_within` has (days, count) for each number of days that a rule asks for; `lists` are ids of named lists.
    """

    tier: str = ""
    organisation: str = ""
    joined_on: date | None = None
    vehicle_makes: tuple[str, ...] = ()
    sessions: int = 0
    last_session: datetime | None = None
    energy_wh: int = 0
    sessions_within: tuple[tuple[int, int], ...] = ()
    lists: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Moment:
    """When and through which buyer app a session is asked for; `today` is the day of `at` where it takes place."""

    at: datetime
    today: date
    bap_id: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether the customer is in; None while that depends on who they are. The rest is the fact that decided it.

    `lists` are the ids of the named lists that were asked for; `nobody` says that nobody is known to ask it of.
    """

    holds: bool | None
    fact: Fact | None = None
    expected: str = ""
    actual: str = ""
    margin: str = ""
    lists: tuple[str, ...] = ()
    nobody: bool = False


#: What the segment of a rule that is gone, or that refers to itself, gives: nobody is in it.
NOBODY = Decision(False, None, "a rule", "none", "it has no rule")


def windows_of(segments: Iterable[Segment]) -> frozenset[int]:
    """Return the numbers of days in which these segments count sessions."""
    return frozenset(x.days for x in _conditions(segments) if x.fact is Fact.SESSIONS)


def lists_of(segments: Iterable[Segment]) -> frozenset[str]:
    """Return the ids of the named lists that these segments ask for."""
    return frozenset(value for x in _conditions(segments) if x.fact is Fact.LIST for value in x.values)


def needs_facts(segment: Segment) -> bool:
    """Return whether the customer's facts are asked for at all."""
    return bool({x.fact for x in _conditions((segment,))} - OF_THE_SESSION - {Fact.SEGMENT})


def is_of_the_moment(segment: Segment) -> bool:
    """Return whether a customer may be in the segment at one session and not at another, their record unchanged."""
    return any(x.fact in OF_THE_MOMENT for x in _conditions((segment,)))


def _conditions(segments: Iterable[Segment]) -> Iterable[Condition]:
    return (condition for segment in segments for rule in segment.rules for condition in rule.conditions)
