"""A tariff that ends, or leaves a place, uncovers no price of another one that is above a ceiling which forbids it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cpo_portal.accounts.tenancy import cpo_scope
from pricing import authoring
from pricing.authoring import Place, TariffContent
from pricing.models import PriceCeiling, Tariff, TariffState, TariffStateChange, TariffVersion
from tests.offers.api.asking import send
from tests.people import api_client, make_people, signed_in
from tests.pricing.surges.samples import EVENING, FIFTH, make_schedule, no_notice, publish
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

PEAK = replace(FIFTH, weekly_windows=(EVENING,))
CHEAP = TariffContent(rate=Decimal(10), places=(Place(item_id="pe-charging-01"),), currency="INR")
ELSEWHERE = replace(CHEAP, places=(Place(connector_type="TYPE2"),))
SITE = replace(CHEAP, places=(Place(location_id="cp-station"),))
FAULT = (
    "Then “Standard” applies: ₹21.60 per kWh with “Congestion fee” every day 18:00–21:00 is above “Delhi cap” (₹20.00) "
    "at Connaught Place Station. Lower that first, or "
)
OF_ENDING, OF_PLACES = FAULT + "leave this one.", FAULT + "let this one still apply there."


def make_tariff(world: World, name: str, content: TariffContent) -> Tariff:
    return authoring.publish(authoring.create_tariff(world.cpo, name, name.title(), content))


def set_up(world: World, **changes: Any) -> Tariff:
    """Return a cheap tariff over “Standard” (₹18.00), on which a surge is that only the cheap one has room for."""
    no_notice(world.cpo)
    cheap = make_tariff(world, "cheap", CHEAP)
    values = {"ceiling_id": "cap", "name": "Delhi cap", "maximum_rate": Decimal(20), "mode": "BLOCK"} | changes
    with cpo_scope(world.cpo):
        PriceCeiling.objects.create(cpo=world.cpo, **values)
    publish(make_schedule(world.cpo, PEAK))
    return cheap


def as_it_is(world: World) -> list[Any]:
    with cpo_scope(world.cpo):
        return [list(x.objects.order_by("pk").values()) for x in (Tariff, TariffVersion, TariffStateChange)]


def warn_of_much(world: World) -> None:
    """Make so many other ceilings that a page would tell of no more."""
    with cpo_scope(world.cpo):
        for number in range(12):
            PriceCeiling.objects.create(
                cpo=world.cpo, ceiling_id=f"w{number}", name=f"W{number}", maximum_rate=Decimal(5), mode="WARN"
            )


def test_no_number_of_warnings_hides_what_is_forbidden() -> None:
    world = make_world()
    warn_of_much(world)
    cheap = set_up(world)
    before = as_it_is(world)
    with pytest.raises(ValidationError) as refused:
        authoring.end(cheap)
    assert refused.value.messages == [OF_ENDING]
    assert as_it_is(world) == before


RULES = [
    pytest.param({}, [], OF_ENDING, id="above"),
    pytest.param({"mode": "WARN"}, [], "", id="only-warned-of"),
    pytest.param({"maximum_rate": Decimal("21.6")}, [], "", id="at-the-ceiling"),
    pytest.param({"maximum_rate": Decimal("21.59")}, [], OF_ENDING.replace("20.00", "21.59"), id="a-paisa-above"),
    pytest.param({"connector_type": "TYPE2"}, [], "", id="of-other-connectors"),
    pytest.param({}, [SITE], "", id="a-cheap-one-is-beneath"),
]


@pytest.mark.parametrize(("rule", "beneath", "said"), RULES)
def test_a_tariff_is_not_ended_over_a_price_that_is_forbidden(
    rule: dict[str, Any], beneath: list[TariffContent], said: str
) -> None:
    world = make_world()
    cheap = set_up(world, **rule)
    for content in beneath:
        make_tariff(world, "site", content)
    before = as_it_is(world)
    if not said:
        assert authoring.end(cheap).state == TariffState.ENDED
        return
    with pytest.raises(ValidationError) as refused:
        authoring.end(cheap)
    assert refused.value.messages == [said]
    assert as_it_is(world) == before


@pytest.mark.parametrize(("mode", "said"), [("BLOCK", {"places": [OF_PLACES]}), ("WARN", None)])
def test_a_version_leaves_no_place_to_a_price_that_is_forbidden(mode: str, said: Any) -> None:
    world = make_world()
    cheap = set_up(world, mode=mode)
    authoring.save_draft(cheap, ELSEWHERE)
    before = as_it_is(world)
    if said is None:
        assert authoring.publish(cheap).state == TariffState.APPROVED
        return
    with pytest.raises(ValidationError) as refused:
        authoring.publish(cheap)
    assert refused.value.message_dict == said
    assert as_it_is(world) == before


def test_the_api_and_the_page_say_so() -> None:
    people = make_people()
    world = people.here
    cheap = set_up(world)
    before = as_it_is(world)
    refused = send(api_client(people.here.cpo), "tariffs/cheap/end", {})
    assert (refused.status_code, refused.json()["error"]) == (409, {"code": "conflict", "message": OF_ENDING})
    page = signed_in(people.owner).post(
        f"/admin/pricing/tariff/{cheap.pk}/end_tariff/", {"_form_submitted": "True", "note": ""}, follow=True
    )
    assert OF_ENDING in page.content.decode()
    assert as_it_is(world) == before
