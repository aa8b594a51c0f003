"""Who is in a segment: every fact with its neighbour on the other side of the boundary, and how facts are joined."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpo_portal.charging.segments.deciding import decide, is_in
from cpo_portal.charging.segments.rules import (
    Condition,
    CustomerFacts,
    Decision,
    Fact,
    Moment,
    Rule,
    Segment,
    lists_of,
    needs_facts,
    windows_of,
)

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
MOMENT = Moment(NOW, date(2026, 6, 15), "bap.example")
NOBODY = Moment(NOW, date(2026, 6, 15))


def segment(*conditions: Condition, match_all: bool = True, others: tuple[Rule, ...] = ()) -> Segment:
    return Segment("own", "Own", (*others, Rule("own", "Own", match_all, conditions)))


def one(fact: Fact, *values: str, **said: int | bool) -> Segment:
    return segment(Condition(fact, values, **said))  # type: ignore[arg-type]


def ago(days: int = 0, **more: int) -> CustomerFacts:
    return CustomerFacts(sessions=1, last_session=NOW - timedelta(days=days, **more))


def recent(count: int) -> CustomerFacts:
    return CustomerFacts(sessions=9, last_session=NOW, sessions_within=((7, 9), (30, count)))


def joined(year: int, month: int, day: int) -> CustomerFacts:
    return CustomerFacts(joined_on=date(year, month, day))


LAPSED_30 = one(Fact.LAPSED, days=30)
THREE_IN_30 = one(Fact.SESSIONS, number=3, days=30)
HUNDRED_KWH = one(Fact.ENERGY, number=100)
WEEK_AROUND = one(Fact.ANNIVERSARY, days=7)
ON_THE_DAY = one(Fact.ANNIVERSARY, days=0)

DECIDED = [
    pytest.param(one(Fact.TIER, "Gold", "Platinum"), CustomerFacts(tier="gold"), True, "", id="tier-in-any-case"),
    pytest.param(one(Fact.TIER, "Gold"), CustomerFacts(tier="Silver"), False, "", id="another-tier"),
    pytest.param(one(Fact.TIER, "Gold"), CustomerFacts(), False, "", id="no-tier"),
    pytest.param(one(Fact.ORGANISATION, "Acme"), CustomerFacts(organisation="ACME"), True, "", id="organisation"),
    pytest.param(one(Fact.ORGANISATION, "Acme"), CustomerFacts(organisation="Acme 2"), False, "", id="another-one"),
    pytest.param(one(Fact.VEHICLE_MAKE, "Tata"), CustomerFacts(vehicle_makes=("MG", "TATA")), True, "", id="make"),
    pytest.param(one(Fact.VEHICLE_MAKE, "Tata"), CustomerFacts(vehicle_makes=("MG",)), False, "", id="another-make"),
    pytest.param(one(Fact.BAP, "bap.example"), CustomerFacts(), True, "", id="the-buyer-app"),
    pytest.param(one(Fact.BAP, "other.example"), CustomerFacts(), False, "", id="another-buyer-app"),
    pytest.param(one(Fact.LIST, "fleet"), CustomerFacts(lists=frozenset({"fleet"})), True, "", id="on-the-list"),
    pytest.param(one(Fact.LIST, "fleet"), CustomerFacts(lists=frozenset({"vip"})), False, "", id="on-another-list"),
    pytest.param(one(Fact.NEW), CustomerFacts(), True, "", id="new"),
    pytest.param(one(Fact.NEW), ago(), False, "", id="not-new-any-more"),
    pytest.param(one(Fact.RETURNING), CustomerFacts(), False, "", id="not-yet-returning"),
    pytest.param(one(Fact.RETURNING), ago(), True, "", id="returning"),
    pytest.param(LAPSED_30, ago(29), False, "1 day too early", id="away-29-days"),
    pytest.param(LAPSED_30, ago(29, hours=23), False, "1 day too early", id="away-an-hour-short-of-30-days"),
    pytest.param(LAPSED_30, ago(30), True, "", id="away-30-days"),
    pytest.param(LAPSED_30, ago(31), True, "", id="away-31-days"),
    pytest.param(LAPSED_30, CustomerFacts(), False, "", id="who-never-came-has-not-lapsed"),
    pytest.param(THREE_IN_30, recent(2), False, "2 of 3 sessions in the last 30 days", id="2-of-3-sessions"),
    pytest.param(THREE_IN_30, recent(3), True, "", id="3-of-3-sessions"),
    pytest.param(THREE_IN_30, recent(4), True, "", id="4-of-3-sessions"),
    pytest.param(HUNDRED_KWH, CustomerFacts(energy_wh=99_999), False, "0.001 kWh short", id="99.999-kWh"),
    pytest.param(HUNDRED_KWH, CustomerFacts(energy_wh=100_000), True, "", id="100-kWh"),
    pytest.param(WEEK_AROUND, joined(2024, 6, 7), False, "1 day too far", id="8-days-after-the-yearly-day"),
    pytest.param(WEEK_AROUND, joined(2024, 6, 8), True, "", id="7-days-after-the-yearly-day"),
    pytest.param(WEEK_AROUND, joined(2024, 6, 22), True, "", id="7-days-before-the-yearly-day"),
    pytest.param(WEEK_AROUND, joined(2024, 6, 23), False, "1 day too far", id="8-days-before-the-yearly-day"),
    pytest.param(ON_THE_DAY, joined(2025, 6, 15), True, "", id="the-first-yearly-day"),
    pytest.param(ON_THE_DAY, joined(2026, 6, 15), False, "365 days too far", id="the-day-of-joining-is-none"),
    pytest.param(WEEK_AROUND, CustomerFacts(), False, "", id="no-day-of-joining"),
]


@pytest.mark.parametrize(("rule", "facts", "holds", "margin"), DECIDED)
def test_each_fact_decides_at_its_boundary(rule: Segment, facts: CustomerFacts, holds: bool, margin: str) -> None:
    found = decide(rule, facts, MOMENT)
    assert (found.holds, found.margin) == (holds, margin)


@pytest.mark.parametrize(("rule", "facts", "holds", "margin"), DECIDED)
def test_a_negated_condition_is_the_opposite(rule: Segment, facts: CustomerFacts, holds: bool, margin: str) -> None:
    condition = rule.rules[0].conditions[0]
    opposite = Condition(condition.fact, condition.values, condition.number, condition.days, negated=True)
    assert decide(segment(opposite), facts, MOMENT).holds is not holds


@pytest.mark.parametrize(
    ("today", "joined_on", "away"),
    [
        pytest.param(date(2027, 2, 28), date(2024, 2, 29), "0 days", id="leap-day-in-a-common-year"),
        pytest.param(date(2028, 2, 28), date(2024, 2, 29), "1 day", id="leap-day-in-a-leap-year"),
        pytest.param(date(2027, 1, 2), date(2020, 12, 30), "3 days", id="over-the-turn-of-the-year"),
        pytest.param(date(2026, 12, 30), date(2020, 1, 2), "3 days", id="before-the-turn-of-the-year"),
    ],
)
def test_the_yearly_day_is_found_across_years(today: date, joined_on: date, away: str) -> None:
    found = decide(ON_THE_DAY, CustomerFacts(joined_on=joined_on), Moment(NOW, today))
    assert found.actual == f"{away} from it"


GOLD = Condition(Fact.TIER, ("Gold",))
OWN_APP = Condition(Fact.BAP, ("bap.example",))
OTHER_APP = Condition(Fact.BAP, ("other.example",))
IN_OTHER = Condition(Fact.SEGMENT, ("other",))
NOT_IN_OTHER = Condition(Fact.SEGMENT, ("other",), negated=True)
OTHER = (Rule("other", "Other", True, (GOLD,)),)
SILVER, GOLDEN = CustomerFacts(tier="Silver"), CustomerFacts(tier="Gold")

JOINED = [
    pytest.param(segment(GOLD, OWN_APP), GOLDEN, True, id="all-hold"),
    pytest.param(segment(GOLD, OTHER_APP), GOLDEN, False, id="one-of-all-fails"),
    pytest.param(segment(GOLD, OWN_APP, match_all=False), SILVER, True, id="any-holds"),
    pytest.param(segment(GOLD, OTHER_APP, match_all=False), SILVER, False, id="none-of-any-holds"),
    pytest.param(segment(IN_OTHER, others=OTHER), GOLDEN, True, id="in-the-other-segment"),
    pytest.param(segment(IN_OTHER, others=OTHER), SILVER, False, id="not-in-the-other-segment"),
    pytest.param(segment(NOT_IN_OTHER, others=OTHER), SILVER, True, id="outside-the-other-segment"),
    pytest.param(segment(NOT_IN_OTHER, others=OTHER), GOLDEN, False, id="in-what-is-left-out"),
    pytest.param(segment(IN_OTHER), GOLDEN, False, id="a-segment-that-is-gone-has-nobody-in-it"),
    pytest.param(segment(), GOLDEN, False, id="no-condition-is-nobody"),
]


@pytest.mark.parametrize(("rule", "facts", "holds"), JOINED)
def test_conditions_join_by_and_or_and_not(rule: Segment, facts: CustomerFacts, holds: bool) -> None:
    assert decide(rule, facts, MOMENT).holds is is_in(rule, facts, MOMENT) is holds


OPEN = [
    pytest.param(segment(GOLD), MOMENT, None, id="a-tier-depends-on-who-it-is"),
    pytest.param(segment(OWN_APP), MOMENT, True, id="the-buyer-app-is-known"),
    pytest.param(segment(OWN_APP), NOBODY, None, id="the-buyer-app-is-not-known"),
    pytest.param(segment(GOLD, OTHER_APP), MOMENT, False, id="all-with-one-that-fails-is-decided"),
    pytest.param(segment(GOLD, OWN_APP), MOMENT, None, id="all-with-one-that-holds-is-open"),
    pytest.param(segment(GOLD, OWN_APP, match_all=False), MOMENT, True, id="any-with-one-that-holds-is-decided"),
    pytest.param(segment(GOLD, OTHER_APP, match_all=False), MOMENT, None, id="any-with-one-that-fails-is-open"),
    pytest.param(segment(NOT_IN_OTHER, others=OTHER), MOMENT, None, id="not-of-what-is-open-is-open"),
]


@pytest.mark.parametrize(("rule", "moment", "holds"), OPEN)
def test_while_nobody_is_known_only_what_is_known_decides(rule: Segment, moment: Moment, holds: bool | None) -> None:
    assert decide(rule, None, moment).holds is is_in(rule, None, moment) is holds


def test_the_fact_that_decided_is_told_as_numbers() -> None:
    facts = CustomerFacts(tier="Gold", sessions_within=((30, 2),))
    rule = segment(GOLD, Condition(Fact.SESSIONS, number=3, days=30))
    assert decide(rule, facts, MOMENT) == Decision(
        False,
        Fact.SESSIONS,
        "3 sessions in the last 30 days",
        "2 sessions",
        "2 of 3 sessions in the last 30 days",
    )


def test_no_organisation_and_no_car_of_the_customers_is_told() -> None:
    facts = CustomerFacts(organisation="Acme", vehicle_makes=("Tata",))
    for rule in (one(Fact.ORGANISATION, "Other"), one(Fact.VEHICLE_MAKE, "Other")):
        assert (decide(rule, facts, MOMENT).expected, decide(rule, facts, MOMENT).actual) == ("Other", "another")


def test_what_must_be_read_of_a_customer_is_known_from_the_rules() -> None:
    rule = segment(IN_OTHER, Condition(Fact.SESSIONS, number=1, days=7), others=(
        Rule("other", "Other", True, (Condition(Fact.SESSIONS, number=2, days=30), Condition(Fact.LIST, ("a", "b")))),
    ))  # fmt: skip
    assert (windows_of([rule]), lists_of([rule])) == (frozenset({7, 30}), frozenset({"a", "b"}))
    assert (needs_facts(rule), needs_facts(segment(OWN_APP))) == (True, False)


NUMBERS = st.integers(0, 3)
CONDITIONS = st.builds(
    Condition,
    st.sampled_from(Fact),
    st.lists(st.sampled_from(["Gold", "bap.example", "vip", "first", "own"]), max_size=2).map(tuple),
    NUMBERS,
    NUMBERS,
    st.booleans(),
)
CUSTOMERS = st.builds(
    CustomerFacts,
    tier=st.sampled_from(["", "gold", "Silver"]),
    organisation=st.sampled_from(["", "GOLD"]),
    joined_on=st.sampled_from([None, date(2025, 6, 14), date(2026, 6, 15)]),
    vehicle_makes=st.sampled_from([(), ("Gold",), ("MG", "gold")]),
    sessions=NUMBERS,
    last_session=st.sampled_from([None, NOW, NOW - timedelta(days=2)]),
    energy_wh=st.sampled_from([0, 999, 1000, 3000]),
    sessions_within=st.lists(st.tuples(NUMBERS, NUMBERS), max_size=2).map(tuple),
    lists=st.frozensets(st.sampled_from(["vip", "own"])),
)


@given(
    rules=st.lists(st.tuples(st.booleans(), st.lists(CONDITIONS, max_size=3).map(tuple)), max_size=3),
    facts=st.none() | CUSTOMERS,
    moment=st.sampled_from([MOMENT, NOBODY]),
)
def test_the_answer_without_words_is_that_of_the_decision(
    rules: list[tuple[bool, tuple[Condition, ...]]], facts: CustomerFacts | None, moment: Moment
) -> None:
    names = ["first", "second", "own"][-len(rules) :] if rules else []
    made = tuple(Rule(name, name, *said) for name, said in zip(names, rules, strict=True))
    asked = Segment("own", "Own", made)
    assert is_in(asked, facts, moment) is decide(asked, facts, moment).holds
