"""Customers are made up so that they are in the segments that are wanted, or it is said that nobody can be."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from cpo_portal.charging.segments.deciding import decide
from cpo_portal.charging.segments.rules import Condition, CustomerFacts, Fact, Moment, Rule, Segment
from offers.engine.lint.people import Wish, person_in_words, somebody
from offers.engine.lint.values import Person
from tests.pricing.engine.samples import SATURDAY

TODAY = date(2026, 11, 7)


def rule(segment_id: str, *conditions: Condition, match_all: bool = True) -> Rule:
    return Rule(segment_id, segment_id.title(), match_all, conditions)


def segment(*conditions: Condition, match_all: bool = True, on: tuple[Rule, ...] = ()) -> Segment:
    return Segment("own", "Own", (*on, rule("own", *conditions, match_all=match_all)))


TIER = Condition(Fact.TIER, ("Gold", "Silver"))
NEW, RETURNING = Condition(Fact.NEW), Condition(Fact.RETURNING)
LAPSED = Condition(Fact.LAPSED, days=90)
OFTEN = Condition(Fact.SESSIONS, number=5, days=30)
SIX_DAYS = Condition(Fact.SESSIONS, number=2, days=6)
MEMBERS = rule("members", TIER)
SILVER, NOT_GOLD = Condition(Fact.TIER, ("silver",)), Condition(Fact.TIER, ("gold",), negated=True)
APPS, NOT_ONE_APP = Condition(Fact.BAP, ("a", "b")), Condition(Fact.BAP, ("a",), negated=True)
LISTS, NOT_ONE_LIST = Condition(Fact.LIST, ("vip", "staff")), Condition(Fact.LIST, ("vip",), negated=True)
MUCH = Condition(Fact.ENERGY, number=10)
IN_MEMBERS = Condition(Fact.SEGMENT, ("members",))

IN: dict[str, Segment] = {
    "tier": segment(TIER),
    "organisation": segment(Condition(Fact.ORGANISATION, ("Fleet Ltd",))),
    "vehicle": segment(Condition(Fact.VEHICLE_MAKE, ("Tata",))),
    "buyer-app": segment(Condition(Fact.BAP, ("bap.example",))),
    "list": segment(Condition(Fact.LIST, ("vip",))),
    "new": segment(NEW),
    "returning": segment(RETURNING),
    "lapsed": segment(LAPSED),
    "sessions": segment(OFTEN),
    "energy": segment(Condition(Fact.ENERGY, number=500)),
    "anniversary": segment(Condition(Fact.ANNIVERSARY, days=0)),
    "everything-at-once": segment(TIER, RETURNING, OFTEN, Condition(Fact.LIST, ("vip",))),
    "either": segment(NEW, RETURNING, match_all=False),
    "not-new": segment(Condition(Fact.NEW, negated=True)),
    "not-of-the-list": segment(Condition(Fact.LIST, ("vip",), negated=True)),
    "a-segment-of-segments": segment(IN_MEMBERS, RETURNING, on=(MEMBERS,)),
    "a-segment-of-segments-of-segments": segment(
        Condition(Fact.SEGMENT, ("outer",)), on=(MEMBERS, rule("outer", IN_MEMBERS))
    ),
    "the-last-of-many-tiers-of-the-last-of-many": segment(
        Condition(Fact.SEGMENT, ("tiers",)),
        Condition(Fact.SEGMENT, ("fleets",)),
        Condition(Fact.TIER, ("t48",)),
        on=(
            rule("tiers", *(Condition(Fact.TIER, (f"t{n}",)) for n in range(49)), match_all=False),
            rule("fleets", *(Condition(Fact.ORGANISATION, (f"o{n}",)) for n in range(49)), match_all=False),
        ),
    ),
    "lapsed-and-within-more-days": segment(
        Condition(Fact.LAPSED, days=30), Condition(Fact.SESSIONS, number=1, days=60)
    ),
    "within-more-days-and-lapsed": segment(
        Condition(Fact.SESSIONS, number=1, days=60), Condition(Fact.LAPSED, days=30)
    ),
    "lapsed-for-less": segment(Condition(Fact.LAPSED, days=30), Condition(Fact.LAPSED, days=31, negated=True)),
    "lapsed-with-energy": segment(LAPSED, MUCH),
    "many-but-not-lately": segment(OFTEN, Condition(Fact.SESSIONS, number=1, days=6, negated=True)),
    "lately-but-not-many": segment(SIX_DAYS, Condition(Fact.SESSIONS, number=3, days=30, negated=True)),
    "some-energy": segment(MUCH, Condition(Fact.ENERGY, number=11, negated=True)),
    "hardly-any-energy": segment(RETURNING, Condition(Fact.ENERGY, number=1, negated=True)),
    "one-of-two-tiers-twice": segment(TIER, SILVER),
    "one-of-two-tiers-the-other-way-round": segment(SILVER, TIER),
    "one-of-two-tiers-but-not-the-first": segment(TIER, NOT_GOLD),
    "one-of-two-apps-but-not-the-first": segment(APPS, NOT_ONE_APP),
    "not-through-an-app": segment(NOT_ONE_APP),
    "on-one-of-two-lists-but-not-the-first": segment(LISTS, NOT_ONE_LIST),
    "of-two-makes": segment(Condition(Fact.VEHICLE_MAKE, ("Tata",)), Condition(Fact.VEHICLE_MAKE, ("MG", "tata"))),
    "near-the-yearly-day-but-not-on-it": segment(
        Condition(Fact.ANNIVERSARY, days=3), Condition(Fact.ANNIVERSARY, days=0, negated=True)
    ),
    "not-of-all": segment(
        Condition(Fact.SEGMENT, ("outer",), negated=True), TIER, on=(rule("outer", SILVER, RETURNING),)
    ),
    "not-in-a-segment-that-is-gone": segment(Condition(Fact.SEGMENT, ("gone",), negated=True)),
    "not-in-a-segment": segment(Condition(Fact.SEGMENT, ("members",), negated=True), on=(MEMBERS,)),
}
NOBODY: dict[str, Segment] = {
    "new-and-returning": segment(NEW, RETURNING),
    "lapsed-and-often": segment(LAPSED, NEW),
    "in-and-not-in": segment(TIER, Condition(Fact.TIER, ("Gold", "Silver"), negated=True)),
    "tiers-without-one-in-common": segment(SILVER, Condition(Fact.TIER, ("Gold", "Bronze"))),
    "on-a-list-and-not": segment(Condition(Fact.LIST, ("vip",)), NOT_ONE_LIST),
    "lately-and-lapsed": segment(Condition(Fact.SESSIONS, number=1, days=30), Condition(Fact.LAPSED, days=60)),
    "lapsed-and-lately": segment(Condition(Fact.LAPSED, days=60), Condition(Fact.SESSIONS, number=1, days=30)),
    "new-with-energy": segment(NEW, MUCH),
    "more-in-fewer-days": segment(
        Condition(Fact.SESSIONS, number=10, days=30), Condition(Fact.SESSIONS, number=3, days=60, negated=True)
    ),
    "fewer-than-none": segment(Condition(Fact.SESSIONS, number=0, days=30, negated=True)),
    "less-energy-than-none": segment(Condition(Fact.ENERGY, number=0, negated=True)),
    "more-energy-and-less": segment(MUCH, Condition(Fact.ENERGY, number=10, negated=True)),
    "neither-new-nor-returning": segment(
        Condition(Fact.SEGMENT, ("outer",), negated=True), on=(rule("outer", NEW, RETURNING, match_all=False),)
    ),
    "a-segment-that-is-gone": Segment("own", "Own", ()),
}


@pytest.mark.parametrize("name", IN)
def test_somebody_is_in(name: str) -> None:
    person = somebody(Wish(((IN[name],),)), SATURDAY, "Asia/Kolkata")
    assert person is not None
    assert decide(IN[name], person.facts, Moment(SATURDAY, TODAY, person.bap_id)).holds is True
    assert person.sessions == person.facts.sessions
    assert at_odds(person.facts) == []


def at_odds(facts: CustomerFacts) -> list[str]:
    """Return what of the sessions of a customer cannot be so."""
    last, within = facts.last_session, sorted(facts.sessions_within)
    counts = [count for _, count in within]
    found = {
        "a last session of none": (last is None) is (facts.sessions > 0),
        "energy of none": facts.energy_wh > 0 and not facts.sessions,
        "more than all": max(counts, default=0) > facts.sessions,
        "fewer in more days": counts != sorted(counts),
        "the last one": last is not None
        and any((count > 0) is not (last > SATURDAY - timedelta(days=days)) for days, count in within),
    }
    return [name for name, is_so in found.items() if is_so]


@pytest.mark.parametrize("name", NOBODY)
def test_nobody_is_in(name: str) -> None:
    assert somebody(Wish(((NOBODY[name],),)), SATURDAY, "Asia/Kolkata") is None


def test_one_of_several_segments_is_enough_and_each_group_counts() -> None:
    either = (NOBODY["new-and-returning"], IN["tier"])
    person = somebody(Wish((either, (IN["returning"],))), SATURDAY, "Asia/Kolkata")
    assert person is not None
    assert (person.facts.tier, person.sessions) == ("Gold", 1)


WHOEVER = Condition(Fact.SESSIONS, number=0, days=30)
#: The sessions before, how many days ago the last one was, and how many were in the last so many days.
BEHIND = [
    pytest.param(segment(LAPSED), 1, 90, (), id="lapsed"),
    pytest.param(segment(RETURNING), 1, 10, (), id="returning"),
    pytest.param(segment(OFTEN), 5, 10, ((30, 5),), id="often"),
    pytest.param(segment(SIX_DAYS), 2, 3, ((6, 2),), id="often-in-few-days"),
    pytest.param(segment(SIX_DAYS, RETURNING), 2, 3, ((6, 2),), id="the-later-of-two"),
    pytest.param(IN["lapsed-and-within-more-days"], 1, 30, ((60, 1),), id="lapsed-but-lately"),
    pytest.param(IN["many-but-not-lately"], 5, 10, ((6, 0), (30, 5)), id="often-but-not-lately"),
    pytest.param(IN["lapsed-for-less"], 1, 30, (), id="lapsed-for-less"),
    pytest.param(segment(WHOEVER), 0, None, ((30, 0),), id="as-often-as-never"),
]


@pytest.mark.parametrize(("wanted", "sessions", "days", "within"), BEHIND)
def test_what_somebody_has_behind_them(
    wanted: Segment, sessions: int, days: int | None, within: tuple[tuple[int, int], ...]
) -> None:
    person = somebody(Wish(((wanted,),)), SATURDAY, "Asia/Kolkata")
    assert person is not None
    last = None if days is None else SATURDAY - timedelta(days=days)
    assert (person.facts.sessions, person.facts.last_session, person.facts.sessions_within) == (sessions, last, within)


@pytest.mark.parametrize(("wanted", "found"), [(0, None), (4, None), (5, 5), (6, 6)])
def test_the_number_of_sessions_is_kept_to(wanted: int, found: int | None) -> None:
    person = somebody(Wish(((IN["sessions"],),), wanted), SATURDAY, "Asia/Kolkata")
    assert (person.sessions if person else None) == found


def test_on_the_29th_of_february_somebody_joined_a_year_before() -> None:
    leap = datetime(2028, 2, 29, 6, tzinfo=UTC)
    person = somebody(Wish(((segment(Condition(Fact.ANNIVERSARY, days=1)),),)), leap, "Asia/Kolkata")
    assert person is not None
    assert person.facts.joined_on == date(2027, 2, 28)


def test_a_person_is_said_by_what_is_known_of_them() -> None:
    facts = CustomerFacts(
        tier="Gold",
        organisation="Fleet Ltd",
        joined_on=date(2025, 11, 7),
        vehicle_makes=("Tata",),
        sessions=3,
        last_session=SATURDAY - timedelta(days=1),
        lists=frozenset({"vip"}),
    )
    assert person_in_words(Person(facts, 3, "bap.example")) == (
        "a customer with 3 sessions before, tier Gold, of Fleet Ltd, with a Tata, on the list vip, joined on "
        "2025-11-07, through bap.example"
    )
    assert person_in_words(Person(CustomerFacts(), 0)) == "a customer who never charged with you"
