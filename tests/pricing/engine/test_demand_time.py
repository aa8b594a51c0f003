"""Demand levels and time: local days with DST changes, late and repeated observations, instants without a zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from pricing.engine.demand import (
    Announcement,
    DemandState,
    Observation,
    first_state,
    level_at,
    next_level,
)
from pricing.engine.values import PricingError
from tests.pricing.engine.samples import SATURDAY
from tests.pricing.engine.samples_demand import KOLKATA, MINUTE, PROMPT, decisions, made, minute, seen, told

BERLIN, CAIRO, APIA, HAVANA = "Europe/Berlin", "Africa/Cairo", "Pacific/Apia", "America/Havana"
HOUR = timedelta(hours=1)
#: A surcharge of any length, as long as somebody says every hour that it is full.
PATIENT = replace(PROMPT, stale_after=10 * HOUR, notice=0 * MINUTE)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def surcharged(zone: str, at: datetime, **spent) -> DemandState:
    """Return a state at level 1 that has seen full connectors."""
    return DemandState(
        zone, at, at - 5 * HOUR, level=1, load=Decimal("0.7"), load_at=at, observed_at=at, reporting=20, **spent
    )


@pytest.mark.parametrize(
    ("zone", "start", "hours", "spent"),
    [
        pytest.param(BERLIN, "2026-03-28 20:00", 8, 5, id="berlin-spring"),  # midnight at 23:00
        pytest.param(BERLIN, "2026-03-29 20:00", 8, 6, id="berlin-summer"),  # midnight at 22:00
        pytest.param(BERLIN, "2026-10-24 21:00", 8, 7, id="berlin-autumn"),  # midnight at 22:00
        pytest.param(CAIRO, "2026-04-23 20:00", 8, 6, id="cairo-has-no-midnight-that-day"),  # 00:00 is 01:00, at 22:00
        pytest.param(HAVANA, "2026-11-01 02:00", 8, 6, id="havana-has-two-midnights-that-day"),  # the first at 04:00
        pytest.param(APIA, "2011-12-30 06:00", 8, 4, id="apia-leaves-a-day-out"),  # the 29th ends at 10:00
        pytest.param(KOLKATA, "2026-11-07 16:30", 8, 6, id="kolkata"),  # midnight at 18:30
        pytest.param(KOLKATA, "2026-11-07 16:30", 51, 1, id="only-the-day-that-runs"),
        pytest.param(KOLKATA, "2026-11-07 16:30", 50, 0, id="at-the-second-midnight"),
        pytest.param(KOLKATA, "2026-11-07 16:30", 2, 0, id="at-midnight"),
    ],
)
def test_what_is_spent_is_of_the_local_day(zone, start, hours, spent):
    state = surcharged(zone, utc(start), surcharged=3 * HOUR, changes=7)
    ended = utc(start) + hours * HOUR
    decision = next_level(state, None, replace(PATIENT, stale_after=90 * HOUR), now=ended)
    assert (decision.level, decision.state.surcharged, decision.state.changes) == (1, spent * HOUR, 0)


@pytest.mark.parametrize(
    ("start", "ends", "again"),
    [
        pytest.param("2026-03-28 23:00", "2026-03-29 21:00", "2026-03-29 22:00", id="spring-day-of-23-hours"),
        pytest.param("2026-10-24 22:00", "2026-10-25 20:00", "2026-10-25 23:00", id="autumn-day-of-25-hours"),
    ],
)
def test_minutes_are_real_and_come_back_with_the_local_midnight(start, ends, again):
    policy = replace(PATIENT, surcharged_per_day=22 * HOUR, stale_after=90 * HOUR)
    decision = next_level(surcharged(BERLIN, utc(start)), None, policy, now=utc(ends) + MINUTE)
    assert (decision.reason, [x.at for x in decision.made]) == ("BUDGET_MINUTES", [utc(ends)])
    assert (decision.grounds.again_at, decision.grounds.changes) == (utc(again), 1)
    refused = next_level(decision.state, _full(utc(again) - MINUTE), policy, now=utc(again) - MINUTE)
    allowed = next_level(refused.state, _full(utc(again)), policy, now=utc(again))
    assert [(x.reason, x.level) for x in (refused, allowed)] == [("BUDGET_MINUTES", 0), ("RISE", 1)]


def _full(at: datetime) -> Observation:
    return Observation(at, 20, 20)


def test_a_budget_that_ran_out_yesterday_is_no_reason_today():
    policy = replace(PROMPT, surcharged_per_day=60 * MINUTE)
    state = surcharged(KOLKATA, minute(700))
    decision = next_level(state, seen(845, 0), policy, now=minute(845))
    assert (told(decision), made(decision)) == ("845 HOLD 0", ["760 BUDGET_MINUTES 0"])


def test_what_is_announced_before_midnight_is_spent_after_it():
    policy = replace(PROMPT, changes_per_day=2)
    state = replace(first_state(KOLKATA, now=SATURDAY), at=minute(800), changes=1)
    early, late, started = decisions(policy, [(824, 14), (825, 14), (840, 14)], state)
    assert [told(x) for x in (early, late, started)] == [
        "824 BUDGET_CHANGES 0",
        "825 RISE 0 → 1 at 840",
        "840 STARTED 1",
    ]
    assert started.grounds.changes == 1


@pytest.mark.parametrize(
    ("minutes", "level"),
    [
        pytest.param(15, 0, id="when-it-is-announced"),
        pytest.param(29.99, 0, id="just-before-it-starts"),
        pytest.param(30, 1, id="when-it-starts"),
        pytest.param(89.99, 1, id="just-before-the-minutes-run-out"),
        pytest.param(90, 0, id="when-they-run-out"),
        pytest.param(3000, 0, id="days-after"),
    ],
)
def test_the_level_between_decisions(minutes, level):
    policy = replace(PROMPT, surcharged_per_day=60 * MINUTE)
    (rise,) = decisions(policy, [(15, 14)])
    assert level_at(rise.state, policy, at=minute(minutes)) == level


@pytest.mark.parametrize(
    ("observation", "load", "reporting"),
    [
        pytest.param(seen(10, 0, 9), "0.7", 20, id="the-same-instant-again"),
        pytest.param(seen(9.99, 0, 9), "0.7", 20, id="an-older-one"),
        pytest.param(seen(10.5, 0, 9), "0", 9, id="a-newer-one-that-comes-late"),
        pytest.param(None, "0.7", 20, id="none"),
    ],
)
def test_observations_never_go_back_in_time(observation, load, reporting):
    first, _ = decisions(PROMPT, [(10, 14), (11, None)])
    again = next_level(first.state, observation, PROMPT, now=minute(12))
    assert (again.grounds.load, again.grounds.reporting) == (Decimal(load), reporting)


def test_a_late_observation_is_as_old_as_it_is():
    start = first_state(KOLKATA, now=SATURDAY)
    late = next_level(start, seen(2, 14), PROMPT, now=minute(17))
    later = next_level(start, seen(2, 14), PROMPT, now=minute(17.1))
    assert (late.reason, later.reason) == ("RISE", "STALE")


def test_a_decision_that_is_made_twice_is_made_once():
    *_, first = decisions(PROMPT, [(15, 14), (30, 14), (45, 8)])
    again = next_level(first.state, seen(45, 8), PROMPT, now=minute(45))
    assert (told(first), told(again)) == ("45 FALL 0", "45 HOLD 0")
    assert (again.state, again.made) == (first.state, ())


NAIVE = datetime(2026, 11, 7, 5, 0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        pytest.param(
            lambda state: next_level(state, None, PROMPT, now=NAIVE),
            "Give the instant of a decision with its offset from UTC.",
            id="now",
        ),
        pytest.param(
            lambda state: first_state(KOLKATA, now=NAIVE),
            "Give the instant of a decision with its offset from UTC.",
            id="first",
        ),
        pytest.param(
            lambda state: level_at(state, PROMPT, at=NAIVE),
            "Give the instant of a decision with its offset from UTC.",
            id="level",
        ),
        pytest.param(
            lambda state: Observation(NAIVE, 20, 1),
            "Give the instant of an observation with its offset from UTC.",
            id="observation",
        ),
        pytest.param(
            lambda state: next_level(replace(state, since=NAIVE), None, PROMPT, now=minute(20)),
            "Give the level's instant with its offset from UTC.",
            id="state",
        ),
        pytest.param(
            lambda state: next_level(state, None, PROMPT, now=minute(14)),
            "Decide at 2026-11-07T04:45:00+00:00 or later: the state is of that instant.",
            id="back-in-time",
        ),
        pytest.param(
            lambda state: next_level(state, seen(21, 1), PROMPT, now=minute(20)),
            "Decide at 2026-11-07T04:51:00+00:00 or later: it was observed then.",
            id="from-the-future",
        ),
    ],
)
def test_instants_that_are_refused(call, message):
    (decision,) = decisions(PROMPT, [(15, 14)])
    with pytest.raises(PricingError) as refused:
        call(decision.state)
    assert (refused.value.code, str(refused.value)) == ("INSTANT", message)


@pytest.mark.parametrize(
    ("reporting", "busy", "stress", "message"),
    [
        pytest.param(3, 4, None, "Count among the busy connectors none but those that report.", id="too-many"),
        pytest.param(3, -1, None, "Count among the busy connectors none but those that report.", id="too-few"),
        pytest.param(3, 1, 1.01, "Give the grid's stress as a number from 0 to 1.", id="stress"),
        pytest.param(3, 1, float("nan"), "Give the grid's stress as a number from 0 to 1.", id="no-number"),
    ],
)
def test_observations_that_are_refused(reporting, busy, stress, message):
    with pytest.raises(PricingError) as refused:
        Observation(SATURDAY, reporting, busy, stress)
    assert (refused.value.code, str(refused.value)) == ("OBSERVATION", message)


def test_a_zone_that_does_not_exist_is_refused():
    with pytest.raises(PricingError) as refused:
        first_state("Asia/Nowhere", now=SATURDAY)
    assert refused.value.code == "TIME_ZONE"


def test_instants_of_another_zone_are_the_same_instants():
    """Instants of one zone subtract by their wall clocks: over the autumn change an hour would be missing."""
    berlin = ZoneInfo(BERLIN)
    at = utc("2026-10-25 00:30")  # 02:30 in summer, and again an hour later
    policy = replace(PROMPT, notice=90 * MINUTE, dwell_up=0 * MINUTE, half_life=60 * MINUTE, stale_after=10 * HOUR)
    state = replace(
        first_state(BERLIN, now=at.astimezone(berlin)),
        level=1,
        load=Decimal("0.8"),
        load_at=at.astimezone(berlin),
        observed_at=at.astimezone(berlin),
        reporting=20,
        announced=Announcement(2, at.astimezone(berlin), (at + 90 * MINUTE).astimezone(berlin)),
    )
    now = at + 60 * MINUTE
    found = next_level(state, Observation(now.astimezone(berlin), 20, 20), policy, now=now.astimezone(berlin))
    assert (found.reason, found.state.surcharged, found.at) == ("NOTICE", 60 * MINUTE, now)
    assert found.grounds.load == Decimal("0.9")
    assert found == next_level(
        replace(
            state,
            at=at,
            since=at,
            load_at=at,
            observed_at=at,
            announced=Announcement(2, at, at + 90 * MINUTE),
        ),
        Observation(now, 20, 20),
        policy,
        now=now,
    )
    assert found.percent == 10
