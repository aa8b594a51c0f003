"""What a day's budgets of surcharged minutes and of changes allow, and how a level ends with them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pricing.engine.demand import next_level
from tests.pricing.engine.samples_demand import (
    AT_ONCE,
    CHANGES,
    MINUTE,
    MINUTES,
    PROMPT,
    TO_LEVEL_1,
    decisions,
    made,
    minute,
    seen,
    told,
)


@pytest.mark.parametrize(
    ("policy", "steps", "found", "changes"),
    [
        pytest.param(
            MINUTES,
            [*TO_LEVEL_1, (80, 14), (100, 14), (115, 14), (120, 9)],
            ["80 HOLD 1", "100 BUDGET_MINUTES 0", "115 BUDGET_MINUTES 0", "120 HOLD 0"],
            [[], ["90 BUDGET_MINUTES 0"], [], []],
            id="minutes-run-out-at-their-instant",
        ),
        pytest.param(
            MINUTES,
            [*TO_LEVEL_1, (75, 17), (90, 17)],
            ["75 BUDGET_MINUTES 1", "90 BUDGET_MINUTES 0"],
            [[], ["90 BUDGET_MINUTES 0"]],
            id="no-rise-that-could-not-start",
        ),
        pytest.param(
            MINUTES,
            [*TO_LEVEL_1, (74, 17), (89, 17), (100, 17)],
            ["74 RISE 1 → 2 at 89", "89 STARTED 2", "100 BUDGET_MINUTES 0"],
            [[], ["89 STARTED 2"], ["90 BUDGET_MINUTES 0"]],
            id="minutes-of-all-levels-count-alike",
        ),
        pytest.param(
            CHANGES,
            [(15, 20), (20, 20), (25, 20), (30, 20), (35, 0), (40, 20)],
            ["15 RISE 1", "20 RISE 2", "25 RISE 3", "30 CAPPED 3", "35 BUDGET_CHANGES 0", "40 BUDGET_CHANGES 0"],
            [["15 RISE 1"], ["20 RISE 2"], ["25 RISE 3"], [], ["35 BUDGET_CHANGES 0"], []],
            id="the-last-change-is-to-zero",
        ),
        pytest.param(
            replace(CHANGES, changes_per_day=3),
            [(15, 20), (20, 20), (25, 12)],
            ["15 RISE 1", "20 RISE 2", "25 BUDGET_CHANGES 0"],
            [["15 RISE 1"], ["20 RISE 2"], ["25 BUDGET_CHANGES 0"]],
            id="from-two-to-zero",
        ),
        pytest.param(
            CHANGES,
            [(15, 20), (20, 0), (25, 20), (30, 20), (35, 0), (40, 20)],
            ["15 RISE 1", "20 FALL 0", "25 RISE 1", "30 BUDGET_CHANGES 1", "35 FALL 0", "40 BUDGET_CHANGES 0"],
            [["15 RISE 1"], ["20 FALL 0"], ["25 RISE 1"], [], ["35 FALL 0"], []],
            id="a-rise-leaves-a-change-to-fall-with",
        ),
        pytest.param(
            CHANGES,
            [(15, 20), (20, 20), (25, 20), (41, None)],
            ["15 RISE 1", "20 RISE 2", "25 RISE 3", "41 BUDGET_CHANGES 0"],
            [["15 RISE 1"], ["20 RISE 2"], ["25 RISE 3"], ["41 BUDGET_CHANGES 0"]],
            id="stale-with-the-last-change",
        ),
    ],
)
def test_budgets_of_a_day(policy, steps, found, changes):
    taken = decisions(policy, steps)[-len(found) :]
    assert ([told(x) for x in taken], [made(x) for x in taken]) == (found, changes)


def test_a_budget_that_was_lowered_below_what_is_spent_ends_the_surcharge():
    *_, announced = decisions(PROMPT, [*TO_LEVEL_1, (45, 20)])
    spent = replace(announced.state, changes=2)
    stopped = next_level(spent, None, replace(PROMPT, changes_per_day=2), now=minute(46))
    assert (told(announced), told(stopped)) == ("45 RISE 1 → 2 at 60", "46 BUDGET_CHANGES 0")
    *_, last = decisions(AT_ONCE, [(15, 20), (30, 20), (45, 20)])
    fewer = next_level(last.state, None, replace(AT_ONCE, changes_per_day=2), now=minute(46))
    shorter = next_level(last.state, None, replace(AT_ONCE, surcharged_per_day=20 * MINUTE), now=minute(46))
    assert (told(fewer), told(shorter)) == ("46 BUDGET_CHANGES 0", "46 BUDGET_MINUTES 0")
    assert made(shorter) == ["45 BUDGET_MINUTES 0"]


def test_an_announced_rise_does_not_start_once_its_budget_is_gone():
    *_, last = decisions(PROMPT, [(15, 14)])
    changed = replace(last.state, changes=3)
    fewer = next_level(changed, seen(30, 14), replace(PROMPT, changes_per_day=4), now=minute(30))
    charged = replace(last.state, surcharged=60 * MINUTE)
    shorter = next_level(charged, seen(30, 14), MINUTES, now=minute(30))
    assert [(told(x), made(x)) for x in (fewer, shorter)] == [("30 BUDGET_CHANGES 0", []), ("30 BUDGET_MINUTES 0", [])]
