"""What offers give over Beckn: in the quote, among the items, in the catalogue and in the use of the offer."""

from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from beckn.models import NetworkProfile
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Product, ProductStock
from cpo_portal.network.models.columns import MOST_PRICE
from offers import authoring
from offers.engine.values import OfferLimits
from offers.models import Redemption
from offers.ordering.adjusting import Said
from offers.ordering.recovering import Units
from offers.ordering.reverse import take_back
from tests.beckn.actions.conversation import BILLING, Conversation, amounts, tag
from tests.people import WEEKEND

pytestmark = pytest.mark.django_db


def live(talk: Conversation, *, limits: OfferLimits | None = None, **said: Any) -> None:
    """Publish an offer "given", to be chosen, for all times of the week, and a coffee of which there are two."""
    with cpo_scope(talk.world.cpo):
        cpo = talk.world.cpo
        coffee = Product.objects.create(cpo=cpo, product_id="coffee", name="Coffee", price=Decimal(60))
        ProductStock.objects.create(product=coffee, units=2)
    none = {"value": None, "value_cap": None, "value_type": "", "weekly_windows": (), "display_code": ""}
    content = replace(WEEKEND, **(none | {"auto": False} | said))
    authoring.publish(authoring.create_offer(talk.world.cpo, "given", content, limits=limits or OfferLimits()))


FREE = {"benefit_kind": "freebie", "benefit_item_count": 1, "benefit_item_id": "coffee"}
KWH = {
    "benefit_kind": "buyXgetY",
    "item_unit": "KWH",
    "qualifier_item_count": 4,
    "benefit_item_count": 1,
    "item_value": Decimal(5),
}


def marked(order: dict[str, Any]) -> list[dict[str, str]]:
    """Return the figures of the lines that are given."""
    lines = [tag(line["item"]["tags"], "line") for line in order["quote"]["breakup"]]
    return [{name: line[name] for name in ("kind", "code", "quantity")} for line in lines if "given" in line]


def given(order: dict[str, Any]) -> dict[str, Any]:
    return next(offer for offer in order["offers"] if offer["id"] == "given")


def test_a_free_product_from_the_quote_to_the_use_of_its_offer(talk: Conversation) -> None:
    live(talk, **FREE)
    order = talk.say("select", talk.cart("given"))["message"]["order"]
    assert amounts(order) == ["90.00", "60.00", "10.00", "-60.00", "18.00"]
    assert marked(order) == [{"kind": "PRODUCT", "code": "given", "quantity": "1"}]
    (coffee,) = order["items"][0]["add_ons"]
    assert (coffee["id"], coffee["descriptor"]["name"], coffee["quantity"]) == (
        "coffee",
        "Coffee",
        {"selected": {"count": 1}},
    )
    assert tag(coffee["tags"], "given") == {"offer-id": "given"}
    placed = talk.init("given")["message"]["order"]
    assert (amounts(placed), placed["items"][0]["add_ons"]) == (amounts(order), [coffee])
    assert talk.pay("118.00") == "PAID"
    confirmed = talk.say("confirm", talk.cart("given"))["message"]["order"]
    assert confirmed["items"][0]["add_ons"] == [coffee]
    talk.update("start-charging", confirmed["fulfillments"][0]["stops"][0]["authorization"]["token"])
    talk.charge(4000, stop=True)
    billed = talk.callbacks("on_update")[-1]["message"]["order"]
    assert amounts(billed) == ["72.00", "60.00", "10.00", "-60.00", "14.76"]
    assert tag(given(billed)["tags"], "offer-usage") == {
        "offer-applied": "true",
        "discount-amount": "60.00",
        "savings-percentage": "100",
        "given-item-id": "coffee",
        "given-quantity": "1",
        "given-unit": "unit",
    }


def echoed(talk: Conversation, order: dict[str, Any]) -> dict[str, Any]:
    """Return the cart of a buyer app that sends back the items, with all that stands in them, that it was sent."""
    cart = talk.cart("given")
    cart["order"] |= {"items": order["items"], "billing": BILLING}
    return cart


