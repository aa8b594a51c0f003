"""The staff API takes every type of offer, and refuses at the field what a type has no use for."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from cpo_portal.accounts.tenancy import cpo_scope
from offers.models import Offer
from tests.offers.api.asking import CONTENT, fields, send
from tests.people import api_client
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(world: World) -> Client:
    return api_client(world.cpo)


SLAB = {"item_count": 10, "item_count_upper": None, "value": "10.00", "value_type": "percent", "value_cap": "50.00"}


def test_an_offer_by_slabs_is_made_and_read_back(staff: Client) -> None:
    content = {name: value for name, value in CONTENT.items() if name not in ("value", "value_cap")}
    body = {"offer_id": "bulk", "content": content | {"benefit_kind": "slab", "slabs": [SLAB]}}
    made = send(staff, "offers", body)
    assert made.status_code == 201, made.content
    said = made.json()["draft"]["content"]
    assert (said["slabs"], said["value"], said["value_type"], said["value_cap"]) == ([SLAB], None, "", None)
    # What was read can be sent again as it is.
    again = send(staff, "offers/bulk", {"content": said}, "patch")
    assert (again.status_code, again.json()["draft"]["content"]) == (200, said)


def test_an_end_that_is_an_empty_text_is_open_and_read_back_as_null(staff: Client) -> None:
    content = {name: value for name, value in CONTENT.items() if name not in ("value", "value_cap")}
    slabs = {"benefit_kind": "slab", "slabs": [SLAB | {"item_count_upper": ""}]}
    made = send(staff, "offers", {"offer_id": "bulk", "content": content | slabs})
    assert made.status_code == 201, made.content
    assert made.json()["draft"]["content"]["slabs"] == [SLAB]
    refused = send(staff, "offers/bulk", {"content": {"slabs": [SLAB | {"item_count": ""}]}}, "patch")
    assert fields(refused) == {"content": {"slabs": {"0": {"item_count": ["A valid integer is required."]}}}}


def test_another_type_lets_go_of_what_only_the_former_had(staff: Client) -> None:
    send(staff, "offers", {"offer_id": "bulk", "content": CONTENT})
    changed = send(staff, "offers/bulk", {"content": {"benefit_kind": "slab", "slabs": [SLAB]}}, "patch")
    assert changed.status_code == 200, changed.content
    said = changed.json()["draft"]["content"]
    assert (said["value"], said["value_cap"], said["min_value"]) == (None, None, "50.00")


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        pytest.param(
            {"benefit_kind": "slab", "slabs": [SLAB], "value": "10"},
            {"value": ["An offer by slabs has no use for a value of its own: leave it empty."]},
            id="a slab with a value",
        ),
        pytest.param(
            {"benefit_kind": "slab", "slabs": [SLAB], "value_type": "percent"},
            {"value_type": ["An offer by slabs has no use for a value type of its own: leave it empty."]},
            id="a slab with a value type",
        ),
        pytest.param(
            {"benefit_kind": "slab"}, {"slabs": ["Give at least one slab of whole kWh."]}, id="a slab without slabs"
        ),
        pytest.param(
            {"benefit_kind": "slab", "slabs": [SLAB, SLAB | {"item_count": 40}]},
            {"slabs": ["Slab 2 begins inside slab 1, which has no end: end slab 1 at 39."]},
            id="overlapping slabs",
        ),
        pytest.param(
            {"benefit_kind": "combo", "value": "10", "value_cap": "50"},
            {"qualifier_item_ids": ["Choose the items that must be in the session beside the offer's own."]},
            id="a combo of nothing",
        ),
        pytest.param(
            {"benefit_kind": "delivery", "value": "2", "value_type": "per_kwh"},
            {"value_type": ["Only a discount is counted per kWh: choose percent or amount."]},
            id="a fee per kWh",
        ),
        pytest.param({}, {"value": ["Give the value: per cent, or an amount."]}, id="a discount of nothing"),
    ],
)
def test_the_matrix_of_types_is_refused_at_the_field(
    world: World, staff: Client, changes: dict[str, Any], faults: dict[str, list[str]]
) -> None:
    content = {name: value for name, value in CONTENT.items() if name not in ("value", "value_cap")} | changes
    assert fields(send(staff, "offers", {"offer_id": "typed", "content": content})) == {"content": faults}
    with cpo_scope(world.cpo):
        assert not Offer.objects.exists()


def test_financing_is_made_and_read_back(staff: Client) -> None:
    loan = {
        "provider": "Some Bank",
        "method": "EMI",
        "months": 6,
        "annual_percent": "12.00",
        "subvention_percent": "0.00",
    }
    content = {name: value for name, value in CONTENT.items() if name not in ("value", "value_cap")}
    body = {"offer_id": "loan", "content": content | {"benefit_kind": "financing", "finance_terms": [loan]}}
    made = send(staff, "offers", body)
    assert made.status_code == 201, made.content
    assert made.json()["draft"]["content"]["finance_terms"] == [loan]
    assert made.json()["draft"]["summary"].startswith(
        "Offers 6 monthly instalments at 12 % a year by Some Bank, from ₹50.00, "
    )
    bad = send(staff, "offers/loan", {"content": {"finance_terms": [loan | {"months": 0}]}}, "patch")
    assert fields(bad) == {"content": {"finance_terms": ["Way 1: give whole months from 1 to 120."]}}
