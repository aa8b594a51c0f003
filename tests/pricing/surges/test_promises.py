"""A shorter notice is announced itself: nothing takes effect earlier than the longer one had promised."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpo_portal.accounts.tenancy import cpo_scope
from pricing.demand.rules import rules_in_force, written
from pricing.demand.switching import save_policy
from pricing.models import DemandPolicy, SurgePolicy
from pricing.surges.policies import notice_of, policy_of, waiting_notices
from pricing.surges.promises import Promise, changed
from tests.pricing.demand.samples import PROMPT, make_policy
from tests.pricing.surges.conftest import Clock
from tests.pricing.surges.samples import DAY, FIFTH, NOW, make_schedule, publish
from tests.world import make_world

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
#: What is changed, at which hour and to how many hours of notice, from 24 on; until when a longer one is kept.
CHANGES: dict[str, tuple[list[tuple[int, int]], int | None]] = {
    "never": ([], None),
    "raised": ([(0, 48)], None),
    "lowered": ([(0, 1)], 24),
    "lowered-twice": ([(0, 12), (1, 0)], 24),
    "lowered-again-later": ([(0, 12), (20, 0)], 32),
    "lowered-again-when-it-was-over": ([(0, 12), (30, 0)], 42),
    "lowered-and-raised-again": ([(0, 0), (1, 24)], None),
    "lowered-and-raised-a-little": ([(0, 0), (1, 2)], 24),
    "raised-then-lowered": ([(0, 48), (2, 0)], 50),
    "lowered-raised-lowered": ([(0, 0), (1, 48), (2, 0)], 50),
}


@pytest.mark.parametrize(("steps", "kept"), CHANGES.values(), ids=CHANGES)
def test_the_latest_instant_that_was_promised_is_kept(steps: list[tuple[int, int]], kept: int | None) -> None:
    promise = Promise(DAY)
    for at, hours in steps:
        promise = changed(promise, hours * HOUR, now=NOW + at * HOUR)
    last = steps[-1][1] if steps else 24
    assert promise == Promise(last * HOUR, None if kept is None else NOW + kept * HOUR)


@pytest.mark.parametrize(
    ("at", "waits"),
    [
        pytest.param(timedelta(0), DAY, id="at-once"),
        pytest.param(23 * HOUR - SECOND, HOUR + SECOND, id="a-second-before"),
        pytest.param(23 * HOUR, HOUR, id="when-it-counts"),
        pytest.param(23 * HOUR + SECOND, HOUR, id="a-second-later"),
        pytest.param(30 * HOUR, HOUR, id="long-over"),
    ],
)
def test_a_shorter_notice_waits_for_the_longer_one(at: timedelta, waits: timedelta) -> None:
    promise = changed(Promise(DAY), HOUR, now=NOW)
    assert (promise.at(NOW + at), promise.counts_from) == (waits, NOW + 23 * HOUR)
    assert promise.waits(NOW + at) == (at < 23 * HOUR)


_STEPS = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 72)), max_size=6)


@given(_STEPS, st.integers(0, 200))
def test_no_change_hastens_what_was_promised(steps: list[tuple[int, int]], later: int) -> None:
    now, promise = NOW, Promise(DAY)
    for wait, hours in steps:
        now += wait * HOUR
        before, promise = promise, changed(promise, hours * HOUR, now=now)
        at = now + later * HOUR
        assert at + promise.at(at) >= now + before.at(now)
        assert promise.at(at) >= hours * HOUR


@pytest.mark.django_db
def test_a_rise_is_not_published_past_a_notice_that_is_lowered_and_raised_again(clock: Clock) -> None:
    world = make_world()
    with cpo_scope(world.cpo):
        row = SurgePolicy.objects.create(cpo=world.cpo)
        row.notice_hours = 0
        row.save(update_fields=["notice_hours"])
    clock.now = NOW + HOUR
    schedule = publish(make_schedule(world.cpo, FIFTH))
    with cpo_scope(world.cpo):
        row.notice_hours = 24
        row.save()
        stored = SurgePolicy.objects.get()
        assert (stored.notice_kept_until, notice_of(world.cpo, clock.now)) == (None, DAY)
    assert schedule.prices_from == NOW + DAY


@pytest.mark.django_db
def test_what_a_cpo_has_never_written_is_promised_all_the_same(clock: Clock) -> None:
    world = make_world()
    with cpo_scope(world.cpo):
        row = SurgePolicy.objects.create(cpo=world.cpo, notice_hours=1, signal_notice_minutes=5)
        assert waiting_notices(row, NOW) == [
            "The shorter notice of surges counts from Wed 3 Mar 2027, 16:30 IST on; until then no rise takes effect "
            "before Wed 3 Mar 2027, 17:30 IST.",
            "The shorter notice of signals and levels of demand counts from Tue 2 Mar 2027, 17:40 IST on; until then "
            "no rise takes effect before Tue 2 Mar 2027, 17:45 IST.",
        ]
        assert [waiting_notices(row, NOW + x) for x in (23 * HOUR, 23 * HOUR + SECOND)] == [[], []]
        assert len(waiting_notices(row, NOW + 23 * HOUR - SECOND)) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("after", "notice"),
    [
        pytest.param(timedelta(0), 40, id="at-once"),
        pytest.param(19 * MINUTE, 21, id="a-minute-before-it-counts"),
        pytest.param(20 * MINUTE, 20, id="when-it-counts"),
        pytest.param(HOUR, 20, id="long-over"),
    ],
)
def test_a_level_of_demand_waits_for_the_longer_notice_that_its_rules_had(after: timedelta, notice: int) -> None:
    cpo = make_world().cpo
    policy = make_policy(cpo, replace(PROMPT, notice=40 * MINUTE))
    with cpo_scope(cpo):
        policy.rules = written(replace(PROMPT, notice=20 * MINUTE))
        kept = save_policy(policy).notice_kept_until
        assert kept is not None
        found = rules_in_force(DemandPolicy.objects.get(), policy_of(cpo), now=kept - 40 * MINUTE + after)
    assert found.notice == notice * MINUTE