@pytest.mark.parametrize(
    ("bought", "shown", "total"),
    [
        pytest.param(0, ["90.00", "60.00", "10.00", "-60.00", "18.00"], "118.00", id="given-only"),
        pytest.param(1, ["29.99", "60.00", "60.00", "10.00", "-60.00", "18.00"], "117.99", id="one-bought-as-well"),
    ],
)
def test_a_buyer_app_that_sends_back_the_items_buys_nothing_more(
    talk: Conversation, bought: int, shown: list[str], total: str
) -> None:
    live(talk, **FREE)
    cart = talk.cart("given")
    if bought:
        cart["order"]["items"][0]["add_ons"] = [{"id": "coffee", "quantity": {"selected": {"count": bought}}}]
    order = talk.say("select", cart)["message"]["order"]
    assert (amounts(order), order["quote"]["price"]["value"]) == (shown, total)
    add_ons = order["items"][0]["add_ons"]
    assert ["tags" in add_on for add_on in add_ons] == [False] * bought + [True]
    for action in ("select", "init"):
        order = talk.say(action, echoed(talk, order))["message"]["order"]
        assert (amounts(order), order["items"][0]["add_ons"]) == (shown, add_ons), action
    assert talk.pay(total) == "PAID"
    confirmed = talk.say("confirm", echoed(talk, order))["message"]["order"]
    assert (amounts(confirmed), confirmed["items"][0]["add_ons"]) == (shown, add_ons)
    with cpo_scope(talk.world.cpo):
        assert ProductStock.objects.get().reserved == 1 + bought


def test_a_gift_that_is_taken_back_is_told_by_units(talk: Conversation) -> None:
    live(talk, **FREE | {"benefit_item_count": 2})
    talk.init("given")
    assert talk.pay("118.00") == "PAID"
    confirmed = talk.say("confirm", talk.cart("given"))["message"]["order"]
    talk.update("start-charging", confirmed["fulfillments"][0]["stops"][0]["authorization"]["token"])
    talk.charge(5000, stop=True)
    left = [(["90.00", "60.00", "10.00", "-60.00", "18.00"], 1), (["90.00", "0.00", "10.00", "0.00", "18.00"], 0)]
    for number, (lines, units) in enumerate(left):
        with cpo_scope(talk.world.cpo):
            redemption = Redemption.objects.get(state="COMMITTED")
            take_back(redemption, Units(1), Said(f"case {number}", "Not served"), now=timezone.now())
        talk.work()
        order = talk.callbacks("on_update")[-1]["message"]["order"]
        assert (amounts(order), order["quote"]["price"]["value"]) == (lines, "118.00")
        assert [x["quantity"]["selected"]["count"] for x in order["items"][0].get("add_ons", [])] == [1] * units
        trails = [x for x in order["tags"] if x["descriptor"]["code"] == "quote-trail"]
        assert len(trails) == number + 1
        assert tag(trails, "quote-trail") == {
            "type": "offer", "id": "given", "currency": "INR", "item-id": "coffee", "item-count": "1", "value": "0.00",
            "reason": "Not served",
        }  # fmt: skip
        usage = tag(given(order)["tags"], "offer-usage")
        assert (usage["discount-amount"], usage.get("given-quantity", "0")) == (f"{60 * units}.00", str(units))


def test_what_is_out_of_stock_is_said_at_select_and_refused_at_init(talk: Conversation) -> None:
    live(talk, **FREE)
    with cpo_scope(talk.world.cpo):
        ProductStock.objects.update(units=0)
        NetworkProfile.objects.update_or_create(cpo=talk.world.cpo, defaults={"offer_codes": "ONDC"})
    order = talk.say("select", talk.cart("given"))["message"]["order"]
    said = tag(given(order)["tags"], "offer-validation")
    assert (said["validated"], said["reason-code"], said["reason"]) == ("false", "ITEM_STOCK", "1 short")
    assert (marked(order), "add_ons" in order["items"][0]) == ([], False)
    assert talk.init("given")["error"]["code"] == "30007"


