"""Customers that are made up so that a session is for somebody: in the segments that are wanted, and in few others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice, product

from cpo_portal.charging.segments.rules import Condition, CustomerFacts, Fact, Moment, Rule, Segment, decide
from offers.engine.lint.values import Person
from pricing.engine.windows import zone_of

#: Ways into the segments that are looked at before it is said that nobody is in all of them.
_MOST_WAYS = 64
#: What customers may have behind them before conditions ask for more: nothing, a session, many.
_STARTS = (0, 1, 12)
_RECENTLY = timedelta(days=10)
_A_WAY = tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Wish:
    """Who is wanted: in all of these segments (for one of several alternatives each), with so many sessions before."""

    segments: tuple[tuple[Segment, ...], ...] = ()
    sessions: int | None = None


def somebody(wish: Wish, at: datetime, zone: str) -> Person | None:
    """Return a customer who fits at a planned start, None where none was found."""
    today = at.astimezone(zone_of(zone)).date()
    starts = _STARTS if wish.sessions is None else (wish.sessions,)
    for start in starts:
        for way in islice(_ways(wish.segments), _MOST_WAYS):
            person = _made(way, start, at, today)
            if wish.sessions in (None, person.sessions) and _fits(wish, person, at, today):
                return person
    return None


def _made(way: _A_WAY, sessions: int, at: datetime, today: date) -> Person:
    last = at - _RECENTLY if sessions else None
    facts = CustomerFacts(sessions=sessions, last_session=last, energy_wh=sessions * 20_000)
    bap_id = ""
    for condition in way:
        if condition.fact is Fact.BAP:
            bap_id = condition.values[0]
        else:
            facts = _WISHES[condition.fact](condition, facts, at, today)
    return Person(facts, facts.sessions, bap_id)


def _fits(wish: Wish, person: Person, at: datetime, today: date) -> bool:
    moment = Moment(at, today, person.bap_id)
    return all(any(decide(x, person.facts, moment).holds for x in group) for group in wish.segments)


def _ways(groups: Sequence[tuple[Segment, ...]]) -> Iterator[_A_WAY]:
    """Yield conditions that, held together, may put somebody into one segment of each group."""
    choices = [[way for segment in group for way in islice(_into(segment), _MOST_WAYS)] for group in groups]
    return (tuple(condition for part in parts for condition in part) for parts in product(*choices))


def _into(segment: Segment) -> Iterator[_A_WAY]:
    rules = {rule.segment_id: rule for rule in segment.rules}
    own = rules.get(segment.segment_id)
    return _by_rule(own, rules) if own is not None else iter(())


def _by_rule(rule: Rule, rules: Mapping[str, Rule]) -> Iterator[_A_WAY]:
    parts = [list(islice(_by_condition(x, rules), _MOST_WAYS)) for x in rule.conditions]
    if not rule.match_all:
        return (way for part in parts for way in part)
    return (tuple(x for way in ways for x in way) for ways in product(*parts))


def _by_condition(condition: Condition, rules: Mapping[str, Rule]) -> Iterator[_A_WAY]:
    if condition.negated:
        # What must not be is left out; whether that was enough is decided once somebody is made.
        yield ()
    elif condition.fact is Fact.SEGMENT:
        for name in condition.values:
            # A rule stands after those that it names, so this ends.
            if name in rules:
                yield from _by_rule(rules[name], rules)
    else:
        yield (condition,)


_Grant = Callable[[Condition, CustomerFacts, datetime, date], CustomerFacts]


def _recent(condition: Condition, facts: CustomerFacts, at: datetime, today: date) -> CustomerFacts:
    sessions = max(facts.sessions, condition.number)
    within = (*facts.sessions_within, (condition.days, condition.number))
    last = at - min(_RECENTLY, timedelta(days=condition.days) / 2)
    return replace(facts, sessions=sessions, sessions_within=within, last_session=last if sessions else None)


def _lapsed(condition: Condition, facts: CustomerFacts, at: datetime, today: date) -> CustomerFacts:
    return replace(facts, sessions=max(facts.sessions, 1), last_session=at - timedelta(days=condition.days))


def _returning(condition: Condition, facts: CustomerFacts, at: datetime, today: date) -> CustomerFacts:
    return replace(facts, sessions=max(facts.sessions, 1), last_session=facts.last_session or at - _RECENTLY)


_WISHES: Mapping[Fact, _Grant] = {
    Fact.TIER: lambda condition, facts, at, today: replace(facts, tier=condition.values[0]),
    Fact.ORGANISATION: lambda condition, facts, at, today: replace(facts, organisation=condition.values[0]),
    Fact.VEHICLE_MAKE: lambda condition, facts, at, today: replace(
        facts, vehicle_makes=(*facts.vehicle_makes, condition.values[0])
    ),
    Fact.LIST: lambda condition, facts, at, today: replace(facts, lists=facts.lists | {condition.values[0]}),
    Fact.NEW: lambda condition, facts, at, today: replace(facts, sessions=0, last_session=None, energy_wh=0),
    Fact.RETURNING: _returning,
    Fact.LAPSED: _lapsed,
    Fact.SESSIONS: _recent,
    Fact.ENERGY: lambda condition, facts, at, today: replace(
        facts, energy_wh=max(facts.energy_wh, condition.number * 1000)
    ),
    Fact.ANNIVERSARY: lambda condition, facts, at, today: replace(facts, joined_on=_a_year_before(today)),
}


def _a_year_before(day: date) -> date:
    """Return the day a year before; of the 29th of February the 28th, whose yearly day is a day away."""
    return (day - timedelta(days=1) if (day.month, day.day) == (2, 29) else day).replace(year=day.year - 1)


def person_in_words(person: Person) -> str:
    """Return "a customer with 3 sessions before, tier Gold, on list vip"."""
    count = person.sessions
    said = [
        "a customer who never charged with you"
        if not count
        else f"a customer with {count} session{'' if count == 1 else 's'} before"
    ]
    facts = person.facts
    said += [f"tier {facts.tier}"] if facts.tier else []
    said += [f"of {facts.organisation}"] if facts.organisation else []
    said += [f"with a {make}" for make in facts.vehicle_makes]
    said += [f"on the list {name}" for name in sorted(facts.lists)]
    said += [f"joined on {facts.joined_on.isoformat()}"] if facts.joined_on else []
    said += [f"through {person.bap_id}"] if person.bap_id else []
    return ", ".join(said)
