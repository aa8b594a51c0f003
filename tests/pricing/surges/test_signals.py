"""Signals as they are sent, sent again and withdrawn: from when they count, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cpo_portal.accounts.tenancy import cpo_scope
from pricing.models import Signal, SurgePolicy
from pricing.surges.signals import Standing, announce, counting, standing, withdraw
from tests.processes import run_at_once
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 2, 12, 0, tzinfo=UTC)
SAID: dict[str, Any] = {
    "signal_id": "storm",
    "kind": "WEATHER",
    "title": "Storm over Delhi",
    "source": "IMD",
    "location_tags": ["Urban", "highway"],
    "starts_at": NOW,
    "ends_at": NOW + timedelta(hours=6),
}


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def send(world: World, now: datetime = NOW, **changes: Any) -> Signal:
    return announce(Signal(cpo=world.cpo, **(SAID | changes)), now)


@pytest.mark.parametrize(
    ("starts", "counts"), [(-60, 15), (0, 15), (14, 15), (15, 15), (16, 16), (90, 90)], ids=lambda x: f"{x} min"
)
def test_it_counts_from_the_later_of_its_start_and_its_notice(world: World, starts: int, counts: int) -> None:
    assert send(world, starts_at=at(starts)).counts_from == at(counts)


def test_the_notice_is_the_policy_s(world: World) -> None:
    with cpo_scope(world.cpo):
        SurgePolicy.objects.create(cpo=world.cpo, signal_notice_minutes=40)
    assert send(world).counts_from == at(40)


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        pytest.param({}, 15, id="the same again"),
        pytest.param({"title": "Cyclone", "source": "NDMA"}, 15, id="other words"),
        pytest.param({"stale_after": at(200)}, 15, id="still so, says its source"),
        pytest.param({"starts_at": at(30)}, 30, id="it began a while ago"),
        pytest.param({"starts_at": at(90)}, 90, id="later"),
        pytest.param({"ends_at": at(120)}, 15, id="shorter"),
        pytest.param({"location_tags": ["URBAN"]}, 15, id="of two tags one, in capitals"),
        pytest.param({"ends_at": at(361)}, 75, id="longer"),
        pytest.param({"location_tags": ["Urban", "highway", "hill"]}, 75, id="one tag more"),
        pytest.param({"location_tags": []}, 75, id="everywhere"),
        pytest.param({"location_tags": ["Urban"], "states": ["Delhi"]}, 75, id="a state as well"),
        pytest.param({"location_tags": [], "location_ids": ["cp-station"]}, 75, id="a place that may be new"),
        pytest.param({"kind": "EVENT"}, 75, id="of another kind"),
        pytest.param({"ends_at": at(361), "starts_at": at(100)}, 100, id="longer, but late"),
    ],
)
def test_only_what_may_raise_prices_is_announced_anew(world: World, changes: dict[str, Any], counts: int) -> None:
    send(world)
    found = send(world, at(60), **changes)
    assert found.counts_from == at(counts)
    with cpo_scope(world.cpo):
        (row,) = Signal.objects.all()
    assert {name: getattr(row, name) for name in changes} == {name: changes[name] for name in changes}


def test_a_state_by_another_of_its_names_is_the_same_place(world: World) -> None:
    send(world, location_tags=[], states=["Delhi", "Ontario"])
    assert send(world, at(60), location_tags=[], states=["NCT of Delhi", "ontario"]).counts_from == at(15)


def test_what_begins_earlier_is_announced_anew(world: World) -> None:
    send(world, starts_at=at(120))
    assert send(world, at(60), starts_at=at(119)).counts_from == at(119)
    assert send(world, at(110), starts_at=at(111)).counts_from == at(125)


@pytest.mark.parametrize("gap", [0, 60], ids=["at the instant", "later"])
def test_a_signal_that_went_stale_is_announced_anew(world: World, gap: int) -> None:
    send(world, stale_after=at(60))
    assert send(world, at(59), stale_after=at(61)).counts_from == at(15)
    assert send(world, at(61 + gap), stale_after=at(180)).counts_from == at(76 + gap)


def test_a_withdrawn_signal_counts_no_more_until_it_is_announced_anew(world: World) -> None:
    made = send(world)
    assert withdraw(made, at(20)).withdrawn_at == at(20)
    assert withdraw(made, at(30)).withdrawn_at == at(20)
    again = send(world, at(40))
    assert (again.pk, again.withdrawn_at, again.counts_from) == (made.pk, None, at(55))


@pytest.mark.parametrize(
    ("changes", "minutes", "expected"),
    [
        ({}, 14, Standing.COMING),
        ({}, 15, Standing.COUNTS),
        ({"starts_at": at(30)}, 29, Standing.COMING),
        ({"stale_after": at(60)}, 59, Standing.COUNTS),
        ({"stale_after": at(60)}, 60, Standing.STALE),
        ({}, 359, Standing.COUNTS),
        ({}, 360, Standing.OVER),
        ({"stale_after": at(60)}, 360, Standing.OVER),
    ],
)
def test_what_a_signal_is_at_an_instant(
    world: World, changes: dict[str, Any], minutes: int, expected: Standing
) -> None:
    made = send(world, **changes)
    with cpo_scope(world.cpo):
        asked = Signal.objects.filter(counting(at(minutes))).exists()
    assert (standing(made, at(minutes)), asked) == (expected, expected is Standing.COUNTS)
    withdraw(made, at(0))
    with cpo_scope(world.cpo):
        made.refresh_from_db()
        asked = Signal.objects.filter(counting(at(minutes))).exists()
    assert (standing(made, at(minutes)), asked) == (Standing.WITHDRAWN, False)


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"starts_at": None}, "starts_at", "Say from when it holds."),
        (
            {"ends_at": None},
            "ends_at",
            "Say until when it holds: a signal without an end would raise prices for ever.",
        ),
        ({"ends_at": NOW - timedelta(minutes=1)}, "ends_at", "It ends before it begins: give a later end."),
        (
            {"starts_at": at(-60), "ends_at": NOW},
            "ends_at",
            "It would be over already: give a later end.",
        ),
        ({"stale_after": NOW}, "stale_after", "It would be stale already: give a later time, or leave it empty."),
        ({"ends_at": datetime(2150, 1, 1, tzinfo=UTC)}, "ends_at", "Give a time in the years 2000 to 2100."),
        ({"location_ids": ["moon"]}, "location_ids", "You have no location “moon”: name one of yours."),
        (
            {"states": [f"S{n}" for n in range(1001)]},
            "states",
            "Name at most 1000: use tags or states, or leave it empty for everywhere.",
        ),
        ({"kind": "STRIKE"}, "kind", "Value 'STRIKE' is not a valid choice."),
        ({"title": " "}, "title", "This field cannot be blank."),
        (
            {"signal_id": "a storm"},
            "signal_id",
            "Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.",
        ),
    ],
)
def test_a_refusal_names_its_field_and_saves_nothing(
    world: World, changes: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        send(world, **changes)
    assert refused.value.message_dict == {field: [sentence]}
    with cpo_scope(world.cpo):
        assert not Signal.objects.exists()


def test_another_cpo_s_signal_of_this_id_is_another_signal(world: World) -> None:
    send(world)
    other = make_world("chargewell").cpo
    announce(Signal(cpo=other, **(SAID | {"title": "Fog"})), NOW)
    with cpo_scope(world.cpo):
        assert [x.title for x in Signal.objects.all()] == ["Storm over Delhi"]


@pytest.mark.django_db(transaction=True)
def test_a_signal_sent_twice_at_once_is_one_signal(world: World) -> None:
    found = run_at_once(4, lambda number: send(world, ends_at=at(100 + number)).pk)
    with cpo_scope(world.cpo):
        (row,) = Signal.objects.all()
    assert set(found) == {row.pk}
    assert row.counts_from == at(15)
