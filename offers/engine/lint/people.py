"""Customers that are made up so that a session is for somebody: in the segments that are wanted, and in few others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import islice

from cpo_portal.charging.segments.deciding import decide
from cpo_portal.charging.segments.rules import (
    Condition,
    CustomerFacts,
    Fact,
    Moment,
    Segment,
    windows_of,
)
from offers.engine.lint.behind import behind
from offers.engine.lint.values import Person
from offers.engine.lint.ways import Way, ways_into
from pricing.engine.windows import zone_of

#: Ways into the segments that are tried, of those that somebody may go.
_MOST_WAYS = 64
#: What customers may have behind them before conditions ask for more: nothing, a session, many.
_STARTS = (0, 1, 12)
_ANOTHER_APP = "another app"


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
        for way in _open_ways(wish.segments):
            person = _made(wish, way, start, (at, today))
            if person is not None and _fits(wish, person, at, today):
                return person
    return None


@lru_cache(maxsize=256)
def _open_ways(groups: tuple[tuple[Segment, ...], ...]) -> tuple[Way, ...]:
    """Return the ways that somebody may go, whose conditions do not exclude each other."""
    open_to = (x for x in ways_into(groups) if behind(x, (), least=0) is not None and _named(x) is not None)
    return tuple(islice(dict.fromkeys(open_to), _MOST_WAYS))


def _made(wish: Wish, way: Way, start: int, at: tuple[datetime, date]) -> Person | None:
    """Return a customer who meets the conditions of a way as far as they can be met together."""
    windows = windows_of(segment for group in wish.segments for segment in group)
    had, named = behind(way, windows, least=start, most=wish.sessions), _named(way)
    if had is None or named is None or wish.sessions not in (None, had.sessions):
        return None
    facts = CustomerFacts(
        tier=named.tier,
        organisation=named.organisation,
        joined_on=_joined(way, at[1]),
        vehicle_makes=named.vehicle_makes,
        sessions=had.sessions,
        last_session=None if had.away is None else at[0] - had.away,
        energy_wh=had.energy_wh,
        sessions_within=had.within,
        lists=frozenset(named.lists),
    )
    return Person(facts, had.sessions, named.bap_id)


def _fits(wish: Wish, person: Person, at: datetime, today: date) -> bool:
    moment = Moment(at, today, person.bap_id)
    return all(any(decide(x, person.facts, moment).holds for x in group) for group in wish.segments)


@dataclass(frozen=True, slots=True)
class _Named:
    """What conditions name that a customer is, drives, is listed on or comes through; empty where they name none."""

    tier: str
    organisation: str
    bap_id: str
    vehicle_makes: tuple[str, ...]
    lists: tuple[str, ...]


def _named(way: Way) -> _Named | None:
    """Return one name of each kind that has one, and as many as it takes of those that may be several; None where the
    conditions leave none."""
    # Spelling matters in ids alone.
    tier = _one(_of(way, Fact.TIER), str.casefold)
    organisation = _one(_of(way, Fact.ORGANISATION), str.casefold)
    bap_id = _one(_of(way, Fact.BAP), str, other=_ANOTHER_APP)
    makes = _several(_of(way, Fact.VEHICLE_MAKE), str.casefold)
    lists = _several(_of(way, Fact.LIST), str)
    if tier is None or organisation is None or bap_id is None or makes is None or lists is None:
        return None
    return _Named(tier, organisation, bap_id, makes, lists)


def _of(way: Way, fact: Fact) -> list[Condition]:
    return [x for x in way if x.fact is fact]


_Spelled = Callable[[str], str]


def _one(conditions: Sequence[Condition], spelled: _Spelled, *, other: str = "") -> str | None:
    """Return the first name that is in all that ask for one of theirs and in none that asks for another; `other` where
    these alone ask, "" where nobody does."""
    asked, barred = _split(conditions, spelled)
    if not asked:
        return other if conditions else ""
    common = set.intersection(*({spelled(value) for value in values} for values in asked)) - barred
    return next((value for value in asked[0] if value and spelled(value) in common), None)


def _several(conditions: Sequence[Condition], spelled: _Spelled) -> tuple[str, ...] | None:
    """Return a name of each that asks for one of theirs, none of them barred."""
    asked, barred = _split(conditions, spelled)
    found: dict[str, str] = {}
    for values in asked:
        left = [value for value in values if spelled(value) not in barred]
        if not left:
            return None
        if not any(spelled(value) in found for value in left):
            found[spelled(left[0])] = left[0]
    return tuple(found.values())


def _split(conditions: Iterable[Condition], spelled: _Spelled) -> tuple[list[tuple[str, ...]], set[str]]:
    asked, barred = [], set()
    for condition in conditions:
        if condition.negated:
            barred |= {spelled(value) for value in condition.values}
        else:
            asked.append(condition.values)
    return asked, barred


def _joined(way: Way, today: date) -> date | None:
    """Return a day of joining whose yearly day is as near as conditions ask, but no nearer than they allow."""
    asked = _of(way, Fact.ANNIVERSARY)
    if all(x.negated for x in asked):
        return None
    farther = max((x.days + 1 for x in asked if x.negated), default=0)
    return _a_year_before(today - timedelta(days=farther))


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
