"""What must hold of demand levels for any policy and any course: caps, notice, single steps, budgets, decay, order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pricing.engine.demand import (
    Decision,
    DemandLevel,
    DemandPolicy,
    DemandState,
    Observation,
    first_state,
    level_at,
    next_level,
)
from pricing.engine.windows import split_at_boundaries, zone_of
from tests.pricing.engine.samples import SATURDAY
from tests.pricing.engine.samples_demand import KOLKATA, MINUTE, PROMPT

BASE_RATE = Decimal(18)
#: What the longest course may take.
END = SATURDAY + 4000 * MINUTE
few_minutes = st.integers(0, 40).map(lambda x: x * MINUTE)


@st.composite
def policies(draw: st.DrawFn) -> DemandPolicy:
    count = draw(st.integers(1, 4))
    ons = sorted(draw(st.lists(st.integers(20, 100), min_size=count, max_size=count, unique=True)))
    bands = draw(st.integers(10, 19))
    percents = accumulate(draw(st.lists(st.integers(1, 20), min_size=count, max_size=count)))
    return DemandPolicy(
        tuple(
            DemandLevel(Decimal(on) / 100, Decimal(on - bands) / 100, Decimal(percent))
            for on, percent in zip(ons, percents, strict=True)
        ),
        cap_percent=draw(st.sampled_from([Decimal("12.5"), Decimal(25), Decimal(100)])),
        highest_rate=draw(st.sampled_from([None, Decimal(17), Decimal("19.37"), Decimal(30)])),
        half_life=draw(st.sampled_from([MINUTE / 100, 5 * MINUTE, 30 * MINUTE])),
        dwell_up=draw(few_minutes),
        dwell_down=draw(few_minutes),
        notice=draw(few_minutes),
        stale_after=draw(st.sampled_from([10 * MINUTE, 30 * MINUTE, 300 * MINUTE])),
        least_reporting=draw(st.integers(1, 3)),
        surcharged_per_day=draw(st.sampled_from([None, 7 * MINUTE, 45 * MINUTE, 600 * MINUTE])),
        changes_per_day=draw(st.sampled_from([None, 2, 3, 6])),
        grid_weight=draw(st.sampled_from([Decimal(0), Decimal("0.9")])),
    )


@st.composite
def courses(draw: st.DrawFn) -> list[tuple[datetime, Observation | None]]:
    """Return decisions in order, most of them with an observation, some of these late, repeated or of few."""
    now, found = SATURDAY, []
    for _ in range(draw(st.integers(1, 40))):
        now += draw(st.sampled_from([0, 1, 5, 5, 5, 13, 60, 700])) * MINUTE
        if now > END:
            break
        reporting = draw(st.sampled_from([0, 2, 10, 10, 10]))
        busy = draw(st.sampled_from([0, reporting // 2, reporting, reporting]))
        late = draw(st.sampled_from([0, 0, 0, 6])) * MINUTE
        stress = draw(st.sampled_from([None, None, 1.0]))
        observed = Observation(now - late, reporting, busy, stress)
        found.append((now, draw(st.sampled_from([observed, observed, observed, None]))))
    return found


def decided(policy: DemandPolicy, course: list[tuple[datetime, Observation | None]]) -> list[Decision]:
    found, state = [], first_state(KOLKATA, now=SATURDAY)
    for now, observation in course:
        found.append(next_level(state, observation, policy, now=now, base_rate=BASE_RATE))
        state = found[-1].state
    return found


def spans(taken: list[Decision]) -> list[tuple[datetime, datetime, int]]:
    """Return the level from change to change up to the last decision."""
    changes = [(SATURDAY, 0), *((x.at, x.level) for decision in taken for x in decision.made)]
    return [(at, until, level) for (at, level), (until, _) in pairwise([*changes, (taken[-1].at, 0)])]


@settings(deadline=None, max_examples=150)
@given(policies(), courses())
def test_no_surcharge_is_above_a_cap(policy, course):
    for decision in decided(policy, course):
        assert 0 <= decision.percent <= policy.cap_percent
        assert decision.percent <= decision.asked_percent
        if policy.highest_rate is not None and decision.percent:
            assert BASE_RATE * (100 + decision.percent) / 100 <= policy.highest_rate


@settings(deadline=None, max_examples=150)
@given(policies(), courses())
def test_no_rise_takes_effect_without_its_notice(policy, course):
    told = set()
    level = 0
    for decision in decided(policy, course):
        for change in decision.made:
            if change.level > level and policy.notice:
                assert (change.level, change.at) in told
            level = change.level
        announced = decision.announced
        if announced is not None:
            assert announced.starts_at == announced.decided_at + policy.notice
            assert announced.starts_at > decision.at
            if decision.reason == "RISE":
                assert announced.decided_at == decision.at
                told.add((announced.level, announced.starts_at))
        assert level == decision.level


@settings(deadline=None, max_examples=150)
@given(policies(), courses())
def test_a_level_moves_by_one_but_where_a_budget_ends_it(policy, course):
    before, since = 0, SATURDAY
    for decision in decided(policy, course):
        for change in decision.made:
            if change.reason.startswith("BUDGET_"):
                assert change.level == 0 < before
            else:
                assert abs(change.level - before) == 1
            if change.reason == "FALL":
                assert change.at - since >= policy.dwell_down
            before, since = change.level, change.at


@settings(deadline=None, max_examples=150)
@given(policies(), courses())
def test_no_budget_of_a_day_is_overspent(policy, course):
    taken = decided(policy, course)
    spent: Counter[date] = Counter()
    for start, end, level in spans(taken):
        for piece, until in split_at_boundaries(start, end, (), KOLKATA) if level else ():
            spent[_day(piece)] += (until - piece) // timedelta(microseconds=1)
    changes = Counter(_day(x.at) for decision in taken for x in decision.made)
    if policy.surcharged_per_day is not None:
        assert all(x * timedelta(microseconds=1) <= policy.surcharged_per_day for x in spent.values())
    if policy.changes_per_day is not None:
        assert all(x <= policy.changes_per_day for x in changes.values())
    last = taken[-1].state
    assert last.surcharged == spent[_day(last.at)] * timedelta(microseconds=1)
    assert last.changes == changes[_day(last.at)]


def _day(instant: datetime) -> date:
    return instant.astimezone(zone_of(KOLKATA)).date()


@settings(deadline=None, max_examples=100)
@given(
    st.integers(0, 3),
    st.lists(st.tuples(st.integers(1, 14), st.floats(0.0001, 0.9999)), min_size=1, max_size=40),
    st.sampled_from([MINUTE / 100, 5 * MINUTE, 60 * MINUTE]),
)
def test_a_load_that_wobbles_inside_the_band_never_changes_the_level(level, wobble, half_life):
    """Levels are 0.30/0.50/0.70 upwards and 0.20/0.40/0.60 downwards; the grid's stress is the load."""
    ons, offs = (0.0, 0.30, 0.50, 0.70, 1.0), (0.0, 0.20, 0.40, 0.60)
    policy = replace(
        PROMPT,
        levels=tuple(
            DemandLevel(Decimal(f"{ons[n]:.2f}"), Decimal(f"{offs[n]:.2f}"), Decimal(5 * n)) for n in (1, 2, 3)
        ),
        half_life=half_life,
        dwell_up=0 * MINUTE,
        dwell_down=0 * MINUTE,
        notice=0 * MINUTE,
        grid_weight=Decimal(1),
    )
    low, high = offs[level], ons[level + 1]
    middle = (low + high) / 2
    state = DemandState(
        KOLKATA, SATURDAY, SATURDAY, level, load=Decimal(middle), load_at=SATURDAY, observed_at=SATURDAY, reporting=1
    )
    for minutes, share in wobble:
        now = state.at + minutes * MINUTE
        decision = next_level(state, Observation(now, 1, 0, low + share * (high - low)), policy, now=now)
        assert (decision.level, decision.announced, decision.made) == (level, None, ())
        state = decision.state


