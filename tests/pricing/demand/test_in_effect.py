"""Which level a session pays: that in effect at its start, never before its notice, never after the policy is off."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector, Location
from offers.sites.priced import priced_sites
from pricing.demand.deciding import decide_due
from pricing.demand.rules import written
from pricing.demand.standing import standing_of
from pricing.demand.switching import save_policy, switch_off, switch_on
from pricing.engine.demand import DemandLevel
from pricing.hours import prices_of
from pricing.models import DemandDecision, DemandPolicy, DemandState, SurgePolicy, SurgeSchedule, TariffAssignment
from tests.pricing.demand.samples import (
    MINUTE,
    NOTICED,
    PROMPT,
    add_connectors,
    busy,
    decided,
    live_policy,
    lock_of,
    make_policy,
    pass_time,
    priced,
    row_of,
    surges,
    told,
)
from tests.pricing.surges.samples import FIFTH, make_schedule, no_notice, publish
from tests.processes import run_at_once
from tests.world import World, make_tariff, make_world

pytestmark = pytest.mark.django_db(transaction=True)
TENTH = [("busy", "Busy station fee (10% on 5 kWh)", "9.00")]
FIFTH_LINE = [("busy", "Busy station fee (20% on 5 kWh)", "18.00")]


@pytest.fixture
def world() -> World:
    found = make_world()
    add_connectors(found)
    no_notice(found.cpo)
    return found


def at_level_1(world: World) -> None:
    live_policy(world.cpo)
    decided(world, 3)


def test_a_session_pays_the_level_in_effect(world: World) -> None:
    live_policy(world.cpo)
    assert surges(priced(world)) == []
    decided(world, 3)
    assert surges(priced(world)) == TENTH
    decided(world, 4)
    found = priced(world)
    assert surges(found) == FIFTH_LINE
    # 90 for the energy, 18 on top, the fee of 10, and 18 % tax.
    assert str(found.quote.total.amount) == "139.24"
    (surge,) = found.quote.terms.surges
    assert (surge.surge_id, surge.version, surge.spans, surge.windows) == ("busy", 2, None, ())


PLANNED = {
    "now": (timedelta(0), True),
    "a-little-ago": (-5 * MINUTE, True),
    "as-long-as-the-decision-is-fresh": (14 * MINUTE, True),
    "when-nobody-knows-the-level": (16 * MINUTE, False),
    "tomorrow": (timedelta(days=1), False),
}


@pytest.mark.parametrize(("ahead", "pays"), PLANNED.values(), ids=PLANNED)
def test_only_a_session_planned_for_soon_pays_it(world: World, ahead: timedelta, pays: bool) -> None:
    at_level_1(world)
    assert surges(priced(world, ahead=ahead)) == (TENTH if pays else [])


def test_a_decision_that_is_stale_prices_nothing(world: World) -> None:
    at_level_1(world)
    pass_time(world, 14 * MINUTE)
    assert surges(priced(world)) == TENTH
    pass_time(world, 1 * MINUTE)
    assert surges(priced(world)) == []


def test_a_decision_from_far_ahead_prices_nothing(world: World) -> None:
    at_level_1(world)
    pass_time(world, -14 * MINUTE)
    assert surges(priced(world)) == TENTH
    pass_time(world, -2 * MINUTE)
    assert surges(priced(world)) == []


def test_an_announced_rise_is_not_charged_before_its_notice(world: World) -> None:
    live_policy(world.cpo, replace(NOTICED, notice=10 * MINUTE))
    row = decided(world, 3)
    assert (row.level, row.announced_level) == (0, 1)
    assert [surges(priced(world, ahead=x * MINUTE)) for x in (0, 9, 11)] == [[], [], TENTH]
    pass_time(world, 9 * MINUTE)
    assert surges(priced(world)) == []
    # Its time comes although nobody decides.
    pass_time(world, 1 * MINUTE)
    assert surges(priced(world)) == TENTH
    assert row_of(world).level == 0


def test_a_withdrawn_rise_is_never_charged(world: World) -> None:
    live_policy(world.cpo, replace(NOTICED, notice=10 * MINUTE))
    decided(world, 3)
    decided(world, 0)
    pass_time(world, 10 * MINUTE)
    assert surges(priced(world)) == []
    assert told(world)[-1] == "No surcharge: the announced level 1 is withdrawn, because the load of 0 % is below 45 %."


def test_what_was_quoted_is_kept_while_the_level_changes(world: World) -> None:
    policy = live_policy(world.cpo)
    free = lock_of(priced(world))
    decided(world, 3)
    quoted = lock_of(priced(world))
    decided(world, 4)
    assert (surges(priced(world, free)), surges(priced(world, quoted))) == ([], TENTH)
    switch_off(policy)
    assert surges(priced(world, quoted)) == TENTH
    assert surges(priced(world)) == []


def test_a_policy_that_is_switched_off_prices_nothing_at_once(world: World) -> None:
    at_level_1(world)
    policy = row_of(world).policy
    switched = switch_off(policy)
    assert (surges(priced(world)), row_of(world).level, switched.number) == ([], 0, 3)
    assert told(world)[-1] == "No surcharge any more: it was switched off."
    # The load asks for it still: it is announced anew before it counts.
    switch_on(policy)
    assert (surges(priced(world)), told(world)[-1]) == ([], "No surcharge: it was switched on.")
    decided(world)
    assert surges(priced(world)) == TENTH


def test_other_rules_begin_at_level_0(world: World) -> None:
    at_level_1(world)
    policy = row_of(world).policy
    policy.rules = written(replace(PROMPT, levels=(DemandLevel(Decimal("0.6"), Decimal("0.4"), Decimal(25)),)))
    saved = save_policy(policy)
    assert (saved.number, surges(priced(world)), row_of(world).level) == (3, [], 0)
    decided(world)
    assert surges(priced(world)) == [("busy", "Busy station fee (25% on 5 kWh)", "22.50")]
    policy.name = "Rush fee"
    assert save_policy(policy).number == 3
    assert surges(priced(world)) == [("busy", "Rush fee (25% on 5 kWh)", "22.50")]


def test_a_decision_by_rules_that_were_changed_meanwhile_prices_nothing(world: World) -> None:
    at_level_1(world)
    with cpo_scope(world.cpo):
        DemandState.objects.update(number=1)
    assert surges(priced(world)) == []
    assert [(decided(world, 3).level, row_of(world).number) for _ in range(2)] == [(0, 2), (1, 2)]


def test_a_decision_that_is_made_while_it_is_switched_off_prices_nothing(world: World) -> None:
    policy = live_policy(world.cpo)
    decided(world, 3)
    busy(world, 4)
    pass_time(world, 2 * MINUTE)
    run_at_once(2, lambda number: decide_due() if number else switch_off(policy).number)
    assert (surges(priced(world)), row_of(world).level, row_of(world).number) == ([], 0, 3)


def test_switching_twice_is_refused(world: World) -> None:
    policy = make_policy(world.cpo)
    with pytest.raises(ValidationError, match="is switched off already"):
        switch_off(policy)
    switch_on(policy)
    with pytest.raises(ValidationError, match="is switched on already"):
        switch_on(policy)
    with cpo_scope(world.cpo):
        assert not DemandDecision.objects.exists()


def test_another_place_pays_nothing(world: World) -> None:
    at_level_1(world)
    with cpo_scope(world.cpo):
        there = Location.objects.create(
            cpo=world.cpo, location_id="there", name="There", latitude=Decimal(28), longitude=Decimal(77)
        )
        world.charger.location = there
        world.charger.save()
    assert surges(priced(world)) == []


def test_a_place_that_left_the_scope_pays_nothing_at_once(world: World) -> None:
    at_level_1(world)
    policy = row_of(world).policy
    policy.location_tags = ["highway"]
    save_policy(policy)
    assert surges(priced(world)) == []
    with cpo_scope(world.cpo):
        assert not DemandState.objects.exists()


def test_another_cpo_pays_nothing(world: World) -> None:
    other = make_world("cpo2.com", item_id="there-01")
    at_level_1(world)
    assert surges(priced(other)) == []


def test_the_highest_rate_bounds_each_tariff_by_its_own(world: World) -> None:
    live_policy(world.cpo, replace(PROMPT, highest_rate=Decimal("18.90")))
    decided(world, 3)
    assert surges(priced(world)) == [("busy", "Busy station fee (5% on 5 kWh)", "4.50")]
    with cpo_scope(world.cpo):
        TariffAssignment.objects.update(location=world.location)
        dear = make_tariff(world.cpo, rate="20", tariff_id="dear")
        TariffAssignment.objects.filter(tariff=dear).update(connector=world.connector)
    assert surges(priced(world)) == []
    decided(world, 3)
    # The neighbours are as cheap as before: what is told is the most that anybody pays there.
    assert (row_of(world).percent, surges(priced(world))) == (5, [])


def test_it_works_within_the_cap_and_the_groups_of_all_surges(world: World) -> None:
    publish(make_schedule(world.cpo, replace(FIFTH, stacking_group="peak")))
    live_policy(world.cpo, stacking_group="peak")
    decided(world, 3)
    assert surges(priced(world)) == [("congestion", "Congestion fee (20% on 5 kWh)", "18.00")]
    policy = row_of(world).policy
    policy.stacking_group = ""
    save_policy(policy)
    decided(world, 3)
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(cap_percent=Decimal(25))
    assert [(code, amount) for code, _, amount in surges(priced(world))] == [("congestion", "18.00"), ("busy", "4.50")]


def test_one_id_is_not_given_to_a_surge_and_a_policy(world: World) -> None:
    make_policy(world.cpo)
    with pytest.raises(ValidationError) as refused, cpo_scope(world.cpo):
        make_schedule(world.cpo, schedule_id="busy")
    assert refused.value.message_dict == {"schedule_id": ["A demand policy has this id: choose another one."]}
    make_schedule(world.cpo, schedule_id="rush")
    with pytest.raises(ValidationError) as refused:
        make_policy(world.cpo, policy_id="rush")
    assert refused.value.message_dict == {"policy_id": ["A surge has this id: choose another one."]}


def test_of_two_who_give_one_id_at_once_one_gets_it(world: World) -> None:
    def give(number: int) -> str:
        try:
            with cpo_scope(world.cpo):
                make_schedule(world.cpo, schedule_id="busy") if number else make_policy(world.cpo)
        except ValidationError:
            return "refused"
        return "made"

    assert sorted(run_at_once(2, give)) == ["made", "refused"]
    with cpo_scope(world.cpo):
        assert DemandPolicy.objects.count() + SurgeSchedule.objects.count() == 1


def test_the_week_ahead_and_the_advice_on_offers_leave_it_out(world: World) -> None:
    at_level_1(world)
    now = timezone.now()
    with cpo_scope(world.cpo):
        prices = prices_of(world.connector, now, now + timedelta(days=1), now=now)
        connectors = list(Connector.objects.select_related("charger__location"))
        found = [x.terms.surges for x in priced_sites(connectors, now) if x.terms is not None]
    assert {(x.rate, x.added) for x in prices.stretches} == {(Decimal(18), Decimal(0))}
    assert found == [()] * 4


def test_a_tag_that_is_taken_off_and_put_back_brings_no_level_back_without_notice(world: World) -> None:
    def tagged(*tags: str) -> None:
        with cpo_scope(world.cpo):
            place = Location.objects.get(pk=world.location.pk)
            place.tags = list(tags)
            place.save()

    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(signal_notice_minutes=10)
        Location.objects.update(tags=["airport"])
    policy = live_policy(world.cpo, location_tags=["airport"])
    decided(world, 3)
    pass_time(world, 10 * MINUTE)
    assert surges(priced(world)) == TENTH
    tagged()
    assert surges(priced(world)) == []
    tagged("Airport")
    assert surges(priced(world)) == []
    with cpo_scope(world.cpo):
        (here,) = standing_of(policy, timezone.now())
    assert (here.level, here.percent) == (0, 0)
    pass_time(world, -10 * MINUTE)
    assert surges(priced(world, ahead=11 * MINUTE)) == TENTH
