"""Ceilings with surges: neither a tariff nor a surge is published that lifts a kWh above one that forbids it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Product
from pricing import authoring
from pricing.authoring.ceilings import Ceilings
from pricing.models import PriceCeiling, SurgePolicy, SurgeSchedule, SurgeState
from pricing.surges.ceilings import SurgeCeilings
from pricing.surges.content import Scope, SurgeContent
from tests.offers.api.asking import send
from tests.people import api_client, make_people, signed_in
from tests.pricing.surges.samples import EVENING, FIFTH, RUPEE, make_schedule, no_notice, publish
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
PEAK = replace(FIFTH, weekly_windows=(EVENING,))
SAID = (
    "₹21.60 per kWh with “Congestion fee” every day 18:00–21:00 is above “Delhi cap” (₹20.00) at Connaught Place "
    "Station: lower the tariff or the surge, or leave the place out."
)


@pytest.fixture
def world() -> World:
    found = make_world()
    no_notice(found.cpo)
    return found


def ceiling(world: World, **changes: Any) -> None:
    values = {"ceiling_id": "cap", "name": "Delhi cap", "maximum_rate": Decimal(20), "mode": "BLOCK"} | changes
    with cpo_scope(world.cpo):
        PriceCeiling.objects.create(cpo=world.cpo, **values)


def told(world: World, schedule: SurgeSchedule, content: SurgeContent) -> list[tuple[str, bool]]:
    with cpo_scope(world.cpo):
        return [(x.sentence, x.blocks) for x in SurgeCeilings().above(schedule, content)]


KINDS = [
    pytest.param({}, PEAK, [(SAID, True)], id="above"),
    pytest.param({"mode": "WARN"}, PEAK, [(SAID, False)], id="warned-of"),
    pytest.param({"maximum_rate": Decimal("21.6")}, PEAK, [], id="at-the-ceiling"),
    pytest.param({"weekly_windows": [EVENING | {"start": "21:00", "end": "23:00"}]}, PEAK, [], id="other-hours"),
    pytest.param({"state": "Karnataka"}, PEAK, [], id="another-state"),
    pytest.param({}, replace(PEAK, scope=Scope(connector_types=("TYPE2",))), [], id="other-connectors"),
    pytest.param({}, replace(PEAK, scope=Scope(product_ids=("valet",))), [], id="of-a-product"),
    pytest.param({}, replace(RUPEE, value=Decimal(2)), [], id="up-to-the-ceiling"),
]


@pytest.mark.parametrize(("rule", "content", "found"), KINDS)
def test_a_surge_is_compared_on_top_of_the_tariff(
    world: World, rule: dict[str, Any], content: SurgeContent, found: list[tuple[str, bool]]
) -> None:
    with cpo_scope(world.cpo):
        Product.objects.create(cpo=world.cpo, product_id="valet", name="Valet", price=Decimal(50), currency="INR")
    ceiling(world, **rule)
    schedule = make_schedule(world.cpo, content)
    assert told(world, schedule, content) == found
    if not any(blocks for _, blocks in found):
        assert publish(schedule).state == SurgeState.APPROVED
        return
    with pytest.raises(ValidationError) as refused:
        publish(schedule)
    assert refused.value.message_dict == {"value": [SAID]}
    with cpo_scope(world.cpo):
        schedule.refresh_from_db()
    assert schedule.state == SurgeState.DRAFT


def test_surges_add_up_within_the_cpos_cap(world: World) -> None:
    ceiling(world, maximum_rate=Decimal("22.5"))
    publish(make_schedule(world.cpo, PEAK))
    second = make_schedule(world.cpo, RUPEE, schedule_id="second", name="Rush")
    sentence = SAID.replace("₹21.60", "₹22.60").replace("₹20.00", "₹22.50").replace("the surge,", "one of the surges,")
    sentence = sentence.replace("“Congestion fee”", "“Congestion fee” and “Rush”")
    assert told(world, second, RUPEE) == [(sentence, True)]
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(cap_percent=Decimal(25))
    assert told(world, second, RUPEE) == []


def test_its_own_earlier_version_does_not_count_beside_it(world: World) -> None:
    ceiling(world, maximum_rate=Decimal(22))
    schedule = publish(make_schedule(world.cpo, PEAK))
    assert told(world, schedule, replace(PEAK, value=Decimal(22))) == []


def test_versions_of_one_schedule_count_each_while_it_holds(world: World) -> None:
    """The first of a group, until a day from now; then alone, and less: with the other of the group never both."""
    soon = timezone.now() + timedelta(days=1)
    dear, other = replace(RUPEE, value=Decimal(3), stacking_group="rush"), replace(RUPEE, stacking_group="rush")
    schedule = publish(make_schedule(world.cpo, dear))
    publish(schedule, replace(RUPEE, valid_from=soon))
    publish(make_schedule(world.cpo, other, schedule_id="other", name="Other fee"))
    content = authoring.TariffContent(rate=Decimal(18), places=(authoring.Place(),), currency="INR")
    ceiling(world)
    with cpo_scope(world.cpo):
        (found,) = Ceilings().above(content)
    assert found.fault.startswith("₹21.00 per kWh with “Congestion fee” every day all day is above “Delhi cap”")
    with cpo_scope(world.cpo):
        PriceCeiling.objects.update(maximum_rate=Decimal(21))
        assert Ceilings().above(content) == ()
    with time_machine.travel(soon, tick=False), cpo_scope(world.cpo):
        PriceCeiling.objects.update(maximum_rate=Decimal("19.99"))
        (found,) = Ceilings().above(content)
    assert found.fault.startswith("₹20.00 per kWh with “Congestion fee” and “Other fee” every day all day")


def test_a_tariff_is_compared_with_the_surges_on_top(world: World) -> None:
    ceiling(world)
    place = authoring.Place(item_id="pe-charging-01")
    content = authoring.TariffContent(rate=Decimal(18), places=(place,), currency="INR")
    tariff = authoring.create_tariff(world.cpo, "own", "Own", content)
    with cpo_scope(world.cpo):
        PriceCeiling.objects.update(mode="WARN")
    publish(make_schedule(world.cpo, PEAK))
    with cpo_scope(world.cpo):
        assert [(x.sentence, x.blocks) for x in Ceilings().above(content)] == [(SAID, False)]
        PriceCeiling.objects.update(mode="BLOCK")
    with pytest.raises(ValidationError) as refused:
        authoring.publish(tariff)
    assert refused.value.message_dict == {"rate": [SAID]}


def test_a_tariff_that_is_announced_counts_as_well(world: World) -> None:
    place = authoring.Place(item_id="pe-charging-01")
    later = timezone.now() + timedelta(days=30)
    content = authoring.TariffContent(rate=Decimal(20), places=(place,), currency="INR", valid_from=later)
    authoring.publish(authoring.create_tariff(world.cpo, "own", "Own", content))
    ceiling(world, maximum_rate=Decimal("21.6"))
    schedule = make_schedule(world.cpo, PEAK)
    sentence = SAID.replace("₹21.60", "₹24.00").replace("₹20.00", "₹21.60")
    assert told(world, schedule, PEAK) == [(sentence, True)]


@pytest.mark.parametrize(
    ("cap", "told"),
    [
        pytest.param(None, [SAID], id="no-limit"),
        pytest.param(Decimal("11.12"), [SAID.replace("21.60", "20.0016")], id="a-limit-that-lets-it-above"),
        pytest.param(Decimal("11.11"), [], id="a-limit-that-keeps-it-below"),
        pytest.param(Decimal(0), [], id="a-limit-that-lets-none"),
    ],
)
def test_the_surge_policy_says_which_ceilings_prices_are_above_by_its_limit(
    cap: Decimal | None, told: list[str]
) -> None:
    people = make_people()
    cpo = people.here.cpo
    no_notice(cpo)
    publish(make_schedule(cpo, PEAK))
    ceiling(people.here)
    staff, page = api_client(cpo), signed_in(people.colleague)
    assert (
        send(staff, "surge-policy", {"cap_percent": None if cap is None else f"{cap}"}, "patch").json()["warnings"]
        == told
    )
    shown = page.get("/admin/pricing/surgepolicy/", follow=True).content.decode()
    assert [said for said in (SAID, SAID.replace("21.60", "20.0016")) if said in shown] == told
    assert ("No price with surges is above a ceiling." in shown) is (not told)
