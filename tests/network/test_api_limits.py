"""Hostile bodies and queries of the staff API: each is refused with a sentence, and nothing changes."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.network.models import Location, Product
from tests.network.places import Net

pytestmark = pytest.mark.django_db

DEEP = "The JSON is nested too deeply."
HALF = "A text in the JSON has half a surrogate pair; send whole characters."
NUMBER = "Send a whole number from {} to {}."
BODIES = {
    "deeper than Python reads": ("[" * 30_000, 400, "parse_error", DEEP),
    "deeper than is kept": ('{"a":' * 33 + "1" + "}" * 33, 400, "parse_error", DEEP),
    "half a surrogate pair": ('{"name": "\\ud800"}', 400, "parse_error", HALF),
    "half a pair as a key": ('{"tags": [{"\\udfff": 1}]}', 400, "parse_error", HALF),
    "an endless number": ('{"name": 1e999}', 400, "parse_error", "The body is no JSON in UTF-8: a number is too large"),
    "no number": ('{"name": NaN}', 400, "parse_error", "The body is no JSON in UTF-8: NaN is no number"),
    "too long": (
        '{"name": "' + "x" * 65_536 + '"}',
        413,
        "too_large",
        "The body is longer than 65536 bytes; send less at once.",
    ),
}
QUERIES = {
    "limit=abc": ("limit", NUMBER.format(1, 1000)),
    "limit=-1": ("limit", NUMBER.format(1, 1000)),
    "limit=0": ("limit", NUMBER.format(1, 1000)),
    "limit=1001": ("limit", NUMBER.format(1, 1000)),
    "offset=-1": ("offset", NUMBER.format(0, 1_000_000_000)),
    "offset=99999999999999999999999": ("offset", NUMBER.format(0, 1_000_000_000)),
    "is_published=maybe": ("is_published", "Write true or false."),
    "is_publishd=true": ("is_publishd", "There is no such filter: did you mean “is_published”?"),
    "moon=1": (
        "moon",
        "There is no such filter: use name, city, city_code, state, tag, is_published, limit, offset.",
    ),
}


def rows() -> list[Any]:
    with every_cpo():
        return [list(model.objects.order_by("pk").values()) for model in (Location, Product)]


@pytest.mark.parametrize("case", BODIES)
def test_a_body_that_cannot_be_kept(client: Client, net: Net, case: str) -> None:
    body, status, code, sentence = BODIES[case]
    before = rows()
    answer = client.post("/api/locations", body, content_type="application/json", **net.bearer())
    assert (answer.status_code, answer.json()) == (status, {"error": {"code": code, "message": sentence}})
    assert rows() == before


def test_another_charset_than_utf8_is_not_asked_for(client: Client, net: Net) -> None:
    answer = client.generic(
        "POST", "/api/locations", b"{}", content_type="application/json; charset=rot13", **net.bearer()
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["fields"]["name"] == ["This field is required."]


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_that_cannot_be_read(client: Client, net: Net, query: str) -> None:
    field, sentence = QUERIES[query]
    answer = client.get(f"/api/locations?{query}", **net.bearer())
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {field: [sentence]})


def test_filters_are_those_of_the_list(client: Client, net: Net) -> None:
    answers = [
        client.get(f"/api/connectors?{query}", **net.bearer()) for query in ("location=none&limit=5", "format=json")
    ]
    assert [x.status_code for x in answers] == [200, 200]


@pytest.mark.parametrize(("value", "count"), [("true", 1), ("1", 1), ("False", 0), ("", 1)])
def test_published_or_not(client: Client, net: Net, value: str, count: int) -> None:
    assert client.get(f"/api/locations?is_published={value}", **net.bearer()).json()["count"] == count


def test_pages(client: Client, net: Net) -> None:
    page = client.get("/api/connectors?limit=1&offset=1", **net.bearer()).json()
    assert [row["item_id"] for row in page["results"]] == ["item-2"]


@pytest.mark.parametrize(
    ("path", "body", "field", "most"),
    [
        ("locations", {"tags": [[]] * 5_000}, "tags", 50),
        ("products", {"locations": ["nope"] * 5_000}, "locations", 100),
    ],
)
def test_a_long_list_is_refused_unread(client: Client, net: Net, path: str, body: Any, field: str, most: int) -> None:
    before = rows()
    answer = client.post(f"/api/{path}", body, content_type="application/json", **net.bearer())
    fault = answer.json()["error"]["fields"][field]
    assert (answer.status_code, fault) == (400, [f"Send at most {most} entries at once, not 5000."])
    assert rows() == before


def test_ten_faults_of_a_list_are_told(client: Client, net: Net) -> None:
    answer = client.post("/api/locations", {"tags": [[]] * 50}, content_type="application/json", **net.bearer())
    faults = answer.json()["error"]["fields"]["tags"]
    assert (answer.status_code, faults) == (400, {str(index): ["Not a valid string."] for index in range(10)})
