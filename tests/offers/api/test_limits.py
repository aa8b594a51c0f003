"""Hostile bodies and queries of the offers', tariffs' and price check's routes: refused by one sentence each."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from cpo_portal.accounts.tenancy import every_cpo
from offers.models import Offer
from pricing.models import Tariff
from tests.people import api_client
from tests.world import make_world

pytestmark = pytest.mark.django_db

PATHS = ["offers", "price-check", "tariffs"]
FAR = ["Send a time in the years 2000 to 2100."]
CHECK: dict[str, Any] = {
    "item_id": "pe-charging-01",
    "measure": {"value": "100", "unit": "INR"},
    "starts_at": "2026-12-05T10:00:00+05:30",
}
CONTENT: dict[str, Any] = {
    "name": "Weekend",
    "value": "25.00",
    "valid_from": "2026-01-01T00:00:00+05:30",
    "valid_until": "2040-01-01T00:00:00+05:30",
}


@pytest.fixture
def staff() -> Client:
    return api_client(make_world().cpo)


def post(staff: Client, path: str, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return staff.post(f"/api/{path}", text, content_type="application/json")


def rows() -> list[Any]:
    with every_cpo():
        return [list(model.objects.order_by("pk").values()) for model in (Offer, Tariff)]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ("[" * 30_000, 400, "The JSON is nested too deeply."),
        ('{"name": "\\ud800"}', 400, "A text in the JSON has half a surrogate pair; send whole characters."),
    ],
)
def test_a_body_that_cannot_be_read(staff: Client, path: str, body: str, status: int, sentence: str) -> None:
    before = rows()
    answer = post(staff, path, body)
    assert (answer.status_code, answer.json()["error"]["message"]) == (status, sentence)
    assert rows() == before


@pytest.mark.parametrize(("path", "longest"), [("offers", 262_144), ("price-check", 131_072), ("tariffs", 65_536)])
def test_a_body_that_is_too_long(staff: Client, path: str, longest: int) -> None:
    answer = post(staff, path, '"' + "x" * longest + '"')
    error = {"code": "too_large", "message": f"The body is longer than {longest} bytes; send less at once."}
    assert (answer.status_code, answer.json()) == (413, {"error": error})


@pytest.mark.parametrize("field", ["valid_from", "valid_until"])
@pytest.mark.parametrize(
    ("moment", "fault"),
    [
        ("0001-01-01T00:00:00", ['Send the time with its offset, such as "2025-01-04T18:30:00+05:30".']),
        ("0001-01-01T00:00:00+05:30", FAR),
        ("9999-12-31T23:59:59-12:00", FAR),
    ],
)
def test_an_offer_of_another_age(staff: Client, field: str, moment: str, fault: list[str]) -> None:
    answer = post(staff, "offers", {"offer_id": "o", "content": CONTENT | {field: moment}})
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {"content": {field: fault}})
    assert rows()[0] == []


@pytest.mark.parametrize("field", ["starts_at", "ends_at", "as_of"])
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2101-01-01T00:00:00Z"])
def test_a_price_of_another_age(staff: Client, field: str, moment: str) -> None:
    answer = post(staff, "price-check", CHECK | {field: moment})
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {field: FAR})


@pytest.mark.parametrize("moment", ["2000-01-01T00:00:00Z", "2100-12-31T23:59:59Z"])
def test_the_first_and_the_last_instant_are_priced(staff: Client, moment: str) -> None:
    assert post(staff, "price-check", CHECK | {"starts_at": moment}).status_code == 200


@pytest.mark.parametrize(
    ("field", "most"), [("opted_in", 100), ("declined", 100), ("codes", 100), ("products", 100), ("readings", 1000)]
)
def test_a_long_list_of_a_price_check(staff: Client, field: str, most: int) -> None:
    answer = post(staff, "price-check", CHECK | {field: [1] * 30_000})
    fault = {field: [f"Send at most {most} entries at once, not 30000."]}
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, fault)


def test_a_list_tells_ten_faults(staff: Client) -> None:
    answer = post(staff, "price-check", CHECK | {"opted_in": [{}] * 100})
    fault = {str(index): ["Not a valid string."] for index in range(10)}
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {"opted_in": fault})


@pytest.mark.parametrize(
    ("field", "most"), [("location_ids", 500), ("item_ids", 2000), ("categories", 100), ("weekly_windows", 50)]
)
def test_a_long_list_of_an_offer(staff: Client, field: str, most: int) -> None:
    answer = post(staff, "offers", {"offer_id": "o", "content": CONTENT | {field: [{}] * 30_000}})
    fault = {"content": {field: [f"Send at most {most} entries at once, not 30000."]}}
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, fault)
    assert rows()[0] == []


def test_a_long_list_of_places(staff: Client) -> None:
    before = rows()
    body = {"tariff_id": "t", "name": "T", "content": {"rate": "1"}, "assignments": [{}] * 9_000}
    answer = post(staff, "tariffs", body)
    fault = {"assignments": ["Send at most 500 entries at once, not 9000."]}
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, fault)
    assert rows() == before


@pytest.mark.parametrize("path", ["offers", "tariffs"])
@pytest.mark.parametrize("limit", ["abc", "-1"])
def test_a_page_of_no_size(staff: Client, path: str, limit: str) -> None:
    answer = staff.get(f"/api/{path}?limit={limit}")
    fault = {"limit": ["Send a whole number from 1 to 1000."]}
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, fault)


def test_a_list_of_another_age(staff: Client) -> None:
    for moment in ("0001-01-01T00:00:00%2B05:30", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00"):
        answer = staff.get(f"/api/offers?live_at={moment}")
        assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {"live_at": FAR})
