"""An id means one thing of a CPO: a connector, a product or an offer, whichever of them is made last."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector, Product
from offers import authoring
from offers.models import Offer
from tests.offers.api.asking import CONTENT, fields, send
from tests.people import People, api_client, make_people, signed_in, weekend

pytestmark = pytest.mark.django_db

CONNECTOR = {"connector_type": "CCS2", "power_type": "DC", "max_power_w": 30000, "charging_speed": "FAST"}
BODIES: dict[str, tuple[str, dict[str, Any]]] = {
    "offers": ("offer_id", {"content": CONTENT}),
    "products": ("product_id", {"name": "Something", "price": "10.00"}),
    "connectors": ("item_id", {"charger": "EVSE-1", **CONNECTOR}),
}


@pytest.fixture
def people() -> People:
    made = make_people()
    for world, ids in ((made.here, ("coffee", "weekend")), (made.there, ("their-coffee", "their-weekend"))):
        with cpo_scope(world.cpo):
            Product.objects.create(cpo=world.cpo, product_id=ids[0], name="Coffee", price=Decimal(60))
        authoring.create_offer(world.cpo, ids[1], weekend())
    return made


def ids_of(people: People) -> list[set[str]]:
    with cpo_scope(people.here.cpo):
        rows = (Connector, "item_id"), (Product, "product_id"), (Offer, "offer_id")
        return [set(model.objects.values_list(name, flat=True)) for model, name in rows]


THERE = [{"pe-charging-01"}, {"coffee"}, {"weekend"}]
TAKEN = [
    pytest.param("products", "Weekend", "“Weekend” is the id of an offer: give the product an id of its own."),
    pytest.param("connectors", "COFFEE", "“COFFEE” is the id of a product: give the connector an id of its own."),
    pytest.param("offers", "Coffee", "“Coffee” is the id of an item: give the offer an id of its own."),
    pytest.param("products", "weekend", "“weekend” is the id of an offer: give the product an id of its own."),
    pytest.param(
        "products", "pe-charging-01", "“pe-charging-01” is the id of a connector: give the product an id of its own."
    ),
    pytest.param("connectors", "weekend", "“weekend” is the id of an offer: give the connector an id of its own."),
    pytest.param("connectors", "coffee", "“coffee” is the id of a product: give the connector an id of its own."),
    pytest.param("offers", "coffee", "“coffee” is the id of an item: give the offer an id of its own."),
    pytest.param("offers", "pe-charging-01", "“pe-charging-01” is the id of an item: give the offer an id of its own."),
]


@pytest.mark.parametrize(("path", "taken", "sentence"), TAKEN)
def test_the_api_gives_no_id_twice(people: People, path: str, taken: str, sentence: str) -> None:
    field, body = BODIES[path]
    assert fields(send(api_client(people.here.cpo), path, body | {field: taken})) == {field: [sentence]}
    assert ids_of(people) == THERE


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("free", ["their-coffee", "their-weekend", "there-01", "new"])
def test_what_another_cpo_calls_its_own_is_free(people: People, path: str, free: str) -> None:
    field, body = BODIES[path]
    assert send(api_client(people.here.cpo), path, body | {field: free}).status_code == 201


def test_the_forms_refuse_at_the_field(people: People) -> None:
    browser = signed_in(people.owner)
    product = {"product_id": "weekend", "name": "X", "kind": "GOOD", "price": "10", "currency": "INR"}
    answer = browser.post("/admin/network/product/add/", product)
    sentence = "“weekend” is the id of an offer: give the product an id of its own."
    assert answer.context["adminform"].form.errors["product_id"] == [sentence]
    rows = {"evse_id": "EVSE-9", "name": "Ninth", "location": people.here.location.pk, "system": people.here.system.pk}
    rows |= {"connectors-TOTAL_FORMS": "1", "connectors-INITIAL_FORMS": "0"}
    connector = CONNECTOR | {"item_id": "weekend", "connector_id": "1", "connector_format": "CABLE"}
    rows |= {f"connectors-0-{name}": str(value) for name, value in connector.items()}
    answer = browser.post("/admin/network/charger/add/", rows)
    sentence = "“weekend” is the id of an offer: give the connector an id of its own."
    assert answer.context["inline_admin_formsets"][0].formset.errors == [{"item_id": [sentence]}]
    assert ids_of(people) == THERE


def test_what_has_its_id_already_is_changed_as_before(people: People) -> None:
    answer = send(api_client(people.here.cpo), "products/coffee", {"name": "New"}, "patch")
    assert (answer.status_code, answer.json()["name"]) == (200, "New")
