"""The staff API of the surge policy: what a CPO promises, read and changed, and refused by field."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from cpo_portal.accounts.tenancy import cpo_scope
from pricing.models import SurgePolicy
from tests.offers.api.asking import fields, send
from tests.people import api_client
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 6, 30, tzinfo=UTC)
DEFAULTS = {
    "notice_hours": 24,
    "notice_kept_until": None,
    "signal_notice_minutes": 15,
    "signal_notice_kept_until": None,
    "cap_percent": None,
    "cap_from": None,
    "earlier_cap_percent": None,
    "warnings": [],
}


@pytest.fixture
def staff(world: World) -> Client:
    return api_client(world.cpo)


def test_who_has_never_said_promises_the_defaults_and_reading_writes_nothing(world: World, staff: Client) -> None:
    assert staff.get("/api/surge-policy").json() == DEFAULTS
    with cpo_scope(world.cpo):
        assert not SurgePolicy.objects.exists()


def test_a_change_leaves_the_rest_as_it_was_and_other_cpos_alone(world: World, staff: Client) -> None:
    outsider = api_client(make_world("cpo2.com", item_id="there-01").cpo)
    changed = send(staff, "surge-policy", {"notice_hours": 48, "cap_percent": "25.5"}, "patch")
    told = DEFAULTS | {"notice_hours": 48, "cap_percent": "25.50"}
    assert (changed.status_code, changed.json()) == (200, told)
    assert send(staff, "surge-policy", {}, "patch").json() == told
    assert send(staff, "surge-policy", {"signal_notice_minutes": 20}, "patch").json() == told | {
        "signal_notice_minutes": 20
    }
    assert outsider.get("/api/surge-policy").json() == DEFAULTS
    with cpo_scope(world.cpo):
        row = SurgePolicy.objects.get()
    assert (row.notice_hours, row.signal_notice_minutes, row.cap_percent) == (48, 20, Decimal("25.50"))


def test_a_shorter_notice_is_announced_and_a_longer_one_counts_at_once(staff: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        lower = send(staff, "surge-policy", {"notice_hours": 1, "signal_notice_minutes": 5}, "patch").json()
        announced = {"notice_kept_until": "2027-03-02T06:30:00Z", "signal_notice_kept_until": "2027-03-01T06:45:00Z"}
        assert lower == DEFAULTS | {"notice_hours": 1, "signal_notice_minutes": 5} | announced
        # What only machines know is not written by who sends it.
        said = {"notice_kept_until": ["This can be read and not written: leave it out."]}
        assert fields(send(staff, "surge-policy", {"notice_kept_until": None}, "patch")) == said
        assert staff.get("/api/surge-policy").json() == lower
        raised = send(staff, "surge-policy", {"notice_hours": 24, "signal_notice_minutes": 15}, "patch").json()
        assert raised == DEFAULTS


def test_a_higher_cap_is_announced_and_a_lower_one_holds_at_once(staff: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        send(staff, "surge-policy", {"cap_percent": "20"}, "patch")
        higher = send(staff, "surge-policy", {"cap_percent": "30"}, "patch").json()
        announced = {"cap_percent": "30.00", "cap_from": "2027-03-02T06:30:00Z", "earlier_cap_percent": "20.00"}
        assert higher == DEFAULTS | announced
        # What only machines know is not written by who sends it.
        said = {"cap_from": ["This can be read and not written: leave it out."]}
        assert fields(send(staff, "surge-policy", {"cap_from": None}, "patch")) == said
        assert staff.get("/api/surge-policy").json() == DEFAULTS | announced
        lower = send(staff, "surge-policy", {"cap_percent": "10"}, "patch").json()
        assert lower == DEFAULTS | {"cap_percent": "10.00"}


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        pytest.param(
            {"notice_hours": 2161},
            {"notice_hours": ["Give a notice of 0 to 2160 hours, which are 90 days."]},
            id="a-postponement",
        ),
        pytest.param(
            {"notice_hours": -1},
            {"notice_hours": ["Give a notice of 0 to 2160 hours, which are 90 days."]},
            id="into-the-past",
        ),
        pytest.param(
            {"signal_notice_minutes": 1441},
            {"signal_notice_minutes": ["Give a notice of 0 to 1440 minutes, which are a day."]},
            id="a-day-and-more",
        ),
        pytest.param(
            {"cap_percent": "-0.01"},
            {"cap_percent": ["Give a percentage of 0 or more, or null for no limit."]},
            id="below-nothing",
        ),
        pytest.param({"notice_hours": None}, {"notice_hours": ["This field may not be null."]}, id="no-promise"),
    ],
)
def test_what_cannot_be_promised_is_refused(
    world: World, staff: Client, body: dict[str, Any], faults: dict[str, list[str]]
) -> None:
    assert fields(send(staff, "surge-policy", body, "patch")) == faults
    with cpo_scope(world.cpo):
        assert not SurgePolicy.objects.exists()
