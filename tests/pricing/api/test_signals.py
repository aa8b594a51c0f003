"""The staff API of signals: sent, sent again, listed, withdrawn, and refused by field."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from cpo_portal.accounts.tenancy import cpo_scope
from pricing.models import Signal
from tests.offers.api.asking import fields, send
from tests.people import api_client
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 6, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
STORM: dict[str, Any] = {
    "kind": "WEATHER",
    "title": "Storm over Delhi",
    "source": "Weather office",
    "states": ["Delhi"],
    "starts_at": "2027-03-01T12:00:00+05:30",
    "ends_at": "2027-03-01T18:00:00+05:30",
    "stale_after": "2027-03-01T13:00:00+05:30",
}
TOLD: dict[str, Any] = {
    "kind": "WEATHER",
    "title": "Storm over Delhi",
    "source": "Weather office",
    "location_ids": [],
    "location_tags": [],
    "states": ["Delhi"],
    "starts_at": "2027-03-01T06:30:00Z",
    "ends_at": "2027-03-01T12:30:00Z",
    "stale_after": "2027-03-01T07:30:00Z",
    "signal_id": "storm-1",
    "standing": "COMING",
    "counts_from": "2027-03-01T06:45:00Z",
    "withdrawn_at": None,
    "created_at": "2027-03-01T06:30:00Z",
    "changed_at": "2027-03-01T06:30:00Z",
}


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def staff(world: World) -> Client:
    return api_client(world.cpo)


@pytest.fixture
def outsider(world: World) -> Client:
    return api_client(make_world("cpo2.com", item_id="there-01").cpo)


def put(staff: Client, signal_id: str = "storm-1", **changes: Any) -> Any:
    return send(staff, f"signals/{signal_id}", STORM | changes, "put")


def test_a_signal_is_announced_and_counts_when_its_notice_is_over(staff: Client, clock: Any) -> None:
    made = put(staff)
    assert (made.status_code, made.json()) == (201, TOLD)
    clock.move_to(NOW + HOUR / 4)
    assert staff.get("/api/signals/storm-1").json() == TOLD | {"standing": "COUNTS"}


def test_the_same_again_changes_nothing_but_when_it_was_said(world: World, staff: Client, clock: Any) -> None:
    put(staff)
    clock.move_to(NOW + HOUR / 2)
    again = put(staff)
    assert (again.status_code, again.json()) == (
        200,
        TOLD | {"standing": "COUNTS", "changed_at": "2027-03-01T07:00:00Z"},
    )
    with cpo_scope(world.cpo):
        assert Signal.objects.count() == 1


AGAIN: dict[str, tuple[dict[str, Any], str, str]] = {
    "still-so": ({"stale_after": "2027-03-01T14:00:00+05:30"}, "COUNTS", "2027-03-01T06:45:00Z"),
    "shorter": ({"ends_at": "2027-03-01T15:00:00+05:30"}, "COUNTS", "2027-03-01T06:45:00Z"),
    "longer": ({"ends_at": "2027-03-01T19:00:00+05:30"}, "COMING", "2027-03-01T07:15:00Z"),
    "elsewhere": ({"states": ["Haryana"]}, "COMING", "2027-03-01T07:15:00Z"),
    "everywhere": ({"states": []}, "COMING", "2027-03-01T07:15:00Z"),
    "never-stale": ({"stale_after": None}, "COUNTS", "2027-03-01T06:45:00Z"),
}


@pytest.mark.parametrize(("changes", "standing", "counts_from"), AGAIN.values(), ids=AGAIN)
def test_sent_again_only_what_may_raise_prices_is_announced_anew(
    staff: Client, clock: Any, changes: dict[str, Any], standing: str, counts_from: str
) -> None:
    put(staff)
    clock.move_to(NOW + HOUR / 2)
    told = put(staff, **changes).json()
    assert (told["standing"], told["counts_from"]) == (standing, counts_from)


def test_what_was_not_sent_again_in_time_is_stale_and_is_announced_anew(staff: Client, clock: Any) -> None:
    put(staff)
    clock.move_to(NOW + HOUR)
    assert staff.get("/api/signals/storm-1").json()["standing"] == "STALE"
    told = put(staff, stale_after="2027-03-01T14:00:00+05:30").json()
    assert (told["standing"], told["counts_from"]) == ("COMING", "2027-03-01T07:45:00Z")


def test_a_withdrawn_signal_can_be_read_and_is_withdrawn_once(staff: Client, clock: Any) -> None:
    put(staff)
    clock.move_to(NOW + HOUR / 2)
    at = "2027-03-01T07:00:00Z"
    withdrawn = TOLD | {"standing": "WITHDRAWN", "withdrawn_at": at, "changed_at": at}
    first = send(staff, "signals/storm-1/withdraw", {})
    assert (first.status_code, first.json()) == (200, withdrawn)
    clock.move_to(NOW + HOUR)
    assert send(staff, "signals/storm-1/withdraw", {}).json() == withdrawn
    assert staff.get("/api/signals/storm-1").json() == withdrawn
    anew = put(staff, stale_after=None).json()
    assert (anew["standing"], anew["withdrawn_at"], anew["counts_from"]) == ("COMING", None, "2027-03-01T07:45:00Z")


def test_no_signal_is_deleted(staff: Client) -> None:
    put(staff)
    assert staff.delete("/api/signals/storm-1").status_code == 405
    assert staff.get("/api/signals/storm-1").json() == TOLD


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no-end": (
        {"ends_at": None},
        {"ends_at": ["Say until when it holds: a signal without an end would raise prices for ever."]},
    ),
    "ends-first": (
        {"ends_at": "2027-03-01T12:00:00+05:30"},
        {"ends_at": ["It ends before it begins: give a later end."]},
    ),
    "over": (
        {"starts_at": "2027-02-01T00:00:00Z", "ends_at": "2027-03-01T06:30:00Z"},
        {"ends_at": ["It would be over already: give a later end."]},
    ),
    "stale": (
        {"stale_after": "2027-03-01T06:30:00Z"},
        {"stale_after": ["It would be stale already: give a later time, or leave it empty."]},
    ),
    "kind": ({"kind": "RAIN"}, {"kind": ["There is no “RAIN”: use one of GRID_STRESS, WEATHER, EVENT."]}),
    "untitled": ({"title": " "}, {"title": ["This field may not be blank."]}),
    "place": (
        {"location_ids": ["cp-station", "far"]},
        {"location_ids": ["You have no location “far”: name one of yours."]},
    ),
    "without-an-offset": (
        {"starts_at": "2027-03-01T12:00:00"},
        {"starts_at": ['Send the time with its offset, such as "2025-01-04T18:30:00+05:30".']},
    ),
    "nul": ({"states": ["a\0"]}, {"states": {"0": ["Null characters are not allowed."]}}),
}


@pytest.mark.parametrize(("changes", "faults"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_count_is_refused_at_its_field(
    world: World, staff: Client, changes: dict[str, Any], faults: dict[str, Any]
) -> None:
    assert fields(put(staff, **changes)) == faults
    with cpo_scope(world.cpo):
        assert not Signal.objects.exists()


def test_a_signal_says_all_of_this(staff: Client) -> None:
    needed = ["This field is required."]
    assert fields(send(staff, "signals/storm-1", {}, "put")) == {
        "kind": needed,
        "title": needed,
        "source": needed,
        "starts_at": needed,
        "ends_at": ["Say until when it holds: a signal without an end would raise prices for ever."],
    }


def test_an_id_is_bounded(staff: Client) -> None:
    sentence = "Ensure this value has at most 60 characters (it has 61)."
    assert fields(put(staff, "s" * 61)) == {"signal_id": [sentence]}


LISTED = {
    "all": ("", ["later", "fair", "stale", "storm", "quiet"]),
    "kind": ("?kind=EVENT", ["fair"]),
    "counting": ("?counting=true", ["fair", "storm"]),
    "all-others": ("?counting=false", ["later", "stale", "quiet"]),
    "both": ("?kind=WEATHER&counting=true", ["storm"]),
}


@pytest.mark.parametrize(("query", "ids"), LISTED.values(), ids=LISTED)
def test_the_list_is_narrowed_by_kind_and_by_what_counts(
    staff: Client, outsider: Client, clock: Any, query: str, ids: list[str]
) -> None:
    made = {
        "storm": {"stale_after": None},
        "fair": {"kind": "EVENT", "starts_at": "2027-03-01T12:10:00+05:30"},
        "stale": {"stale_after": "2027-03-01T12:25:00+05:30"},
        "quiet": {"stale_after": None, "starts_at": "2027-03-01T11:00:00+05:30"},
        "later": {"stale_after": None, "starts_at": "2027-03-01T13:00:00+05:30"},
    }
    for signal_id, changes in made.items():
        assert put(staff, signal_id, **changes).status_code == 201
    put(outsider, "theirs")
    send(staff, "signals/quiet/withdraw", {})
    clock.move_to(NOW + HOUR / 2)
    assert [x["signal_id"] for x in staff.get(f"/api/signals{query}").json()["results"]] == ids


def test_a_filter_that_says_nothing_is_refused(staff: Client) -> None:
    assert fields(staff.get("/api/signals?counting=now")) == {"counting": ["Write true or false."]}


def test_signals_of_another_cpo_are_not_there_and_their_ids_are_free(
    world: World, staff: Client, outsider: Client
) -> None:
    put(staff)
    assert outsider.get("/api/signals/storm-1").status_code == 404
    assert send(outsider, "signals/storm-1/withdraw", {}).status_code == 404
    theirs = put(outsider, title="Another storm")
    assert (theirs.status_code, theirs.json()["title"]) == (201, "Another storm")
    assert staff.get("/api/signals/storm-1").json() == TOLD
