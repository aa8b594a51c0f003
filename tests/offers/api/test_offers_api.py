"""The staff API of offers and tariffs: the same rules as the admin, by Beckn id, closed to other CPOs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cpo_portal.accounts.models import TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.engine.values import OfferLimits
from offers.models import Offer, OfferCounter, OfferStateChange, OfferVersion
from pricing.models import Tariff
from tests.offers.api.asking import CONTENT, fields, send
from tests.people import WEEKEND, api_client, weekend
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(world: World) -> Client:
    return api_client(world.cpo)


@pytest.fixture
def outsider(world: World) -> Client:
    return api_client(make_world("cpo2.com", item_id="there-01").cpo)


def test_an_offer_is_made_read_changed_and_published(world: World, staff: Client) -> None:
    made = send(staff, "offers", {"offer_id": "weekend-25", "content": CONTENT, "limits": {"total_uses": 10}})
    assert made.status_code == 201, made.content
    assert (made.json()["state"], made.json()["live"], made.json()["limits"]["total_uses"]) == ("DRAFT", None, 10)
    published = send(staff, "offers/weekend-25/publish", {"note": "go"})
    assert published.status_code == 200
    body = published.json()
    assert (body["state"], body["stored_state"], body["draft"]) == ("LIVE", "APPROVED", None)
    assert body["live"]["content"]["weekly_windows"] == [{"weekdays": [6, 7], "start": "00:00", "end": "00:00"}]
    assert body["live"]["content"]["value"] == "25.00"
    assert body["used"] == {
        "uses_reserved": 0,
        "uses_committed": 0,
        "budget_reserved": "0.00",
        "budget_committed": "0.00",
    }
    changed = send(staff, "offers/weekend-25", {"content": {"value": "30"}, "limits": {"total_uses": 20}}, "patch")
    assert changed.status_code == 200
    assert changed.json()["draft"]["number"] == 2
    assert changed.json()["draft"]["content"]["value"] == "30.00"
    assert changed.json()["draft"]["content"]["value_cap"] == "100.00"
    assert changed.json()["live"]["content"]["value"] == "25.00"
    assert staff.get("/api/offers/weekend-25").json() | {"findings": []} == changed.json()
    with cpo_scope(world.cpo):
        assert OfferCounter.objects.get().limit_uses == 20


def test_the_history_names_the_token_that_did_it(world: World, staff: Client) -> None:
    authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    send(staff, "offers/weekend-25/publish", {"note": "go"})
    entry = staff.get("/api/offers/weekend-25/history").json()[0]
    with cpo_scope(world.cpo):
        prefix = OfferStateChange.objects.get(move="publish").by_token
    assert len(prefix) == 8
    assert (
        entry["from_state"],
        entry["to_state"],
        entry["version"],
        entry["by"],
        entry["by_token"],
        entry["note"],
    ) == (
        "DRAFT",
        "APPROVED",
        1,
        None,
        prefix,
        "go",
    )


@pytest.mark.parametrize(
    ("moves", "state"),
    [
        (["publish", "pause"], "PAUSED"),
        (["publish", "pause", "resume"], "LIVE"),
        (["publish", "end"], "ENDED"),
        (["publish", "withdraw"], "WITHDRAWN"),
        (["publish", "end", "archive"], "ARCHIVED"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else value,
)
def test_each_move_has_its_route(world: World, staff: Client, moves: list[str], state: str) -> None:
    authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    answers = [send(staff, f"offers/weekend-25/{move}", {}) for move in moves]
    assert [answer.status_code for answer in answers] == [200] * len(moves)
    assert answers[-1].json()["state"] == state


def test_a_move_that_the_state_refuses_is_a_conflict_that_says_what_to_do(world: World, staff: Client) -> None:
    authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    answer = send(staff, "offers/weekend-25/resume", {})
    assert answer.status_code == 409
    assert answer.json() == {"error": {"code": "conflict", "message": "Only a paused offer can be resumed."}}


def test_a_change_based_on_an_older_version_is_a_conflict(world: World, staff: Client) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    authoring.publish(offer)
    authoring.save_draft(offer, weekend(value=Decimal(30)))
    body = {"content": {"value": "40"}, "based_on_version": 1}
    assert send(staff, "offers/weekend-25", body, "patch").status_code == 409


BAD = [
    pytest.param(
        {"value": "101"}, {"value": ["A percentage is at most 100: lower it, or choose an amount."]}, id="101 %"
    ),
    pytest.param({"value": "lots"}, {"value": ["A valid number is required."]}, id="no number"),
    pytest.param({"value": "NaN"}, {"value": ["A valid number is required."]}, id="NaN"),
    pytest.param(
        {"value_cap": "-1"},
        {"value_cap": ["The cap is the most the driver saves: write it without a minus, or leave it empty."]},
        id="cap below zero",
    ),
    pytest.param(
        {"valid_until": "2025-01-01T00:00:00Z"},
        {"valid_until": ["The offer ends before it starts: choose a later end."]},
        id="end before start",
    ),
    pytest.param(
        {"valid_from": "2026-01-01T00:00:00Z", "valid_until": "2026-01-01T05:30:00+05:30"},
        {"valid_until": ["The offer ends when it starts: choose a later end."]},
        id="end at the start",
    ),
    pytest.param(
        {"valid_from": "2026-01-01T00:00:01Z", "valid_until": "2026-01-01T05:30:00+05:30"},
        {"valid_until": ["The offer ends before it starts: choose a later end."]},
        id="end a second before the start",
    ),
    pytest.param(
        {"value_type": "points"},
        {"value_type": ["There is no “points”: use one of percent, amount, per_kwh."]},
        id="unknown value type",
    ),
    pytest.param(
        {"benefit_kind": "Discount"},
        {
            "benefit_kind": [
                "There is no “Discount”: use one of discount, buyXgetY, freebie, slab, combo, delivery, exchange, "
                "financing."
            ]
        },
        id="unknown type",
    ),
    pytest.param(
        {"benefit_kind": [["slab"]]},
        {
            "benefit_kind": [
                "There is no “[['slab']]”: use one of discount, buyXgetY, freebie, slab, combo, delivery, exchange, "
                "financing."
            ]
        },
        id="a list of types",
    ),
    pytest.param(
        {"base": "ALL"}, {"base": ["There is no “ALL”: use one of ITEMS, ITEMS_AND_SURGE."]}, id="unknown base"
    ),
    pytest.param(
        {"holidays": "SOMETIMES"},
        {"holidays": ["There is no “SOMETIMES”: use one of ONLY, EXCEPT."]},
        id="unknown rule of holidays",
    ),
    pytest.param(
        {"currents": ["AC", "XC"]},
        {"currents": {"1": ["There is no “XC”: use one of AC, DC."]}},
        id="unknown current",
    ),
    pytest.param(
        {"item_unit": "MILES"},
        {"item_unit": ["There is no “MILES”: use one of KWH, SESSION, PRODUCT."]},
        id="unknown unit",
    ),
    *(
        pytest.param(
            {"priority": number},
            {"priority": ["Give a priority from -32,768 to 32,767: the larger goes first."]},
            id=f"priority {number}",
        )
        for number in (-32_769, 99_999)
    ),
    pytest.param(
        {"item_ids": ["there-01"]},
        {"item_ids": ["You have no connector or product “there-01”: give the id of one of yours."]},
        id="another CPO's item",
    ),
    pytest.param(
        {"weekly_windows": [{"weekdays": [6], "start": "18:00", "end": "24:00"}]},
        {"weekly_windows": ["Window 1: write 00:00 instead of 24:00; as an end it is the end of the day."]},
        id="24:00",
    ),
    pytest.param(
        {
            "benefit_kind": "buyXgetY",
            "value": None,
            "value_cap": None,
            "value_type": "",
            "item_unit": "PRODUCT",
            "qualifier_item_count": 2,
            "benefit_item_count": 1,
            "item_value": "15.00",
            "auto": True,
        },
        {
            "auto": [
                "A driver who pays for the product chooses it: switch “applied automatically” off, or give it at 0."
            ]
        },
        id="a product at a price that nobody chose",
    ),
    pytest.param({"name": None}, {"name": ["This field may not be null."]}, id="null"),
    pytest.param({"name": "a\u0000b"}, {"name": ["Null characters are not allowed."]}, id="NUL"),
]


@pytest.mark.parametrize(("changes", "expected"), BAD)
def test_bad_content_is_answered_by_field_and_makes_nothing(
    world: World, staff: Client, outsider: Client, changes: dict[str, Any], expected: Any
) -> None:
    answer = send(staff, "offers", {"offer_id": "weekend-25", "content": CONTENT | changes})
    assert fields(answer) == {"content": expected}
    with cpo_scope(world.cpo):
        assert not Offer.objects.exists()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param({"offer_id": "no spaces", "content": CONTENT}, {"offer_id"}, id="bad id"),
        pytest.param({"offer_id": "pe-charging-01", "content": CONTENT}, {"offer_id"}, id="item's id"),
        pytest.param({}, {"offer_id", "content"}, id="nothing"),
        pytest.param([], {"non_field_errors"}, id="a list"),
        pytest.param({"offer_id": "x", "content": "y"}, {"content"}, id="text for content"),
        pytest.param({"offer_id": "x", "content": CONTENT, "limits": {"budget": "5"}}, {"limits"}, id="budget alone"),
    ],
)
def test_a_bad_body_is_answered_by_field(staff: Client, body: Any, expected: set[str]) -> None:
    assert set(fields(send(staff, "offers", body))) == expected


def test_malformed_json_is_a_bad_request(staff: Client) -> None:
    answer = staff.post("/api/offers", "{", content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "parse_error")


def test_lowering_a_limit_below_what_is_used_names_the_figure(world: World, staff: Client) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", WEEKEND, limits=OfferLimits(total_uses=10))
    with cpo_scope(world.cpo):
        OfferCounter.objects.filter(offer=offer).update(uses_committed=4)
    body = {"content": {"value": "30"}, "limits": {"total_uses": 3}}
    assert fields(send(staff, "offers/weekend-25", body, "patch")) == {
        "limits": {"total_uses": ["4 uses are reserved or used already: set 4 or more, or pause the offer."]}
    }
    with cpo_scope(world.cpo):
        assert OfferVersion.objects.get().value == Decimal("25.00")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["live", "scheduled", "draft"]),
        ("?state=LIVE", ["live"]),
        ("?state=SCHEDULED", ["scheduled"]),
        ("?state=DRAFT", ["draft"]),
        ("?state=EXHAUSTED", []),
        ("?kind=HAPPY_HOUR", ["draft"]),
        ("?live_at=2035-01-01T00:00:00Z", ["live", "scheduled"]),
        ("?live_at=2020-01-01T00:00:00Z", []),
        ("?limit=1", ["live"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_list_is_narrowed(world: World, staff: Client, query: str, found: list[str]) -> None:
    now = timezone.now()
    authoring.create_offer(world.cpo, "draft", weekend(campaign_kind="HAPPY_HOUR", display_code=""))
    later = weekend(valid_from=now + timedelta(days=1))
    authoring.publish(authoring.create_offer(world.cpo, "scheduled", later))
    authoring.publish(authoring.create_offer(world.cpo, "live", WEEKEND))
    listed = staff.get(f"/api/offers{query}").json()
    assert [offer["offer_id"] for offer in listed["results"]] == found


def test_live_at_of_the_past_asks_the_history(world: World, staff: Client) -> None:
    offer = authoring.publish(authoring.create_offer(world.cpo, "weekend-25", WEEKEND))
    instant = timezone.now()
    authoring.end(offer)
    at = instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
    assert [row["offer_id"] for row in staff.get(f"/api/offers?live_at={at}").json()["results"]] == ["weekend-25"]
    after = datetime(2035, 1, 1, tzinfo=UTC).isoformat().replace("+00:00", "Z")
    assert staff.get(f"/api/offers?live_at={after}").json()["results"] == []


@pytest.mark.parametrize("query", ["?state=ALIVE", "?live_at=yesterday", "?kind=x"])
def test_a_filter_that_means_nothing_is_refused(staff: Client, query: str) -> None:
    assert staff.get(f"/api/offers{query}").status_code == 400


ROUTES = [
    ("get", "offers/weekend-25"),
    ("patch", "offers/weekend-25"),
    ("get", "offers/weekend-25/history"),
    *(("post", f"offers/weekend-25/{move}") for move in ("publish", "pause", "resume", "end", "withdraw", "archive")),
    ("get", "tariffs/standard-here"),
    ("patch", "tariffs/standard-here"),
    ("post", "tariffs/standard-here/publish"),
    ("post", "tariffs/standard-here/end"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES, ids=lambda value: value)
def test_an_outsiders_token_finds_nothing_at_any_route(world: World, outsider: Client, method: str, path: str) -> None:
    authoring.publish(authoring.create_offer(world.cpo, "weekend-25", WEEKEND))
    with cpo_scope(world.cpo):
        Tariff.objects.update(tariff_id="standard-here")
    assert send(outsider, path, {}, method).status_code == 404
    assert outsider.get("/api/offers").json()["results"] == []
    with cpo_scope(world.cpo):
        assert Offer.objects.get().state == "APPROVED"
        assert Tariff.objects.get().state == "APPROVED"


@pytest.mark.parametrize(("method", "path"), [(m, p) for m, p in ROUTES if m != "get"], ids=lambda value: value)
@pytest.mark.parametrize(
    ("scope", "status"), [(TokenScope.STAFF_READ, 403), (TokenScope.CHARGING_SYSTEM, 403), (None, 401)], ids=str
)
def test_a_token_that_may_not_change_is_refused(
    world: World, method: str, path: str, scope: TokenScope | None, status: int
) -> None:
    authoring.publish(authoring.create_offer(world.cpo, "weekend-25", WEEKEND))
    client = api_client(world.cpo, scope) if scope else Client()
    assert send(client, path, {}, method).status_code == status
    with cpo_scope(world.cpo):
        assert Offer.objects.get().state == "APPROVED"


def test_a_reading_token_reads(world: World) -> None:
    authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    client = api_client(world.cpo, TokenScope.STAFF_READ)
    assert [row["offer_id"] for row in client.get("/api/offers").json()["results"]] == ["weekend-25"]
