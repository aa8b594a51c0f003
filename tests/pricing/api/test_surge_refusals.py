"""What the staff API of surge schedules refuses: by field path in one sentence, or as a conflict with the state."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.db.models import TextChoices
from django.test import Client

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import ConnectorType
from pricing.models import (
    SignalKindChoice,
    SurgeBasisChoice,
    SurgeKindChoice,
    SurgeSchedule,
    SurgeState,
    SurgeStateChange,
    SurgeVersion,
)
from tests.offers.api.asking import fields, send
from tests.people import api_client
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

NEW: dict[str, Any] = {
    "schedule_id": "congestion",
    "name": "Congestion fee",
    "kind": "RUSH_HOURS",
    "content": {"basis": "PERCENT", "value": "20"},
}
NEEDED = ["This field is required."]


@pytest.fixture
def staff(world: World) -> Client:
    return api_client(world.cpo)


def content(**said: Any) -> dict[str, Any]:
    return {"content": NEW["content"] | said}


def none_of(word: str, choices: type[TextChoices]) -> str:
    return f"There is no “{word}”: use one of {', '.join(choices.values)}."


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no-value": (
        {"content": {}},
        {"content": {"value": ["Give a number above 0 and up to 1,000 with at most four decimals."]}},
    ),
    "no-number": (content(value="NaN"), {"content": {"value": ["A valid number is required."]}}),
    "no-basis": (content(basis="FREE"), {"content": {"basis": [none_of("FREE", SurgeBasisChoice)]}}),
    "a-paisa-and-a-half": (
        content(basis="FIXED", value="1.015"),
        {"content": {"value": ["Give an amount per session with at most two decimals."]}},
    ),
    "cap": (
        content(maximum_amount="0"),
        {"content": {"maximum_amount": ["Give an amount above 0 with at most two decimals, or leave it empty."]}},
    ),
    "id": (
        {"schedule_id": "a b"},
        {"schedule_id": ["Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first."]},
    ),
    "no-name": ({"name": " "}, {"name": ["This field may not be blank."]}),
    "no-kind": ({"kind": "GREED"}, {"kind": [none_of("GREED", SurgeKindChoice)]}),
    "window": (
        content(weekly_windows=[{"weekdays": [8], "start": "18:00", "end": "21:00"}]),
        {"content": {"weekly_windows": ["Window 1: weekdays are numbers from 1 (Monday) to 7 (Sunday)."]}},
    ),
    "half-a-window": (
        content(weekly_windows=[{"weekdays": [1], "start": "18:00"}]),
        {"content": {"weekly_windows": {"0": {"end": NEEDED}}}},
    ),
    "calendar": (
        content(holiday_calendar="delhi"),
        {
            "content": {
                "holiday_calendar": ["You have no holiday calendar “delhi”: make it first, or choose one of yours."]
            }
        },
    ),
    "year-1": (content(dates=["0001-01-01"]), {"content": {"dates": ["Name dates in the years 2000 to 2100."]}}),
    "year-9999": (content(dates=["9999-12-31"]), {"content": {"dates": ["Name dates in the years 2000 to 2100."]}}),
    "no-date": (
        content(dates=["2027-02-30"]),
        {
            "content": {
                "dates": {"0": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]},
            }
        },
    ),
    "signal": (
        content(signal_kinds=["RAIN"]),
        {"content": {"signal_kinds": {"0": [none_of("RAIN", SignalKindChoice)]}}},
    ),
    "without-an-offset": (
        content(valid_from="2027-03-01T00:00:00"),
        {"content": {"valid_from": ['Send the time with its offset, such as "2025-01-04T18:30:00+05:30".']}},
    ),
    "ends-first": (
        content(valid_from="2027-03-02T00:00:00Z", valid_until="2027-03-02T00:00:00Z"),
        {"content": {"valid_until": ["It ends before it begins: give a later end or leave it empty."]}},
    ),
    "places": (
        content(scope={"location_ids": ["cp-station", "a"], "item_ids": ["there-01"], "charger_ids": ["c"]}),
        {
            "content": {
                "scope": {
                    "location_ids": ["You have no location “a”: name one of yours."],
                    "item_ids": ["You have no connector “there-01”: name one of yours."],
                    "charger_ids": ["You have no charger “c”: name one of yours."],
                }
            }
        },
    ),
    "power": (
        content(scope={"min_power_w": 2, "max_power_w": 1}),
        {"content": {"scope": {"max_power_w": ["The most is below the least: raise it or leave it empty."]}}},
    ),
    "type": (
        content(scope={"connector_types": ["PLUG"]}),
        {"content": {"scope": {"connector_types": {"0": [none_of("PLUG", ConnectorType)]}}}},
    ),
    "no-scope": (content(scope=None), {"content": {"scope": ["This field may not be null."]}}),
    "who": (
        content(exemptions={"segment_ids": ["theirs"], "below_charge_percent": 101}),
        {
            "content": {
                "exemptions": {
                    "segment_ids": ["You have no segment “theirs”: name one of yours."],
                    "below_charge_percent": ["Give a percentage between 1 and 100, or leave it empty."],
                }
            }
        },
    ),
}


@pytest.mark.parametrize(("changes", "faults"), REFUSED.values(), ids=REFUSED)
def test_a_new_schedule_is_refused_at_its_field(
    world: World, staff: Client, changes: dict[str, Any], faults: dict[str, Any]
) -> None:
    make_world("cpo2.com", item_id="there-01")
    assert fields(send(staff, "surge-schedules", NEW | changes)) == faults
    with cpo_scope(world.cpo):
        assert not SurgeSchedule.objects.exists()


IN_A_CHANGE = sorted(set(REFUSED) - {"id", "no-value"})


@pytest.mark.parametrize("name", IN_A_CHANGE)
def test_a_change_is_refused_at_the_same_field(world: World, staff: Client, name: str) -> None:
    assert send(staff, "surge-schedules", NEW).status_code == 201
    changes, faults = REFUSED[name]
    assert fields(send(staff, "surge-schedules/congestion", changes, "patch")) == faults
    with cpo_scope(world.cpo):
        assert list(SurgeVersion.objects.values_list("number", "basis", "value")) == [(1, "PERCENT", 20)]


def test_a_new_schedule_needs_all_of_these(staff: Client) -> None:
    assert fields(send(staff, "surge-schedules", {})) == {
        "schedule_id": NEEDED,
        "name": NEEDED,
        "kind": NEEDED,
        "content": NEEDED,
    }


def test_an_id_is_taken_once(staff: Client) -> None:
    assert send(staff, "surge-schedules", NEW).status_code == 201
    sentence = "You already have a surge schedule “congestion”: choose another id."
    assert fields(send(staff, "surge-schedules", NEW)) == {"schedule_id": [sentence]}


def test_what_has_ended_by_its_own_time_is_not_published(world: World, staff: Client) -> None:
    body = NEW | content(valid_until="2020-01-01T00:00:00Z")
    assert send(staff, "surge-schedules", body).status_code == 201
    sentence = "It would have ended already: give a later end or leave it empty."
    refused = send(staff, "surge-schedules/congestion/publish", {})
    assert fields(refused) == {"content": {"valid_until": [sentence]}}
    with cpo_scope(world.cpo):
        assert [x.move for x in SurgeStateChange.objects.all()] == ["edit"]


ARCHIVED = "This surge schedule is archived: make a new one."
CONFLICTS: dict[str, tuple[Sequence[str], str, dict[str, Any], str]] = {
    "pause-a-draft": ((), "pause", {}, "This surge schedule is draft: it cannot be paused."),
    "resume-what-runs": (("publish",), "resume", {}, "This surge schedule is published: it cannot be resumed."),
    "end-a-draft": ((), "end", {}, "This surge schedule is draft: it cannot be ended."),
    "archive-what-runs": (("publish",), "archive", {}, "This surge schedule is published: it cannot be archived."),
    "publish-nothing-new": (
        ("publish",), "publish", {}, "There is no draft to publish: change the surge schedule first.",
    ),
    "publish-what-is-archived": (
        ("archive",), "publish", {}, "This surge schedule is archived: it cannot be published.",
    ),
    "change-what-is-archived": (("archive",), "", {"content": {"value": "5"}}, ARCHIVED),
    "rename-what-is-archived": (("archive",), "", {"name": "Fee"}, ARCHIVED),
    "another-version": (
        ("publish",), "", {"content": {"value": "5"}, "name": "Fee", "based_on_version": 2},
        "Someone else has published this surge schedule since you opened it: reload and try again.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "move", "body", "sentence"), CONFLICTS.values(), ids=CONFLICTS)
def test_what_the_state_does_not_allow_is_a_conflict(
    world: World, staff: Client, before: Sequence[str], move: str, body: dict[str, Any], sentence: str
) -> None:
    assert send(staff, "surge-schedules", NEW).status_code == 201
    for step in before:
        assert send(staff, f"surge-schedules/congestion/{step}", {}).status_code == 200
    told = staff.get("/api/surge-schedules/congestion").json()
    if move:
        refused = send(staff, f"surge-schedules/congestion/{move}", body)
    else:
        refused = send(staff, "surge-schedules/congestion", body, "patch")
    assert (refused.status_code, refused.json()["error"]) == (409, {"code": "conflict", "message": sentence})
    assert staff.get("/api/surge-schedules/congestion").json() == told
    with cpo_scope(world.cpo):
        moves = SurgeStateChange.objects.order_by("id").values_list("move", flat=True)
        assert list(moves) == ["edit", *before]
        assert SurgeState(SurgeSchedule.objects.get().state) == told["state"]


def test_a_note_is_bounded(staff: Client) -> None:
    assert send(staff, "surge-schedules", NEW).status_code == 201
    refused = send(staff, "surge-schedules/congestion/publish", {"note": "n" * 301})
    assert fields(refused) == {"note": ["Ensure this field has no more than 300 characters."]}


def test_a_list_is_refused_by_its_length(staff: Client) -> None:
    ids = [f"l{number}" for number in range(1001)]
    refused = send(staff, "surge-schedules", NEW | content(scope={"location_ids": ids}))
    sentence = "Send at most 1000 entries at once, not 1001."
    assert fields(refused) == {"content": {"scope": {"location_ids": [sentence]}}}
