"""What is kept about one person can be handed out whole, and forgotten without touching accounts or limits."""

from __future__ import annotations

import json
import stat
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from beckn.models import InboundMessage, MessageBody, OutboundCallback
from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.charging.models import (
    Customer,
    CustomerContact,
    CustomerKey,
    Order,
    OrderContact,
    OrderEvent,
    Payment,
    Refund,
)
from cpo_portal.charging.people.customers import find_or_make_customer
from offers.models import LedgerEntry, Redemption
from tests.beckn.actions.conversation import Conversation
from tests.privacy.persons import ASHA, RAVI, buy, cart, everywhere, export, forget, paid_back
from tests.world import make_world

pytestmark = pytest.mark.django_db


def accounts() -> dict[str, Any]:
    """Return every row of the accounts, which forgetting must not touch."""
    with every_cpo():
        return {
            model.__name__: list(model.objects.order_by("pk").values())
            for model in (Payment, Refund, LedgerEntry, Redemption, OrderEvent)
        } | {
            "amounts": list(Order.objects.order_by("pk").values("quoted_amount", "billed_amount", "state", "customer"))
        }


def test_an_export_holds_everything_and_nobody_else(talk: Conversation) -> None:
    mine = buy(talk)
    buy(talk, RAVI)
    document = export(phone="098765-43210")
    [cpo] = document["cpos"]
    assert (cpo["provider_id"], [order["id"] for order in cpo["orders"]]) == ("cpo1.com", [str(mine.pk)])
    [customer], [order] = cpo["customers"], cpo["orders"]
    assert (customer["contact"]["name"], customer["contact"]["phone"]) == ("Asha Rao", "+91 98765 43210")
    assert order["contact"]["billing"]["email"] == "asha.rao@example.com"
    assert (order["vehicle_make"], order["vehicle_model"]) == ("Tata", "Nexon EV")
    assert [line["amount"] for line in order["lines"] if line["stage"] == "QUOTED"] == [
        "90.0000", "10.0000", "-22.5000", "13.9500",
    ]  # fmt: skip
    assert order["session"]["readings"][-1]["register_wh"] == 505_000
    assert [(paid["paid_amount"], paid["status"]) for paid in order["payments"]] == [("91.4500", "PAID")]
    assert [entry["kind"] for held in order["offers"] for entry in held["ledger"]] == ["RESERVE", "COMMIT"]
    assert order["ratings"][0]["comment"] == "The attendant Suresh was rude to Asha"
    said = {(message["direction"], message["action"]) for message in order["messages"]}
    assert {("in", "init"), ("out", "on_init"), ("in", "confirm"), ("out", "on_confirm"), ("out", "on_update")} <= said
    [init] = [message for message in order["messages"] if message["action"] == "init"]
    assert init["body"]["message"]["order"]["billing"] == ASHA
    text = json.dumps(document)
    assert "Ravi" not in text
    assert "hmac" not in text


@pytest.mark.parametrize("whom", [{"phone": "+919876543210"}, {"email": "ASHA.RAO@example.com"}, {"customer": None}])
def test_a_person_is_found_by_number_address_or_our_id(whom: dict[str, Any], talk: Conversation) -> None:
    order = buy(talk)
    if "customer" in whom:
        whom = {"customer": order.customer_id}
    assert [found["id"] for found in export(**whom)["cpos"][0]["orders"]] == [str(order.pk)]


def test_a_driver_is_found_in_an_order_that_somebody_else_pays(talk: Conversation) -> None:
    order = buy(talk, RAVI, driver=ASHA)
    [cpo] = export(email="asha.rao@example.com")["cpos"]
    assert ([found["id"] for found in cpo["orders"]], cpo["customers"]) == ([str(order.pk)], [])


def test_two_cpos_are_asked_apart(talk: Conversation) -> None:
    buy(talk)
    other = make_world("cpo2.com", item_id="there-01").cpo
    find_or_make_customer(other, billing=ASHA, contact={})
    assert [cpo["provider_id"] for cpo in export(phone=ASHA["phone"])["cpos"]] == ["cpo1.com", "cpo2.com"]
    assert [cpo["provider_id"] for cpo in export(phone=ASHA["phone"], cpo="cpo2.com")["cpos"]] == ["cpo2.com"]
    paid_back()
    assert forget(phone=ASHA["phone"], cpo="cpo2.com").startswith("cpo2.com: erased")
    assert everywhere("Asha Rao") == ["charging_customercontact", "charging_ordercontact"]


