"""The staff API of tariffs: made, placed, published, changed, ended, and refused by field."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from pricing.models import PricingModelChoice, Tariff, TariffVersion
from tests.offers.api.asking import send
from tests.people import api_client
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(world: World) -> Client:
    return api_client(world.cpo)


@pytest.fixture
def outsider(world: World) -> Client:
    return api_client(make_world("cpo2.com", item_id="there-01").cpo)


def test_a_tariff_is_made_placed_published_changed_and_ended(world: World, staff: Client) -> None:
    body = {
        "tariff_id": "fast",
        "name": "Fast",
        "content": {"rate": "22", "fees": [{"title": "Service Fee", "amount": "10"}], "maximum_wh": 80000},
        "assignments": [{"connector_type": "CCS2"}, {"location_id": "cp-station"}],
    }
    made = send(staff, "tariffs", body)
    assert made.status_code == 201, made.content
    assert made.json()["assignments"] == []
    assert made.json()["draft"]["assignments"] == body["assignments"]
    assert made.json()["draft"]["words"] == "₹22.00/kWh + Service Fee ₹10.00 + GST 18 %, up to 80 kWh"
    published = send(staff, "tariffs/fast/publish", {}).json()
    assert (published["live"]["number"], published["assignments"]) == (1, body["assignments"])
    moved = {"content": {"rate": "23"}, "assignments": [{"item_id": "pe-charging-01"}], "name": "Faster"}
    changed = send(staff, "tariffs/fast", moved, "patch")
    assert (changed.json()["name"], changed.json()["assignments"]) == ("Faster", body["assignments"])
    assert changed.json()["draft"]["assignments"] == moved["assignments"]
    assert changed.json()["draft"]["content"]["rate"] == "23.0000"
    assert changed.json()["draft"]["content"]["fees"][0]["code"] == "SERVICE_FEE"
    assert changed.json()["live"]["content"]["rate"] == "22.0000"
    assert send(staff, "tariffs/fast/end", {}).json()["state"] == "ENDED"
    assert [row["tariff_id"] for row in staff.get("/api/tariffs?state=ENDED").json()["results"]] == ["fast"]


FULL: dict[str, Any] = {
    "model": "TIME_OF_DAY",
    "rate": "18.0000",
    "components": [
        {
            "dimension": "ENERGY",
            "rate": "22.0000",
            "windows": [{"weekdays": [1, 2], "start": "18:00", "end": "00:00"}],
            "grace_minutes": 0,
        },
        {"dimension": "IDLE", "rate": "2.0000", "windows": [], "grace_minutes": 15},
    ],
    "fees": [],
    "minimum_wh": 500,
    "maximum_wh": None,
    "minimum_price": "50.00",
    "maximum_price": None,
    "wheeling": {"title": "Grid charge", "amount": "0.4250", "basis": "KWH"},
    "valid_from": "2027-03-31T18:30:00Z",
    "valid_until": None,
    "currency": "INR",
}


def test_all_that_a_tariff_can_say_is_written_and_read_in_the_same_words(world: World, staff: Client) -> None:
    body = {"tariff_id": "full", "name": "Full", "content": FULL, "assignments": [{"connector_type": "CCS2"}]}
    made = send(staff, "tariffs", body)
    assert made.status_code == 201, made.content
    assert made.json()["draft"]["content"] == FULL
    published = send(staff, "tariffs/full/publish", {}).json()
    assert [x["content"] for x in published["coming"]] == [FULL]
    assert (published["live"], published["assignments"]) == (None, [])
    changed = send(
        staff, "tariffs/full", {"content": {"wheeling": None, "model": "PER_KWH", "components": []}}, "patch"
    )
    assert changed.status_code == 200, changed.content
    assert changed.json()["draft"]["content"] == FULL | {"wheeling": None, "model": "PER_KWH", "components": []}


NEEDED = ["This field is required."]


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        pytest.param({"wheeling": {"basis": "KWH"}}, {"wheeling": {"amount": NEEDED}}, id="wheeling-without-amount"),
        pytest.param({"components": [{"rate": "1"}]}, {"components": {"0": {"dimension": NEEDED}}}, id="per-nothing"),
        pytest.param({"components": [{"dimension": "TIME"}]}, {"components": {"0": {"rate": NEEDED}}}, id="no-rate"),
        pytest.param({"fees": [{"title": "Fee"}]}, {"fees": {"0": {"amount": NEEDED}}}, id="fee-without-amount"),
        pytest.param(
            {"components": [{"dimension": "TIME", "rate": "1", "windows": [{"weekdays": [1], "start": "09:00"}]}]},
            {"components": {"0": {"windows": {"0": {"end": NEEDED}}}}},
            id="half-a-window",
        ),
    ],
)
def test_a_change_leaves_out_parts_but_nothing_inside_of_one(
    world: World, staff: Client, content: dict[str, Any], fields: dict[str, Any]
) -> None:
    answer = send(staff, "tariffs/standard", {"content": content}, "patch")
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {"content": fields})
    with cpo_scope(world.cpo):
        assert TariffVersion.objects.count() == 1


def test_a_change_fills_in_what_a_part_may_leave_out(world: World, staff: Client) -> None:
    answer = send(staff, "tariffs/standard", {"content": {"wheeling": {"amount": "1"}}}, "patch")
    assert answer.status_code == 200, answer.content
    assert answer.json()["draft"]["content"]["wheeling"] == {
        "title": "Wheeling charge",
        "amount": "1.0000",
        "basis": "ORDER",
    }


def test_it_tells_the_price_of_now_and_where_it_applies_now_once(world: World, staff: Client) -> None:
    now = timezone.now()
    places = [{"connector_type": "CCS2"}]
    body = {"tariff_id": "own", "name": "Own", "content": {"rate": "20"}, "assignments": places}
    assert send(staff, "tariffs", body).status_code == 201
    send(staff, "tariffs/own/publish", {})
    bounds = {"valid_from": (now + timedelta(days=2)).isoformat(), "valid_until": (now + timedelta(days=5)).isoformat()}
    changed = {"content": {"rate": "30", **bounds}, "assignments": [*places, {"connector_type": "TYPE2"}]}
    send(staff, "tariffs/own", changed, "patch")
    told = send(staff, "tariffs/own/publish", {}).json()
    assert (told["live"]["content"]["rate"], told["assignments"]) == ("20.0000", places)
    assert [x["content"]["rate"] for x in told["coming"]] == ["30.0000"]
    assert send(staff, "tariffs/own/end", {}).json()["coming"] == []


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        pytest.param(
            {"components": [{"dimension": "ENERGY", "rate": "1", "windows": [{"weekdays": [1], "start": "x"}]}]},
            {"content": {"components": {"0": {"windows": {"0": {"end": ["This field is required."]}}}}}},
            id="half a window",
        ),
        pytest.param(
            {
                "components": [
                    {
                        "dimension": "ENERGY",
                        "rate": "1",
                        "windows": [{"weekdays": [8], "start": "18:00", "end": "24:00"}],
                    }
                ]
            },
            {
                "content": {
                    "components": {"0": {"windows": ["Window 1: weekdays are numbers from 1 (Monday) to 7 (Sunday)."]}}
                }
            },
            id="no weekday",
        ),
        pytest.param(
            {"model": "FIXED"},
            {
                "content": {
                    "rate": ["A fixed price per session has no price per kWh: leave it empty."],
                    "components": ["A fixed price per session has no prices per kWh: leave them out."],
                }
            },
            id="another model",
        ),
        pytest.param(
            {"model": "BY_THE_MOON"},
            {"content": {"model": [f"There is no “BY_THE_MOON”: use one of {', '.join(PricingModelChoice.values)}."]}},
            id="no model",
        ),
        pytest.param(
            {"wheeling": {"amount": "0"}},
            {"content": {"wheeling": ["Give the wheeling charge as an amount above 0 with at most four decimals."]}},
            id="no wheeling",
        ),
    ],
)
def test_a_bad_part_of_a_tariff_is_told_where_it_stands(
    world: World, staff: Client, changes: dict[str, Any], fields: dict[str, Any]
) -> None:
    answer = send(staff, "tariffs", {"tariff_id": "full", "name": "Full", "content": FULL | changes})
    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == fields
    with cpo_scope(world.cpo):
        assert not Tariff.objects.filter(tariff_id="full").exists()


@pytest.mark.parametrize(
    ("places", "sentence"),
    [
        pytest.param([{}], "“Standard” already applies everywhere: take it off there first.", id="taken"),
        pytest.param([], "It applies nowhere: name a place before you publish it.", id="none"),
    ],
)
def test_a_tariff_is_not_published_where_it_cannot_apply(
    world: World, staff: Client, places: list[dict[str, str]], sentence: str
) -> None:
    body = {"tariff_id": "fast", "name": "Fast", "content": {"rate": "22"}, "assignments": places}
    assert send(staff, "tariffs", body).status_code == 201
    answer = send(staff, "tariffs/fast/publish", {})
    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == {"assignments": [sentence]}
    with cpo_scope(world.cpo):
        assert Tariff.objects.get(tariff_id="fast").state == "DRAFT"


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        pytest.param({"content": {"rate": "-1"}}, 400, "Give the price of a kWh as 0 or more", id="negative rate"),
        pytest.param(
            {"assignments": [{"item_id": "there-01"}]}, 400, "You have no connector “there-01”", id="foreign connector"
        ),
        pytest.param(
            {"assignments": [{"item_id": "pe-charging-01", "connector_type": "CCS2"}]},
            400,
            "Name either one connector, or a location and a connector type.",
            id="two places in one",
        ),
        pytest.param({"tariff_id": "standard"}, 400, "You already have a tariff “standard”", id="id taken"),
    ],
)
def test_a_bad_tariff_is_refused_and_makes_nothing(
    world: World, staff: Client, outsider: Client, changes: dict[str, Any], status: int, words: str
) -> None:
    body = {"tariff_id": "fast", "name": "Fast", "content": {"rate": "22"}} | changes
    answer = send(staff, "tariffs", body)
    assert answer.status_code == status, answer.content
    assert words in answer.content.decode()
    with cpo_scope(world.cpo):
        assert TariffVersion.objects.count() == 1
