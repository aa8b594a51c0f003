"""Refusals of the APIs have one shape, in the description as on the wire, also where there is no such address."""

from __future__ import annotations

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from tests.people import api_client
from tests.world import make_world

REFUSAL = {"$ref": "#/components/schemas/Refusal"}


def test_every_operation_describes_its_refusals() -> None:
    described = SchemaGenerator().get_schema(public=True)
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    assert len(operations) >= 50
    for operation in operations:
        assert operation["responses"]["4XX"]["content"]["application/json"]["schema"] == REFUSAL
    assert described["components"]["schemas"]["Refusal"]["required"] == ["error"]


def test_an_address_of_the_apis_that_is_none_is_refused_in_their_shape() -> None:
    answer = Client().get("/api/nowhere")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/json")
    message = "There is nothing at this address; /api/schema/ lists all that there are."
    assert answer.json() == {"error": {"code": "not_found", "message": message}}


MISSING = [
    ("offers/none", "You have no such offer: take its id from the list."),
    ("surge-schedules/none/history", "You have no such surge schedule: take its id from the list."),
    ("price-ceilings/none", "You have no such price ceiling: take its id from the list."),
    ("imports/none", "You have no such import: its id is in the answer to the file."),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "message"), MISSING, ids=[path for path, _ in MISSING])
def test_what_a_cpo_does_not_have_is_refused_in_a_sentence(path: str, message: str) -> None:
    answer = api_client(make_world("cpo1.com").cpo).get(f"/api/{path}")
    assert (answer.status_code, answer.json()) == (404, {"error": {"code": "not_found", "message": message}})


def test_elsewhere_it_is_a_page() -> None:
    answer = Client().get("/nowhere")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
