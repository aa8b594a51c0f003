"""The price check refuses what it cannot price: one sentence at the field that is at fault."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer
from tests.offers.api.test_price_check import SATURDAY, check, staff
from tests.world import World, make_world

__all__ = ["staff"]
pytestmark = pytest.mark.django_db


BAD = [
    pytest.param(
        {"item_id": "there-01"}, {"item_id": ["You have no connector “there-01”: name one of yours."]}, id="item"
    ),
    pytest.param({"measure": {"value": "5", "unit": "km"}}, {"measure": {"unit": ["Use INR, kWh or min."]}}, id="unit"),
    pytest.param(
        {"measure": {"value": "1.5", "unit": "min"}}, {"measure": {"value": ["Give whole minutes."]}}, id="1.5 min"
    ),
    pytest.param(
        {"measure": {"value": "5", "unit": "kWh", "basis": "ALL_IN"}},
        {"measure": {"basis": ["A basis goes with an amount of money only: leave it out."]}},
        id="basis of energy",
    ),
    pytest.param(
        {"ends_at": SATURDAY},
        {"ends_at": ["The session ends after it starts and within seven days."]},
        id="ends as it starts",
    ),
    pytest.param(
        {"customer": "00000000-0000-0000-0000-000000000001"},
        {"customer": ["You have no such customer: copy the id from one of your orders."]},
        id="unknown customer",
    ),
    pytest.param(
        {"readings": [{"at": SATURDAY, "register_wh": 1}]},
        {"readings": ["Give at least two readings: the first and the last."]},
        id="one reading",
    ),
    pytest.param(
        {"measure": {"value": "100000", "unit": "kWh"}},
        {"measure": ["Ask for less: this would take more than 7 days of charging."]},
        id="more than a week",
    ),
    pytest.param(
        {"measure": {"value": "1", "unit": "INR", "basis": "ALL_IN"}},
        {"measure": ["Raise the amount: fixed prices, fees and taxes alone come to ₹11.80."]},
        id="less than the fees",
    ),
    pytest.param(
        {"products": [{"product_id": "tea", "count": 1}]},
        {"products": ["tea is not sold there; leave it out."]},
        id="a product of nobody",
    ),
    pytest.param(
        {"as_of": "2099-01-01T00:00:00Z"},
        {"as_of": ["Give an instant that has passed, or leave it out for the price of now."]},
        id="as of what is to come",
    ),
    pytest.param(
        {"opted_in": ["night"], "declined": ["day", "Night"]},
        {"declined": ["“Night” is wanted as well: name it in one of the two lists."]},
        id="wanted and declined",
    ),
]


@pytest.mark.parametrize(("changes", "expected"), BAD)
def test_bad_input_is_answered_by_field(
    world: World, staff: Client, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    make_world("cpo2.com", item_id="there-01")
    answer = check(staff, **changes)
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"]["fields"] == expected


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"measure": {"value": "1", "unit": "INR"}}, id="below the fee"),
        pytest.param({"measure": {"value": "99999999", "unit": "kWh"}}, id="absurd energy"),
        pytest.param({"measure": {"value": "-1", "unit": "kWh"}}, id="negative"),
        pytest.param({"products": [{"product_id": "caviar", "count": 1}]}, id="unknown product"),
        pytest.param({"starts_at": "now"}, id="no instant"),
        pytest.param({"measure": None}, id="no measure"),
        pytest.param({"opted_in": "all"}, id="text for a list"),
    ],
)
def test_what_has_no_price_is_a_clear_refusal(staff: Client, changes: dict[str, Any]) -> None:
    answer = check(staff, **changes)
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"]["fields"]


def test_another_cpos_customer_does_not_exist(world: World, staff: Client) -> None:
    other = make_world("cpo2.com", item_id="there-01")
    with cpo_scope(other.cpo):
        stranger = Customer.objects.create(cpo=other.cpo)
    assert check(staff, customer=str(stranger.pk)).status_code == 400
