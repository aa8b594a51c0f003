"""Whoever reads a price is told by name what its offers are for: places, products, categories, lists and offers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer, NamedList
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from cpo_portal.network.models import Charger, Location, Product
from offers.api.price_answers import trace_to_response
from offers.explaining import full_trace
from offers.quoting import price_session
from offers.reasons.names import names_for
from tests.world import World, ask_for, make_offer, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = make_world()
    with cpo_scope(world.cpo):
        place = {"latitude": Decimal(19), "longitude": Decimal(73), "city": "Noida", "city_code": "std:0120"}
        hub = Location.objects.create(cpo=world.cpo, location_id="loc-2", name="Noida Hub", **place)
        Charger.objects.create(cpo=world.cpo, location=hub, evse_id="EVSE-2", name="Charger 2")
        Product.objects.create(
            cpo=world.cpo, product_id="p-1", name="Coffee", price=Decimal(60), category="HOT_DRINKS"
        ).locations.add(hub)
        NamedList.objects.create(cpo=world.cpo, list_id="vip-1", name="Very important drivers")
    save_segment(world.cpo, SegmentContent("guests", "Guests", ({"fact": "LIST", "values": ["vip-1"]},)))
    return world


GIFT: dict[str, Any] = {
    "benefit_kind": "freebie", "value": None, "value_type": "", "value_cap": None, "benefit_item_count": 1,
    "benefit_item_id": "p-1",
}  # fmt: skip
SAID: dict[str, tuple[dict[str, Any], str]] = {
    "location": ({"location_ids": ["loc-2"]}, "Not eligible. It is not for this location: it is for Noida Hub."),
    "product": (
        {"item_ids": ["p-1"]},
        "Not eligible. It is not for this connector or these products: it is for Coffee.",
    ),
    "category": (
        {"categories": ["HOT_DRINKS"]},
        "Not eligible. It is not for what is bought here: it is for HOT DRINKS (Coffee).",
    ),
    "charger": ({"charger_ids": ["EVSE-2"]}, "Not eligible. It is for another charger: it is for Charger 2."),
    "city": ({"cities": ["std:0120"]}, "Not eligible. It is for another city or state: New Delhi instead of Noida."),
    "gift": (GIFT, "Not eligible. What it gives, Coffee, is not sold at this location."),
    "list": (
        {"segment_ids": ["guests"]},
        "Not eligible. It is for customers of a segment: not on the list Very important drivers (Guests).",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_a_reason_has_names_that_are_known(world: World, name: str) -> None:
    said, words = SAID[name]
    offer = make_offer(world.cpo, "own", min_value=None, **said)
    with cpo_scope(world.cpo):
        ask = ask_for(customer=Customer.objects.create(cpo=world.cpo), identity_required=True)
        priced = price_session(world.connector, ask, now=timezone.now())
        answer = trace_to_response(full_trace(priced, world.cpo))
    assert [x["words"] for x in answer["offers"] if x["offer_id"] == offer.offer_id] == [words]


def test_names_are_read_once_for_each_kind_of_thing_and_only_where_something_failed(world: World) -> None:
    for number in range(3):
        make_offer(world.cpo, f"off-{number}", min_value=None, location_ids=["loc-2"])
    make_offer(world.cpo, "applies", min_value=None)
    with cpo_scope(world.cpo):
        priced = price_session(world.connector, ask_for(), now=timezone.now())
        outcomes = full_trace(priced, world.cpo).outcomes
        with CaptureQueriesContext(connection) as queries:
            names = names_for(outcomes)
            assert names_for(x for x in outcomes if x.offer_id == "applies").locations == {}
    assert (len(queries), names.locations) == (1, {"loc-2": "Noida Hub"})
