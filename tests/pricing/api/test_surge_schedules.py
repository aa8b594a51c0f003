"""The staff API of surge schedules: made, published, announced, changed, paused, ended, archived and listed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from cpo_portal.network.models import Product
from pricing.models import HolidayCalendar, SurgeSchedule, SurgeStateChange
from tests.offers.api.asking import fields, send
from tests.people import api_client
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 6, 30, tzinfo=UTC)
DAY = timedelta(hours=24)
NEW: dict[str, Any] = {
    "schedule_id": "congestion",
    "name": "Congestion fee",
    "kind": "RUSH_HOURS",
    "content": {
        "basis": "PER_KWH",
        "value": "1",
        "weekly_windows": [{"weekdays": [1, 2, 3, 4, 5], "start": "18:00", "end": "21:00"}],
    },
}
#: All that a version can say, in its normal form.
FULL: dict[str, Any] = {
    "basis": "PERCENT",
    "value": "20.0000",
    "maximum_amount": None,
    "stacking_group": "peak",
    "explanation": "Evenings are busy.",
    "weekly_windows": [{"weekdays": [6], "start": "18:00", "end": "00:00"}],
    "holiday_calendar": "delhi",
    "dates": ["2027-03-22", "2027-04-02"],
    "signal_kinds": ["EVENT", "WEATHER"],
    "scope": {
        "location_ids": ["cp-station"],
        "location_tags": ["airport", "mall"],
        "item_ids": ["pe-charging-01"],
        "charger_ids": ["EVSE-1"],
        "connector_types": ["CCS2", "CHADEMO"],
        "min_power_w": 20000,
        "max_power_w": 60000,
        "product_ids": ["valet"],
    },
    "exemptions": {
        "segment_ids": ["gold"],
        "bap_ids": ["app.example"],
        "organisations": ["Acme"],
        "vehicle_makes": ["MG", "Tata"],
        "below_charge_percent": 15,
        "first_session": True,
    },
    "valid_from": "2027-03-01T18:30:00Z",
    "valid_until": "2027-06-30T18:30:00Z",
}
NOTHING: dict[str, Any] = {
    "location_ids": [], "location_tags": [], "item_ids": [], "charger_ids": [], "connector_types": [],
    "min_power_w": None, "max_power_w": None, "product_ids": [],
}  # fmt: skip
NOBODY: dict[str, Any] = {
    "segment_ids": [], "bap_ids": [], "organisations": [], "vehicle_makes": [], "below_charge_percent": None,
    "first_session": False,
}  # fmt: skip


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world() -> World:
    found = make_world()
    with cpo_scope(found.cpo):
        days = [{"date": "2027-03-22", "name": "Holi"}]
        HolidayCalendar.objects.create(cpo=found.cpo, calendar_id="delhi", name="Delhi", days=days)
        Product.objects.create(cpo=found.cpo, product_id="valet", name="Valet parking", price="99")
    save_segment(found.cpo, SegmentContent("gold", "Gold members", ({"fact": "NEW"},)))
    return found


@pytest.fixture
def staff(world: World) -> Client:
    return api_client(world.cpo)


@pytest.fixture
def outsider(world: World) -> Client:
    return api_client(make_world("cpo2.com", item_id="there-01").cpo)


def made(staff: Client, **changes: Any) -> Any:
    answer = send(staff, "surge-schedules", NEW | changes)
    assert answer.status_code == 201, answer.content
    return answer.json()


def moved(staff: Client, move: str, schedule_id: str = "congestion", **body: Any) -> Any:
    answer = send(staff, f"surge-schedules/{schedule_id}/{move}", body)
    assert answer.status_code == 200, answer.content
    return answer.json()


def numbered(version: Any) -> tuple[int, str | None, str | None] | None:
    """Return a version's number and when it applies."""
    return (version["number"], version["applies_from"], version["applies_until"]) if version else None


def test_a_new_schedule_is_a_draft_in_words(staff: Client) -> None:
    assert made(staff) == {
        "schedule_id": "congestion",
        "name": "Congestion fee",
        "kind": "RUSH_HOURS",
        "family": "PEAK_DEMAND",
        "state": "DRAFT",
        "live": None,
        "coming": [],
        "draft": {
            "number": 1,
            "revision": "1-0943b8c235ddbc67",
            "content": {
                "basis": "PER_KWH", "value": "1.0000", "maximum_amount": None, "stacking_group": "", "explanation": "",
                "weekly_windows": NEW["content"]["weekly_windows"], "holiday_calendar": "", "dates": [],
                "signal_kinds": [], "scope": NOTHING, "exemptions": NOBODY, "valid_from": None, "valid_until": None,
            },
            "words": {
                "amount": "₹1.00 per kWh",
                "when": "Mondays, Tuesdays, Wednesdays, Thursdays and Fridays 18:00–21:00",
                "where": "everywhere",
                "calculation": "₹1.00 for each kWh that flows while the surcharge holds, before tax. It comes on top "
                "of the price of charging, and never on top of another surcharge.",
                "exempt": [],
                "validity": "",
            },
            "warnings": [],
            "submitted_at": None,
            "published_at": None,
            "effective_from": None,
            "applies_from": None,
            "applies_until": None,
        },
        "prices_from": None,
        "created_at": "2027-03-01T06:30:00Z",
    }  # fmt: skip