@settings(deadline=None, max_examples=100)
@given(policies(), courses())
def test_without_observations_the_level_decays_to_zero(policy, course):
    last = decided(policy, course)[-1]
    levels = [last.level]
    state, now = last.state, last.at + policy.stale_after
    for _ in policy.levels:
        now += MINUTE
        decision = next_level(state, None, policy, now=now, base_rate=BASE_RATE)
        assert decision.announced is None
        levels.append(decision.level)
        state = decision.state
    assert levels[-1] == 0
    # An announced rise may start before what was known is stale.
    assert all(later < earlier or later == 0 for earlier, later in pairwise(levels[1:]))


@settings(deadline=None, max_examples=100)
@given(policies(), courses(), st.lists(st.integers(0, 3000), max_size=8))
def test_the_level_between_decisions_is_the_one_that_turns_out(policy, course, seconds):
    taken = decided(policy, course)
    for decision, following in pairwise(taken):
        for second in seconds:
            at = decision.at + timedelta(seconds=second)
            if at < following.at:
                earlier = [x.level for x in following.made if x.at <= at]
                assert level_at(decision.state, policy, at=at) == (earlier[-1] if earlier else decision.level)


@settings(deadline=None, max_examples=100)
@given(policies(), courses())
def test_a_decision_that_is_repeated_changes_nothing(policy, course):
    twice = [x for x in course for _ in (0, 1)]
    once, again = decided(policy, course), decided(policy, twice)[1::2]
    assert [x.state for x in again] == [x.state for x in once]


loads = st.integers(0, 20)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(st.tuples(st.integers(1, 120), loads), min_size=1, max_size=10),
    st.integers(2, 9),
    st.integers(1, 90),
)
@example([(60, 20), (1, 0)], 2, 10)
def test_more_samples_of_the_same_load_smooth_it_alike(stretches, parts, half_life):
    policy = replace(PROMPT, half_life=half_life * MINUTE)
    found = []
    for pieces in (1, parts):
        state = next_level(
            first_state(KOLKATA, now=SATURDAY), Observation(SATURDAY, 20, 10), policy, now=SATURDAY
        ).state
        for minutes, busy in stretches:
            start = state.at
            for piece in range(1, pieces + 1):
                now = start + minutes * MINUTE * piece / pieces
                state = next_level(state, Observation(now, 20, busy), policy, now=now).state
        found.append(state.load)
    # Each decision may round its last decimal.
    assert abs(found[1] - found[0]) <= Decimal("1E-10")
