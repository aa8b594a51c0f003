"""Whether a customer is in a segment: facts and rules in, a decision with the failing fact as numbers out; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from cpo_portal.charging.segments.anniversaries import yearly_days


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


def decide(segment: Segment, facts: CustomerFacts | None, moment: Moment) -> Decision:
    """Return whether the customer is in the segment; `facts` is None while nobody is known."""
    known: dict[str, Decision] = {}
    for rule in segment.rules:
        known[rule.segment_id] = _rule(rule, facts, moment, known)
    return known.get(segment.segment_id, NOBODY)


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


def _rule(rule: Rule, facts: CustomerFacts | None, moment: Moment, known: Mapping[str, Decision]) -> Decision:
    """Join the conditions; one that is not known leaves open what the others do not decide."""
    if not rule.conditions:
        return NOBODY
    decisions = [_condition(condition, facts, moment, known) for condition in rule.conditions]
    deciding = not rule.match_all
    for wanted in (deciding, None):
        found = next((x for x in decisions if x.holds is wanted), None)
        if found is not None:
            return found
    return decisions[0]


def _condition(
    condition: Condition, facts: CustomerFacts | None, moment: Moment, known: Mapping[str, Decision]
) -> Decision:
    fact = condition.fact
    if fact is Fact.SEGMENT:
        found = _any_of([known.get(value, NOBODY) for value in condition.values])
    elif fact is Fact.BAP:
        found = _buyer_app(condition, moment)
    elif facts is None:
        return Decision(None, fact, "a phone number or e-mail address", "none", nobody=True)
    else:
        found = _TESTS[fact](condition, facts, moment)
    if not condition.negated or found.holds is None:
        return found
    margin = "" if found.holds is False else "this is what is left out"
    return replace(found, holds=not found.holds, fact=fact, expected=f"not {found.expected}", margin=margin)


def _any_of(decisions: list[Decision]) -> Decision:
    for wanted in (True, None):
        found = next((x for x in decisions if x.holds is wanted), None)
        if found is not None:
            return found
    return decisions[0] if decisions else NOBODY


def _buyer_app(condition: Condition, moment: Moment) -> Decision:
    expected = _one_of(condition.values)
    if not moment.bap_id:
        return Decision(None, Fact.BAP, expected, "no buyer app named")
    return Decision(moment.bap_id in condition.values, Fact.BAP, expected, moment.bap_id)


# None of the next three names a value of the customer's own: it is kept with the customer alone.
def _tier(condition: Condition, facts: CustomerFacts, moment: Moment) -> Decision:
    holds = _is_one(facts.tier, condition.values)
    actual = "this one" if holds else "another" if facts.tier else "none"
    return Decision(holds, Fact.TIER, _one_of(condition.values), actual)


def _organisation(condition: Condition, facts: CustomerFacts, moment: Moment) -> Decision:
    holds = _is_one(facts.organisation, condition.values)
    actual = "this one" if holds else "another" if facts.organisation else "none"
    return Decision(holds, Fact.ORGANISATION, _one_of(condition.values), actual)


def _vehicle_make(condition: Condition, facts: CustomerFacts, moment: Moment) -> Decision:
    holds = any(_is_one(make, condition.values) for make in facts.vehicle_makes)
    actual = "this one" if holds else "another" if facts.vehicle_makes else "none"
    return Decision(holds, Fact.VEHICLE_MAKE, _one_of(condition.values), actual)


def _list(condition: Condition, facts: CustomerFacts, moment: Moment) -> Decision:
    holds = not facts.lists.isdisjoint(condition.values)
    expected, actual = f"on {_one_of(condition.values)}", "on it" if holds else "not on it"
    return Decision(holds, Fact.LIST, expected, actual, lists=condition.values)


def _new(condition: Condition, facts: CustomerFacts, moment: Moment) -> Decision:
    return Decision(not facts.sessions, Fact.NEW, "no session", _sessions(facts.sessions))


def _returning(condition: Condition, facts: CustomerFacts, moment: Moment) -> Decision:
    return Decision(facts.sessions > 0, Fact.RETURNING, "1 session", _sessions(facts.sessions))


def _lapsed(condition: Condition, facts: CustomerFacts, moment: Moment) -> Decision:
    """The last session ended `days` days ago or longer; who never charged has not lapsed."""
    expected = f"{_days(condition.days)} without a session"
    if facts.last_session is None:
        return Decision(False, Fact.LAPSED, expected, "no session")
    away = moment.at - facts.last_session
    short = timedelta(days=condition.days) - away
    margin = "" if short <= timedelta(0) else f"{_days(-(-short // timedelta(days=1)))} too early"
    return Decision(not margin, Fact.LAPSED, expected, _days(max(away // timedelta(days=1), 0)), margin)


def _recent(condition: Condition, facts: CustomerFacts, moment: Moment) -> Decision:
    count = dict(facts.sessions_within).get(condition.days, 0)
    expected = f"{_sessions(condition.number)} in the last {_days(condition.days)}"
    holds = count >= condition.number
    margin = "" if holds else f"{count} of {expected}"
    return Decision(holds, Fact.SESSIONS, expected, _sessions(count), margin)


def _energy(condition: Condition, facts: CustomerFacts, moment: Moment) -> Decision:
    short = condition.number * 1000 - facts.energy_wh
    margin = f"{_kwh(short)} short" if short > 0 else ""
    return Decision(short <= 0, Fact.ENERGY, f"{condition.number} kWh", _kwh(facts.energy_wh), margin)


def _anniversary(condition: Condition, facts: CustomerFacts, moment: Moment) -> Decision:
    """The day lies at most `days` days from a yearly day of joining, the first of which is a year after it."""
    expected = f"within {_days(condition.days)} of the yearly day"
    if facts.joined_on is None:
        return Decision(False, Fact.ANNIVERSARY, expected, "no day of joining")
    away = min(abs((moment.today - day).days) for day in yearly_days(facts.joined_on, moment.today))
    over = away - condition.days
    margin = f"{_days(over)} too far" if over > 0 else ""
    return Decision(over <= 0, Fact.ANNIVERSARY, expected, f"{_days(away)} from it", margin)


_TESTS: Mapping[Fact, Callable[[Condition, CustomerFacts, Moment], Decision]] = {
    Fact.TIER: _tier,
    Fact.ORGANISATION: _organisation,
    Fact.VEHICLE_MAKE: _vehicle_make,
    Fact.LIST: _list,
    Fact.NEW: _new,
    Fact.RETURNING: _returning,
    Fact.LAPSED: _lapsed,
    Fact.SESSIONS: _recent,
    Fact.ENERGY: _energy,
    Fact.ANNIVERSARY: _anniversary,
}


def _is_one(actual: str, values: tuple[str, ...]) -> bool:
    return bool(actual) and actual.casefold() in {value.casefold() for value in values}


def _one_of(values: tuple[str, ...]) -> str:
    return " or ".join(values)


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _sessions(count: int) -> str:
    return f"{count} session{'' if count == 1 else 's'}"


def _kwh(watt_hours: int) -> str:
    return f"{watt_hours // 1000}.{watt_hours % 1000:03d} kWh"
