"""The longest and largest that a request may say is worked off; one beyond is refused before it is acknowledged."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from beckn.models import InboundMessage
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from offers.models import Quote
from tests.beckn.actions.conversation import BILLING, Conversation
from tests.beckn.infra.support import BuyerApp

pytestmark = pytest.mark.django_db(transaction=True)

ORDER = "$.message.order"


def vehicle(order: dict[str, Any], length: int) -> None:
    order["fulfillments"][0]["vehicle"] = {"make": "x" * length, "model": "y" * length}


def fee(order: dict[str, Any], value: str) -> None:
    entries = [{"descriptor": {"code": code}, "value": text} for code, text in (("type", "AMOUNT"), ("value", value))]
    order["tags"] = [{"descriptor": {"code": "buyer-finder-fee"}, "list": entries}]


def billing(order: dict[str, Any], length: int) -> None:
    texts = dict.fromkeys(("name", "tax_id", "phone"), "x" * length)
    order["billing"] = texts | {
        "organization": {"descriptor": {"name": "x" * length}},
        "state": {"name": "x" * length},
        "city": {"name": "x" * length},
        "email": f"{'x' * 64}@{'y' * (length - 66 - 4)}.com",
    }


def driver(order: dict[str, Any], length: int) -> None:
    long = "x" * length
    contact = {"phone": long, "email": long}
    order["fulfillments"][0]["customer"] = {"person": {"name": long}, "contact": contact}


LIMITS: list[Any] = [
    pytest.param(vehicle, 200, 201, "fulfillments[0].vehicle.make", id="vehicle"),
    pytest.param(fee, "99999999.9999", "100000000", "tags[0].list[1].value", id="finder fee"),
    pytest.param(fee, "99999999.99990", "999999999", "tags[0].list[1].value", id="finder fee in other words"),
    pytest.param(billing, 255, 256, "billing.email", id="billing"),
    pytest.param(driver, 255, 256, "fulfillments[0].customer.person.name", id="driver"),
    pytest.param(
        lambda order, length: order["billing"].update(address="x" * length), 1024, 1025, "billing.address", id="address"
    ),
    pytest.param(
        lambda order, length: order["fulfillments"][0].update(id="f" * length),
        255,
        256,
        "fulfillments[0].id",
        id="fulfillment",
    ),
]


@pytest.mark.parametrize(("put", "most", "beyond", "path"), LIMITS)
def test_an_init_is_kept_up_to_its_limit(
    talk: Conversation, put: Callable[[dict[str, Any], Any], None], most: Any, beyond: Any, path: str
) -> None:
    cart = talk.cart()
    cart["order"]["billing"] = dict(BILLING)
    put(cart["order"], beyond)
    refused = talk.post("init", cart)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "30000")
    assert refused.json()["error"]["paths"] == f"{ORDER}.{path}"
    assert not InboundMessage.objects.exists()
    put(cart["order"], most)
    assert "error" not in talk.say("init", cart)
    with cpo_scope(talk.world.cpo):
        assert Order.objects.count() == 1


def test_what_is_longest_is_kept_whole(talk: Conversation) -> None:
    cart = talk.cart()
    vehicle(cart["order"], 200)
    fee(cart["order"], "99999999.9999")
    talk.say("init", cart)
    with cpo_scope(talk.world.cpo):
        order = Order.objects.get()
    assert (order.vehicle_make, order.vehicle_model) == ("x" * 200, "y" * 200)
    assert str(order.buyer_finder_fee_value) == "99999999.9999"


@pytest.mark.parametrize("action", ["select", "init"])
def test_an_offer_id_is_read_up_to_100_characters(talk: Conversation, action: str) -> None:
    """Two that differ beyond the column would be one."""
    refused = talk.post(action, talk.cart("x" * 101, "x" * 100 + "y"))
    assert refused.json()["error"]["paths"] == f"{ORDER}.offers[0].id"
    answered = talk.say(action, talk.cart("x" * 100, "x" * 99 + "y"))
    assert answered.get("error", {}).get("code", "") == ("30006" if action == "init" else "")


def test_the_longest_transaction_of_the_buyer_app_with_the_longest_name(talk: Conversation) -> None:
    """Core's ids are UUIDs; ours may be any text that fits, so these callbacks are not held against core's schema."""
    app = BuyerApp("b" * 255, seed=b"l" * 32)
    app.register()
    long = Conversation(talk.world, app, "t" * 255)
    cart = long.cart()
    cart["order"]["billing"] = dict(BILLING)
    for action in ("select", "init"):
        assert long.post(action, cart).status_code == 200
        long.work()
    assert long.pay() == "PAID"
    with cpo_scope(talk.world.cpo):
        assert set(Order.objects.values_list("bap_id", "transaction_id")) == {("b" * 255, "t" * 255)}
        assert set(Quote.objects.values_list("bap_id", "transaction_id")) == {("b" * 255, "t" * 255)}
    kept = InboundMessage.objects.count()
    beyond = Conversation(talk.world, app, "t" * 256)
    refused = beyond.post("select", beyond.cart())
    assert (refused.status_code, refused.json()["error"]["paths"]) == (400, "$.context.transaction_id")
    assert InboundMessage.objects.count() == kept


def long_texts(length: int) -> list[tuple[str, dict[str, Any], str]]:
    text = "9" * length
    rating = {"rating_category": "Order", "id": text, "value": "4.55"}
    return [
        ("status", {"order_id": text}, "order_id"),
        ("track", {"order_id": text}, "order_id"),
        ("rating", {"ratings": [rating] * 2}, "ratings[0].id"),
        ("support", {"support": {"ref_id": text}}, "support.ref_id"),
        ("cancel", {"order_id": text, "cancellation_reason_id": "5"}, "order_id"),
        ("cancel", {"cancellation_reason_id": text, "descriptor": {"name": "x" * 1024}}, "cancellation_reason_id"),
    ]


@pytest.mark.parametrize("case", range(6))
def test_what_follows_an_order_is_read_up_to_its_limit(talk: Conversation, case: int) -> None:
    talk.init()
    action, message, path = long_texts(256)[case]
    refused = talk.post(action, message, message_id=str(uuid.uuid4()))
    assert refused.json()["error"]["paths"] == f"$.message.{path}"
    action, message, _ = long_texts(255)[case]
    talk.say(action, message)
    assert set(InboundMessage.objects.values_list("state", flat=True)) == {"DONE"}