def test_it_is_announced_for_a_day_then_holds_and_a_rise_is_announced_beside_it(staff: Client, clock: Any) -> None:
    made(staff)
    published = moved(staff, "publish", note="For the evenings")
    assert (published["state"], published["live"], published["draft"]) == ("APPROVED", None, None)
    assert [numbered(x) for x in published["coming"]] == [(1, "2027-03-02T06:30:00Z", None)]
    assert published["coming"][0]["effective_from"] == published["prices_from"] == "2027-03-02T06:30:00Z"
    assert published["coming"][0]["published_at"] == "2027-03-01T06:30:00Z"
    clock.move_to(NOW + DAY)
    assert numbered(send(staff, "surge-schedules/congestion", None, "get").json()["live"]) == (
        1, "2027-03-02T06:30:00Z", None,
    )  # fmt: skip
    body = {"content": {"value": "2"}, "based_on_version": 1}
    assert send(staff, "surge-schedules/congestion", body, "patch").json()["draft"]["number"] == 2
    higher = moved(staff, "publish")
    assert numbered(higher["live"]) == (1, "2027-03-02T06:30:00Z", "2027-03-03T06:30:00Z")
    assert [numbered(x) for x in higher["coming"]] == [(2, "2027-03-03T06:30:00Z", None)]
    assert higher["live"]["content"]["value"] == "1.0000"
    assert higher["coming"][0]["content"]["value"] == "2.0000"


def test_a_fall_holds_at_once(staff: Client, clock: Any) -> None:
    made(staff)
    moved(staff, "publish")
    clock.move_to(NOW + 2 * DAY)
    send(staff, "surge-schedules/congestion", {"content": {"value": "0.5"}}, "patch")
    lower = moved(staff, "publish")
    assert (numbered(lower["live"]), lower["coming"]) == ((2, "2027-03-03T06:30:00Z", None), [])


def test_a_version_for_a_while_lets_the_one_before_it_come_back(staff: Client, clock: Any) -> None:
    made(staff)
    moved(staff, "publish")
    clock.move_to(NOW + 2 * DAY)
    week = {"valid_from": "2027-03-08T00:00:00+05:30", "valid_until": "2027-03-15T00:00:00+05:30"}
    send(staff, "surge-schedules/congestion", {"content": {"value": "3", **week}}, "patch")
    told = moved(staff, "publish")
    assert numbered(told["live"]) == (1, "2027-03-02T06:30:00Z", "2027-03-07T18:30:00Z")
    assert [numbered(x) for x in told["coming"]] == [
        (2, "2027-03-07T18:30:00Z", "2027-03-14T18:30:00Z"),
        (1, "2027-03-14T18:30:00Z", None),
    ]


def test_it_is_paused_resumed_with_its_notice_ended_and_archived(world: World, staff: Client, clock: Any) -> None:
    made(staff)
    moved(staff, "publish")
    clock.move_to(NOW + 2 * DAY)
    paused = moved(staff, "pause", note="Storm")
    assert (paused["state"], numbered(paused["live"]), paused["coming"]) == ("PAUSED", (1, None, None), [])
    resumed = moved(staff, "resume")
    assert (resumed["state"], resumed["live"]) == ("APPROVED", None)
    assert [numbered(x) for x in resumed["coming"]] == [(1, "2027-03-04T06:30:00Z", None)]
    assert resumed["prices_from"] == "2027-03-04T06:30:00Z"
    assert moved(staff, "end")["state"] == "ENDED"
    assert moved(staff, "archive", note="Over")["state"] == "ARCHIVED"
    with cpo_scope(world.cpo):
        changes = SurgeStateChange.objects.order_by("id").values_list("to_state", "note", "by", "by_token")
        token = changes[0][3]
        assert list(changes) == [
            ("DRAFT", "Draft 1 was made.", None, token),
            ("APPROVED", "", None, token),
            ("PAUSED", "Storm", None, token),
            ("APPROVED", "", None, token),
            ("ENDED", "", None, token),
            ("ARCHIVED", "Over", None, token),
        ]
        assert len(token) == 8


def test_what_is_over_says_until_when_it_held(staff: Client, clock: Any) -> None:
    made(staff, content=NEW["content"] | {"valid_until": "2027-03-05T00:00:00+05:30"})
    moved(staff, "publish")
    clock.move_to(datetime(2027, 3, 6, tzinfo=UTC))
    told = send(staff, "surge-schedules/congestion", None, "get").json()
    assert (numbered(told["live"]), told["coming"]) == ((1, "2027-03-02T06:30:00Z", "2027-03-04T18:30:00Z"), [])
    assert told["live"]["warnings"] == ["It ended on 5 Mar 2027 00:00 IST: give a later end to charge it again."]


