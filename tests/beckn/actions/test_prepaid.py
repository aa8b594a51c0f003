"""A prepaid balance in the messages: what is held, what was drawn, what is left."""

from __future__ import annotations

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from offers.models import CodeGuess, Offer, OfferState
from tests.beckn.actions.conversation import Conversation, tag
from tests.prepaid import credit, figures

pytestmark = pytest.mark.django_db

DECLINED = {
    "id": "prepaid-balance",
    "tags": [{"descriptor": {"code": "selection"}, "list": [{"descriptor": {"code": "apply"}, "value": "no"}]}],
}


@pytest.fixture(autouse=True)
def no_offer(talk: Conversation) -> None:
    with cpo_scope(talk.world.cpo):
        Offer.objects.update(state=OfferState.PAUSED)


def prepaid(order: dict) -> dict[str, str]:  # type: ignore[type-arg]
    return tag(order["tags"], "prepaid-balance")


def test_the_driver_sees_what_is_held_what_was_drawn_and_what_is_left(talk: Conversation) -> None:
    balance = credit(talk.world.cpo, "200")
    known = {"balance-id": str(balance.pk), "balance-name": "Prepaid credit", "currency": "INR"}
    order = talk.init()["message"]["order"]
    assert order["quote"]["price"]["value"] == "118.00"
    [payment] = order["payments"]
    assert (payment["params"]["amount"], payment["status"]) == ("0.00", "PAID")
    assert prepaid(order) == known | {"held": "118.00", "left": "82.00"}
    order = talk.say("confirm", talk.cart())["message"]["order"]
    talk.update("start-charging", order["fulfillments"][0]["stops"][0]["authorization"]["token"])
    talk.charge(5200, stop=True)
    done = talk.callbacks("on_update")[-1]["message"]["order"]
    assert (done["status"], done["quote"]["price"]["value"]) == ("COMPLETE", "122.25")
    assert prepaid(done) == known | {"drawn": "122.25", "left": "77.75"}
    assert "settlement" not in [group["descriptor"]["code"] for group in done["tags"]]
    assert figures(balance)[1] == 0


def test_a_declined_balance_is_neither_used_nor_shown(talk: Conversation) -> None:
    balance = credit(talk.world.cpo, "200")
    order = talk.init(DECLINED)["message"]["order"]
    assert order["payments"][0]["params"]["amount"] == "118.00"
    assert "tags" not in order
    assert figures(balance) == (200, 0)


@pytest.mark.parametrize("how", ["yes", "bare", "code"])
def test_who_asks_for_the_balance_asks_for_what_is_so(how: str, talk: Conversation) -> None:
    credit(talk.world.cpo, "200")
    said = "code" if how == "code" else "apply"
    value = {"yes": "yes", "code": "prepaid-balance"}.get(how)
    tags = [{"descriptor": {"code": "selection"}, "list": [{"descriptor": {"code": said}, "value": value}]}]
    order = talk.init({"id": "prepaid-balance"} | ({"tags": tags} if value else {}))["message"]["order"]
    assert prepaid(order)["held"] == "118.00"
    assert CodeGuess.objects.count() == 0


def test_a_confirm_before_the_rest_is_paid_names_the_rest(talk: Conversation) -> None:
    credit(talk.world.cpo, "100")
    assert talk.init()["message"]["order"]["payments"][0]["params"]["amount"] == "18.00"
    said = talk.say("confirm", talk.cart())["error"]["message"]
    assert said.startswith("The payment of 18.00 INR has not been reported yet")


def test_on_cancel_says_what_went_back_to_the_balance(talk: Conversation) -> None:
    balance = credit(talk.world.cpo, "118")
    talk.init()
    order_id = talk.say("confirm", talk.cart())["message"]["order"]["id"]
    asked = {"order_id": order_id, "cancellation_reason_id": "5", "descriptor": {"short_desc": "Changed my mind"}}
    order = talk.say("cancel", asked)["message"]["order"]
    settled = tag(order["tags"], "settlement")
    # Less than four hours before the start nothing comes back, and the balance pays it.
    assert (settled["amount"], settled["reason"]) == ("0.00", "By the refund terms nothing comes back.")
    assert prepaid(order)["drawn"] == "118.00"
    assert figures(balance) == (0, 0)
