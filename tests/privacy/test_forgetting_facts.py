"""Forgetting takes what offers, segments, files and lists knew about a person."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.imports import jobs as imports
from cpo_portal.charging.imports.jobs import Author, import_contacts, import_customers
from cpo_portal.charging.models import (
    Customer,
    CustomerContact,
    CustomerKey,
    CustomerRecord,
    NamedList,
    NamedListEntry,
)
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from offers.models import Offer, OfferState, OfferVersion, Quote, Redemption
from offers.tasks import drop_keys_of_forgotten
from tests.beckn.actions.conversation import Conversation
from tests.privacy.persons import ASHA, RAVI, buy, cart, everywhere, export, forget, paid_back
from tests.world import make_offer

pytestmark = pytest.mark.django_db


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
