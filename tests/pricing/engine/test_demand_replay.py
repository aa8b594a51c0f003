"""Replays of a demand policy: its course of levels, what sessions pay, and the revenue beside two other ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engine.demand import Observation, first_state, level_at, next_level
from pricing.engine.demand_history import LocationHistory, PastSession, StaticSurge
from pricing.engine.demand_outcome import demanded
from pricing.engine.demand_replay import Replay, replay, replayed_levels
from pricing.engine.money import CurrencyMismatch, round_amount
from pricing.engine.values import PricingError
from tests.pricing.engine.samples import SATURDAY, window
from tests.pricing.engine.samples_demand import AT_ONCE, KOLKATA, MINUTE, PROMPT, Step, busy, minute, seen

#: Level 1 from minute 30, 2 from 60, 1 from 120, 0 from 135.
DAY = [*busy(14, 0, 40), *busy(17, 45, 115), *busy(8, 120, 300)]
LEVELS_OF_DAY = [(30, 1), (60, 2), (120, 1), (135, 0)]
#: Minutes 60 to 120.
NOON = StaticSurge((window("11:00", "12:00"),), Decimal(15))


def history(steps: list[Step], sessions: list[tuple[float, int, str]], **fields) -> LocationHistory:
    """Return 300 minutes of a location; sessions are (minute, Wh, energy amount)."""
    return LocationHistory(
        **{
            "location_id": "station-1",
            "time_zone": KOLKATA,
            "currency": "INR",
            "starts_at": SATURDAY,
            "ends_at": minute(300),
            "observations": [seen(at, count) for at, count in steps if count is not None],
            "sessions": [PastSession(minute(at), wh, Decimal(amount)) for at, wh, amount in sessions],
        }
        | fields
    )


def replayed(*histories: LocationHistory, policy=PROMPT, static=None) -> Replay:
    found = replay(histories, policy, static=static)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("policy", "steps", "levels"),
    [
        pytest.param(PROMPT, DAY, LEVELS_OF_DAY, id="a-day"),
        pytest.param(PROMPT, [], [], id="nothing-observed"),
        pytest.param(AT_ONCE, [(0, 14)], [(15, 1), (20, 0)], id="observed-at-the-very-start"),
        pytest.param(
            replace(AT_ONCE, stale_after=12 * MINUTE),
            [(15, 14), (30, 14)],
            [(15, 1), (45, 0)],
            id="not-without-an-observation-that-comes-just-then",
        ),
        pytest.param(
            PROMPT,
            [*busy(17, 0, 60), (200, 17), (215, 17), (230, 17)],
            [(30, 1), (60, 2), (80, 1), (85, 0), (215, 1), (245, 2), (250, 1), (255, 0)],
            id="it-decides-every-five-minutes-without-observations",
        ),
        pytest.param(PROMPT, [(20, 14), (35, 14), (10, 0), (36, 14)], [(35, 1), (56, 0)], id="out-of-order"),
        pytest.param(PROMPT, [*busy(14, 0, 280), (285, 17), (300, 17)], [(30, 1)], id="up-to-the-end"),
        pytest.param(
            replace(PROMPT, surcharged_per_day=62 * MINUTE), DAY, [(30, 1), (60, 2), (92, 0)], id="between-decisions"
        ),
    ],
)
def test_the_course_of_levels(policy, steps, levels):
    found = replayed_levels(history(steps, []), policy)
    assert [((x.at - SATURDAY) / MINUTE, x.level) for x in found] == levels


def test_minutes_changes_and_sessions_of_a_day():
    sessions = [(29.9, 5000, "90"), (30, 5000, "90"), (70, 10_001, "180.018"), (119.9, 333, "6"), (135, 5000, "90")]
    found = replayed(history(DAY, sessions), static=NOON).total
    demand, without, static = found.demand, found.without, found.static
    assert static is not None
    assert [demand.minutes(x) for x in (0, 1, 2, 3)] == [195, 45, 60, 0]
    assert [static.minutes(x) for x in (0, 1)] == [240, 60]
    assert (without.minutes(0), without.changes) == (300, ())
    assert demand.changes == ((date(2026, 11, 7), 4),)
    assert static.changes == ((date(2026, 11, 7), 2),)
    assert [x.sessions for x in (demand, without, static)] == [5, 5, 5]
    assert [x.surcharged for x in (demand, without, static)] == [3, 0, 2]
    # 10 % of 90, 20 % of 180.018 and of 6; 15 % of the last two.
    assert (demand.median_surcharge, demand.median_percent) == (Decimal("9.00"), 20)
    assert (static.median_surcharge, static.median_percent) == (Decimal("13.95"), 15)
    assert (without.median_surcharge, without.median_percent) == (None, None)


def test_a_session_of_minutes_before_midnight_counts_on_its_local_day():
    night = [(at + 720, count) for at, count in DAY]
    found = replayed(history(night, [], starts_at=minute(720), ends_at=minute(1020))).total.demand
    assert found.changes == ((date(2026, 11, 7), 2), (date(2026, 11, 8), 2))


REVENUES = [
    # 1.2 to the power of e of 10 kWh for 180.00, and a fifth of that; 5 kWh for 90.00 without a surcharge.
    ("0", 15_000, "306.00"),
    ("-0.3", 14_468, "294.50"),
    ("-0.76", 13_706, "278.05"),
    ("-1.2", 13_035, "263.56"),
]


def test_the_revenue_at_each_elasticity():
    found = replayed(history(DAY, [(10, 5000, "90"), (70, 10_000, "180")])).total
    assert [(str(x.elasticity), x.energy_wh, str(x.amount)) for x in found.demand.revenues] == REVENUES
    assert {(x.energy_wh, str(x.amount)) for x in found.without.revenues} == {(15_000, "270.00")}
    assert found.demand.revenue(Decimal("-0.76")).energy_wh == 13_706


@pytest.mark.parametrize(
    ("percent", "elasticity", "share"),
    [
        pytest.param("20", "0", "1.0000", id="nobody-minds"),
        pytest.param("20", "-0.3", "0.9468", id="inelastic"),
        pytest.param("20", "-0.76", "0.8706", id="between"),
        pytest.param("20", "-1.2", "0.8035", id="elastic"),
        pytest.param("100", "-1.2", "0.4353", id="twice-the-price"),
    ],
)
def test_the_share_of_the_energy_that_is_asked_for(percent, elasticity, share):
    found = demanded(Decimal(percent), Decimal(elasticity))
    assert found.quantize(Decimal("0.0001")) == Decimal(share)


def test_a_highest_rate_is_held_against_each_sessions_own_rate():
    policy = replace(PROMPT, highest_rate=Decimal("20"))
    sessions = [(70, 10_000, "180"), (71, 10_000, "160"), (72, 10_000, "200"), (73, 0, "0")]
    found = replayed(history(DAY, sessions), policy=policy).total.demand
    # 11.11 % of 180, 20 % of 160, none of 200, and 20 % of nothing.
    assert (found.surcharged, found.revenue(Decimal(0)).amount) == (3, Decimal("592.00"))
    assert (found.median_surcharge, found.median_percent) == (Decimal("20.00"), 20)


def test_locations_add_up_and_keep_their_own_figures():
    one = history(DAY, [(70, 10_000, "180")])
    other = history([], [(70, 5000, "90"), (71, 5000, "90")], location_id="station-2")
    found = replayed(one, other)
    alone = replayed(one)
    assert [name for name, _ in found.locations] == ["station-1", "station-2"]
    assert found.locations[0][1] == alone.total
    total = found.total.demand
    assert [total.minutes(x) for x in (0, 1, 2)] == [495, 45, 60]
    assert (total.sessions, total.surcharged, total.median_surcharge) == (3, 1, Decimal("36.00"))
    assert (total.revenue(Decimal(0)).energy_wh, total.revenue(Decimal(0)).amount) == (20_000, Decimal("396.00"))
    assert found.total.static is None


def test_nothing_to_replay_is_no_replay():
    assert replay([], PROMPT) is None


def test_a_weekly_surcharge_that_holds_from_the_start_does_not_change_there():
    found = replayed(history([], [(0, 5000, "90")]), static=StaticSurge((), Decimal(10))).total.static
    assert found is not None
    assert (found.spans, found.changes, found.surcharged) == (((1, 300 * MINUTE),), (), 1)


@pytest.mark.parametrize(
    ("percent", "surcharged"), [pytest.param("0", 0, id="none"), pytest.param("0.5", 1, id="half-a-percent")]
)
def test_a_small_weekly_surcharge(percent, surcharged):
    found = replayed(history([], [(0, 5000, "90")]), static=StaticSurge((), Decimal(percent))).total.static
    assert found is not None
    assert found.surcharged == surcharged


def test_the_rate_of_a_session():
    assert PastSession(SATURDAY, 2500, Decimal("45")).base_rate == 18
    assert PastSession(SATURDAY, 0, Decimal("0")).base_rate == 0


@pytest.mark.parametrize(
    ("make", "code", "message"),
    [
        pytest.param(
            lambda: history([], [(300, 1, "1")]),
            "HISTORY",
            "Leave out the session of 2026-11-07T09:30:00+00:00.",
            id="a-session-at-the-end",
        ),
        pytest.param(
            lambda: history([], [(-0.1, 1, "1")]),
            "HISTORY",
            "Leave out the session of 2026-11-07T04:29:54+00:00.",
            id="a-session-before-the-start",
        ),
        pytest.param(
            lambda: history([], [], ends_at=SATURDAY), "HISTORY", "End the history after its start.", id="no-time"
        ),
        pytest.param(
            lambda: history([], [], ends_at=datetime(2026, 11, 8)),
            "INSTANT",
            "Give the end of a history with its offset from UTC.",
            id="a-naive-end",
        ),
        pytest.param(
            lambda: PastSession(datetime(2026, 11, 8), 1, Decimal(1)),
            "INSTANT",
            "Give the start of a session with its offset from UTC.",
            id="a-naive-session",
        ),
        pytest.param(
            lambda: PastSession(SATURDAY, 1, Decimal("-0.01")),
            "HISTORY",
            "Give sessions whose energy and amount are 0 or more.",
            id="a-negative-amount",
        ),
        pytest.param(
            lambda: StaticSurge((), Decimal(-1)),
            "HISTORY",
            "Set the percentage of the weekly surcharge to 0 or more.",
            id="a-negative-surcharge",
        ),
    ],
)
def test_histories_that_are_refused(make, code, message):
    with pytest.raises(PricingError) as refused:
        make()
    assert (refused.value.code, str(refused.value)) == (code, message)


def test_amounts_of_two_currencies_are_not_added_up():
    with pytest.raises(CurrencyMismatch, match="cannot combine INR with EUR"):
        replayed(history([], []), history([], [], currency="EUR"))


minutes = st.integers(0, 299)
LIMITED = replace(PROMPT, half_life=10 * MINUTE, surcharged_per_day=50 * MINUTE, changes_per_day=3)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from([1, 5, 5, 5, 12, 40]), st.integers(0, 20)), max_size=60),
    st.lists(st.tuples(minutes, st.integers(0, 40_000)), max_size=12),
    st.sampled_from(
        [PROMPT, replace(PROMPT, half_life=10 * MINUTE, surcharged_per_day=50 * MINUTE, changes_per_day=3)]
    ),
)
def test_a_session_pays_the_level_that_held_at_its_quote(gaps, sessions, policy):
    """A replay says what decisions one by one say, and a session is surcharged by the level of its start alone."""
    observations, at = [], 0
    for gap, count in gaps:
        if (at := at + gap) < 300:
            observations.append(Observation(minute(at), 20, count))
    past = [(at, wh, str(Decimal(wh) * 18 / 1000)) for at, wh in sessions]
    found = replayed(history([], past, observations=observations), policy=policy).total.demand
    surcharges = []
    states = _states(observations, policy)
    for at, _, amount in past:
        state = max((x for x in states if x.at <= minute(at)), key=lambda x: x.at)
        percent = policy.percent(level_at(state, policy, at=minute(at)), base_rate=None)
        surcharges.append(round_amount(Decimal(amount) * percent / 100, "INR"))
    listed = sum((round_amount(Decimal(amount), "INR") for _, _, amount in past), Decimal(0))
    assert found.revenue(Decimal(0)).amount == listed + sum(surcharges)


def _states(observations: list[Observation], policy) -> list:
    """Return the state after each decision: at observations, and every five minutes without one."""
    states = [first_state(KOLKATA, now=SATURDAY)]

    def decide(observation: Observation | None, now: datetime) -> None:
        states.append(next_level(states[-1], observation, policy, now=now).state)

    for observation in observations:
        while observation.observed_at - states[-1].at > 5 * MINUTE:
            decide(None, states[-1].at + 5 * MINUTE)
        decide(observation, observation.observed_at)
    while minute(300) - states[-1].at > timedelta(minutes=5):
        decide(None, states[-1].at + 5 * MINUTE)
    return states
