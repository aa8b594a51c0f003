"""Whether a customer is in a segment: facts and rules in, a decision with the failing fact as numbers out; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

from cpo_portal.charging.segments.anniversaries import yearly_days
from cpo_portal.charging.segments.rules import (
    NOBODY,
    Condition,
    CustomerFacts,
    Decision,
    Fact,
    Moment,
    Rule,
    Segment,
)


def decide(segment: Segment, facts: CustomerFacts | None, moment: Moment) -> Decision:
    """Return whether the customer is in the segment; `facts` is None while nobody is known."""
    known: dict[str, Decision] = {}
    for rule in segment.rules:
        known[rule.segment_id] = _rule(rule, facts, moment, known)
    return known.get(segment.segment_id, NOBODY)


def is_in(segment: Segment, facts: CustomerFacts | None, moment: Moment) -> bool | None:
    """Return whether the decision of `decide` holds, without the words for it, which take most of its time."""
    known: dict[str, bool | None] = {}
    for rule in segment.rules:
        held = [_holds(condition, facts, moment, known) for condition in rule.conditions]
        known[rule.segment_id] = held[_deciding(held, wanted=not rule.match_all)] if held else NOBODY.holds
    return known.get(segment.segment_id, NOBODY.holds)


def _rule(rule: Rule, facts: CustomerFacts | None, moment: Moment, known: Mapping[str, Decision]) -> Decision:
    """Join the conditions; one that is not known leaves open what the others do not decide."""
    if not rule.conditions:
        return NOBODY
    decisions = [_condition(condition, facts, moment, known) for condition in rule.conditions]
    return decisions[_deciding([x.holds for x in decisions], wanted=not rule.match_all)]


def _deciding(held: Sequence[bool | None], *, wanted: bool) -> int:
    """Return the place of the answer that decides: the first one that is wanted, else one that is open, else any."""
    if wanted in held:
        return held.index(wanted)
    return held.index(None) if None in held else 0


def _holds(
    condition: Condition, facts: CustomerFacts | None, moment: Moment, known: Mapping[str, bool | None]
) -> bool | None:
    fact = condition.fact
    found: bool | None
    if fact is Fact.SEGMENT:
        held = [known.get(value, NOBODY.holds) for value in condition.values]
        found = held[_deciding(held, wanted=True)] if held else NOBODY.holds
    elif fact is Fact.BAP:
        found = moment.bap_id in condition.values if moment.bap_id else None
    else:
        found = None if facts is None else _HOLD[fact](condition, facts, moment)
    return not found if condition.negated and found is not None else found


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
        found = _SAID[fact](condition, facts, moment, _HOLD[fact](condition, facts, moment))
    if not condition.negated or found.holds is None:
        return found
    margin = "" if found.holds is False else "this is what is left out"
    return replace(found, holds=not found.holds, fact=fact, expected=f"not {found.expected}", margin=margin)


def _any_of(decisions: list[Decision]) -> Decision:
    return decisions[_deciding([x.holds for x in decisions], wanted=True)] if decisions else NOBODY


def _buyer_app(condition: Condition, moment: Moment) -> Decision:
    expected = _one_of(condition.values)
    if not moment.bap_id:
        return Decision(None, Fact.BAP, expected, "no buyer app named")
    return Decision(moment.bap_id in condition.values, Fact.BAP, expected, moment.bap_id)


def _has_make(condition: Condition, facts: CustomerFacts, moment: Moment) -> bool:
    return any(_is_one(make, condition.values) for make in facts.vehicle_makes)


def _has_lapsed(condition: Condition, facts: CustomerFacts, moment: Moment) -> bool:
    """The last session ended `days` days ago or longer; who never charged has not lapsed."""
    return facts.last_session is not None and moment.at - facts.last_session >= timedelta(days=condition.days)


def _away(facts: CustomerFacts, moment: Moment) -> int | None:
    """Return how many days the nearest yearly day of joining is away, the first of which is a year after it."""
    if facts.joined_on is None:
        return None
    return min(abs((moment.today - day).days) for day in yearly_days(facts.joined_on, moment.today))


def _is_near(condition: Condition, facts: CustomerFacts, moment: Moment) -> bool:
    away = _away(facts, moment)
    return away is not None and away <= condition.days


def _counted(condition: Condition, facts: CustomerFacts) -> int:
    return next((count for days, count in facts.sessions_within if days == condition.days), 0)


#: Whether each condition on a customer's facts holds.
_HOLD: Mapping[Fact, Callable[[Condition, CustomerFacts, Moment], bool]] = {
    Fact.TIER: lambda condition, facts, _: _is_one(facts.tier, condition.values),
    Fact.ORGANISATION: lambda condition, facts, _: _is_one(facts.organisation, condition.values),
    Fact.VEHICLE_MAKE: _has_make,
    Fact.LIST: lambda condition, facts, _: not facts.lists.isdisjoint(condition.values),
    Fact.NEW: lambda _, facts, __: not facts.sessions,
    Fact.RETURNING: lambda _, facts, __: facts.sessions > 0,
    Fact.LAPSED: _has_lapsed,
    Fact.SESSIONS: lambda condition, facts, _: _counted(condition, facts) >= condition.number,
    Fact.ENERGY: lambda condition, facts, _: facts.energy_wh >= condition.number * 1000,
    Fact.ANNIVERSARY: _is_near,
}


# None of the next three names a value of the customer's own: it is kept with the customer alone.
def _tier(condition: Condition, facts: CustomerFacts, moment: Moment, holds: bool) -> Decision:
    actual = "this one" if holds else "another" if facts.tier else "none"
    return Decision(holds, Fact.TIER, _one_of(condition.values), actual)


def _organisation(condition: Condition, facts: CustomerFacts, moment: Moment, holds: bool) -> Decision:
    actual = "this one" if holds else "another" if facts.organisation else "none"
    return Decision(holds, Fact.ORGANISATION, _one_of(condition.values), actual)


def _vehicle_make(condition: Condition, facts: CustomerFacts, moment: Moment, holds: bool) -> Decision:
    actual = "this one" if holds else "another" if facts.vehicle_makes else "none"
    return Decision(holds, Fact.VEHICLE_MAKE, _one_of(condition.values), actual)


def _list(condition: Condition, facts: CustomerFacts, moment: Moment, holds: bool) -> Decision:
    expected, actual = f"on {_one_of(condition.values)}", "on it" if holds else "not on it"
    return Decision(holds, Fact.LIST, expected, actual, lists=condition.values)


def _new(condition: Condition, facts: CustomerFacts, moment: Moment, holds: bool) -> Decision:
    return Decision(holds, Fact.NEW, "no session", _sessions(facts.sessions))


def _returning(condition: Condition, facts: CustomerFacts, moment: Moment, holds: bool) -> Decision:
    return Decision(holds, Fact.RETURNING, "1 session", _sessions(facts.sessions))


def _lapsed(condition: Condition, facts: CustomerFacts, moment: Moment, holds: bool) -> Decision:
    expected = f"{_days(condition.days)} without a session"
    if facts.last_session is None:
        return Decision(holds, Fact.LAPSED, expected, "no session")
    away = moment.at - facts.last_session
    short = timedelta(days=condition.days) - away
    margin = "" if holds else f"{_days(-(-short // timedelta(days=1)))} too early"
    return Decision(holds, Fact.LAPSED, expected, _days(max(away // timedelta(days=1), 0)), margin)


def _recent(condition: Condition, facts: CustomerFacts, moment: Moment, holds: bool) -> Decision:
    count = _counted(condition, facts)
    expected = f"{_sessions(condition.number)} in the last {_days(condition.days)}"
    margin = "" if holds else f"{count} of {expected}"
    return Decision(holds, Fact.SESSIONS, expected, _sessions(count), margin)


def _energy(condition: Condition, facts: CustomerFacts, moment: Moment, holds: bool) -> Decision:
    margin = "" if holds else f"{_kwh(condition.number * 1000 - facts.energy_wh)} short"
    return Decision(holds, Fact.ENERGY, f"{condition.number} kWh", _kwh(facts.energy_wh), margin)


def _anniversary(condition: Condition, facts: CustomerFacts, moment: Moment, holds: bool) -> Decision:
    expected, away = f"within {_days(condition.days)} of the yearly day", _away(facts, moment)
    if away is None:
        return Decision(holds, Fact.ANNIVERSARY, expected, "no day of joining")
    margin = "" if holds else f"{_days(away - condition.days)} too far"
    return Decision(holds, Fact.ANNIVERSARY, expected, f"{_days(away)} from it", margin)


#: The decision on each condition, that does or does not hold, in words.
_SAID: Mapping[Fact, Callable[[Condition, CustomerFacts, Moment, bool], Decision]] = {
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
    return bool(actual) and actual.casefold() in _folded(values)


@lru_cache(maxsize=1024)
def _folded(values: tuple[str, ...]) -> frozenset[str]:
    return frozenset(value.casefold() for value in values)


def _one_of(values: tuple[str, ...]) -> str:
    return " or ".join(values)


def _days(count: int) -> str:
    return f"{count} day{'' if count == 1 else 's'}"


def _sessions(count: int) -> str:
    return f"{count} session{'' if count == 1 else 's'}"


def _kwh(watt_hours: int) -> str:
    return f"{watt_hours // 1000}.{watt_hours % 1000:03d} kWh"
