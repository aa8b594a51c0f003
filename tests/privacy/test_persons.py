"""What is kept about one person can be handed out whole, and forgotten without touching accounts or limits."""

from __future__ import annotations

import json
import re
import stat
import uuid
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from beckn.models import InboundMessage, MessageBody, OutboundCallback
from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging import balance_moves, balances, imports
from cpo_portal.charging.customers import find_or_make_customer
from cpo_portal.charging.imports import Author, import_contacts, import_customers
from cpo_portal.charging.models import (
    Balance,
    BalanceEntry,
    Customer,
    CustomerContact,
    CustomerGroupMember,
    CustomerKey,
    CustomerRecord,
    NamedList,
    NamedListEntry,
    Order,
    OrderContact,
    OrderEvent,
    Payment,
    PaymentGateway,
    Rating,
    Refund,
)
from cpo_portal.charging.segments import SegmentContent, save_segment
from offers.models import LedgerEntry, Offer, OfferState, OfferVersion, Quote, Redemption
from offers.tasks import drop_keys_of_forgotten
from tests.beckn.actions.conversation import Conversation
from tests.people import make_member, signed_in
from tests.prepaid import credit, family
from tests.world import make_offer, make_world

pytestmark = pytest.mark.django_db

ASHA = {"name": "Asha Rao", "phone": "+91 98765 43210", "email": "asha.rao@example.com"}
RAVI = {"name": "Ravi Nair", "phone": "+91 90000 00001", "email": "ravi@example.com"}


LOCK = re.compile(r'SELECT .*? FROM "(\w+)" .*FOR (?:NO KEY )?UPDATE', re.DOTALL)


def cart(talk: Conversation, billing: dict[str, str], driver: dict[str, str] | None = None) -> dict[str, Any]:
    said = driver or billing
    person = {"person": {"name": said["name"]}, "contact": {"phone": said["phone"], "email": said["email"]}}
    cart = talk.cart(customer=person, vehicle={"make": "Tata", "model": "Nexon EV"})
    cart["order"]["billing"] = billing
    return cart


def buy(talk: Conversation, billing: dict[str, str] = ASHA, driver: dict[str, str] | None = None) -> Order:
    """Buy, charge, rate, and let every callback be final; the refund of what was not delivered is due."""
    talk.transaction_id = str(uuid.uuid4())
    talk.say("init", cart(talk, billing, driver))
    with every_cpo():
        PaymentGateway.objects.all().delete()
    talk.pay()
    confirmed = talk.say("confirm", cart(talk, billing, driver))["message"]["order"]
    talk.update("start-charging", confirmed["fulfillments"][0]["stops"][0]["authorization"]["token"])
    talk.charge(5000, stop=True)
    talk.say("rating", {"ratings": [{"id": confirmed["id"], "rating_category": "Order", "value": "4"}]})
    OutboundCallback.objects.update(state="DELIVERED")
    with cpo_scope(talk.world.cpo):
        Rating.objects.update(comment="The attendant Suresh was rude to Asha")
        return Order.objects.get(transaction_id=talk.transaction_id)


def paid_back() -> None:
    with every_cpo():
        Refund.objects.update(status="PAID")


def forget(**whom: Any) -> str:
    out = StringIO()
    call_command("forget_customer", **whom, stdout=out)
    return out.getvalue()


def export(**whom: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("export_customer", **whom, stdout=out, stderr=StringIO())
    document: dict[str, Any] = json.loads(out.getvalue())
    return document


def accounts() -> dict[str, Any]:
    """Return every row of the accounts, which forgetting must not touch."""
    with every_cpo():
        return {
            model.__name__: list(model.objects.order_by("pk").values())
            for model in (Payment, Refund, LedgerEntry, Redemption, OrderEvent)
        } | {
            "amounts": list(Order.objects.order_by("pk").values("quoted_amount", "billed_amount", "state", "customer"))
        }


def everywhere(word: str) -> list[str]:
    """Return the tables of which a row says this word, whatever its column."""
    with every_cpo(), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}" t WHERE t::text ILIKE %s)', [f"%{word}%"])
            if cursor.fetchone()[0]:
                found.append(table)
    return sorted(found)


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


