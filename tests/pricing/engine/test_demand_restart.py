"""A location that begins at level 0 again, by other rules: what it keeps of the load and of the day's budgets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.engine.demand import Announcement, DemandPolicy, DemandState, level_at, restarted
from pricing.engine.demand_policy import DemandPolicyError
from pricing.engine.values import PricingError
from tests.pricing.engine.samples import SATURDAY
from tests.pricing.engine.samples_demand import KOLKATA, LEVELS, MINUTE, PROMPT, TO_LEVEL_2, decisions, minute

#: Minutes from Saturday 10:00 in Kolkata to its midnight.
MIDNIGHT = 14 * 60
AT_2 = decisions(PROMPT, TO_LEVEL_2)[-1].state
ANNOUNCED = decisions(PROMPT, [(15, 14)])[-1].state
IDLE = decisions(PROMPT, [(15, 1)])[-1].state

CASES: dict[str, tuple[DemandState, float, tuple[timedelta, int]]] = {
    # The level rose twice; it held from minute 30 on, and the fall is the third change.
    "at-a-level": (AT_2, 70, (40 * MINUTE, 3)),
    "at-the-same-instant": (AT_2, 60, (30 * MINUTE, 3)),
    "a-step-back": (AT_2, 50, (30 * MINUTE, 3)),
    "on-the-next-day": (AT_2, MIDNIGHT + 5, (5 * MINUTE, 1)),
    "at-midnight": (AT_2, MIDNIGHT, (0 * MINUTE, 1)),
    "announced": (ANNOUNCED, 20, (0 * MINUTE, 0)),
    "at-nothing": (IDLE, 20, (0 * MINUTE, 0)),
    "at-nothing-on-the-next-day": (replace(IDLE, changes=4, surcharged=MINUTE), MIDNIGHT, (0 * MINUTE, 0)),
}


@pytest.mark.parametrize(("state", "at", "spent"), CASES.values(), ids=CASES)
def test_what_the_day_has_spent_is_kept(state: DemandState, at: float, spent: tuple[timedelta, int]) -> None:
    found = restarted(state, now=minute(at))
    assert (found.level, found.announced, found.load) == (0, None, state.load)
    assert (found.surcharged, found.changes) == spent
    assert found.at == found.since == max(minute(at), state.at)


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(PricingError) as refused:
        restarted(AT_2, now=SATURDAY.replace(tzinfo=None))
    assert refused.value.code == "INSTANT"


@given(
    level=st.integers(0, 3),
    changes=st.integers(0, 20),
    minutes=st.integers(0, 600),
    later=st.integers(0, 3000),
    announced=st.booleans(),
)
def test_nothing_is_charged_after_it_and_no_day_gets_longer(
    level: int, changes: int, minutes: int, later: int, announced: bool
) -> None:
    rise = Announcement(min(level + 1, 3), SATURDAY, minute(15)) if announced else None
    state = DemandState(
        KOLKATA, SATURDAY, SATURDAY, level, rise, Decimal(1), SATURDAY, SATURDAY, 20, minutes * MINUTE, changes
    )
    found = restarted(state, now=minute(later))
    assert level_at(found, PROMPT, at=found.at + timedelta(days=1)) == 0
    assert found.surcharged <= (minutes + later) * MINUTE
    assert restarted(found, now=found.at) == found


def test_all_faults_of_rules_are_told_with_their_fields() -> None:
    narrow = (replace(LEVELS[0], off=Decimal("0.55")), replace(LEVELS[1], percent=Decimal(10)))
    with pytest.raises(DemandPolicyError) as refused:
        DemandPolicy(narrow, Decimal(0), half_life=timedelta(0), grid_weight=Decimal(2))
    assert refused.value.faults == (
        ("levels", "Set the off-threshold of level 1 at least 10 points below its on-threshold of 60 %."),
        ("levels", "Set the surcharge of level 2 above that of level 1."),
        ("cap_percent", "Set the cap of the surcharge above 0 %."),
        ("grid_weight", "Set the weight of the grid's stress between 0 and 1."),
        ("half_life", "Set the half-life of the smoothing above 0 minutes."),
    )
    assert (refused.value.code, str(refused.value)) == ("DEMAND_POLICY", refused.value.faults[0][1])
