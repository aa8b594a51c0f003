"""Single-use codes on the wire: sent in each place that PROTOCOL names, held, told back, refused in the right code."""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import replace
from typing import Any

import pytest

from beckn.models import NetworkProfile
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from offers.models import Offer, OfferState, Redemption
from tests.beckn.actions.conversation import Conversation, amounts, tag
from tests.offers.codes.coded import make_coded_offer, standing
from tests.world import make_offer

pytestmark = pytest.mark.django_db
ONE, TWO = "DIWALI-34679ACDEFGHJK", "DIWALI-KJHGFEDCA97643"
DEARER = "FIFTY-34679ACDEFGHJK"
NOT_GIVEN = {"validated": "false", "reason-code": "CODE_REQUIRED", "reason": "Its code was not given"}
WITH, WITHOUT = ["90.00", "10.00", "-27.00", "13.14"], ["90.00", "10.00", "18.00"]


@pytest.fixture
def coded(talk: Conversation) -> Conversation:
    with cpo_scope(talk.world.cpo):
        Offer.objects.update(state=OfferState.PAUSED)
    make_coded_offer(talk.world.cpo, ONE, TWO, offer_id="coded", value=30)
    return talk


def again(talk: Conversation) -> Conversation:
    return replace(talk, transaction_id=str(uuid.uuid4()))


def by_tag(code: str, group: str = "offer-code") -> dict[str, Any]:
    return {"tags": [{"descriptor": {"code": group}, "list": [{"descriptor": {"code": "offer-code"}, "value": code}]}]}


PLACES: dict[str, Any] = {
    "descriptor": {"id": "coded", "descriptor": {"code": ONE.lower()}},
    "descriptor-alone": {"descriptor": {"code": ONE}},
    "tag": {"id": "coded", **by_tag(ONE)},
    "tag-alone": by_tag(ONE.lower(), "selection"),
    "bare-id": ONE.lower(),
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_code_is_read_wherever_it_stands_and_told_back_to_who_has_it(coded: Conversation, place: Any) -> None:
    quoted = coded.say("select", coded.cart(place))["message"]["order"]
    assert amounts(quoted) == WITH
    assert standing(coded.world)[ONE] == ("FREE", None)
    order = coded.init(place)["message"]["order"]
    assert amounts(order) == WITH
    validation = tag(order["offers"][0]["tags"], "offer-validation")
    assert (validation["validated"], validation["offer-code"]) == ("true", ONE)
    assert standing(coded.world)[ONE] == ("HELD", coded.transaction_id)


def test_the_whole_journey_uses_the_code_up_and_names_it_on_the_bill(coded: Conversation) -> None:
    coded.init(ONE)
    assert coded.pay("86.14") == "PAID"
    order = coded.say("confirm", coded.cart(ONE))["message"]["order"]
    coded.update("START-CHARGING", order["fulfillments"][0]["stops"][0]["authorization"]["token"])
    coded.charge(5000, stop=True)
    bill = coded.callbacks("on_update")[-1]["message"]["order"]
    assert amounts(bill) == WITH
    assert tag(bill["offers"][0]["tags"], "offer-usage")["offer-code-used"] == ONE
    assert standing(coded.world)[ONE] == ("USED", coded.transaction_id)


def test_a_used_code_is_quoted_without_and_refused_at_init(coded: Conversation) -> None:
    coded.init(ONE)
    other = again(coded)
    quoted = other.say("select", other.cart(ONE))["message"]["order"]
    assert amounts(quoted) == WITHOUT
    [shown] = [offer for offer in quoted["offers"] if offer["id"] == "coded"]
    validation = tag(shown["tags"], "offer-validation")
    assert (validation["validated"], validation["reason-code"], validation["reason"]) == (
        "false",
        "CODE_USED",
        "this code was used already, or another order holds it",
    )
    assert "offer-code" not in validation
    assert other.init(ONE)["error"]["code"] == "30006"
    with cpo_scope(coded.world.cpo):
        NetworkProfile.objects.update_or_create(cpo=coded.world.cpo, defaults={"offer_codes": "ONDC"})
    assert other.init(ONE)["error"]["code"] == "30007"
    with cpo_scope(coded.world.cpo):
        assert (Order.objects.count(), Redemption.objects.filter(state="RESERVED").count()) == (1, 1)


#: What is asked for, and why it does not apply: as one code for all, as codes of one's own, and by a code that is one.
ASKED: dict[str, tuple[dict[str, Any], str, dict[str, str]]] = {
    "a-code-for-all": ({"offer_id": "club", "requires_code": True, "auto": False}, "club", NOT_GIVEN),
    "a-code-for-all-automatic": ({"offer_id": "club", "requires_code": True}, "club", NOT_GIVEN),
    "a-code-of-ones-own": ({}, "coded", NOT_GIVEN),
    "the-code-for-all-of-a-dearer-cart": (
        {"offer_id": "club", "requires_code": True, "min_value": 500},
        "weekend25",
        {"validated": "false", "reason-code": "MIN_VALUE", "reason": "₹410.00 short"},
    ),
    "the-code-of-ones-own-of-a-dearer-cart": (
        {"offer_id": "dearer", "codes": (DEARER,), "min_value": 500},
        DEARER,
        {"validated": "false", "reason-code": "MIN_VALUE", "reason": "₹410.00 short"},
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_an_offer_that_was_asked_for_is_listed_with_its_reason_until_the_bill(coded: Conversation, name: str) -> None:
    said, word, validation = ASKED[name]
    said = dict(said)
    offer_id = said.get("offer_id", "coded")
    if "codes" in said:
        make_coded_offer(coded.world.cpo, *said.pop("codes"), **said)
    elif said:
        make_offer(coded.world.cpo, **said)
    coded.say("select", coded.cart(word))
    coded.init(word)
    assert coded.pay("118.00") == "PAID"
    coded.say("confirm", coded.cart())
    coded.say("status", {"order_id": ""})
    for action in ("on_select", "on_init", "on_confirm", "on_status"):
        order = coded.callbacks(action)[-1]["message"]["order"]
        assert amounts(order) == WITHOUT
        assert {x["id"]: tag(x["tags"], "offer-validation") for x in order["offers"]} == {offer_id: validation}, action
    other = again(coded)
    assert "offers" not in other.init()["message"]["order"]


def test_a_cancelled_order_gives_its_code_back(coded: Conversation) -> None:
    coded.init(ONE)
    coded.say("cancel", {"order_id": "", "cancellation_reason_id": "001"})
    other = again(coded)
    assert amounts(other.init(ONE)["message"]["order"]) == WITH


def test_guessing_is_refused_on_the_wire_and_no_log_holds_a_code(
    coded: Conversation, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [coded.init(f"GUESS-{number}")["error"]["code"] for number in range(5)]
    refused = coded.say("select", coded.cart(ONE))["error"]
    assert answers == ["30006"] * 5
    assert refused["message"] == (
        "Too many unknown codes were sent; leave the code out, or send it again in 15 minutes."
    )
    assert amounts(coded.say("select", coded.cart())["message"]["order"]) == WITHOUT
    written = json.dumps([record.getMessage() for record in caplog.records]) + "".join(capfd.readouterr())
    assert "request_refused" in written
    assert [word for word in (ONE, "GUESS-") if word in written] == []
