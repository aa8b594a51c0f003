"""The staff API of demand policies: made, changed, switched, listed and refused, and the levels with their reasons."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cpo_portal.accounts.tenancy import cpo_scope
from pricing.models import DemandPolicy, DemandPolicyChange, DemandState, PriceCeiling, SurgePolicy, SurgeSchedule
from tests.offers.api.asking import fields, send
from tests.people import api_client
from tests.pricing.demand.samples import add_connectors, decided, live_policy, make_policy, row_of
from tests.pricing.surges.samples import make_schedule, no_notice
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
RULES: dict[str, Any] = {
    "levels": [
        {"on": "70.00", "off": "55.00", "percent": "12.50"},
        {"on": "90.00", "off": "75.00", "percent": "20.00"},
    ],
    "cap_percent": "18.00",
    "highest_rate": "24.50",
    "half_life_minutes": 5,
    "dwell_up_minutes": 10,
    "dwell_down_minutes": 20,
    "notice_minutes": 30,
    "stale_after_minutes": 12,
    "surcharged_minutes_per_day": 240,
    "changes_per_day": None,
    "least_reporting": 3,
    "grid_weight": "0.80",
}
NEW: dict[str, Any] = {
    "policy_id": "busy",
    "name": "Busy station fee",
    "explanation": "Many drivers wait here.",
    "stacking_group": "peak",
    "location_ids": ["cp-station"],
    "location_tags": ["mall"],
    "rules": RULES,
}
LEAST = {"policy_id": "least", "name": "Fee", "rules": {"levels": RULES["levels"], "cap_percent": "18"}}


@pytest.fixture
def world() -> World:
    found = make_world()
    add_connectors(found)
    return found


@pytest.fixture
def staff(world: World) -> Client:
    return api_client(world.cpo)


def made(staff: Client, **changes: Any) -> Any:
    answer = send(staff, "demand-policies", NEW | changes)
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_policy_is_made_as_it_was_sent_and_read_again(staff: Client) -> None:
    found = made(staff)
    assert {name: found[name] for name in NEW} == NEW
    assert (found["is_active"], found["number"], found["page_url"], found["warnings"]) == (False, 1, "", [])
    assert found["words"][:3] == [
        "Level 1: 12.5 % from a load of 70 %, until it is below 55 %",
        "Level 2: 20 % from a load of 90 %, until it is below 75 %",
        "At most: 18 % of the energy price and ₹24.50 per kWh with the surcharge",
    ]
    assert found["where"] == "at Connaught Place Station, at places tagged mall"
    assert send(staff, "demand-policies/busy", None, "get").json() == found


def test_what_is_left_out_of_a_new_policy_is_as_usual(staff: Client) -> None:
    found = send(staff, "demand-policies", LEAST).json()
    assert found["rules"] == RULES | {
        "highest_rate": None,
        "half_life_minutes": 10,
        "dwell_up_minutes": 15,
        "dwell_down_minutes": 15,
        "notice_minutes": 15,
        "stale_after_minutes": 15,
        "surcharged_minutes_per_day": None,
        "least_reporting": 1,
        "grid_weight": "0.00",
    }
    assert (found["explanation"], found["stacking_group"], found["location_ids"]) == ("", "", [])


def test_a_change_keeps_what_it_leaves_out(staff: Client) -> None:
    made(staff)
    said = {"rules": {"cap_percent": "15.00", "highest_rate": None}}
    found = send(staff, "demand-policies/busy", said, "patch").json()
    assert found["rules"] == RULES | {"cap_percent": "15.00", "highest_rate": None}
    assert (found["name"], found["number"]) == ("Busy station fee", 2)
    found = send(staff, "demand-policies/busy", {"name": "Rush fee", "location_tags": []}, "patch").json()
    assert (found["name"], found["location_tags"], found["number"]) == ("Rush fee", [], 2)


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no-level": ({"rules": RULES | {"levels": []}}, {"rules": {"levels": ["Give at least one level."]}}),
    "narrow-band": (
        {"rules": RULES | {"levels": [{"on": "70", "off": "65", "percent": "10"}]}},
        {"rules": {"levels": ["Set the off-threshold of level 1 at least 10 points below its on-threshold of 70 %."]}},
    ),
    "smoothing": (
        {"rules": RULES | {"half_life_minutes": 0}},
        {"rules": {"half_life_minutes": ["Set the half-life of the smoothing above 0 minutes."]}},
    ),
    "notice": (
        {"rules": RULES | {"notice_minutes": 14}},
        {"rules": {"notice_minutes": ["Set it to at least 15 min, which you promise of levels of demand."]}},
    ),
    "two-at-once": (
        {"rules": RULES | {"cap_percent": "0", "changes_per_day": 1}},
        {
            "rules": {
                "cap_percent": ["Set the cap of the surcharge above 0 %."],
                "changes_per_day": ["Allow at least 2 changes a day, a rise and its fall, or leave the limit out."],
            }
        },
    ),
    "no-cap": ({"rules": {"levels": RULES["levels"]}}, {"rules": {"cap_percent": ["This field is required."]}}),
    "place": ({"location_ids": ["moon"]}, {"location_ids": ["You have no location “moon”: name one of yours."]}),
    "id-of-a-surge": ({"policy_id": "rush"}, {"policy_id": ["A surge has this id: choose another one."]}),
    "id-of-another": (
        {"policy_id": "other"},
        {"policy_id": ["You already have a demand policy “other”: choose another id."]},
    ),
}


@pytest.mark.parametrize(("changes", "expected"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_at_its_field(
    world: World, staff: Client, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    make_policy(world.cpo, policy_id="other")
    make_schedule(world.cpo, schedule_id="rush")
    assert fields(send(staff, "demand-policies", NEW | changes)) == expected
    with cpo_scope(world.cpo):
        assert [x.policy_id for x in DemandPolicy.objects.all()] == ["other"]


def test_a_longer_promise_asks_for_a_longer_notice(world: World, staff: Client) -> None:
    with cpo_scope(world.cpo):
        SurgePolicy.objects.create(cpo=world.cpo, signal_notice_minutes=45)
    said = fields(send(staff, "demand-policies", NEW))
    assert said == {"rules": {"notice_minutes": ["Set it to at least 45 min, which you promise of levels of demand."]}}


def test_it_is_switched_by_a_token_that_the_log_names(world: World, staff: Client) -> None:
    made(staff)
    found = send(staff, "demand-policies/busy/switch-on", {}).json()
    page = f"{settings.BASE_URL}/s/cpo1.com/busy"
    assert (found["is_active"], found["number"], found["page_url"]) == (True, 2, page)
    again = send(staff, "demand-policies/busy/switch-on", {})
    message = "“Busy station fee” is switched on already."
    assert (again.status_code, again.json()["error"]["message"]) == (409, message)
    send(staff, "demand-policies/busy", {"rules": {"cap_percent": "10"}, "location_tags": []}, "patch")
    send(staff, "demand-policies/busy", {"location_tags": ["mall"]}, "patch")
    send(staff, "demand-policies/busy", {"name": "Fee"}, "patch")
    found = send(staff, "demand-policies/busy/switch-off", {}).json()
    assert (found["is_active"], found["number"], found["page_url"]) == (False, 4, page)
    with cpo_scope(world.cpo):
        rows = DemandPolicyChange.objects.order_by("pk").values_list("kind", "number", "by", "rules__cap_percent")
        tokens = {len(x.by_token) for x in DemandPolicyChange.objects.all()}
    assert list(rows) == [
        ("SWITCHED_ON", 2, None, "18.00"),
        ("CHANGED", 3, None, "10.00"),
        ("PLACES", 3, None, "10.00"),
        ("SWITCHED_OFF", 4, None, "10.00"),
    ]
    assert tokens == {8}


def test_a_ceiling_forbids_it_at_the_levels(world: World, staff: Client) -> None:
    said = (
        "₹21.24 per kWh with “Busy station fee” every day all day is above “Cap” (₹20.00) at Connaught Place Station: "
        "lower the tariff or the surge, or leave the place out."
    )
    with cpo_scope(world.cpo):
        PriceCeiling.objects.create(cpo=world.cpo, ceiling_id="c", name="Cap", maximum_rate=Decimal(20), mode="BLOCK")
    assert made(staff, location_tags=[])["warnings"] == [said]
    assert fields(send(staff, "demand-policies/busy/switch-on", {})) == {"rules": {"levels": [said]}}
    with cpo_scope(world.cpo):
        assert DemandPolicy.objects.get().is_active is False


def test_the_levels_are_told_with_their_reasons(world: World, staff: Client) -> None:
    no_notice(world.cpo)
    live_policy(world.cpo)
    decided(world, 3)
    row = row_of(world)
    [found] = send(staff, "demand-policies/busy/levels", None, "get").json()["results"]
    at = row.decided_at.isoformat().replace("+00:00", "Z")
    assert found == {
        "location_id": "cp-station",
        "name": "Connaught Place Station",
        "level": 1,
        "percent": "10.0000",
        "since": at,
        "announced": None,
        "is_known": True,
        "load": "0.750000000000",
        "decided_at": at,
        "reason": {
            "code": "RISE",
            "words": "Level 1 (10 %) from now on: the load of 75 % has reached 60 %.",
            "at": at,
        },
    }
    send(staff, "demand-policies/busy/switch-off", {})
    assert send(staff, "demand-policies/busy/levels", None, "get").json()["results"] == []
    # What narrows the list of policies narrows no list of levels.
    assert fields(staff.get("/api/demand-policies/busy/levels?is_active=false")) == {
        "is_active": ["There is no such filter: use limit, offset."]
    }


def test_the_list_is_narrowed_and_costs_a_constant_number_of_queries(world: World, staff: Client) -> None:
    make_policy(world.cpo, policy_id="a")
    live_policy(world.cpo, policy_id="b")
    make_policy(make_world("cpo2.com", item_id="there-01").cpo, policy_id="c")

    def ids(query: str = "") -> list[str]:
        answer = send(staff, f"demand-policies{query}", None, "get")
        return [x["policy_id"] for x in answer.json()["results"]]

    assert (ids(), ids("?is_active=true"), ids("?is_active=false")) == (["a", "b"], ["b"], ["a"])
    assert fields(send(staff, "demand-policies?is_active=maybe", None, "get")) == {
        "is_active": ["Write true or false."]
    }
    with CaptureQueriesContext(connection) as few:
        ids()
    for number in range(4):
        make_policy(world.cpo, policy_id=f"d{number}")
    with CaptureQueriesContext(connection) as many:
        ids()
    assert len(many) == len(few)


def test_the_database_itself_gives_no_id_to_both(world: World) -> None:
    policy = make_policy(world.cpo)
    schedule = make_schedule(world.cpo, schedule_id="rush")
    with cpo_scope(world.cpo):
        for rows, named in (
            (DemandPolicy.objects.filter(pk=policy.pk), {"policy_id": "rush"}),
            (SurgeSchedule.objects.filter(pk=schedule.pk), {"schedule_id": "busy"}),
        ):
            with pytest.raises(IntegrityError, match="cannot both have the id"), transaction.atomic():
                rows.update(**named)
        assert not DemandState.objects.exists()
    # Another CPO may have it.
    make_schedule(make_world("cpo2.com", item_id="there-01").cpo, schedule_id="busy")