def limited_offer_is_used(talk: Conversation) -> Offer:
    """Let Asha use up an offer of once per customer, and be forgotten."""
    with cpo_scope(talk.world.cpo):
        Offer.objects.update(state=OfferState.PAUSED)
    offer = make_offer(talk.world.cpo, "once-each", uses_per_customer=1, total_uses=100)
    buy(talk)
    with every_cpo():
        assert Redemption.objects.get().offer == offer
    paid_back()
    said = forget(phone=ASHA["phone"])
    assert "Kept: the keyed hash of the contact, while limits per customer (1) could be used up once more." in said
    return offer


def quoted(talk: Conversation) -> str:
    talk.transaction_id = str(uuid.uuid4())
    amount: str = talk.say("init", cart(talk, ASHA))["message"]["order"]["quote"]["price"]["value"]
    return amount


def test_who_was_forgotten_cannot_use_an_offer_once_more(talk: Conversation) -> None:
    offer = limited_offer_is_used(talk)
    for word in ("Asha", "98765 43210"):
        assert everywhere(word) == []
    assert drop_keys_of_forgotten() == 0
    assert quoted(talk) == "118.00"
    with every_cpo():
        assert Customer.objects.get().forgotten_at is None  # the driver is a customer again
        assert Redemption.objects.filter(offer=offer).count() == 1


@pytest.mark.parametrize("how", ["ended", "withdrawn", "over"])
def test_the_hash_goes_when_the_offer_does(how: str, talk: Conversation) -> None:
    offer = limited_offer_is_used(talk)
    with every_cpo():
        if how == "over":
            number = OfferVersion.objects.create(
                cpo=offer.cpo, offer=offer, number=2, name="Over", display_code="", value_type="percent",
                value=Decimal(1), valid_from="2026-01-01T00:00Z", valid_until="2026-01-02T00:00Z",
                published_at="2026-01-01T00:00Z", campaign_kind="OTHER",
            )  # fmt: skip
            Offer.objects.filter(pk=offer.pk).update(live_version=number)
        else:
            Offer.objects.filter(pk=offer.pk).update(state=how.upper())
        assert (drop_keys_of_forgotten(), drop_keys_of_forgotten()) == (1, 0)
        assert CustomerKey.objects.count() == 0


FILE = (
    "phone,email,tier,organisation,joined_on,vehicle_make\n"
    "9876543210,asha.rao@example.com,Gold,Rao Motors,2024-05-31,Tata"
)


