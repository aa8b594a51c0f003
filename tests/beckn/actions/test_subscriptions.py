"""A subscription in the messages: what it includes, what is held of a pool, what was drawn and what is left."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from offers.models import Offer, OfferState
from offers.receipts.page import receipt_page
from tests.beckn.actions.conversation import BILLING, Conversation, amounts, tag
from tests.beckn.actions.test_prepaid import DECLINED
from tests.people import make_member, signed_in
from tests.prepaid import credit, figures, pool, subscribe

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_offer(talk: Conversation) -> None:
    subscribe(talk.world.cpo)
    with cpo_scope(talk.world.cpo):
        Offer.objects.update(state=OfferState.PAUSED)


def five(talk: Conversation, *offers: Any, **changes: Any) -> dict[str, Any]:
    """Return the order of 5 kWh."""
    order: dict[str, Any] = talk.cart(*offers, **changes)["order"] | {"billing": BILLING}
    order["items"][0]["quantity"]["selected"]["measure"] |= {"value": "5", "unit": "kWh"}
    return {"order": order}


def included(order: dict[str, Any]) -> dict[str, str]:
    return tag(order["tags"], "included-energy")


def test_the_catalogue_tells_a_subscription(talk: Conversation) -> None:
    [provider] = talk.say("search", {"intent": {}})["message"]["catalog"]["providers"]
    assert tag(provider["items"][0]["tags"], "tariff-details") == {
        "pricing-model": "SUBSCRIPTION",
        "price": "included energy first, then ₹18.00/kWh + Service Fee ₹10.00 + GST 18 %",
    }


def test_the_driver_sees_what_is_included_what_was_drawn_and_what_is_left(talk: Conversation) -> None:
    energy, _ = pool(talk.world.cpo, "3500"), credit(talk.world.cpo, "200")
    known = {"balance-id": str(energy.pk), "balance-name": "Monthly plan", "unit": "kWh"}
    selected = talk.say("select", five(talk))["message"]["order"]
    assert amounts(selected) == ["90.00", "10.00", "18.00"]  # nobody is known yet
    order = talk.say("init", five(talk))["message"]["order"]
    assert [line["title"] for line in order["quote"]["breakup"]][:2] == [
        "Included energy (3.5 kWh)",
        "Charging session cost (1.5 kWh @ ₹18.00/kWh)",
    ]
    assert (amounts(order), order["quote"]["price"]["value"]) == (["0.00", "27.00", "10.00", "6.66"], "43.66")
    assert included(order) == known | {"held": "3.500", "left": "0.000"}
    assert tag(order["tags"], "prepaid-balance")["held"] == "43.66"
    order = talk.say("confirm", five(talk))["message"]["order"]
    talk.update("start-charging", order["fulfillments"][0]["stops"][0]["authorization"]["token"])
    talk.charge(2000, stop=True)
    done = talk.callbacks("on_update")[-1]["message"]["order"]
    assert (amounts(done), done["quote"]["price"]["value"]) == (["0.00", "10.00", "1.80"], "11.80")
    assert included(done) == known | {"drawn": "2.000", "left": "1.500"}
    assert "included-energy" not in [x["descriptor"]["code"] for x in selected.get("tags", [])]
    assert tag(done["tags"], "prepaid-balance")["drawn"] == "11.80"
    assert figures(energy) == (1500, 0)


def test_the_cost_so_far_includes_the_energy(talk: Conversation) -> None:
    pool(talk.world.cpo, "3500")
    credit(talk.world.cpo, "200")
    talk.say("init", five(talk))
    order = talk.say("confirm", five(talk))["message"]["order"]
    talk.update("start-charging", order["fulfillments"][0]["stops"][0]["authorization"]["token"])
    talk.charge(4000, stop=False)
    running = talk.say("status", {"order_id": order["id"]})["message"]["order"]
    assert (amounts(running), running["quote"]["price"]["value"]) == (["0.00", "10.00", "1.80"], "11.80")
    assert included(running)["held"] == "3.500"


def test_a_declined_pool_is_neither_used_nor_shown(talk: Conversation) -> None:
    energy = pool(talk.world.cpo, "9000")
    order = talk.say("init", five(talk, DECLINED))["message"]["order"]
    assert order["quote"]["price"]["value"] == "118.00"
    assert "tags" not in order
    assert figures(energy) == (9000, 0)


def test_on_cancel_says_what_went_back(talk: Conversation) -> None:
    energy, money = pool(talk.world.cpo, "9000"), credit(talk.world.cpo, "11.80")
    talk.say("init", five(talk))
    order_id = talk.say("confirm", five(talk))["message"]["order"]["id"]
    asked = {"order_id": order_id, "cancellation_reason_id": "5", "descriptor": {"short_desc": "Changed my mind"}}
    order = talk.say("cancel", asked)["message"]["order"]
    # Less than four hours before the start no money comes back; the energy was not delivered, and does.
    assert tag(order["tags"], "settlement")["reason"] == (
        "By the refund terms nothing comes back. 5 kWh went back to the subscription."
    )
    assert "included-energy" not in [group["descriptor"]["code"] for group in order["tags"]]
    assert (figures(energy), figures(money)) == ((9000, 0), (0, 0))


def test_a_refund_says_what_went_back_beside_it(talk: Conversation) -> None:
    pool(talk.world.cpo, "4000")
    start = timezone.now() + timedelta(hours=5)
    talk.say("init", five(talk, start=start))
    assert talk.pay("33.04") == "PAID"
    order_id = talk.say("confirm", five(talk, start=start))["message"]["order"]["id"]
    asked = {"order_id": order_id, "cancellation_reason_id": "5", "descriptor": {"short_desc": "Changed my mind"}}
    settled = tag(talk.say("cancel", asked)["message"]["order"]["tags"], "settlement")
    assert (settled["amount"], settled["reason"]) == (
        "28.08",
        "85 % comes back if cancelled at least 4 hours before the planned start. 4 kWh went back to the subscription.",
    )


def test_the_receipt_and_the_orders_page_tell_the_same(talk: Conversation) -> None:
    pool(talk.world.cpo, "3500")
    credit(talk.world.cpo, "43.66")
    talk.say("init", five(talk))
    order = talk.say("confirm", five(talk))["message"]["order"]
    talk.update("start-charging", order["fulfillments"][0]["stops"][0]["authorization"]["token"])
    talk.charge(5000, stop=True)
    with cpo_scope(talk.world.cpo):
        page = receipt_page(Order.objects.select_related("cpo", "connector__charger__location").get())
    assert page is not None
    assert [(x.title, x.amount) for x in page.lines] == [
        ("Included energy (3.5 kWh)", "₹0.00"),
        ("Charging session cost (1.5 kWh @ ₹18.00/kWh)", "₹27.00"),
        ("Service Fee", "₹10.00"),
        ("GST (18%)", "₹6.66"),
    ]
    assert [(x.energy, x.rate, x.quality) for x in page.slices] == [
        ("3.5 kWh", "₹0.00/kWh", "divided between two readings"),
        ("1.5 kWh", "₹18.00/kWh", "divided between two readings"),
    ]
    assert [(x.title, x.amount) for x in page.paid] == [
        ("Paid from the prepaid balance", "₹43.66"),
        ("Drawn from the subscription", "3.5 kWh"),
    ]
    manager = signed_in(make_member(talk.world.cpo, "manager", Role.MANAGER))
    shown = manager.get(f"/admin/charging/order/{order['id']}/change/").content.decode()
    text = " ".join(re.sub(r"<[^>]+>", " ", shown).split())
    assert "Monthly plan Ended 3.5 kWh 3.5 kWh" in text
    assert "Prepaid credit Ended ₹43.66 ₹43.66" in text
    assert "nothing is owed; 3.5 kWh drawn from the subscription" in text
    assert "3.5 kWh ₹0.00/kWh divided between two readings" in text