def test_an_export_goes_into_a_new_file_for_its_owner_alone(talk: Conversation, tmp_path: Path) -> None:
    buy(talk)
    path = tmp_path / "asha.json"
    call_command("export_customer", phone=ASHA["phone"], output=str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["cpos"][0]["customers"][0]["contact"]["name"] == "Asha Rao"
    with pytest.raises(CommandError, match="name a new file"):
        call_command("export_customer", phone=ASHA["phone"], output=str(path))


@pytest.mark.parametrize(
    ("whom", "sentence"),
    [
        pytest.param({}, "Give a phone number, an e-mail address or a customer's id.", id="nobody"),
        pytest.param({"phone": "12"}, "Give a phone number of 7 to 15 digits", id="no-phone"),
        pytest.param({"email": "asha"}, "Give an e-mail address, such as", id="no-address"),
        pytest.param(
            {"phone": "9876543210", "cpo": "cpo9.com"}, "There is no CPO with the provider id cpo9.com.", id="no-cpo"
        ),
    ],
)
@pytest.mark.parametrize("command", ["export_customer", "forget_customer"])
def test_what_is_no_question_is_refused(command: str, whom: dict[str, str], sentence: str) -> None:
    make_world()
    with pytest.raises(CommandError, match=sentence):
        call_command(command, **whom, stdout=StringIO())


def test_forgetting_leaves_accounts_and_no_word_about_the_person(talk: Conversation) -> None:
    order = buy(talk)
    paid_back()
    before = accounts()
    assert forget(phone=ASHA["phone"]).splitlines()[0] == (
        f"cpo1.com: erased the contacts, vehicles and texts of orders (1) and bodies of messages "
        f"({InboundMessage.objects.count() + OutboundCallback.objects.count()})."
    )
    for word in ("Asha", "98765 43210", "asha.rao", "Nexon", "Suresh"):
        assert everywhere(word) == []
    assert accounts() == before
    assert not MessageBody.objects.exists()
    assert {len(bytes(hashed)) for hashed in InboundMessage.objects.values_list("body_hash", flat=True)} == {32}
    with every_cpo():
        assert (CustomerContact.objects.count(), OrderContact.objects.count(), CustomerKey.objects.count()) == (0, 0, 0)
        order.refresh_from_db()
        assert (order.vehicle_make, order.otp_digest, order.customer.forgotten_at is None) == ("", None, False)
    assert forget(phone=ASHA["phone"]) == "Nothing is kept about this person.\n"
    assert forget(customer=order.customer_id).splitlines()[0].endswith("orders (1) and bodies of messages (0).")
    assert accounts() == before


def test_forgetting_one_leaves_another_alone(talk: Conversation) -> None:
    buy(talk)
    buy(talk, RAVI)
    paid_back()
    forget(phone=ASHA["phone"])
    assert everywhere("Asha Rao") == []
    assert everywhere("Ravi Nair") == ["charging_customercontact", "charging_ordercontact"]
    [init] = [m for m in export(phone=RAVI["phone"])["cpos"][0]["orders"][0]["messages"] if m["action"] == "init"]
    assert init["body"]["message"]["order"]["billing"] == RAVI


def test_a_status_request_after_forgetting_is_answered_without_the_person(talk: Conversation) -> None:
    order = buy(talk)
    paid_back()
    forget(phone=ASHA["phone"])
    answer = talk.say("status", {"order_id": str(order.pk)})["message"]["order"]
    assert answer["status"] == "COMPLETE"
    assert "Asha" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        pytest.param("init", "is initialised: cancel it, or wait until it is complete.", id="not-confirmed"),
        pytest.param("confirm", "is active: cancel it, or wait until it is complete.", id="not-started"),
        pytest.param("charging", "is charging: wait until the session has stopped, or stop it.", id="charging"),
        pytest.param("refund", "is due: pay it back and mark it as paid on its page.", id="refund-due"),
    ],
)
def test_nobody_is_forgotten_while_something_is_open(step: str, sentence: str, talk: Conversation) -> None:
    if step == "refund":
        buy(talk)
        with every_cpo():
            Refund.objects.create(
                cpo=talk.world.cpo, order=Order.objects.get(), reason="TEST", amount=Decimal(3), currency="INR"
            )
    else:
        talk.say("init", cart(talk, ASHA))
    if step in ("confirm", "charging"):
        talk.pay()
        order = talk.say("confirm", cart(talk, ASHA))["message"]["order"]
    if step == "charging":
        talk.update("start-charging", order["fulfillments"][0]["stops"][0]["authorization"]["token"])
        talk.charge(2000, stop=False)
    before = accounts()
    with pytest.raises(CommandError, match="cpo1.com: nothing was erased.*" + sentence):
        forget(phone=ASHA["phone"])
    assert accounts() == before
    assert "charging_customercontact" in everywhere("Asha Rao")
    with every_cpo():
        assert Customer.objects.get().forgotten_at is None


def test_messages_that_are_on_their_way_are_kept_until_they_have_arrived(talk: Conversation) -> None:
    buy(talk)
    paid_back()
    waiting = OutboundCallback.objects.filter(action="on_init").get()
    OutboundCallback.objects.filter(pk=waiting.pk).update(state="PENDING")
    assert "Kept: messages that are not finished (1). Run this again once they are." in forget(phone=ASHA["phone"])
    assert [body.pk for body in MessageBody.objects.all()] == [waiting.body_id]
    OutboundCallback.objects.filter(pk=waiting.pk).update(state="DELIVERED")
    with every_cpo():
        customer = Customer.objects.get().pk
    assert forget(customer=customer).splitlines()[0].endswith("bodies of messages (1).")
    assert not MessageBody.objects.exists()
