"""Where an offer applies: the form, the API and the database refuse the same, and sales and catalogues keep to it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from beckn.presenting.catalogue import catalog_view
from beckn.presenting.offers import offer_summary
from beckn.protocol.catalog_views import ProviderView
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.network.loaded import load_connectors
from cpo_portal.network.models import Charger, Connector, Location, Product
from offers import authoring
from offers.models import Offer, OfferVersion
from offers.quoting import price_session
from tests.offers.authoring.test_offer_admin import ADD, FORM, page
from tests.people import People, api_client, make_people, signed_in, weekend
from tests.world import World, ask_for, make_offer, make_world

pytestmark = pytest.mark.django_db

WHERE: dict[str, Any] = {
    "location_tags": ["highway"],
    "cities": ["New Delhi"],
    "states": ["Delhi"],
    "near_latitude": "28.612912",
    "near_longitude": "77.229510",
    "radius_km": "5.000",
    "charger_ids": ["EVSE-1"],
    "connector_types": ["CCS2"],
    "currents": ["DC"],
    "min_power_w": 7_400,
    "max_power_w": 60_000,
}
IN_FORM = WHERE | {"min_power_w": "7.4", "max_power_w": "60"}


@pytest.fixture
def people() -> People:
    made = make_people()
    with cpo_scope(made.here.cpo):
        Location.objects.update(tags=["highway"])
    return made


def send(people: People, content: dict[str, Any]) -> Any:
    whole = {"name": "Here", "value": "25", "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2040-01-01T00:00:00Z"}
    body = json.dumps({"offer_id": "here", "content": whole | content})
    return api_client(people.here.cpo).post("/api/offers", body, content_type="application/json")


def said(version: OfferVersion) -> dict[str, Any]:
    found = {name: getattr(version, name) for name in WHERE}
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in found.items()}


def test_the_api_reads_back_what_it_was_given(people: People) -> None:
    answer = send(people, WHERE)
    assert answer.status_code == 201, answer.content
    content = answer.json()["draft"]["content"]
    assert {name: content[name] for name in WHERE} == WHERE
    assert answer.json()["draft"]["summary"].startswith(
        "Takes 25 % off energy and add-ons, at highway locations, in New Delhi, in Delhi, within 5 km of "
        "28.612912, 77.22951, at charger EVSE-1, on DC CCS2 connectors from 7.4 kW up to 60 kW, from "
    )


def test_the_form_saves_and_shows_the_same(people: People) -> None:
    owner = signed_in(people.owner)
    answer = owner.post(ADD, FORM | IN_FORM | {"_save": "1"}, follow=True)
    assert answer.status_code == 200
    with cpo_scope(people.here.cpo):
        offer = Offer.objects.get()
        assert said(OfferVersion.objects.get()) == WHERE
    shown = owner.get(page(offer)).context["adminform"].form
    assert shown["min_power_w"].value() == "7.4"


BAD = [
    pytest.param(
        {"location_tags": ["airport"]},
        "You have no location with the tag “airport”: correct it, or change the location first.",
        id="tag-of-no-location",
    ),
    pytest.param(
        {"cities": ["Mumbai"]},
        "You have no location in “Mumbai”: correct it, or change the location first.",
        id="city-of-no-location",
    ),
    pytest.param(
        {"states": ["Goa"]},
        "You have no location in “Goa”: correct it, or change the location first.",
        id="state-of-no-location",
    ),
    pytest.param(
        {"charger_ids": ["EVSE-9"]},
        "You have no charger “EVSE-9”: give the id of one of yours.",
        id="another's-charger",
    ),
    pytest.param(
        {"near_latitude": "28.6", "near_longitude": "77.2"},
        "A circle needs all three: latitude, longitude and kilometres.",
        id="circle-without-radius",
    ),
    pytest.param(
        {"near_latitude": "96", "near_longitude": "77.2", "radius_km": "5"},
        "A latitude lies between -90 and 90: is it the longitude?",
        id="latitude-out-of-range",
    ),
    pytest.param(
        {"near_latitude": "28.6", "near_longitude": "77.2", "radius_km": "0"},
        "Give the radius in kilometres, above 0, up to 20000, to the metre.",
        id="circle-of-nothing",
    ),
    pytest.param(
        {"near_latitude": "28.6", "near_longitude": "77.2", "radius_km": "20001"},
        "Give the radius in kilometres, above 0, up to 20000, to the metre.",
        id="circle-beyond-the-earth",
    ),
    pytest.param(
        {"min_power_w": 60_001, "max_power_w": 60_000},
        "The highest power is below the lowest: swap them.",
        id="band-upside-down",
    ),
]


@pytest.mark.parametrize(("content", "sentence"), BAD)
def test_the_api_refuses_at_the_field_and_makes_nothing(people: People, content: dict[str, Any], sentence: str) -> None:
    answer = send(people, content)
    assert answer.status_code == 400
    faults = answer.json()["error"]["fields"]["content"]
    assert [message for messages in faults.values() for message in messages] == [sentence]
    assert set(faults) <= set(content) | {"radius_km"}
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


@pytest.mark.parametrize(("content", "sentence"), [x for x in BAD if "of-no" not in x.id and "another" not in x.id])  # type: ignore[operator]
def test_the_form_refuses_with_the_same_sentence(people: People, content: dict[str, Any], sentence: str) -> None:
    in_kw = {name: value / 1000 if name.endswith("_w") else value for name, value in content.items()}
    answer = signed_in(people.owner).post(ADD, FORM | in_kw | {"_save": "1"})
    faults = answer.context["adminform"].form.errors
    assert [message for messages in faults.values() for message in messages] == [sentence]
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


@pytest.mark.parametrize("name", ["location_tags", "cities", "states", "charger_ids", "connector_types", "currents"])
def test_the_form_offers_own_places_alone(people: People, name: str) -> None:
    answer = signed_in(people.owner).post(ADD, FORM | {name: ["elsewhere"], "_save": "1"})
    assert answer.context["adminform"].form.errors == {
        name: ["Select a valid choice. elsewhere is not one of the available choices."]
    }


@pytest.mark.parametrize(
    "columns",
    [
        pytest.param({"near_latitude": Decimal("28.6")}, id="half-a-circle"),
        pytest.param({"min_power_w": 2, "max_power_w": 1}, id="band-upside-down"),
    ],
)
def test_the_database_refuses_it_too(people: People, columns: dict[str, Any]) -> None:
    with cpo_scope(people.here.cpo):
        authoring.create_offer(people.here.cpo, "here", weekend())
        with pytest.raises(IntegrityError), transaction.atomic():
            OfferVersion.objects.update(**columns)


@pytest.mark.parametrize(
    ("limits", "applies"),
    [
        pytest.param({"location_tags": ["highway"]}, True, id="tag"),
        pytest.param({"location_tags": ["urban"]}, False, id="another-tag"),
        pytest.param({"cities": ["std:011"]}, True, id="city-code"),
        pytest.param({"cities": ["Pune"]}, False, id="another-city"),
        pytest.param(
            {"near_latitude": Decimal("28.612912"), "near_longitude": Decimal("77.22951"), "radius_km": Decimal(3)},
            True,
            id="near",
        ),
        pytest.param(
            {"near_latitude": Decimal("28.612912"), "near_longitude": Decimal("77.22951"), "radius_km": Decimal(2)},
            False,
            id="too-far",
        ),
        pytest.param({"charger_ids": ["EVSE-1"], "currents": ["DC"], "min_power_w": 30_000}, True, id="class"),
        pytest.param({"connector_types": ["TYPE2"]}, False, id="another-connector-type"),
        pytest.param({"max_power_w": 29_999}, False, id="too-strong"),
    ],
)
def test_prices_catalogues_and_the_next_offer_keep_to_the_place(limits: dict[str, Any], applies: bool) -> None:
    world = make_world()
    with cpo_scope(world.cpo):
        Location.objects.update(tags=["highway"])
    make_offer(world.cpo, **limits)
    expected = ["weekend-discount-25"] if applies else []
    now = timezone.now()
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get()
        priced = price_session(connector, ask_for(), now=now)
        summary = offer_summary(connector, (), (), currency="INR", now=now)
    assert list(priced.trace.chosen) == expected
    assert summary.next_offer.startswith("Weekend Special – 25 % off: ") is applies
    with every_cpo():
        shown = catalog_view(load_connectors([connector.pk]), starts_at=None, ends_at=None, now=now).providers[0]
    assert [offer.id for offer in shown.offers] == expected
    assert [inline.offer.id for inline in shown.items[0].offers] == expected


NAMED_PLACES: dict[str, tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]] = {
    "everywhere": ({}, (), ()),
    "named locations": ({"location_ids": ["cp-station"]}, ("cp-station",), ()),
    "tag": ({"location_tags": ["highway"]}, ("cp-station",), ()),
    "city of both": ({"cities": ["new delhi"]}, ("cp-station", "gate"), ()),
    "named locations with a tag": (
        {"location_ids": ["cp-station", "gate"], "location_tags": ["highway"]},
        ("cp-station",),
        (),
    ),
    "circle": (
        {"near_latitude": Decimal("28.612912"), "near_longitude": Decimal("77.22951"), "radius_km": Decimal(1)},
        ("gate",),
        (),
    ),
    "charger": ({"charger_ids": ["EVSE-2"]}, ("gate",), ("gate-01",)),
    "kind of connector": ({"connector_types": ["CCS2"]}, ("cp-station",), ("pe-charging-01",)),
    "power": ({"max_power_w": 60_000}, ("cp-station", "gate"), ("gate-01", "pe-charging-01")),
}


def two_sites() -> tuple[World, list[int]]:
    """Return a world with a second site, and the keys of its two connectors."""
    world = make_world()
    cpo = world.cpo
    with cpo_scope(cpo):
        Location.objects.update(tags=["highway"])
        gate = Location.objects.create(
            cpo=cpo,
            location_id="gate",
            name="India Gate",
            city="New Delhi",
            latitude=Decimal("28.612912"),
            longitude=Decimal("77.229510"),
        )
        charger = Charger.objects.create(cpo=cpo, location=gate, evse_id="EVSE-2", name="2", system=world.system)
        Connector.objects.create(
            cpo=cpo,
            charger=charger,
            item_id="gate-01",
            connector_type="TYPE2",
            power_type="AC_1_PHASE",
            max_power_w=7_400,
            charging_speed="SLOW",
        )
        return world, list(Connector.objects.values_list("pk", flat=True))


def catalogue(keys: list[int]) -> ProviderView:
    with every_cpo():
        return catalog_view(load_connectors(keys), starts_at=None, ends_at=None, now=timezone.now()).providers[0]


@pytest.mark.parametrize(("limits", "locations", "items"), NAMED_PLACES.values(), ids=NAMED_PLACES)
def test_a_catalogue_names_the_places_where_an_offer_holds(
    limits: dict[str, Any], locations: tuple[str, ...], items: tuple[str, ...]
) -> None:
    world, keys = two_sites()
    make_offer(world.cpo, **limits)
    assert [(x.location_ids, x.item_ids) for x in catalogue(keys).offers] == [(locations, items)]


BOTH, HERE = ("cp-station", "gate"), ("cp-station",)
#: What an offer is for, where that is found in the catalogue, and the connectors that show it.
OF_GOODS: dict[str, tuple[dict[str, Any], list[tuple[Any, Any]], list[str]]] = {
    "a product sold at one site": ({"item_ids": ["coffee"]}, [(HERE, ("coffee",))], []),
    "a product sold everywhere": ({"item_ids": ["tea"]}, [(BOTH, ("tea",))], []),
    "a product that is hidden": ({"item_ids": ["cake"]}, [], []),
    "a category": ({"categories": ["food"]}, [(BOTH, ("coffee", "tea"))], []),
    "another category": ({"categories": ["tools"]}, [], []),
    "a category at one site": ({"categories": ["food"], "location_ids": ["gate"]}, [(("gate",), ("tea",))], []),
    "a category on a kind of connector": (
        {"categories": ["food"], "connector_types": ["TYPE2"]},
        [(("gate",), ("tea",))],
        [],
    ),
    "a product and a connector": (
        {"item_ids": ["tea", "pe-charging-01"]},
        [((), ("pe-charging-01", "tea"))],
        ["pe-charging-01"],
    ),
    "a category and charging": ({"categories": ["food", "ev-charging"]}, [((), ())], ["gate-01", "pe-charging-01"]),
    "a product, with a code": ({"item_ids": ["tea"], "requires_code": True}, [], []),
}


@pytest.mark.parametrize(("limits", "shown", "beside"), OF_GOODS.values(), ids=OF_GOODS)
def test_a_catalogue_lists_an_offer_for_products_with_those_and_where_they_are_sold(
    limits: dict[str, Any], shown: list[tuple[Any, Any]], beside: list[str]
) -> None:
    world, keys = two_sites()
    with cpo_scope(world.cpo):
        for name in ("coffee", "tea", "cake"):
            sold = Product.objects.create(
                cpo=world.cpo, product_id=name, name=name, category="food", price=60, is_published=name != "cake"
            )
            if name == "coffee":
                sold.locations.set(Location.objects.filter(location_id="cp-station"))
    make_offer(world.cpo, **limits)
    found = catalogue(keys)
    assert [(x.location_ids, x.item_ids) for x in found.offers] == shown
    assert sorted(x.id for x in found.items if x.offers) == beside