def test_nobody_is_forgotten_while_a_file_waits_to_be_written(
    talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    buy(talk)
    paid_back()
    monkeypatch.setattr(imports, "AT_ONCE", 0)
    import_customers(talk.world.cpo, FILE.encode(), dry_run=False, author=Author())
    with pytest.raises(CommandError, match="A file of contacts waits to be written, and may name this person"):
        forget(phone=ASHA["phone"])
    with every_cpo():
        assert (Customer.objects.get().forgotten_at, CustomerContact.objects.count()) == (None, 1)
    assert imports.run_imports() == 1
    assert forget(phone=ASHA["phone"]).startswith("cpo1.com: erased")
    assert everywhere("Rao Motors") == []


def told_apart(talk: Conversation) -> None:
    """Keep a record of Asha and of Ravi, and put both on a list."""
    cpo, author = talk.world.cpo, Author()
    import_customers(cpo, f"{FILE}\n9000000001,,Silver,Nair Ltd,,MG".encode(), dry_run=False, author=author)
    with cpo_scope(cpo):
        fleet = NamedList.objects.create(cpo=cpo, list_id="fleet", name="Fleet")
    data = b"phone,email\n9876543210,asha.rao@example.com\n9000000001,"
    import_contacts(fleet, data, replaces=False, dry_run=False, author=author)


def test_what_a_cpo_keeps_of_a_customer_is_exported(talk: Conversation) -> None:
    told_apart(talk)
    buy(talk)
    [cpo] = export(phone=ASHA["phone"])["cpos"]
    [customer] = cpo["customers"]
    assert {name: customer["record"][name] for name in ("tier", "organisation", "joined_on", "vehicle_make")} == {
        "tier": "Gold", "organisation": "Rao Motors", "joined_on": "2024-05-31", "vehicle_make": "Tata",
    }  # fmt: skip
    assert cpo["named_lists"] == ["fleet", "fleet"]
    assert "Nair" not in json.dumps(cpo)


def facts_of_quotes() -> list[dict[str, Any]]:
    """Return what the kept quotes know of their customers."""
    with every_cpo():
        contexts = [quote.proof["context"] for quote in Quote.objects.exclude(proof=None)]
    return [context["customer"] for context in contexts if context.get("customer")]


def test_forgetting_takes_the_facts_that_an_offer_was_decided_by(talk: Conversation) -> None:
    told_apart(talk)
    firm = {"fact": "ORGANISATION", "values": ["Rao Motors"]}
    save_segment(talk.world.cpo, SegmentContent("firm", "Firm", (firm,)))
    make_offer(talk.world.cpo, "for-the-firm", display_code="", segment_ids=["firm"])
    buy(talk)
    paid_back()
    assert {facts["organisation"] for facts in facts_of_quotes()} == {"Rao Motors"}
    assert forget(phone=ASHA["phone"]).startswith("cpo1.com: erased")
    # The rule stays, with the prices that it made: it names a firm and nobody in it.
    assert facts_of_quotes() == []


NUMBERS: dict[str, Any] = {
    "sessions": {"fact": "SESSIONS", "number": 97, "days": 30},
    "energy": {"fact": "ENERGY", "number": 9871},
    "lapsed": {"fact": "LAPSED", "days": 77},
    "anniversary": {"fact": "ANNIVERSARY", "days": 1},
    "tier": {"fact": "TIER", "values": ["Silver"]},
}


def judged_by(code: str = "SEGMENT") -> set[tuple[str, str]]:
    """Return what the kept traces say of customers, and by how much they missed what was asked of them."""
    with every_cpo():
        outcomes = [outcome for trace in Quote.objects.values_list("trace", flat=True) for outcome in trace["outcomes"]]
    checks = [check for outcome in outcomes for check in outcome["checks"] if check["code"] == code]
    assert checks
    return {(check["actual"], check["margin"]) for check in checks}


@pytest.mark.parametrize("rule", NUMBERS.values(), ids=NUMBERS.keys())
def test_forgetting_takes_the_numbers_that_a_segment_was_missed_by(rule: dict[str, Any], talk: Conversation) -> None:
    told_apart(talk)
    save_segment(talk.world.cpo, SegmentContent("some", "Some", (rule,)))
    make_offer(talk.world.cpo, "for-some", display_code="", segment_ids=["some"])
    buy(talk)
    paid_back()
    before = judged_by()
    assert before != {("", "")}
    assert "Gold" not in str(before)
    forget(phone=ASHA["phone"])
    assert judged_by() == {("", "")}


def test_forgetting_takes_how_often_somebody_had_charged(talk: Conversation) -> None:
    make_offer(talk.world.cpo, "fifth", display_code="", nth_session=5)
    buy(talk)
    paid_back()
    assert judged_by("SESSION_NUMBER") == {("1", "4 sessions to go")}
    forget(phone=ASHA["phone"])
    assert judged_by("SESSION_NUMBER") == {("", "")}
    with every_cpo():
        assert not Quote.objects.filter(is_bill=False).exclude(proof=None).exists()


def test_an_order_made_again_for_somebody_else_keeps_nothing_of_the_first(talk: Conversation) -> None:
    told_apart(talk)
    tier = {"fact": "TIER", "values": ["Platinum"]}
    save_segment(talk.world.cpo, SegmentContent("some", "Some", (NUMBERS["energy"], tier)))
    make_offer(talk.world.cpo, "for-some", display_code="", segment_ids=["some"])
    for billing in (ASHA, ASHA):
        talk.say("init", cart(talk, billing))
    assert [facts["tier"] for facts in facts_of_quotes()] == ["Gold", "Gold"]
    talk.say("init", cart(talk, RAVI))
    assert [facts["tier"] for facts in facts_of_quotes()] == ["Silver"]
    assert judged_by() == {("", ""), ("0.000 kWh", "Some: 9871.000 kWh short")}


@pytest.mark.parametrize("bought", [True, False], ids=["who-bought", "who-never-bought"])
def test_forgetting_takes_the_record_and_the_places_on_lists(bought: bool, talk: Conversation) -> None:
    told_apart(talk)
    if bought:
        buy(talk)
        paid_back()
    assert forget(phone=ASHA["phone"]).startswith("cpo1.com: erased")
    assert everywhere("Rao Motors") == []
    with every_cpo():
        assert list(CustomerRecord.objects.values_list("organisation", flat=True)) == ["Nair Ltd"]
        assert NamedListEntry.objects.count() == 1
    assert forget(phone=ASHA["phone"]) == "Nothing is kept about this person.\n"


def test_who_is_on_a_list_alone_is_found_by_the_address_and_forgotten(talk: Conversation) -> None:
    with cpo_scope(talk.world.cpo):
        fleet = NamedList.objects.create(cpo=talk.world.cpo, list_id="fleet", name="Fleet")
    import_contacts(fleet, b"email\nASHA.rao@example.com", replaces=False, dry_run=False, author=Author())
    assert export(email=ASHA["email"])["cpos"][0]["named_lists"] == ["fleet"]
    forget(email=ASHA["email"])
    with every_cpo():
        assert NamedListEntry.objects.count() == 0


@pytest.mark.parametrize(("role", "marks"), [(Role.OWNER, True), (Role.MANAGER, True), (Role.ANALYST, False)], ids=str)
def test_a_refund_is_marked_as_paid_back(role: Role, marks: bool, talk: Conversation) -> None:
    talk.say("init", cart(talk, ASHA))
    cpo = talk.world.cpo
    with cpo_scope(cpo):
        refund = Refund.objects.create(
            cpo=cpo, order=Order.objects.get(), reason="TEST", amount=Decimal(3), currency="INR"
        )
    client = signed_in(make_member(cpo, "somebody", role))
    url = reverse("admin:charging_refund_mark_paid_back", args=[refund.pk])
    statuses = [client.post(url, {"_form_submitted": "on", "reference": "UTR-1"}).status_code for _ in range(2)]
    # The second time its form says that it was.
    assert statuses == ([302, 200] if marks else [403, 403])
    with every_cpo():
        assert Refund.objects.get().status == ("PAID" if marks else "DUE")


def test_messages_are_asked_for_once_however_many_orders_a_person_has(talk: Conversation) -> None:
    for _ in range(3):
        buy(talk)
    paid_back()
    with CaptureQueriesContext(connection) as queries:
        forget(phone=ASHA["phone"])
    asked = [query["sql"] for query in queries if "FROM beckn_inboundmessage" in query["sql"].replace('"', "")]
    assert (len(asked), MessageBody.objects.count()) == (3, 0)


def test_an_export_holds_balances_and_groups(talk: Conversation) -> None:
    order = buy(talk)
    group = family(talk.world.cpo, ASHA["phone"], RAVI["phone"])
    balance = credit(talk.world.cpo, "40", customer=order.customer)
    credit(talk.world.cpo, "70", customer=None, group=group)
    [customer] = export(phone=ASHA["phone"])["cpos"][0]["customers"]
    assert customer["groups"] == ["Rao family"]
    [mine] = customer["balances"]
    assert (mine["id"], mine["amount"], mine["held"]) == (str(balance.pk), "40.0000", "0.0000")
    assert [(entry["kind"], entry["amount"]) for entry in mine["entries"]] == [("TOP_UP", "40.0000")]


def test_what_a_group_has_is_paid_back_before_its_last_member_is_forgotten(talk: Conversation) -> None:
    buy(talk)
    buy(talk, RAVI)
    paid_back()
    group = family(talk.world.cpo, ASHA["phone"], RAVI["phone"], name="Asha Rao and Ravi")
    shared = credit(talk.world.cpo, "40", customer=None, group=group, name="Asha Rao, shared")
    forget(phone=RAVI["phone"])
    assert everywhere("Asha Rao, shared") == ["charging_balance"]  # it is hers still
    with pytest.raises(CommandError, match=rf"The balance {shared.pk} has ₹40\.00 left: pay it back"):
        forget(phone=ASHA["phone"])
    with cpo_scope(talk.world.cpo):
        assert CustomerGroupMember.objects.count() == 1
        balances.pay_back(shared, balance_moves.Moved(Decimal(40), "bank-1", None, "To Asha Rao's own account"))
    forget(phone=ASHA["phone"])
    assert everywhere("Asha Rao") == []
    with cpo_scope(talk.world.cpo):
        kept = BalanceEntry.objects.filter(balance=shared).order_by("pk").values_list("kind", "amount", "note")
        assert list(kept) == [("TOP_UP", 40, ""), ("REFUND", 40, "")]


def test_nobody_is_forgotten_while_an_order_of_who_left_the_group_holds_its_balance(talk: Conversation) -> None:
    group = family(talk.world.cpo, ASHA["phone"], RAVI["phone"])
    shared = credit(talk.world.cpo, "40", customer=None, group=group)
    talk.say("init", cart(talk, ASHA))
    with cpo_scope(talk.world.cpo):
        asha = Order.objects.get().customer
        assert f"{Balance.objects.get(pk=shared.pk).held:.2f}" == "40.00"
        CustomerGroupMember.objects.filter(customer=asha).delete()
    with pytest.raises(CommandError, match=rf"The balance {shared.pk} has ₹40\.00 held for orders: cancel them"):
        forget(phone=RAVI["phone"])
    with cpo_scope(talk.world.cpo):
        assert not Customer.objects.exclude(forgotten_at=None).exists()


def test_forgetting_locks_the_orders_then_the_balances_then_the_customers(talk: Conversation) -> None:
    order = buy(talk)
    paid_back()
    credit(talk.world.cpo, "0", customer=order.customer)
    credit(talk.world.cpo, "0", customer=None, group=family(talk.world.cpo, ASHA["phone"]))
    with CaptureQueriesContext(connection) as queries:
        forget(phone=ASHA["phone"])
    locks = [LOCK.match(query["sql"]) for query in queries]
    assert [found[1] for found in locks if found] == [
        "charging_order", "charging_balance", "charging_customer", "charging_customergroup",
    ]  # fmt: skip


def test_a_balance_is_paid_back_before_its_owner_is_forgotten_and_its_entries_stay(talk: Conversation) -> None:
    order = buy(talk)
    paid_back()
    family(talk.world.cpo, ASHA["phone"])
    balance = credit(talk.world.cpo, "40", customer=order.customer, name="Asha Rao, credit")
    with pytest.raises(CommandError, match=rf"The balance {balance.pk} has ₹40\.00 left: pay it back"):
        forget(phone=ASHA["phone"])
    with cpo_scope(talk.world.cpo):
        balances.pay_back(balance, balance_moves.Moved(Decimal(40), "bank-1", None, "To Asha Rao's own account"))
    forget(phone=ASHA["phone"])
    assert (everywhere("Asha Rao"), everywhere("Rao family")) == ([], [])
    with cpo_scope(talk.world.cpo):
        assert not CustomerGroupMember.objects.exists()
        kept = BalanceEntry.objects.filter(balance=balance).order_by("pk").values_list("kind", "amount", "note")
        assert list(kept) == [("TOP_UP", 40, ""), ("REFUND", 40, "")]
