"""The price check of surges: which hold, what they add, and why a driver is exempt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from pricing import authoring
from pricing.authoring import Place, TariffContent
from pricing.engine.values import Fee
from pricing.models import SurgeSchedule
from pricing.surges.content import Exemptions, Scope
from pricing.surges.schedules import Move, perform
from tests.offers.api.asking import fields, send
from tests.people import api_client
from tests.pricing.surges.samples import EVENING, FIFTH, RUPEE, make_schedule, no_notice, publish
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 6, 30, tzinfo=UTC)
EVENINGS = replace(RUPEE, weekly_windows=(EVENING,), exemptions=Exemptions(below_charge_percent=20))
ASK: dict[str, Any] = {
    "item_id": "pe-charging-01",
    "measure": {"value": "5", "unit": "kWh"},
    "starts_at": "2027-03-02T18:00:00+05:30",
}
CONGESTION: dict[str, Any] = {
    "schedule_id": "congestion",
    "version": 1,
    "name": "Congestion fee",
    "basis": "PER_KWH",
    "value": "1.0000",
    "outcome": "CHARGED",
    "amount": "5.00",
    "exemption": "",
    "words": "It adds ₹5.00.",
}
LOW = {
    "outcome": "EXEMPT",
    "amount": "0.00",
    "exemption": "for batteries below 20 %",
    "words": "Not charged, for batteries below 20 %.",
}
LATE = {"outcome": "ELSEWHEN", "amount": "0.00", "words": "Not charged: it does not hold while energy flows."}


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def world() -> World:
    found = make_world()
    no_notice(found.cpo)
    return found


@pytest.fixture
def staff(world: World) -> Client:
    return api_client(world.cpo)


@pytest.fixture
def congestion(world: World) -> SurgeSchedule:
    return publish(make_schedule(world.cpo, EVENINGS))


def check(staff: Client, **changes: Any) -> Any:
    answer = send(staff, "price-check", ASK | changes)
    assert answer.status_code == 200, answer.content
    return answer.json()


CHECKED: dict[str, tuple[dict[str, Any], str, dict[str, Any]]] = {
    # 90.00 and a fee of 10.00, 5.00 for the surge, and 18 % of it all.
    "charged": ({}, "123.90", {}),
    "battery-at-the-limit": ({"battery_percent": 20}, "123.90", {}),
    "battery-below": ({"battery_percent": 19}, "118.00", LOW),
    "battery-empty": ({"battery_percent": 0}, "118.00", LOW),
    "battery-unknown": ({"battery_percent": None}, "123.90", {}),
    "at-night": ({"starts_at": "2027-03-02T21:00:00+05:30"}, "118.00", LATE),
    "half-of-it": (
        {"starts_at": "2027-03-02T17:55:00+05:30"},
        "120.95",
        {"amount": "2.50", "words": "It adds ₹2.50."},
    ),
}


@pytest.mark.parametrize(("changes", "total", "found"), CHECKED.values(), ids=CHECKED)
def test_it_says_what_became_of_a_surge(
    congestion: SurgeSchedule, staff: Client, changes: dict[str, Any], total: str, found: dict[str, Any]
) -> None:
    told = check(staff, **changes)
    assert (told["total"], told["surges"]) == (total, [CONGESTION | found])


def test_it_says_which_of_several_counts(world: World, staff: Client) -> None:
    publish(make_schedule(world.cpo, replace(FIFTH, stacking_group="peak"), schedule_id="a", name="Peak"))
    publish(make_schedule(world.cpo, replace(RUPEE, stacking_group="peak"), schedule_id="b"))
    publish(make_schedule(world.cpo, replace(RUPEE, scope=Scope(min_power_w=50_000)), schedule_id="c"))
    told = check(staff)
    assert [(x["schedule_id"], x["outcome"], x["words"]) for x in told["surges"]] == [
        ("a", "CHARGED", "It adds ₹18.00."),
        ("b", "OUTWEIGHED", "Not charged: a larger one of the group “peak” is instead."),
    ]
    assert [(x["kind"], x["code"], x["amount"]) for x in told["lines"]][2] == ("SURGE", "a", "18.00")


def test_a_customer_may_be_exempt(world: World, staff: Client) -> None:
    save_segment(world.cpo, SegmentContent("gold", "Gold members", ({"fact": "NEW"},)))
    with cpo_scope(world.cpo):
        customer = Customer.objects.create(cpo=world.cpo)
    publish(make_schedule(world.cpo, replace(RUPEE, exemptions=Exemptions(segment_ids=("gold",)))))
    assert [x["words"] for x in check(staff)["surges"]] == ["It adds ₹5.00."]
    told = check(staff, customer=str(customer.pk))
    assert [x["words"] for x in told["surges"]] == ["Not charged, for a group of customers that you belong to."]


def test_as_of_an_instant_it_prices_with_the_surges_of_then(
    world: World, staff: Client, congestion: SurgeSchedule, clock: Any
) -> None:
    tariff = TariffContent(rate=Decimal(18), fees=(Fee("", "Service Fee", Decimal(10)),), places=(Place(),))
    authoring.save_draft(world.tariff, tariff)
    authoring.publish(world.tariff)
    clock.move_to(NOW + timedelta(hours=1))
    perform(Move.END, congestion)
    assert (check(staff)["total"], check(staff)["surges"]) == ("118.00", [])
    then = check(staff, as_of=NOW.isoformat())
    assert (then["total"], then["surges"]) == ("123.90", [CONGESTION])


@pytest.mark.parametrize(
    ("percent", "sentence"),
    [
        pytest.param(101, "Ensure this value is less than or equal to 100.", id="above"),
        pytest.param(-1, "Ensure this value is greater than or equal to 0.", id="below"),
        pytest.param("half", "A valid integer is required.", id="a-word"),
    ],
)
def test_a_battery_that_cannot_be_is_refused(world: World, staff: Client, percent: Any, sentence: str) -> None:
    assert fields(send(staff, "price-check", ASK | {"battery_percent": percent})) == {"battery_percent": [sentence]}


def test_surges_of_another_cpo_are_none_of_ours(world: World, staff: Client) -> None:
    other = make_world("cpo2.com", item_id="there-01")
    no_notice(other.cpo)
    publish(make_schedule(other.cpo, replace(RUPEE, value=Decimal(3))))
    assert check(staff)["surges"] == []
    assert [x["amount"] for x in check(api_client(other.cpo), item_id="there-01")["surges"]] == ["15.00"]
