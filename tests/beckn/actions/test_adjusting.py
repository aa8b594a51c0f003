"""After the bill in the messages: the quote is the bill less what was taken back, the trail says so, money is asked."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from beckn.models import OutboundCallback
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from offers.models import Redemption
from offers.ordering.adjusting import Said
from offers.ordering.exchange import value_exchange
from offers.ordering.refund import refund_bill
from offers.ordering.reverse import take_back
from tests.beckn.actions.conversation import Conversation, amounts, tag
from tests.prepaid import SARAH, credit, figures
from tests.world import make_offer

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


def test_a_refund_of_what_a_forgotten_drivers_balance_paid_is_told_as_money(talk: Conversation) -> None:
    balance = credit(talk.world.cpo, "91.45")
    talk.init()
    confirmed = talk.say("confirm", talk.cart())["message"]["order"]
    talk.update("start-charging", confirmed["fulfillments"][0]["stops"][0]["authorization"]["token"])
    talk.charge(5000, stop=True)
    OutboundCallback.objects.update(state="DELIVERED")
    call_command("forget_customer", phone=SARAH, cpo=talk.world.cpo.provider_id, stdout=StringIO())
    with cpo_scope(talk.world.cpo):
        refund_bill(Order.objects.get(), Said("case 8", "The charger hummed"), now=timezone.now())
    talk.work()
    order = talk.callback(OutboundCallback.objects.exclude(state="DELIVERED").get(action="on_update"))["message"][
        "order"
    ]
    words = "The charger hummed. Of this, ₹91.45 had been paid by a prepaid balance that nobody has any more."
    assert tag(order["tags"], "settlement") == {
        "kind": "REFUND", "amount": "91.45", "currency": "INR", "status": "DUE", "reason": words,
    }  # fmt: skip
    assert figures(balance) == (0, 0)


def test_a_returned_exchange_is_told_with_its_value_and_where_it_went(talk: Conversation) -> None:
    make_offer(
        talk.world.cpo, "old-cable", benefit_kind="exchange", value=None, value_type="", value_cap=None, min_value=None,
        display_code="",
    )  # fmt: skip
    talk.init("old-cable")
    assert talk.pay("118.00") == "PAID"
    order = talk.say("confirm", talk.cart("old-cable"))["message"]["order"]
    talk.update("start-charging", order["fulfillments"][0]["stops"][0]["authorization"]["token"])
    talk.charge(5000, stop=True)
    before = talk.callbacks("on_update")[-1]["message"]["order"]
    assert "exchange-return" not in [group["descriptor"]["code"] for group in before["tags"]]
    said = Said("case 9", "The cable is here")
    with cpo_scope(talk.world.cpo):
        value_exchange(Redemption.objects.get(state="COMMITTED"), Decimal(300), "REFUND", said, now=timezone.now())
    told = len(talk.callbacks("on_status"))
    talk.work()
    after = talk.callbacks("on_update")[-1]["message"]["order"]
    assert after["quote"] == before["quote"] | {"ttl": after["quote"]["ttl"]}
    assert tag(after["tags"], "exchange-return") == {
        "id": "old-cable", "currency": "INR", "value": "300.00", "credited-to": "refund", "reason": "The cable is here",
    }  # fmt: skip
    assert tag(after["tags"], "settlement")["amount"] == "300.00"
    assert len(talk.callbacks("on_status")) == told  # the refund is told with the exchange, not once more
