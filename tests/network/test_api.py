"""The staff API of the network: what a token may see and change, and every refusal."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.network.models import Connector, ConnectorStatus, Location, Product, ProductStock
from pricing.models import Tariff, TariffAssignment
from tests.network.places import Net, make_charger, make_product

pytestmark = pytest.mark.django_db

SITE = {
    "location_id": "site-9",
    "name": "New site",
    "address": "9 Road",
    "city": "Mysuru",
    "latitude": "12.305200",
    "longitude": "76.655200",
    "tags": ["urban", "airport"],
    "opening_hours": [{"weekday": 1, "from": "08:00", "to": "20:00"}],
}
PRODUCT = {"product_id": "p", "name": "P", "price": "1"}


def send(client: Client, method: str, url: str, body: Any, net: Net, scope: str = "STAFF") -> Any:
    return getattr(client, method)(url, body, content_type="application/json", **net.bearer(scope))


def snapshot() -> list[Any]:
    with every_cpo():
        return [list(model.objects.order_by("pk").values()) for model in (Location, Connector, Product, ProductStock)]


def test_create_read_change_delete_a_location(client: Client, net: Net) -> None:
    made = send(client, "post", "/api/locations", SITE, net)
    assert (made.status_code, made.json()["opening_hours"]) == (201, SITE["opening_hours"])
    with cpo_scope(net.cpo):
        row = Location.objects.get(location_id="site-9")
    assert (row.cpo, row.position, row.time_zone) == (net.cpo, (76.6552, 12.3052), "Asia/Kolkata")
    changed = send(client, "patch", "/api/locations/site-9", {"latitude": "12.4", "is_published": False}, net)
    assert (changed.status_code, changed.json()["latitude"]) == (200, "12.400000")
    with cpo_scope(net.cpo):
        assert Location.objects.get(location_id="site-9").position == (76.6552, 12.4)
    assert send(client, "delete", "/api/locations/site-9", None, net).status_code == 204
    assert client.get("/api/locations/site-9", **net.bearer()).status_code == 404


def test_a_connector_shows_its_place_and_state(client: Client, net: Net) -> None:
    with cpo_scope(net.cpo):
        ConnectorStatus.objects.create(connector=net.connectors[0], status="CHARGING", reported_at="2026-01-01T00:00Z")
    assert client.get("/api/connectors/item-1", **net.bearer("STAFF_READ")).json() == {
        "item_id": "item-1",
        "charger": "evse-1",
        "location": "site-1",
        "connector_id": "1",
        "connector_type": "CCS2",
        "connector_format": "CABLE",
        "power_type": "DC",
        "max_power_w": 60000,
        "charging_speed": "FAST",
        "is_published": True,
        "status": "CHARGING",
    }


def test_lists_are_filtered_and_paged(client: Client, net: Net, other: Net) -> None:
    page = client.get("/api/connectors?limit=1&offset=1", **net.bearer()).json()
    assert (page["count"], [row["item_id"] for row in page["results"]]) == (2, ["item-2"])
    found = client.get("/api/connectors?connector_type=CCS2&location=site-1&min_power_w=60000", **net.bearer()).json()
    assert [row["item_id"] for row in found["results"]] == ["item-1"]
    assert client.get("/api/locations?tag=urban", **net.bearer()).json()["count"] == 0
    assert client.get("/api/connectors?connector_type=PLUG", **net.bearer()).status_code == 400


def test_a_charger_and_a_product_with_stock(client: Client, net: Net) -> None:
    body = {"evse_id": "evse-2", "name": "Second", "location": "site-1", "system": "CSMS"}
    assert send(client, "post", "/api/chargers", body, net).json() == body | {"short_desc": ""}
    body = {"product_id": "coffee", "name": "Coffee", "price": "40.00", "locations": ["site-1"], "stock": 5}
    made = send(client, "post", "/api/products", body, net)
    assert (made.status_code, made.json()["stock"], made.json()["locations"]) == (201, 5, ["site-1"])
    changed = send(client, "patch", "/api/products/coffee", {"price": "45"}, net).json()
    assert (changed["price"], changed["stock"]) == ("45.00", 5)
    with cpo_scope(net.cpo):
        held = ProductStock.objects.filter(product__product_id="coffee")
        held.update(reserved=2)
    refused = send(client, "patch", "/api/products/coffee", {"stock": None}, net)
    sentence = "Orders hold 2 of it: give a number, and stop counting once they are done."
    assert (refused.status_code, refused.json()["error"]["fields"]) == (400, {"stock": [sentence]})
    # What is on the shelf is what staff count; what orders hold of it stays held.
    assert send(client, "patch", "/api/products/coffee", {"stock": 4, "price": "46"}, net).json()["stock"] == 4
    with cpo_scope(net.cpo):
        row = held.get()
        held.update(reserved=3)  # an order has begun since the form was opened
        row.units = 2
        row.save()
        assert (held.get().units, held.get().reserved, held.get().left) == (2, 3, 0)
        held.update(reserved=0)
    assert send(client, "patch", "/api/products/coffee", {"stock": None}, net).json()["stock"] is None
    assert send(client, "patch", "/api/products/coffee", {"locations": []}, net).json()["locations"] == []


@pytest.mark.parametrize("counted", [True, False], ids=["counted", "not-counted"])
def test_a_stock_that_moved_since_it_was_read_is_not_overwritten(client: Client, net: Net, counted: bool) -> None:
    send(client, "post", "/api/products", PRODUCT | {"stock": 9}, net)
    address = f"/api/products/{PRODUCT['product_id']}"
    with cpo_scope(net.cpo):
        rows = ProductStock.objects.filter(product__product_id=PRODUCT["product_id"])
        rows.update(units=7) if counted else rows.delete()
    refused = send(client, "put", address, PRODUCT | {"stock": 20, "stock_read": 9, "price": "99"}, net)
    said = "is 7 by now" if counted else "is not counted any more"
    assert (refused.status_code, refused.json()["error"]["fields"]) == (
        400,
        {"stock_read": [f"The stock {said}, and not what you read: read it again, then send what it is to be."]},
    )
    now = send(client, "get", address, None, net).json()
    assert (now["stock"], now["price"], "stock_read" in now) == (7 if counted else None, "1.00", False)
    again = {"stock": 20, "stock_read": now["stock"]}
    assert send(client, "patch", address, again, net).json()["stock"] == 20


@pytest.mark.parametrize(
    ("method", "url", "body", "expected"),
    [
        pytest.param("post", "/api/locations", SITE | {"location_id": "site-1"}, (400, "location_id"), id="id in use"),
        pytest.param("post", "/api/locations", SITE | {"time_zone": "Asia/Mumbai"}, (400, "time_zone"), id="no zone"),
        pytest.param("post", "/api/locations", SITE | {"latitude": "91"}, (400, "latitude"), id="off the globe"),
        pytest.param("post", "/api/locations", SITE | {"latitude": "1e400"}, (400, "latitude"), id="absurd number"),
        pytest.param("post", "/api/locations", SITE | {"opening_hours": "day"}, (400, "opening_hours"), id="hours"),
        pytest.param("post", "/api/locations", SITE | {"name": "a\0b"}, (400, "name"), id="NUL"),
        pytest.param(
            "post", "/api/locations", SITE | {"location_id": "a b"}, (400, "location_id"), id="id with a blank"
        ),
        pytest.param("patch", "/api/locations/site-1", {"location_id": "x"}, (400, "location_id"), id="id changed"),
        pytest.param(
            "post",
            "/api/chargers",
            {"evse_id": "e", "name": "E", "location": "nowhere"},
            (400, "location"),
            id="no site",
        ),
        pytest.param("patch", "/api/connectors/item-1", {"max_power_w": 100}, (400, "max_power_w"), id="too weak"),
        pytest.param("patch", "/api/connectors/item-1", {"connector_type": "X"}, (400, "connector_type"), id="no type"),
        pytest.param(
            "post",
            "/api/locations",
            SITE | {"latitude": "77.606", "longitude": "12.9755"},
            (400, "latitude"),
            id="swapped",
        ),
        pytest.param("post", "/api/locations", SITE | {"country": "Ind"}, (400, "country"), id="no country"),
        pytest.param("post", "/api/locations", SITE | {"city_code": "Noida"}, (400, "city_code"), id="no city code"),
        pytest.param("post", "/api/locations", SITE | {"postal_code": "2013"}, (400, "postal_code"), id="no PIN"),
        pytest.param(
            "patch",
            "/api/connectors/item-1",
            {"connector_type": "TYPE2", "max_power_w": 22000},
            (400, "power_type"),
            id="DC by Type 2",
        ),
        pytest.param("patch", "/api/connectors/item-1", {"charging_speed": "SLOW"}, (400, "charging_speed"), id="slow"),
        pytest.param("patch", "/api/chargers/evse-1", {"system": None}, (400, "system"), id="no system"),
        pytest.param("post", "/api/products", PRODUCT | {"price": "-1"}, (400, "price"), id="price"),
        pytest.param("patch", "/api/locations/site-2", {"name": "x"}, (404, None), id="unknown"),
        pytest.param("patch", "/api/locations/a%00b", {"name": "x"}, (404, None), id="no id"),
        pytest.param("patch", "/api/locations/site-1", "{", (400, None), id="no JSON"),
        pytest.param("patch", "/api/locations/site-1", "[" * 5_000, (400, None), id="too deep"),
        pytest.param("patch", "/api/locations/site-1", '{"name": "' + "x" * 70_000 + '"}', (413, None), id="too long"),
        pytest.param("patch", "/api/locations/site-1", '{"latitude": NaN}', (400, None), id="NaN"),
    ],
)
def test_bad_input_changes_nothing(
    client: Client, net: Net, method: str, url: str, body: Any, expected: tuple[int, str | None]
) -> None:
    before, (status, fault) = snapshot(), expected
    answer = send(client, method, url, body, net)
    assert answer.status_code == status
    if status != 404 or answer.headers["Content-Type"] == "application/json":
        error = answer.json()["error"]
        assert error["message"]
        assert fault is None or list(error["fields"]) == [fault]
    assert snapshot() == before


@pytest.mark.parametrize("scope", ["STAFF_READ", "CHARGING_SYSTEM"])
def test_only_a_staff_token_changes(client: Client, net: Net, scope: str) -> None:
    before = snapshot()
    assert send(client, "patch", "/api/locations/site-1", {"name": "x"}, net, scope).status_code == 403
    assert send(client, "delete", "/api/connectors/item-1", None, net, scope).status_code == 403
    assert client.get("/api/locations", **net.bearer(scope)).status_code == (200 if scope == "STAFF_READ" else 403)
    assert snapshot() == before


def test_without_a_token(client: Client, net: Net) -> None:
    answer = client.get("/api/locations")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_authenticated")


def test_an_outsiders_token_sees_and_changes_its_own_alone(client: Client, net: Net, other: Net) -> None:
    make_product(net.cpo, "coffee")
    assert [row["name"] for row in client.get("/api/locations", **other.bearer()).json()["results"]] == [
        "Gridgo MG Road"
    ]
    assert send(client, "patch", "/api/locations/site-1", {"name": "Renamed"}, other).status_code == 200
    assert send(client, "get", "/api/products/coffee", None, other).status_code == 404
    assert send(client, "delete", "/api/products/coffee", None, other).status_code == 404
    with every_cpo():
        names = dict(Location.objects.values_list("cpo__name", "name"))
    assert names == {"Voltway": "Voltway MG Road", "Gridgo": "Renamed"}


def test_a_relation_named_by_a_text_that_no_row_can_have_is_refused_at_its_field(client: Client, net: Net) -> None:
    before = snapshot()
    refused = send(client, "patch", "/api/chargers/evse-1", {"location": "site-1\0"}, net)
    fields = {"location": ["Object with location_id=site-1\ufffd does not exist."]}
    assert (refused.status_code, refused.json()["error"]["fields"]) == (400, fields)
    made = {"product_id": "tea", "name": "Tea", "price": "20", "locations": ["\0"]}
    assert send(client, "post", "/api/products", made, net).json()["error"]["fields"] == {
        "locations": ["Object with location_id=\ufffd does not exist."]
    }
    assert snapshot() == before


def test_relations_stay_within_the_cpo(client: Client, net: Net, other: Net) -> None:
    with every_cpo():
        Location.objects.filter(pk=other.location.pk).update(location_id="foreign")
    before = snapshot()
    body = {"evse_id": "evse-2", "name": "E", "location": "foreign"}
    assert send(client, "post", "/api/chargers", body, net).json()["error"]["fields"] == {
        "location": ["Object with location_id=foreign does not exist."]
    }
    assert snapshot() == before


def test_what_is_used_is_not_deleted(client: Client, net: Net) -> None:
    with cpo_scope(net.cpo):
        tariff = Tariff.objects.create(cpo=net.cpo, tariff_id="standard", name="Standard")
        TariffAssignment.objects.create(cpo=net.cpo, tariff=tariff, connector=net.connectors[0])
    answers = [
        send(client, "delete", url, None, net)
        for url in ("/api/locations/site-1", "/api/chargers/evse-1", "/api/connectors/item-1")
    ]
    assert [(answer.status_code, answer.json()["error"]) for answer in answers] == [
        (
            409,
            {
                "code": "in_use",
                "message": f"{thing} is used by {by} and cannot be deleted; "
                "take it out of the shop instead (is_published: false).",
            },
        )
        for thing, by in (
            ("Voltway MG Road", "1 charger"),
            ("Charger evse-1 · Voltway MG Road", "2 connectors"),
            ("item-1 (CCS2, 60 kW)", "1 tariff assignment"),
        )
    ]
    with cpo_scope(net.cpo):
        assert (Location.objects.count(), Connector.objects.count(), TariffAssignment.objects.count()) == (1, 2, 1)
        ConnectorStatus.objects.create(connector=net.connectors[1], status="AVAILABLE", reported_at="2026-01-01T00:00Z")
    assert send(client, "delete", "/api/connectors/item-2", None, net).status_code == 204


def test_a_connector_that_nobody_could_start_is_not_published(client: Client, net: Net) -> None:
    make_charger(net.location, "lonely", system=None)
    body = {
        "item_id": "item-9",
        "charger": "lonely",
        "connector_type": "CCS2",
        "power_type": "DC",
        "max_power_w": 60000,
        "charging_speed": "FAST",
    }
    refused = send(client, "post", "/api/connectors", body, net)
    assert refused.status_code == 400
    assert refused.json()["error"]["fields"] == {
        "is_published": [
            "Its charger has no charging system, so nobody could start a session: give the charger a system first, or "
            "leave this unticked."
        ]
    }
    assert send(client, "post", "/api/connectors", body | {"is_published": False}, net).status_code == 201
    assert send(client, "patch", "/api/chargers/lonely", {"system": "CSMS"}, net).status_code == 200
    assert send(client, "patch", "/api/connectors/item-9", {"is_published": True}, net).status_code == 200


def test_more_decimals_than_a_map_needs_are_rounded(client: Client, net: Net) -> None:
    body = {"latitude": "12.97551234567", "longitude": "77.6060009"}
    answer = send(client, "patch", "/api/locations/site-1", body, net).json()
    assert (answer["latitude"], answer["longitude"]) == ("12.975512", "77.606001")
