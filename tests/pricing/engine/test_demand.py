"""Decisions on a demand level, step by step: rises, falls, notice, dwell, what is not known, and caps."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pricing.engine.codec import decode, encode
from pricing.engine.demand import (
    Announcement,
    Decision,
    DemandLevel,
    DemandPolicy,
    DemandReason,
    DemandState,
    LevelChange,
    first_state,
    next_level,
)
from pricing.engine.values import PricingError
from tests.pricing.engine.samples import SATURDAY
from tests.pricing.engine.samples_demand import (
    AT_ONCE,
    CHANGES,
    KOLKATA,
    MINUTE,
    MINUTES,
    PROMPT,
    TO_LEVEL_1,
    TO_LEVEL_2,
    busy,
    decisions,
    minute,
    seen,
    told,
)

EAGER = replace(AT_ONCE, dwell_up=0 * MINUTE, dwell_down=0 * MINUTE)


@pytest.mark.parametrize(
    ("policy", "steps", "found"),
    [
        pytest.param(
            PROMPT,
            busy(14, 0, 35),
            [
                "0 DWELL 0",
                "5 DWELL 0",
                "10 DWELL 0",
                "15 RISE 0 → 1 at 30",
                "20 NOTICE 0 → 1 at 30",
                "25 NOTICE 0 → 1 at 30",
                "30 STARTED 1",
                "35 HOLD 1",
            ],
            id="a-rise-is-announced-and-then-starts",
        ),
        pytest.param(PROMPT, [(15, 12)], ["15 RISE 0 → 1 at 30"], id="at-the-on-threshold"),
        pytest.param(PROMPT, [(15, 11)], ["15 HOLD 0"], id="below-it"),
        pytest.param(
            AT_ONCE, [(15, 20), (20, 20), (30, 20)], ["15 RISE 1", "20 DWELL 1", "30 RISE 2"], id="without-a-notice"
        ),
        pytest.param(
            PROMPT,
            busy(20, 15, 90, 15),
            [
                "15 RISE 0 → 1 at 30",
                "30 STARTED 1",
                "45 RISE 1 → 2 at 60",
                "60 STARTED 2",
                "75 RISE 2 → 3 at 90",
                "90 STARTED 3",
            ],
            id="one-level-at-a-time",
        ),
        pytest.param(
            PROMPT,
            [(15, 14), (44, 14)],
            ["15 RISE 0 → 1 at 30", "44 STARTED 1"],
            id="a-rise-starts-at-its-instant-and-not-at-the-next-decision",
        ),
        pytest.param(
            PROMPT,
            [*TO_LEVEL_1, (35, 9), (40, 8), (44, 8), (45, 8)],
            [
                "15 RISE 0 → 1 at 30",
                "30 STARTED 1",
                "35 HOLD 1",
                "40 DWELL 1",
                "44 DWELL 1",
                "45 FALL 0",
            ],
            id="a-fall-waits-for-the-dwell-and-comes-at-once",
        ),
        pytest.param(
            PROMPT,
            [*TO_LEVEL_2, (75, 0), (80, 0), (90, 0)],
            [
                "15 RISE 0 → 1 at 30",
                "30 STARTED 1",
                "45 RISE 1 → 2 at 60",
                "60 STARTED 2",
                "75 FALL 1",
                "80 DWELL 1",
                "90 FALL 0",
            ],
            id="down-one-level-at-a-time",
        ),
        pytest.param(
            PROMPT,
            [(15, 14), (20, 9), (25, 8), (26, 14)],
            ["15 RISE 0 → 1 at 30", "20 NOTICE 0 → 1 at 30", "25 WITHDRAWN 0", "26 RISE 0 → 1 at 41"],
            id="an-announced-rise-is-withdrawn-below-its-off-threshold",
        ),
        pytest.param(
            PROMPT,
            [*TO_LEVEL_1, (45, 17), (50, 8), (51, 8)],
            ["15 RISE 0 → 1 at 30", "30 STARTED 1", "45 RISE 1 → 2 at 60", "50 FALL 0", "51 HOLD 0"],
            id="a-fall-takes-an-announced-rise-along",
        ),
        pytest.param(
            replace(PROMPT, dwell_down=25 * MINUTE),
            [*TO_LEVEL_1, (45, 17), (50, 8), (51, 8), (55, 8)],
            [
                "15 RISE 0 → 1 at 30",
                "30 STARTED 1",
                "45 RISE 1 → 2 at 60",
                "50 WITHDRAWN 1",
                "51 DWELL 1",
                "55 FALL 0",
            ],
            id="a-rise-is-withdrawn-without-a-dwell",
        ),
        pytest.param(
            EAGER,
            [(15, 20), (15, 20), (16, 20), (16, 0), (17, 0)],
            ["15 RISE 1", "15 DWELL 1", "16 RISE 2", "16 DWELL 2", "17 FALL 1"],
            id="one-change-an-instant",
        ),
    ],
)
def test_levels_follow_the_load(policy, steps, found):
    assert [told(x) for x in decisions(policy, steps)] == found


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        pytest.param([(0, None), (20, None)], ["0 STALE 0", "20 STALE 0"], id="never-observed"),
        pytest.param(
            [*TO_LEVEL_2, (75, None), (75.1, None), (75.2, None), (75.3, None)],
            ["75 HOLD 2", "75.1 STALE 1", "75.2 STALE 0", "75.3 STALE 0"],
            id="decays-a-level-a-step-once-older-than-a-quarter-of-an-hour",
        ),
        pytest.param(
            [*TO_LEVEL_1, (45, 17), (60.1, None)],
            ["30 STARTED 1", "45 RISE 1 → 2 at 60", "60.1 STALE 1"],
            id="a-rise-that-started-unseen-is-taken-back",
        ),
        pytest.param(
            [*TO_LEVEL_2, (76, None), (76, None), (77, None)],
            ["76 STALE 1", "76 STALE 1", "77 STALE 0"],
            id="twice-at-an-instant",
        ),
        pytest.param([(15, 14), (29, None), (30, None)], ["29 NOTICE 0 → 1 at 30", "30 STARTED 1"], id="young-enough"),
        pytest.param(
            [(15, 14), (29, None), (29.5, 14), (44.6, None), (45, 14)],
            ["29.5 NOTICE 0 → 1 at 30", "44.6 STALE 0", "45 DWELL 0"],
            id="what-is-observed-again-waits-for-its-dwell",
        ),
    ],
)
def test_what_is_not_known_decays(steps, found):
    assert [told(x) for x in decisions(PROMPT, steps)][-len(found) :] == found


def test_an_announced_rise_is_withdrawn_when_nothing_is_known():
    late = replace(PROMPT, notice=30 * MINUTE)
    assert [told(x) for x in decisions(late, [(15, 14), (31, None)])] == ["15 RISE 0 → 1 at 45", "31 STALE 0"]


def test_too_few_connectors_say_nothing():
    policy = replace(PROMPT, least_reporting=4)
    *_, last = decisions(policy, TO_LEVEL_2)
    few = next_level(last.state, seen(65, 3, 3), policy, now=minute(65))
    again = next_level(few.state, seen(65, 3, 3), policy, now=minute(66))
    enough = next_level(again.state, seen(67, 4, 4), policy, now=minute(67))
    assert [told(x) for x in (few, again, enough)] == ["65 TOO_FEW 1", "66 TOO_FEW 0", "67 DWELL 0"]
    assert (few.grounds.load, few.grounds.load_at, few.grounds.reporting) == (Decimal("0.85"), minute(60), 3)
    assert (enough.grounds.load, enough.grounds.reporting) == (1, 4)


def test_too_few_of_long_ago_are_stale():
    policy = replace(PROMPT, least_reporting=4)
    few = next_level(first_state(KOLKATA, now=SATURDAY), seen(0, 3, 3), policy, now=minute(15))
    assert (told(few), told(next_level(few.state, None, policy, now=minute(16)))) == ("15 TOO_FEW 0", "16 STALE 0")


def test_a_decision_says_what_it_went_by():
    *_, fall = decisions(PROMPT, [*TO_LEVEL_1, (45, 8)])
    assert (fall.before, fall.level, fall.percent, fall.asked_percent) == (1, 0, 0, 0)
    assert fall.made == (LevelChange(minute(45), 0, DemandReason.FALL),)
    grounds = fall.grounds
    assert (grounds.load, grounds.load_at, grounds.observed_at) == (Decimal("0.4"), minute(45), minute(45))
    assert (grounds.threshold, grounds.again_at) == (Decimal("0.45"), None)
    assert (grounds.surcharged, grounds.changes) == (15 * MINUTE, 2)


@pytest.mark.parametrize(
    ("policy", "steps", "threshold", "again_at"),
    [
        pytest.param(PROMPT, [(5, 14)], "0.60", 15, id="dwell-before-a-rise"),
        pytest.param(PROMPT, [(15, 14)], "0.60", None, id="rise"),
        pytest.param(PROMPT, [(15, 14), (20, 14)], None, 30, id="notice"),
        pytest.param(PROMPT, [(15, 14), (20, 8)], "0.45", None, id="withdrawn"),
        pytest.param(PROMPT, [(15, 14), (30, 20)], None, None, id="started"),
        pytest.param(PROMPT, [*TO_LEVEL_1, (40, 8)], "0.45", 45, id="dwell-before-a-fall"),
        pytest.param(PROMPT, [*TO_LEVEL_1, (40, 14)], None, None, id="hold"),
        pytest.param(MINUTES, [*TO_LEVEL_1, (100, 14)], None, 840, id="minutes-until-midnight"),
        pytest.param(MINUTES, [*TO_LEVEL_1, (100, 14), (115, 14)], "0.60", 840, id="no-rise-until-midnight"),
        pytest.param(CHANGES, [(15, 20), (20, 0), (25, 20), (30, 20)], "0.80", 840, id="changes-until-midnight"),
    ],
)
def test_what_was_compared_and_until_when_nothing_changes(policy, steps, threshold, again_at):
    *_, last = decisions(policy, steps)
    assert last.grounds.threshold == (None if threshold is None else Decimal(threshold))
    assert last.grounds.again_at == (None if again_at is None else minute(again_at))


def test_a_level_that_is_cut_by_a_cap_says_so():
    state = DemandState(KOLKATA, SATURDAY, SATURDAY - 60 * MINUTE, level=2)
    policy = replace(PROMPT, highest_rate=Decimal("20"), notice=5 * MINUTE)
    held = next_level(state, seen(1, 17), policy, now=minute(1), base_rate=Decimal(18))
    assert (held.reason, held.percent, held.asked_percent) == (DemandReason.CAPPED, Decimal("11.11"), 20)
    risen = next_level(held.state, seen(5, 20), policy, now=minute(5), base_rate=Decimal("16"))
    assert risen.announced == Announcement(3, minute(5), minute(10))
    assert (risen.reason, risen.percent, risen.announced_percent) == (DemandReason.RISE, 20, 25)


def test_the_grids_stress_counts_as_load_by_its_weight():
    policy = replace(PROMPT, grid_weight=Decimal("0.75"))
    start = first_state(KOLKATA, now=SATURDAY)
    loads = [
        str(next_level(start, seen(1, 8, 20, stress), rules, now=minute(1)).grounds.load)
        for rules, stress in ((policy, None), (policy, 0.0), (policy, 0.4), (policy, 1.0), (PROMPT, 1.0))
    ]
    assert loads == ["0.400000000000", "0.400000000000", "0.400000000000", "0.750000000000", "0.400000000000"]


def test_a_load_is_half_forgotten_after_its_half_life():
    policy = replace(PROMPT, half_life=timedelta(minutes=10))
    loads = [f"{x.grounds.load:.3f}" for x in decisions(policy, [(0, 16), (10, 0), (20, 0), (30, 20), (31, None)])]
    assert loads == ["0.800", "0.400", "0.200", "0.600", "0.600"]


def test_a_decision_goes_by_the_load_that_is_stored():
    full = DemandPolicy(
        (DemandLevel(Decimal(1), Decimal("0.85"), Decimal(10)),),
        Decimal(25),
        half_life=5 * MINUTE,
        dwell_up=0 * MINUTE,
    )
    # What is left of a load of a little less than 1 is lost beyond the decimals that are kept.
    state = replace(first_state(KOLKATA, now=minute(0)), load=Decimal("0.999999999999"), load_at=minute(0))
    once = next_level(state, seen(16, 20), full, now=minute(16))
    again = next_level(once.state, seen(16, 20), full, now=minute(16))
    assert (once.reason, once.state.load) == ("RISE", Decimal("1.000000000000"))
    assert again.state == once.state


def test_a_decision_is_stored_as_json_and_comes_back():
    for decision in decisions(PROMPT, [(1, None), (15, 14), (30, 17), (45, 17), (46, 0)]):
        assert decode(Decision, json.loads(json.dumps(encode(decision)))) == decision


def test_a_state_beyond_the_policys_levels_is_refused():
    state = DemandState(KOLKATA, SATURDAY, SATURDAY, level=4)
    with pytest.raises(PricingError) as refused:
        next_level(state, None, PROMPT, now=minute(1))
    assert (refused.value.code, str(refused.value)) == ("DEMAND_STATE", "Begin at level 0: the policy has 3 levels.")