def test_all_that_a_surge_can_say_is_written_and_read_in_the_same_words(staff: Client) -> None:
    told = made(staff, content=FULL)["draft"]
    assert told["content"] == FULL
    assert told["words"] == {
        "amount": "20 % of the energy price",
        "when": "Saturdays 18:00–24:00, on holidays of Delhi and 22 Mar 2027 and 2 Apr 2027, "
        "while an event takes place or a weather warning holds",
        "where": "at Connaught Place Station, at places tagged airport and mall, at EV Charger #1 (AC Fast Charger) "
        "and pe-charging-01 (CCS2, 30 kW), at CCS2 or CHAdeMO connectors from 20 kW up to 60 kW, with Valet parking",
        "calculation": "20 % of what the energy costs that flows while the surcharge holds, before tax. Of several "
        "such surcharges that hold at the same time only the largest is charged. It comes on top of the price of "
        "charging, and never on top of another surcharge.",
        "exempt": [
            "Gold members",
            "drivers of Acme",
            "cars of MG",
            "cars of Tata",
            "who buys through app.example",
            "cars whose battery is below 15 %",
            "a driver's first session",
        ],
        "validity": "for sessions that start from 2 Mar 2027 00:00 IST and before 1 Jul 2027 00:00 IST",
    }


def test_a_change_keeps_what_it_leaves_out_and_writes_scope_and_exemptions_as_a_whole(staff: Client) -> None:
    made(staff, content=FULL)
    content = {"maximum_amount": None, "scope": {"connector_types": ["TYPE2"]}, "exemptions": {}}
    changed = send(staff, "surge-schedules/congestion", {"content": content}, "patch")
    assert changed.status_code == 200, changed.content
    assert changed.json()["draft"]["content"] == FULL | {
        "maximum_amount": None,
        "scope": NOTHING | {"connector_types": ["TYPE2"]},
        "exemptions": NOBODY,
    }


def test_name_and_kind_change_at_once_and_make_no_draft(staff: Client) -> None:
    made(staff)
    moved(staff, "publish")
    told = send(staff, "surge-schedules/congestion", {"name": " Evenings ", "kind": "NIGHT"}, "patch").json()
    assert (told["name"], told["kind"], told["family"], told["draft"]) == ("Evenings", "NIGHT", "TIME", None)


LISTED = {
    "all": ("", ["a-storm", "b-night", "c-night"]),
    "state": ("?state=APPROVED", ["b-night"]),
    "kind": ("?kind=NIGHT", ["b-night", "c-night"]),
    "family": ("?family=PEAK_DEMAND", ["a-storm"]),
    "both": ("?family=TIME&state=DRAFT", ["c-night"]),
    "page": ("?limit=1&offset=1", ["b-night"]),
}


@pytest.mark.parametrize(("query", "ids"), LISTED.values(), ids=LISTED)
def test_the_list_is_narrowed_by_state_kind_and_family(
    staff: Client, outsider: Client, query: str, ids: list[str]
) -> None:
    for schedule_id, kind in (("c-night", "NIGHT"), ("b-night", "NIGHT"), ("a-storm", "WEATHER")):
        made(staff, schedule_id=schedule_id, kind=kind)
    moved(staff, "publish", "b-night")
    made(outsider, schedule_id="theirs", kind="NIGHT")
    assert [x["schedule_id"] for x in staff.get(f"/api/surge-schedules{query}").json()["results"]] == ids


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        (
            "state=LIVE",
            {"state": ["There is no “LIVE”: use one of DRAFT, IN_REVIEW, APPROVED, PAUSED, ENDED, ARCHIVED."]},
        ),
        (
            "family=SPACE",
            {"family": ["There is no “SPACE”: use one of PEAK_DEMAND, LOCATION, TIME, SERVICE, ENVIRONMENTAL."]},
        ),
        ("famly=TIME", {"famly": ["There is no such filter: did you mean “family”?"]}),
    ],
)
def test_a_filter_that_says_nothing_is_refused(staff: Client, query: str, fault: dict[str, list[str]]) -> None:
    assert fields(staff.get(f"/api/surge-schedules?{query}")) == fault


def test_a_page_of_many_takes_as_many_queries_as_one_of_one(staff: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert staff.get("/api/surge-schedules").status_code == 200
        return len(asked)

    made(staff, schedule_id="s0", content=FULL)
    moved(staff, "publish", "s0")
    queries()  # the first use of the token is written down
    one = queries()
    for number in range(1, 4):
        made(staff, schedule_id=f"s{number}", content=FULL)
        moved(staff, "publish", f"s{number}")
    assert queries() == one


def test_schedules_of_another_cpo_are_not_there(world: World, staff: Client, outsider: Client) -> None:
    made(staff)
    before = staff.get("/api/surge-schedules/congestion").json()
    asked = [("get", ""), ("patch", ""), *(("post", f"/{x}") for x in ("publish", "pause", "resume", "end", "archive"))]
    answers = {(x, y): send(outsider, f"surge-schedules/congestion{y}", {}, x).status_code for x, y in asked}
    assert answers == dict.fromkeys(asked, 404)
    assert made(outsider)["schedule_id"] == "congestion"
    assert staff.get("/api/surge-schedules/congestion").json() == before
    with cpo_scope(world.cpo):
        assert SurgeSchedule.objects.count() == 1
