"""How full the battery is: read where a buyer app says so in a known form, and left out where it does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from beckn.protocol import values as v
from tests.beckn.protocol.edits import SESSION, edited, tag
from tests.beckn.protocol.samples import golden

VEHICLE = {"make": "Tata", "model": "Nexon EV"}


def state(percent: Any) -> list[dict[str, Any]]:
    return [tag("vehicle-state", state_of_charge=percent)]


def charge_of(request: v.Request) -> int | None:
    selection = request.selection if isinstance(request, v.InitRequest) else request
    assert isinstance(selection, v.SelectRequest)
    return selection.charge_percent


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("9", 9, id="whole"),
        pytest.param(" 42 ", 42, id="blanks-around"),
        pytest.param("9.99", 9, id="decimal-is-floored"),
        pytest.param("0", 0, id="empty"),
        pytest.param("100", 100, id="full"),
        pytest.param("100.0", 100, id="full-with-decimals"),
        pytest.param("100.1", None, id="above-full"),
        pytest.param("101", None, id="far-above"),
        pytest.param("-1", None, id="below-empty"),
        pytest.param("9%", None, id="with-a-sign"),
        pytest.param("1e1", None, id="exponent"),
        pytest.param("٩", None, id="other-digits"),
        pytest.param("", None, id="nothing"),
        pytest.param(9, None, id="a-number"),
        pytest.param(["9"], None, id="a-list"),
        pytest.param(None, None, id="null"),
    ],
)
@pytest.mark.parametrize("action", ["select", "init"])
@pytest.mark.parametrize("place", ["fulfillment", "vehicle"])
def test_the_charge_is_read_in_percent(place: str, action: str, value: Any, expected: int | None) -> None:
    path, holder = (
        (f"{SESSION}.tags", state(value)) if place == "fulfillment" else (f"{SESSION}.vehicle", {"tags": state(value)})
    )
    assert charge_of(edited(action, path, holder)) == expected


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param("9", id="no-list"),
        pytest.param([9], id="no-groups"),
        pytest.param([{"descriptor": "vehicle-state"}], id="no-descriptor"),
        pytest.param([tag("vehicle-state", charge="9")], id="another-entry"),
        pytest.param([tag("vehicle", state_of_charge="9")], id="another-group"),
        pytest.param([{"descriptor": {"code": "x" * 5000}}], id="too-long"),
    ],
)
def test_what_is_malformed_is_left_out(tags: Any) -> None:
    assert charge_of(edited("select", f"{SESSION}.tags", tags)) is None
    assert charge_of(edited("select", f"{SESSION}.vehicle", VEHICLE | {"tags": tags})) is None


def test_the_fulfillment_goes_before_its_vehicle() -> None:
    body = golden("select")
    [session] = body["message"]["order"]["fulfillments"]
    both = session | {"tags": state("30"), "vehicle": VEHICLE | {"tags": state("50")}}
    assert charge_of(edited("select", SESSION, both)) == 30
    assert charge_of(edited("select", SESSION, both | {"tags": state("x")})) == 50


def test_nothing_is_said_in_the_usual_requests() -> None:
    assert "vehicle-state" not in json.dumps(golden("select"), default=str)
    assert charge_of(edited("select", "order.tags", [])) is None
