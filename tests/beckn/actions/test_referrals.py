"""A referral in the messages: what a code would earn at select, what waits at init, what was credited in the end."""

from __future__ import annotations

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from offers.referrals.codes import code_of
from offers.referrals.rewarding import reward_due
from tests.beckn.actions.conversation import Conversation, tag
from tests.people import api_client
from tests.prepaid import customer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def word(talk: Conversation) -> str:
    """Return the code of another customer of a CPO that took the template, and gives the friend ₹50."""
    staff = api_client(talk.world.cpo)
    [told] = [each for each in staff.get("/api/offer-templates").json() if each["template"] == "referral-bonus"]
    body = told["body"] | {"friend_reward": "50.00"}
    assert staff.patch(f"/api/{told['makes']}", body, content_type="application/json").status_code == 200
    with cpo_scope(talk.world.cpo):
        return code_of(customer(talk.world.cpo, "+91 90000 00001")).code


def test_the_friend_is_told_what_the_code_earns_and_when_it_did(talk: Conversation, word: str) -> None:
    known = {"code": word, "reward": "50.00", "currency": "INR"}
    offer = "weekend-discount-25"
    selected = talk.say("select", talk.cart(offer, word))["message"]["order"]
    assert tag(selected["tags"], "referral") == known | {"state": "DEPENDS-ON-IDENTITY"}
    assert word not in [x["id"] for x in selected["offers"]]
    placed = talk.init(offer, word)["message"]["order"]
    assert tag(placed["tags"], "referral") == known | {"state": "WAITING"}
    assert talk.pay() == "PAID"
    order = talk.say("confirm", talk.cart(offer, word))["message"]["order"]
    talk.update("start-charging", order["fulfillments"][0]["stops"][0]["authorization"]["token"])
    talk.charge(5000, stop=True)
    assert reward_due() == 1
    talk.work()
    told = talk.callbacks("on_status")[-1]["message"]["order"]
    assert (told["status"], tag(told["tags"], "referral")) == ("COMPLETE", known | {"state": "REWARDED"})


def test_a_code_that_is_the_drivers_own_is_no_offer_for_them(talk: Conversation, word: str) -> None:
    with cpo_scope(talk.world.cpo):
        own = code_of(customer(talk.world.cpo)).code
    body = talk.init(own)
    assert (body["error"]["code"], "is the driver's own" in body["error"]["message"]) == ("30006", True)
    assert "message" not in body
