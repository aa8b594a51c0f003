"""Decisions by the minute on real rows: what counts as busy, what is kept, what grows stale, and who decides once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from cpo_portal.accounts.models import ApiToken
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector, Location, StatusChoice
from cpo_portal.network.systems import create_system_token
from cpo_portal.network.usage import refuse_used
from pricing import authoring
from pricing.authoring import Place, TariffContent
from pricing.demand import deciding
from pricing.demand.deciding import decide_due
from pricing.demand.observing import observe
from pricing.demand.recording import state_of
from pricing.models import DemandDecision, DemandState, Signal, SurgePolicy
from tests.pricing.demand.samples import (
    MINUTE,
    NOTICED,
    PROMPT,
    add_connectors,
    busy,
    decided,
    live_policy,
    make_policy,
    pass_time,
    report,
    row_of,
    told,
)
from tests.pricing.surges.samples import no_notice
from tests.processes import run_at_once
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
FREE, CHARGING, BLOCKED = StatusChoice.AVAILABLE, StatusChoice.CHARGING, StatusChoice.BLOCKED
RESERVED, BROKEN, GONE = StatusChoice.RESERVED, StatusChoice.OUT_OF_ORDER, StatusChoice.INOPERATIVE


@pytest.fixture
def world() -> World:
    found = make_world()
    add_connectors(found)
    no_notice(found.cpo)
    return found


OBSERVED: dict[str, tuple[tuple[StatusChoice, ...], tuple[int, int]]] = {
    "nothing-reported": ((), (0, 0)),
    "some-reported": ((CHARGING, FREE), (2, 1)),
    "whoever-is-in-the-way": ((CHARGING, RESERVED, BLOCKED, FREE), (4, 3)),
    "broken-ones-say-nothing": ((CHARGING, BROKEN, GONE, FREE), (2, 1)),
    "unknown-ones-say-nothing": ((StatusChoice.UNKNOWN, FREE), (1, 0)),
}


def seen(world: World, **changes: Any) -> tuple[int, int, float | None]:
    with cpo_scope(world.cpo):
        found = observe(world.location, replace(PROMPT, **changes), now=timezone.now())
    return found.reporting, found.busy, found.grid_stress


@pytest.mark.parametrize(("statuses", "expected"), OBSERVED.values(), ids=OBSERVED)
def test_what_reports_and_what_is_busy(
    world: World, statuses: tuple[StatusChoice, ...], expected: tuple[int, int]
) -> None:
    report(world, *statuses)
    assert seen(world) == (*expected, None)


def test_a_charger_that_charges_at_one_connector_is_busy_at_all(world: World) -> None:
    with cpo_scope(world.cpo):
        second = Connector.objects.order_by("item_id")[1]
        Connector.objects.filter(pk=second.pk).update(charger=world.charger)
    report(world, CHARGING, FREE, FREE, FREE)
    assert seen(world) == (4, 2, None)


def test_hidden_connectors_and_those_of_other_places_do_not_count(world: World) -> None:
    report(world, CHARGING, CHARGING, FREE, FREE)
    with cpo_scope(world.cpo):
        Connector.objects.filter(pk=world.connector.pk).update(is_published=False)
        there = Location.objects.create(
            cpo=world.cpo, location_id="there", name="There", latitude=Decimal(28), longitude=Decimal(77)
        )
    assert seen(world) == (3, 1, None)
    with cpo_scope(world.cpo):
        assert observe(there, PROMPT, now=timezone.now()).reporting == 0


def test_a_state_stands_while_its_charging_system_is_heard_of(world: World) -> None:
    report(world, CHARGING, FREE, ago=20 * MINUTE)
    assert seen(world) == (0, 0, None)
    create_system_token(world.system)
    with cpo_scope(world.cpo):
        ApiToken.objects.update(last_used_at=timezone.now() - 14 * MINUTE)
        assert seen(world) == (2, 1, None)
        ApiToken.objects.update(last_used_at=timezone.now() - 16 * MINUTE)
        assert seen(world) == (0, 0, None)


SIGNALS: dict[str, tuple[dict[str, Any], float | None]] = {
    "counts": ({}, 1.0),
    "elsewhere": ({"states": ["Goa"]}, None),
    "another-kind": ({"kind": "WEATHER"}, None),
    "not-yet": ({"counts_from": 5}, None),
    "over": ({"ends_at": -5}, None),
    "stale": ({"stale_after": -5}, None),
    "withdrawn": ({"withdrawn_at": -5}, None),
}


@pytest.mark.parametrize(("changes", "expected"), SIGNALS.values(), ids=SIGNALS)
def test_a_signal_of_the_grid_counts_where_it_has_a_weight(
    world: World, changes: dict[str, Any], expected: float | None
) -> None:
    now = timezone.now()
    minutes = {"starts_at": -60, "ends_at": 60, "counts_from": -60}
    said: dict[str, Any] = {"kind": "GRID_STRESS"} | minutes | changes
    at = {key: now + value * MINUTE for key, value in said.items() if isinstance(value, int)}
    with cpo_scope(world.cpo):
        Signal.objects.create(cpo=world.cpo, signal_id="s", title="Stress", source="NLDC", **(said | at))
    assert seen(world, grid_weight=Decimal(1))[2] == expected
    assert seen(world)[2] is None


def test_a_signal_for_a_tag_that_is_added_counts_there_after_the_notice_of_signals(world: World) -> None:
    now = timezone.now()
    times = {"starts_at": now - MINUTE, "counts_from": now - MINUTE, "ends_at": now + 60 * MINUTE}
    named = {"signal_id": "s", "kind": "GRID_STRESS", "title": "Stress", "source": "NLDC", "location_tags": ["hill"]}
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(signal_notice_minutes=15)
        Signal.objects.create(cpo=world.cpo, **named, **times)
        place = Location.objects.get(pk=world.location.pk)
        place.tags = ["Hill"]
        place.save()
        found = [observe(place, replace(PROMPT, grid_weight=Decimal(1)), now=now + n * MINUTE) for n in (14, 16)]
    assert [x.grid_stress for x in found] == [None, 1.0]


def test_levels_follow_the_load_and_changes_are_kept(world: World) -> None:
    live_policy(world.cpo)
    assert [(decided(world, n).level, row_of(world).percent) for n in (1, 3, 4, 4, 0)] == [
        (0, 0),
        (1, 10),
        (2, 20),
        (3, 25),
        (2, 20),
    ]
    assert told(world) == [
        "No surcharge: the load of 25 %.",
        "Level 1 (10 %) from now on: the load of 75 % has reached 60 %.",
        "Level 2 (20 %) from now on: the load of 100 % has reached 80 %.",
        "Level 3 (25 %) from now on: the load of 100 % has reached 95 %.",
        "Level 2 (20 %) from now on: the load of 0 % is below 80 %.",
    ]
    with cpo_scope(world.cpo):
        last = DemandDecision.objects.order_by("-at")[0]
    assert (last.reason, last.before, last.busy, last.reporting, last.location_id) == ("FALL", 3, 0, 4, "cp-station")


def test_what_changes_nothing_is_kept_every_ten_minutes(world: World) -> None:
    live_policy(world.cpo)
    decided(world, 1)
    for _ in range(3):
        decided(world)
    assert len(told(world)) == 1
    pass_time(world, 7 * MINUTE)
    decided(world)
    assert told(world) == ["No surcharge: the load of 25 %."] * 2


def test_a_decision_for_another_reason_is_kept_at_once(world: World) -> None:
    """The load asks for level 1 and drivers are told first; it falls, and later nobody reports any more."""
    live_policy(world.cpo, NOTICED)
    for count in (3, 3, 3, 0, 0):
        decided(world, count)
    report(world, *[CHARGING] * 4, ago=16 * MINUTE)
    decided(world)
    decided(world)
    with cpo_scope(world.cpo):
        reasons = list(DemandDecision.objects.order_by("at").values_list("reason", flat=True))
    assert reasons == ["RISE", "NOTICE", "WITHDRAWN", "HOLD", "TOO_FEW"]


def test_a_percent_that_a_dearer_tariff_cuts_is_kept_at_once(world: World) -> None:
    live_policy(world.cpo, replace(PROMPT, highest_rate=Decimal("18.90")))
    for _ in range(3):
        decided(world, 3)
    dearer = TariffContent(rate=Decimal("18.2"), places=(Place(location_id="cp-station"),))
    authoring.publish(authoring.create_tariff(world.cpo, "dearer", "Dearer", dearer))
    decided(world, 3)
    with cpo_scope(world.cpo):
        kept = list(DemandDecision.objects.order_by("at").values_list("reason", "percent"))
    assert kept == [("RISE", Decimal(5)), ("CAPPED", Decimal(5)), ("CAPPED", Decimal("3.84"))]


def test_a_location_is_decided_on_once_a_minute(world: World) -> None:
    live_policy(world.cpo)
    busy(world, 3)
    assert [decide_due(), decide_due()] == [1, 0]
    pass_time(world, timedelta(seconds=59))
    assert decide_due() == 0
    pass_time(world, timedelta(seconds=1))
    assert decide_due() == 1


def test_what_is_not_heard_of_any_more_decays(world: World) -> None:
    live_policy(world.cpo)
    for _ in range(2):
        decided(world, 4)
    report(world, *[CHARGING] * 4, ago=16 * MINUTE)
    assert [decided(world).level for _ in range(3)] == [1, 0, 0]
    assert told(world)[-2:] == [
        "Level 1 (10 %) from now on: 0 of at least 1 connectors report.",
        "No surcharge any more: 0 of at least 1 connectors report.",
    ]


def test_the_notice_is_at_least_what_the_cpo_promises(world: World) -> None:
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(signal_notice_minutes=30)
    live_policy(world.cpo, NOTICED)
    row = decided(world, 3)
    announced = state_of(row).announced
    assert announced is not None
    assert (row.level, row.announced_level, row.announced_percent) == (0, 1, 10)
    assert announced.starts_at - announced.decided_at == 30 * MINUTE


def test_the_highest_rate_bounds_what_is_told(world: World) -> None:
    live_policy(world.cpo, replace(PROMPT, highest_rate=Decimal("18.90")))
    decided(world, 4)
    assert row_of(world).percent == Decimal(5)
    decided(world, 4)
    assert told(world)[-1] == "Level 2 (5 %) from now on: the load of 100 % has reached 80 %."


def test_only_what_is_switched_on_and_in_scope_is_decided_on(world: World) -> None:
    make_policy(world.cpo, policy_id="off")
    live_policy(world.cpo, policy_id="elsewhere", location_tags=["highway"])
    assert decide_due() == 0
    policy = live_policy(world.cpo, location_ids=["cp-station"])
    decided(world, 4)
    with cpo_scope(world.cpo):
        policy.location_ids, policy.location_tags = [], ["highway"]
        policy.save()
    assert decide_due() == 0
    assert told(world)[-1] == "No surcharge any more: the location is not in the scope any more."
    with cpo_scope(world.cpo):
        assert not DemandState.objects.exists()
        Location.objects.update(tags=["Highway"])
    assert decide_due() == 2


def test_a_location_without_sales_can_still_be_deleted(world: World) -> None:
    live_policy(world.cpo)
    with cpo_scope(world.cpo):
        there = Location.objects.create(
            cpo=world.cpo, location_id="there", name="There", latitude=Decimal(28), longitude=Decimal(77)
        )
        decide_due()
        refuse_used(there)
        there.delete()
        kept = DemandDecision.objects.filter(location_id="there").values_list("words", flat=True)
        assert list(kept) == ["No surcharge: 0 of at least 1 connectors report."]
        assert [x.location_id for x in DemandState.objects.all()] == [world.location.pk]


def test_a_location_that_moved_to_another_zone_goes_on_there(world: World) -> None:
    live_policy(world.cpo)
    with cpo_scope(world.cpo):
        Location.objects.update(time_zone="Asia/Dubai")
    assert state_of(decided(world, 3)).time_zone == "Asia/Dubai"


def test_two_schedulers_decide_once_per_location(world: World) -> None:
    other = make_world("cpo2.com", item_id="there-01")
    for each in (world, other):
        live_policy(each.cpo)
        live_policy(each.cpo, policy_id="second", name="Second")
    busy(world, 3)
    assert sum(run_at_once(4, lambda _: decide_due())) == 4
    assert sorted(told(world)) == ["Level 1 (10 %) from now on: the load of 75 % has reached 60 %."] * 2
    assert told(other) == ["No surcharge: 0 of at least 1 connectors report."] * 2


def test_one_that_fails_is_put_off_and_the_others_go_on(world: World) -> None:
    other = make_world("cpo2.com", item_id="there-01")
    for each in (world, other):
        live_policy(each.cpo)
    with cpo_scope(world.cpo):
        DemandState.objects.update(document={"nonsense": True})
    assert decide_due() == 2
    assert decide_due() == 0
    assert (told(world), len(told(other))) == ([], 1)


def test_decisions_are_history(world: World) -> None:
    live_policy(world.cpo)
    decided(world, 3)
    with cpo_scope(world.cpo):
        for change in ({"level": 2}, {"words": ""}):
            with pytest.raises(IntegrityError, match="its rows are history"), transaction.atomic():
                DemandDecision.objects.update(**change)
        with pytest.raises(IntegrityError, match="its rows are history"), transaction.atomic():
            DemandDecision.objects.all().delete()


def test_a_run_takes_so_many_and_leaves_the_rest(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        live_policy(world.cpo, policy_id=f"p{number}", name=f"P{number}")
    monkeypatch.setattr(deciding, "MOST", 2)
    assert [decide_due(), decide_due()] == [2, 1]


def test_decisions_lie_in_the_partition_of_their_month(world: World) -> None:
    live_policy(world.cpo)
    decided(world, 3)
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM pricing_demanddecision")
        assert cursor.fetchall() == [(f"pricing_demanddecision_y{timezone.now():%Y}m{timezone.now():%m}",)]
