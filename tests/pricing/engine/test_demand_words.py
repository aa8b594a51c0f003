"""Decisions on demand levels in one sentence each, with their numbers and the location's times."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pricing.engine.demand import DemandReason, first_state, next_level
from pricing.engine.demand_words import decision_text
from tests.pricing.engine.samples import SATURDAY
from tests.pricing.engine.samples_demand import (
    AT_ONCE,
    CHANGES,
    KOLKATA,
    MINUTES,
    PROMPT,
    TO_LEVEL_1,
    TO_LEVEL_2,
    busy,
    decisions,
    minute,
    seen,
)

CASES = [
    pytest.param(PROMPT, [(15, 8)], "No surcharge: the load of 40 %.", id="hold"),
    pytest.param(PROMPT, [*TO_LEVEL_1, (35, 11)], "Level 1 (10 %) holds: the load of 55 %.", id="hold-at-a-level"),
    pytest.param(
        replace(PROMPT, cap_percent=Decimal("12.5")),
        [*TO_LEVEL_2, (65, 17)],
        "Level 2 (12.5 %) holds: the load of 85 %, and the cap leaves that much of 20 %.",
        id="capped",
    ),
    pytest.param(
        PROMPT,
        [(15, 14)],
        "Level 1 (10 %) is announced from Sat 10:30: the load of 70 % has reached 60 %.",
        id="rise",
    ),
    pytest.param(
        AT_ONCE, [(15, 14)], "Level 1 (10 %) from now on: the load of 70 % has reached 60 %.", id="rise-at-once"
    ),
    pytest.param(
        PROMPT,
        [(15, 14), (20, 14)],
        "Level 1 (10 %) is announced from Sat 10:30: drivers are told 15 min ahead.",
        id="notice",
    ),
    pytest.param(
        PROMPT,
        [(15, 14), (31, 14)],
        "Level 1 (10 %) from now on: in effect since Sat 10:30, as announced.",
        id="started",
    ),
    pytest.param(
        PROMPT,
        [(15, 14), (20, 8)],
        "No surcharge: the announced level 1 is withdrawn, because the load of 40 % is below 45 %.",
        id="withdrawn",
    ),
    pytest.param(
        PROMPT,
        [(5, 14)],
        "No surcharge: the load of 70 % has reached 60 %, and the level changes at Sat 10:15 at the earliest.",
        id="dwell-before-a-rise",
    ),
    pytest.param(
        PROMPT,
        [*TO_LEVEL_1, (40, 8)],
        "Level 1 (10 %) holds: the load of 40 % is below 45 %, and the level changes at Sat 10:45 at the earliest.",
        id="dwell-before-a-fall",
    ),
    pytest.param(PROMPT, [*TO_LEVEL_1, (45, 8)], "No surcharge any more: the load of 40 % is below 45 %.", id="fall"),
    pytest.param(
        PROMPT,
        [*TO_LEVEL_2, (76, None)],
        "Level 1 (10 %) from now on: the last observation of Sat 11:00 is older than 15 min.",
        id="stale",
    ),
    pytest.param(PROMPT, [(20, None)], "No surcharge: nothing was observed.", id="never-observed"),
    pytest.param(
        MINUTES,
        [*TO_LEVEL_1, (95, 14)],
        "No surcharge any more: 1 h of 1 h with a surcharge are used today, and there is no rise before Sun 00:00.",
        id="minutes",
    ),
    pytest.param(
        CHANGES,
        [*busy(20, 15, 25), (35, 0)],
        "No surcharge any more: 4 of 4 changes are used today, and there is no rise before Sun 00:00.",
        id="changes",
    ),
]


@pytest.mark.parametrize(("policy", "steps", "words"), CASES)
def test_a_decision_in_words(policy, steps, words):
    *_, last = decisions(policy, steps)
    assert decision_text(last, policy) == words


def test_too_few_connectors_in_words():
    policy = replace(PROMPT, least_reporting=4)
    decision = next_level(first_state(KOLKATA, now=SATURDAY), seen(0, 3, 3), policy, now=minute(1))
    assert decision_text(decision, policy) == "No surcharge: 3 of at least 4 connectors report."


def test_a_load_just_below_a_threshold_does_not_read_as_if_it_had_reached_it():
    state = replace(decisions(PROMPT, TO_LEVEL_1)[-1].state, load=Decimal("0.4499"))
    assert decision_text(next_level(state, None, PROMPT, now=minute(45)), PROMPT) == (
        "No surcharge any more: the load of 44.9 % is below 45 %."
    )


def test_every_reason_has_its_words():
    said = {decisions(*case.values[:2])[-1].reason for case in CASES}
    assert said | {DemandReason.TOO_FEW} == set(DemandReason)


def test_a_decision_of_another_policy_has_no_words():
    *_, last = decisions(MINUTES, [*TO_LEVEL_1, (95, 14)])
    with pytest.raises(ValueError, match="with the policy that it was made by"):
        decision_text(last, PROMPT)
