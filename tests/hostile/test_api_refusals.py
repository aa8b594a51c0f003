"""Refusals of the APIs have one shape, in the description as on the wire, also where there is no such address."""

from __future__ import annotations

from django.test import Client
from drf_spectacular.generators import SchemaGenerator

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


def test_elsewhere_it_is_a_page() -> None:
    answer = Client().get("/nowhere")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
