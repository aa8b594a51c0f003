"""After the bill in the messages: the quote is the bill less what was taken back, the trail says so, money is asked."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from offers.models import Redemption
from offers.ordering.adjusting import Said
from offers.ordering.refund import refund_bill
from offers.ordering.reverse import take_back
from tests.beckn.actions.conversation import Conversation, amounts, tag

pytestmark = pytest.mark.django_db(transaction=True)


def billed(talk: Conversation) -> None:
    talk.update("start-charging", talk.confirmed())
    talk.charge(5000, stop=True)


def test_on_update_shows_what_is_left_of_the_offer_and_what_is_owed(talk: Conversation) -> None:
    billed(talk)
    said = Said("case 7", "Used twice")
    with cpo_scope(talk.world.cpo):
        take_back(Redemption.objects.get(state="COMMITTED"), Decimal(10), said, now=timezone.now())
    talk.work()
    order = talk.callbacks("on_update")[-1]["message"]["order"]
    assert (order["status"], order["quote"]["price"]["value"]) == ("COMPLETE", "103.25")
    assert amounts(order) == ["90.00", "10.00", "-12.50", "15.75"]
    assert tag(order["tags"], "quote-trail") == {
        "type": "offer", "id": "weekend-discount-25", "currency": "INR", "value": "10.00", "reason": "Used twice",
    }  # fmt: skip
    assert tag(order["tags"], "settlement") == {
        "kind": "SHORTFALL", "amount": "11.80", "currency": "INR", "status": "DUE",
        "reason": "An offer was taken back after the bill.",
    }  # fmt: skip
    assert tag(order["tags"], "offer-summary")["total-savings"] == "12.50"
    usage = tag(order["offers"][0]["tags"], "offer-usage")
    assert (usage["offer-applied"], usage["discount-amount"], usage["savings-percentage"]) == ("true", "12.50", "13.89")
    owed = order["payments"][1]
    assert (owed["type"], owed["status"], owed["params"]["amount"]) == ("POST-FULFILLMENT", "NOT-PAID", "11.80")
    again = talk.say("status", {"order_id": order["id"]})["message"]["order"]
    assert again["quote"]["price"]["value"] == "103.25"


def test_an_offer_taken_back_whole_keeps_its_line_at_nothing(talk: Conversation) -> None:
    billed(talk)
    with cpo_scope(talk.world.cpo):
        take_back(Redemption.objects.get(state="COMMITTED"), None, Said("case 7", "Used twice"), now=timezone.now())
    talk.work()
    order = talk.callbacks("on_update")[-1]["message"]["order"]
    assert amounts(order) == ["90.00", "10.00", "0.00", "18.00"]


def test_a_refunded_bill_is_told_once_with_its_settlement(talk: Conversation) -> None:
    billed(talk)
    told = len(talk.callbacks("on_update")), len(talk.callbacks("on_status"))
    with cpo_scope(talk.world.cpo):
        refund_bill(Order.objects.get(), Said("case 8", "The charger hummed"), now=timezone.now())
    talk.work()
    assert (len(talk.callbacks("on_update")), len(talk.callbacks("on_status"))) == (told[0] + 1, told[1])
    order = talk.callbacks("on_update")[-1]["message"]["order"]
    assert (order["quote"]["price"]["value"], amounts(order)[2]) == ("91.45", "-22.50")
    assert tag(order["tags"], "settlement") == {
        "kind": "REFUND", "amount": "91.45", "currency": "INR", "status": "DUE", "reason": "The charger hummed",
    }  # fmt: skip
