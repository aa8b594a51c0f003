"""Ceilings with demand levels: none is switched on, changed or published beside that lifts a kWh above one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cpo_portal.accounts.tenancy import cpo_scope
from pricing import authoring
from pricing.demand.rules import written
from pricing.demand.switching import save_policy, switch_off, switch_on
from pricing.engine.demand import DemandLevel
from pricing.models import DemandPolicy, PriceCeiling, SurgePolicy, SurgeSchedule
from pricing.surges.ceilings import SurgeCeilings
from tests.people import make_people, signed_in
from tests.pricing.demand.samples import PROMPT, busy, decided, live_policy, make_policy, priced, surges
from tests.pricing.demand.test_pages import FORM
from tests.pricing.surges.samples import FIFTH, make_schedule, no_notice, publish
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
#: ₹18.00 with the 25 % to which the cap of the rules cuts the highest level of 30 %.
SAID = (
    "₹22.50 per kWh with “Busy station fee” every day all day is above “Delhi cap” (₹22.00) at Connaught Place "
    "Station: lower the tariff or the surge, or leave the place out."
)
TWO = "“Congestion fee” and “Busy station fee”"
SAID_OF_TWO = SAID.replace("“Busy station fee”", TWO).replace("the surge,", "one of the surges,")
FIVE = replace(PROMPT, levels=(DemandLevel(Decimal("0.8"), Decimal("0.6"), Decimal(5)),))


@pytest.fixture
def world() -> World:
    found = make_world()
    no_notice(found.cpo)
    return found


def ceiling(world: World, **changes: Any) -> None:
    values = {"ceiling_id": "cap", "name": "Delhi cap", "maximum_rate": Decimal(22), "mode": "BLOCK"} | changes
    with cpo_scope(world.cpo):
        PriceCeiling.objects.create(cpo=world.cpo, **values)


def told(world: World, policy: DemandPolicy) -> list[tuple[str, bool]]:
    with cpo_scope(world.cpo):
        return [(x.sentence, x.blocks) for x in SurgeCeilings().above_level(policy)]


def again(world: World) -> DemandPolicy:
    with cpo_scope(world.cpo):
        return DemandPolicy.objects.select_related("cpo").get()


EVENING = [{"weekdays": [1], "start": "18:00", "end": "21:00"}]
SAID_OF_MONDAY = SAID.replace("every day all day", "Mondays 18:00–21:00")
KINDS = [
    pytest.param({}, PROMPT, {}, [(SAID, True)], id="above"),
    pytest.param({"mode": "WARN"}, PROMPT, {}, [(SAID, False)], id="warned-of"),
    pytest.param({"maximum_rate": Decimal("22.5")}, PROMPT, {}, [], id="at-the-ceiling"),
    pytest.param({"weekly_windows": EVENING}, PROMPT, {}, [(SAID_OF_MONDAY, True)], id="in-its-hours"),
    pytest.param({"state": "Karnataka"}, PROMPT, {}, [], id="another-state"),
    pytest.param({"connector_type": "TYPE2"}, PROMPT, {}, [], id="other-connectors"),
    pytest.param({}, PROMPT, {"location_tags": ["airport"]}, [], id="elsewhere"),
    pytest.param({}, replace(PROMPT, highest_rate=Decimal(22)), {}, [], id="within-its-own-highest-rate"),
    pytest.param({"maximum_rate": Decimal(17)}, replace(PROMPT, highest_rate=Decimal(18)), {}, [], id="adds-nothing"),
]


@pytest.mark.parametrize(("rule", "rules", "where", "found"), KINDS)
def test_the_highest_level_is_compared_when_it_is_switched_on(
    world: World, rule: dict[str, Any], rules: Any, where: dict[str, Any], found: list[tuple[str, bool]]
) -> None:
    ceiling(world, **rule)
    policy = make_policy(world.cpo, rules, **where)
    assert told(world, policy) == found
    if not any(blocks for _, blocks in found):
        assert switch_on(policy).is_active
        return
    with pytest.raises(ValidationError) as refused:
        switch_on(policy)
    assert refused.value.message_dict == {"levels": [x for x, _ in found]}
    row = again(world)
    with cpo_scope(world.cpo):
        assert (row.is_active, row.number, row.changes.count(), row.decisions.count()) == (False, 1, 0, 0)


#: The ceiling, the policy that keeps to it, its change, and the price by that.
CHANGES: dict[str, tuple[str, Any, dict[str, Any], dict[str, Any], str]] = {
    "its-rules": ("22.25", FIVE, {}, {"rules": written(PROMPT)}, "₹22.50"),
    "out-of-its-group": (
        "23.00",
        PROMPT,
        {"stacking_group": "p"},
        {"stacking_group": ""},
        "₹26.10",
    ),
    "more-places": ("22.25", PROMPT, {"location_tags": ["x"]}, {"location_tags": []}, "₹22.50"),
}


@pytest.mark.parametrize(("most", "rules", "before", "change", "price"), CHANGES.values(), ids=CHANGES)
def test_what_is_switched_on_is_not_changed_to_be_above_it(
    world: World, most: str, rules: Any, before: dict[str, Any], change: dict[str, Any], price: str
) -> None:
    if "stacking_group" in before:
        publish(make_schedule(world.cpo, replace(FIFTH, stacking_group="p")))
    ceiling(world, maximum_rate=Decimal(most))
    policy = live_policy(world.cpo, rules, **before)
    for key, value in change.items():
        setattr(policy, key, value)
    with pytest.raises(ValidationError) as refused:
        save_policy(policy)
    said = SAID_OF_TWO if "stacking_group" in before else SAID
    assert refused.value.message_dict == {"levels": [said.replace("₹22.50", price).replace("₹22.00", f"₹{most}")]}
    kept = again(world)
    assert (kept.number, kept.rules) == (2, written(rules))
    assert {name: getattr(kept, name) for name in before} == before
    # Switched off it may say what it likes.
    switch_off(again(world))
    assert save_policy(policy).is_active is False


def test_a_first_level_keeps_to_the_cpos_cap(world: World) -> None:
    ceiling(world)
    policy = make_policy(world.cpo)
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(cap_percent=Decimal(20))
    assert told(world, policy) == []


def test_a_tariff_is_compared_with_the_levels_on_top(world: World) -> None:
    live_policy(world.cpo)
    ceiling(world)
    content = authoring.TariffContent(
        rate=Decimal("17.80"), places=(authoring.Place(item_id="pe-charging-01"),), currency="INR"
    )
    with pytest.raises(ValidationError) as refused:
        authoring.publish(authoring.create_tariff(world.cpo, "own", "Own", content))
    assert refused.value.message_dict == {"rate": [SAID.replace("₹22.50", "₹22.25")]}
    cheaper = replace(content, rate=Decimal("17.60"))
    assert authoring.publish(authoring.create_tariff(world.cpo, "own2", "Own", cheaper)).state == "APPROVED"


def test_a_surge_is_compared_with_the_levels_beside_it(world: World) -> None:
    policy = live_policy(world.cpo)
    ceiling(world, maximum_rate=Decimal(26))
    schedule = make_schedule(world.cpo, FIFTH)
    with pytest.raises(ValidationError) as refused:
        publish(schedule)
    sentence = SAID_OF_TWO.replace("₹22.50", "₹26.10").replace("₹22.00", "₹26.00")
    turned = sentence.replace(TWO, "“Busy station fee” and “Congestion fee”")
    assert refused.value.message_dict == {"value": [turned]}
    switch_off(policy)
    publish(schedule)
    with pytest.raises(ValidationError) as refused:
        switch_on(policy)
    assert refused.value.message_dict == {"levels": [sentence]}
    with cpo_scope(world.cpo):
        assert SurgeSchedule.objects.get().state == "APPROVED"


def test_a_ceiling_that_comes_later_changes_no_price(world: World) -> None:
    """As of surges that are published: it is told of, and counts from the next change on."""
    policy = live_policy(world.cpo)
    decided(world)
    ceiling(world, maximum_rate=Decimal("18.50"))
    busy(world, 1, of=1)
    decided(world)
    assert surges(priced(world)) == [("busy", "Busy station fee (10% on 5 kWh)", "9.00")]
    assert told(world, policy) == [(SAID.replace("₹22.00", "₹18.50"), True)]


def test_the_page_warns_and_the_form_and_the_button_refuse(db: None) -> None:
    people = make_people()
    ceiling(people.here)
    policy = make_policy(people.here.cpo)
    page = f"/admin/pricing/demandpolicy/{policy.pk}"
    client = signed_in(people.colleague)
    assert f"Before you switch it on: {SAID}" in client.get(f"{page}/change/").content.decode()
    refused = client.post(f"{page}/switch_on/", {"_form_submitted": "True"}, follow=True)
    assert SAID in refused.content.decode()
    assert again(people.here).is_active is False
    with cpo_scope(people.here.cpo):
        DemandPolicy.objects.update(is_active=True)
    assert f"Warning: {SAID}" in client.get(f"{page}/change/").content.decode()
    answer = client.post(f"{page}/change/", FORM | {"highest_rate": "", "cap_percent": "30", "levels-1-percent": "30"})
    above = SAID.replace("₹22.50", "₹23.40")
    assert (answer.status_code, above in answer.content.decode()) == (200, True)
    assert again(people.here).number == 1