def test_more_than_is_left_is_refused_at_select_and_at_init(talk: Conversation) -> None:
    live(talk, **FREE)
    for action in ("select", "init"):
        cart = talk.cart()
        cart["order"] |= {"billing": BILLING}
        cart["order"]["items"][0]["add_ons"] = [{"id": "coffee", "quantity": {"selected": {"count": 3}}}]
        error = talk.say(action, cart)["error"]
        said = (error["code"], error["message"])
        assert said == ("40002", "Only 2 × Coffee (coffee) can be had; ask for 2 or fewer."), action


def test_what_no_order_can_hold_is_refused_at_select_and_at_init(talk: Conversation) -> None:
    with cpo_scope(talk.world.cpo):
        Product.objects.create(cpo=talk.world.cpo, product_id="gold", name="Gold", price=MOST_PRICE)
    for action in ("select", "init"):
        cart = talk.cart()
        cart["order"] |= {"billing": BILLING}
        item = cart["order"]["items"][0]
        item["quantity"]["selected"]["measure"] |= {"value": "5", "unit": "kWh"}
        item["add_ons"] = [{"id": "gold", "quantity": {"selected": {"count": 101}}}]
        error = talk.say(action, cart)["error"]
        said = (error["code"], error["message"])
        assert said == ("40002", "Ask for less: one session can cost at most 9,999,999,999.99."), action


def test_a_select_after_an_init_counts_nothing_that_its_own_order_holds(talk: Conversation) -> None:
    live(talk, **FREE, limits=OfferLimits(total_uses=1))
    cart = talk.cart("given")
    cart["order"] |= {"billing": BILLING}
    cart["order"]["items"][0]["add_ons"] = [{"id": "coffee", "quantity": {"selected": {"count": 1}}}]
    shown = ["29.99", "60.00", "60.00", "10.00", "-60.00", "18.00"]
    for action in ("select", "init", "select"):
        order = talk.say(action, cart)["message"]["order"]
        assert amounts(order) == shown, action
    with cpo_scope(talk.world.cpo):
        assert ProductStock.objects.get().reserved == 2
    # For another transaction nothing is left.
    talk.transaction_id = str(uuid.uuid4())
    assert talk.say("select", cart)["error"]["message"] == "Coffee (coffee) is sold out; leave it out."


def test_given_energy_stands_beside_what_is_paid(talk: Conversation) -> None:
    live(talk, **KWH)
    order = talk.say("select", talk.cart("given"))["message"]["order"]
    assert amounts(order) == ["72.00", "18.00", "10.00", "-13.00", "15.66"]
    assert marked(order) == [{"kind": "ENERGY", "code": "given", "quantity": "1.000"}]


def test_the_catalogue_says_what_is_given(talk: Conversation) -> None:
    live(talk, **FREE, weekly_windows=())
    found = talk.say("search", {"intent": {}})["message"]["catalog"]["providers"][0]["offers"]
    (shown,) = [offer for offer in found if offer["id"] == "given"]
    assert tag(shown["tags"], "offer-benefit") == {"type": "freebie", "item_count": "1", "item_id": "coffee"}


@pytest.mark.parametrize(("units", "listed"), [(0, False), (1, True)])
def test_the_catalogue_lists_no_offer_of_what_is_out_of_stock(talk: Conversation, units: int, listed: bool) -> None:
    live(talk, **FREE)
    with cpo_scope(talk.world.cpo):
        ProductStock.objects.update(units=units + 1, reserved=1)
    provider = talk.say("search", {"intent": {}})["message"]["catalog"]["providers"][0]
    assert ("given" in {offer["id"] for offer in provider["offers"]}) is listed
    assert ("given" in {offer["id"] for offer in provider["items"][0]["offers"]}) is listed
