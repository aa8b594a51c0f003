"""Two changes of different fields at the same moment: both are there afterwards, whatever the API changes in part."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from offers import authoring
from tests.people import WEEKEND, api_client
from tests.pricing.api.test_surge_schedules import NEW as NEW_SURGE
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


@dataclass(frozen=True)
class Row:
    """Where a row is changed, how it is made, and two changes for each round that share no field."""

    path: str
    new: dict[str, Any] | None
    first: dict[str, Any]
    second: dict[str, Any]


ROWS = {
    "limits-of-an-offer": Row(
        "offers/weekend-25",
        None,
        {"limits": {"budget": "{}000.00", "redemption_cap": "{}0.00"}},
        {"limits": {"total_uses": 10, "uses_per_customer": "{}"}},
    ),
    "content-of-an-offer": Row(
        "offers/weekend-25", None, {"content": {"name": "Name {}"}}, {"content": {"value": "1{}.00"}}
    ),
    "tariff": Row("tariffs/standard", None, {"content": {"minimum_wh": "{}"}}, {"content": {"rate": "1{}.0000"}}),
    "surge": Row(
        "surge-schedules/congestion",
        NEW_SURGE,
        {"content": {"explanation": "Text {}"}},
        {"content": {"value": "{}.0000"}},
    ),
    "product": Row(
        "products/tea", {"product_id": "tea", "name": "Tea", "price": "20"}, {"price": "1{}.00"}, {"name": "Tea {}"}
    ),
    "location": Row("locations/cp-station", None, {"name": "Station {}"}, {"city": "City {}"}),
    "holiday-calendar": Row(
        "holiday-calendars/delhi",
        {"calendar_id": "delhi", "name": "Delhi", "days": []},
        {"name": "Delhi {}"},
        {"days": [{"date": "2027-01-0{}", "name": "Holiday"}]},
    ),
    "segment": Row(
        "segments/gold",
        {"segment_id": "gold", "name": "Gold", "conditions": [{"fact": "TIER", "values": ["gold"]}]},
        {"name": "Gold {}"},
        {"conditions": [{"fact": "TIER", "values": ["tier-{}"], "negated": False}]},
    ),
    "price-ceiling": Row(
        "price-ceilings/delhi",
        {"ceiling_id": "delhi", "name": "Delhi", "source": "Order 1", "maximum_rate": "20", "mode": "WARN"},
        {"name": "Delhi {}"},
        {"maximum_rate": "2{}.0000"},
    ),
}


def filled(said: Any, number: int) -> Any:
    """Return the change with the round's number in its texts; a text of nothing else is that number."""
    if isinstance(said, dict):
        return {key: filled(value, number) for key, value in said.items()}
    if isinstance(said, list):
        return [filled(value, number) for value in said]
    if said == "{}":
        return number
    return said.format(number) if isinstance(said, str) else said


def part_of(whole: Any, said: Any) -> Any:
    """Return of an answer what a change has said."""
    return {key: part_of(whole[key], value) for key, value in said.items()} if isinstance(said, dict) else whole


def at_once(client: Client, path: str, *bodies: dict[str, Any]) -> list[int]:
    barrier = threading.Barrier(len(bodies))

    def change(body: dict[str, Any]) -> int:
        try:
            barrier.wait()
            answer = client.patch(path, body, content_type="application/json")
            assert answer.status_code == 200, answer.content
            return answer.status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(change, bodies))


@pytest.fixture
def world() -> World:
    made = make_world()
    authoring.publish(authoring.create_offer(made.cpo, "weekend-25", WEEKEND))
    return made


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_of_two_changes_at_once_none_is_lost(world: World, row: Row) -> None:
    client, path = api_client(world.cpo), f"/api/{row.path}"
    if row.new is not None:
        made = client.post(f"/api/{row.path.split('/')[0]}", row.new, content_type="application/json")
        assert made.status_code == 201, made.content
    for number in range(1, ROUNDS + 1):
        first, second = filled(row.first, number), filled(row.second, number)
        assert at_once(client, path, first, second) == [200, 200]
        now = client.get(path).json()
        # What is authored in versions shows a draft.
        now |= {"content": now["draft"]["content"]} if now.get("draft") else {}
        assert (part_of(now, first), part_of(now, second)) == (first, second)
