"""Of what is known of a customer only what segments ask for is kept, and it decides the same."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from cpo_portal.charging.segments.asked_facts import asked_of
from cpo_portal.charging.segments.deciding import decide
from cpo_portal.charging.segments.rules import Condition, CustomerFacts, Fact, Moment, Rule, Segment

NOW = datetime(2026, 11, 7, 4, 30, tzinfo=UTC)
KNOWN = CustomerFacts(
    tier="Gold",
    organisation="Rao Motors",
    joined_on=date(2024, 11, 1),
    vehicle_makes=("Tata",),
    sessions=7,
    last_session=NOW - timedelta(days=40),
    energy_wh=90_000,
    sessions_within=((30, 2), (90, 5)),
    lists=frozenset({"fleet", "staff"}),
)
#: A condition on each fact, and what is kept for it of KNOWN.
ROWS: dict[Fact, tuple[Condition, dict[str, Any]]] = {
    Fact.TIER: (Condition(Fact.TIER, ("Gold",)), {"tier": "Gold"}),
    Fact.ORGANISATION: (Condition(Fact.ORGANISATION, ("Acme",)), {"organisation": "Rao Motors"}),
    Fact.VEHICLE_MAKE: (Condition(Fact.VEHICLE_MAKE, ("Tata",)), {"vehicle_makes": ("Tata",)}),
    Fact.BAP: (Condition(Fact.BAP, ("bap.example",)), {}),
    Fact.LIST: (Condition(Fact.LIST, ("fleet", "guests")), {"lists": frozenset({"fleet"})}),
    Fact.NEW: (Condition(Fact.NEW), {"sessions": 7}),
    Fact.RETURNING: (Condition(Fact.RETURNING), {"sessions": 7}),
    Fact.LAPSED: (Condition(Fact.LAPSED, days=30), {"last_session": NOW - timedelta(days=40)}),
    Fact.SESSIONS: (Condition(Fact.SESSIONS, number=3, days=30), {"sessions_within": ((30, 2),)}),
    Fact.ENERGY: (Condition(Fact.ENERGY, number=100), {"energy_wh": 90_000}),
    Fact.ANNIVERSARY: (Condition(Fact.ANNIVERSARY, days=7), {"joined_on": date(2024, 11, 1)}),
    Fact.SEGMENT: (Condition(Fact.SEGMENT, ("inner",)), {"tier": "Gold"}),
}
INNER = Rule("inner", "Inner", True, (Condition(Fact.TIER, ("Gold",)),))


def of(condition: Condition) -> Segment:
    own = Rule("own", "Own", True, (condition,))
    return Segment("own", "Own", (INNER, own) if condition.fact is Fact.SEGMENT else (own,))


def test_every_fact_has_a_row() -> None:
    assert set(ROWS) == set(Fact)


@pytest.mark.parametrize("fact", Fact)
def test_only_what_a_segment_asks_for_is_kept_and_decides_the_same(fact: Fact) -> None:
    condition, kept = ROWS[fact]
    found = asked_of(KNOWN, [of(condition)])
    assert found == (CustomerFacts(**kept) if kept else None)
    moment = Moment(NOW, NOW.date(), "bap.example")
    assert decide(of(condition), found, moment) == decide(of(condition), KNOWN, moment)


def test_what_any_of_the_segments_asks_for_is_kept() -> None:
    found = asked_of(KNOWN, [of(condition) for condition, _ in ROWS.values()])
    assert found is not None
    whole = {x.name: getattr(KNOWN, x.name) for x in fields(KNOWN)}
    assert found == CustomerFacts(**whole | {"sessions_within": ((30, 2),), "lists": frozenset({"fleet"})})


def test_nothing_is_kept_of_nobody_or_for_nobody() -> None:
    assert asked_of(None, [of(ROWS[Fact.TIER][0])]) is None
    assert asked_of(KNOWN, []) is None
