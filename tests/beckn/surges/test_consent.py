"""Consent to a surge: which acknowledgement is one, what is kept of it, and what follows where it is missing."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer, Order, Payment
from offers.models import OfferPolicy, Quote, Redemption, SurgeConsent
from pricing.engine.values import SurgeBasis
from pricing.models import SurgeSchedule
from pricing.surges.schedules import Move, perform
from tests.beckn.actions.conversation import BILLING, amounts
from tests.beckn.surges.evening import CALCULATED, CONGESTION, RUPEE, Evening, groups
from tests.people import make_member, signed_in
from tests.pricing.surges.samples import publish
from tests.privacy.persons import export, forget
from tests.world import make_offer

pytestmark = pytest.mark.django_db

SELECT_AGAIN = (
    "The driver has not agreed to Congestion fee of ₹5.00: send select, let the driver read its surcharges, and send "
    "init with the quote-id of its answer."
)


@pytest.fixture
def asking(evening: Evening) -> Evening:
    """An evening at a CPO that surges and asks for consent."""
    evening.ask_for_consent()
    evening.surge()
    return evening


def kept(evening: Evening) -> list[tuple[Any, ...]]:
    """Return what is kept of consents: quote, amount, what asked for it."""
    with cpo_scope(evening.world.cpo):
        rows = SurgeConsent.objects.order_by("pk").values_list("quote_id", "amount", "required")
        return [(str(quote), str(amount), required) for quote, amount, required in rows]


def nothing_was_made(evening: Evening, quotes: int = 1) -> None:
    with cpo_scope(evening.world.cpo):
        made = (Order, Payment, Redemption, SurgeConsent)
        assert [x.objects.count() for x in made] == [0, 0, 0, 0]
        assert Quote.objects.count() == quotes


@pytest.mark.parametrize("accepted", ["no", "false", "NO"])
def test_a_driver_who_declines_has_not_agreed(asking: Evening, accepted: str) -> None:
    make_offer(asking.world.cpo)
    quote_id = asking.quoted()["quote"]["id"]
    answer = asking.agree(quote_id, accepted)
    assert answer["error"]["code"] == "40000"
    assert answer["error"]["message"].endswith(f"accepted = yes and quote-id = {quote_id}.")
    nothing_was_made(asking)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("", id="none"),
        pytest.param(str(uuid.UUID(int=7)), id="unknown"),
        pytest.param("the last one", id="no-id"),
    ],
)
def test_an_acknowledgement_of_another_quote_is_none(asking: Evening, other: str) -> None:
    quote_id = asking.quoted()["quote"]["id"]
    answer = asking.agree(other)
    assert answer["error"]["message"].endswith(f"accepted = yes and quote-id = {quote_id}.")
    nothing_was_made(asking)


def test_the_quote_of_an_earlier_select_is_another_quote(asking: Evening) -> None:
    first, second = (asking.quoted()["quote"]["id"] for _ in range(2))
    assert asking.agree(first)["error"]["message"].endswith(f"quote-id = {second}.")
    nothing_was_made(asking, quotes=2)
    assert asking.agree(second)["message"]["order"]["quote"]["price"]["value"] == "85.00"
    assert kept(asking) == [(second, "5.00", True)]


def test_the_quote_of_another_transaction_is_another_quote(asking: Evening) -> None:
    theirs = asking.quoted()["quote"]["id"]
    own = replace(asking, transaction_id=str(uuid.uuid4()))
    mine = own.quoted()["quote"]["id"]
    assert own.agree(theirs)["error"]["message"].endswith(f"quote-id = {mine}.")
    nothing_was_made(asking, quotes=2)


@pytest.mark.parametrize("case", ["never-selected", "another-cart", "too-late"])
def test_without_a_quote_that_is_kept_select_comes_first(asking: Evening, case: str) -> None:
    quote_id, amount = str(uuid.uuid4()), "5"
    if case != "never-selected":
        quote_id = asking.quoted(amount="4" if case == "another-cart" else "5")["quote"]["id"]
    if case == "too-late":
        asking.later(minutes=16)
    assert asking.agree(quote_id, amount=amount)["error"] == {"code": "40000", "message": SELECT_AGAIN}
    nothing_was_made(asking, quotes=0 if case == "never-selected" else 1)


def test_the_quote_may_be_named_where_the_order_names_it(asking: Evening) -> None:
    quote_id = asking.quoted()["quote"]["id"]
    cart = asking.cart()
    cart["order"]["quote"] = {"id": quote_id}
    entries = [{"descriptor": {"code": "accepted"}, "value": "yes"}]
    cart["order"]["tags"] = [{"descriptor": {"code": "surcharge-acknowledgement"}, "list": entries}]
    assert asking.say("init", cart)["message"]["order"]["quote"]["price"]["value"] == "85.00"
    assert kept(asking) == [(quote_id, "5.00", True)]


def test_what_was_read_is_kept_with_the_order_and_never_changed(asking: Evening) -> None:
    quote_id = asking.quoted()["quote"]["id"]
    asking.agree(quote_id.upper())
    text = f"{CONGESTION} {CALCULATED}"
    with cpo_scope(asking.world.cpo):
        consent = SurgeConsent.objects.select_related("order").get()
        assert (consent.order, consent.customer) == (asking.order(), Customer.objects.get())
        assert (consent.bap_id, consent.channel, str(consent.quote_id)) == ("bap.example", "BECKN", quote_id)
        assert consent.parts == [{"surge": "congestion", "version": 1, "amount": "5.00", "words": text}]
        assert consent.text_hash == hashlib.sha256(text.encode()).hexdigest()
        assert (consent.amount, consent.currency) == (Decimal("5.00"), "INR")
        assert timezone.now() - timedelta(minutes=1) < consent.at <= timezone.now()
        for change in (lambda: SurgeConsent.objects.update(amount=1), SurgeConsent.objects.all().delete):
            with pytest.raises(DatabaseError, match="its rows are history"), transaction.atomic():
                change()


def test_an_init_that_is_sent_again_needs_no_other_consent(asking: Evening) -> None:
    quote_id = asking.quoted()["quote"]["id"]
    first = asking.agree(quote_id)["message"]["order"]
    again = asking.agree(quote_id)["message"]["order"]
    assert (first["quote"]["price"], groups(again, "surcharge-acknowledgement")) == (
        again["quote"]["price"],
        groups(first, "surcharge-acknowledgement"),
    )
    assert kept(asking) == [(quote_id, "5.00", True)]
    assert asking.agree(str(uuid.uuid4()))["error"]["code"] == "40000"


def test_two_surges_are_both_named(asking: Evening) -> None:
    asking.surge(replace(RUPEE, basis=SurgeBasis.FIXED, value=Decimal("12.50")), schedule_id="match", name="Match day")
    quoted = asking.quoted()
    assert amounts(quoted) == ["80.00", "5.00", "12.50"]
    assert groups(quoted, "surcharge-acknowledgement")[0]["amount"] == "17.50"
    assert asking.init()["error"]["message"].startswith(
        "The driver has not agreed to Congestion fee of ₹5.00 and Match day of ₹12.50: send init again"
    )


def test_more_energy_for_the_same_money_is_no_rise(asking: Evening) -> None:
    """An offer that is asked for at init alone buys more energy for ₹100, by the surge that was agreed to."""
    make_offer(asking.world.cpo, auto=False)
    with cpo_scope(asking.world.cpo):
        OfferPolicy.objects.update_or_create(cpo=asking.world.cpo, defaults={"amount_basis": "ALL_IN"})
    quoted = asking.quoted(amount="100", unit="INR")
    assert amounts(quoted) == ["94.11", "5.88"]
    placed = asking.agree(quoted["quote"]["id"], "yes", "weekend-discount-25", amount="100", unit="INR")
    assert amounts(placed["message"]["order"]) == ["123.07", "7.69", "-30.77"]
    assert kept(asking) == [(quoted["quote"]["id"], "5.88", True)]


def test_a_surge_above_what_was_agreed_to_needs_another_consent(asking: Evening) -> None:
    quoted = asking.quoted()
    with cpo_scope(asking.world.cpo):
        quote = Quote.objects.get()
        [_, surge] = quote.lines
        surge["amount"]["amount"] = "4.99"
        quote.save(update_fields=["lines"])
    assert asking.agree(quoted["quote"]["id"])["error"] == {"code": "40000", "message": SELECT_AGAIN}
    nothing_was_made(asking)


def test_no_consent_is_needed_where_nothing_is_charged(asking: Evening) -> None:
    assert asking.begins is not None
    late = asking.begins + timedelta(hours=4)
    quoted = asking.quoted(start=late)
    assert (amounts(quoted), groups(quoted, "surcharge-acknowledgement")) == (["80.00"], [])
    assert asking.init(start=late)["message"]["order"]["quote"]["price"]["value"] == "80.00"
    assert kept(asking) == []


def test_a_consent_that_nobody_asked_for_is_kept_all_the_same(evening: Evening) -> None:
    evening.surge()
    quoted = evening.quoted()
    assert groups(quoted, "surcharge-acknowledgement") == []
    placed = evening.agree(quoted["quote"]["id"])["message"]["order"]
    assert groups(placed, "surcharge-acknowledgement")[0]["required"] == "no"
    assert kept(evening) == [(quoted["quote"]["id"], "5.00", False)]


def test_without_the_cpos_wish_no_consent_is_needed(evening: Evening) -> None:
    evening.surge()
    evening.quoted()
    assert evening.init()["message"]["order"]["quote"]["price"]["value"] == "85.00"
    assert kept(evening) == []


def test_the_orders_page_shows_what_was_agreed_to(asking: Evening) -> None:
    asking.agree(asking.quoted()["quote"]["id"])
    client = signed_in(make_member(asking.world.cpo, "manager", Role.MANAGER))
    page = client.get(f"/admin/charging/order/{asking.order().pk}/change/").content.decode()
    assert "Consent to surcharges" in page
    assert f"<p>{CONGESTION} {CALCULATED}</p>" in page


def test_a_consent_is_handed_out_with_the_order_and_stays_when_its_driver_is_forgotten(asking: Evening) -> None:
    asking.agree(asking.quoted()["quote"]["id"])
    [found] = export(phone=BILLING["phone"])["cpos"]
    [consent] = found["orders"][0]["surge_consents"]
    assert (consent["amount"], consent["parts"][0]["words"]) == ("5.00", f"{CONGESTION} {CALCULATED}")
    asking.cancel()
    assert "surge consents (1)" in forget(phone=BILLING["phone"])
    with cpo_scope(asking.world.cpo):
        assert SurgeConsent.objects.get().text_hash == consent["text_hash"]


def test_the_price_stays_while_the_surge_rises_or_ends(asking: Evening) -> None:
    quoted = asking.quoted()
    with cpo_scope(asking.world.cpo):
        schedule = SurgeSchedule.objects.get()
    publish(schedule, replace(RUPEE, value=Decimal(3)))
    placed = asking.agree(quoted["quote"]["id"])["message"]["order"]
    assert amounts(placed) == ["80.00", "5.00"]
    asking.notify("85.00")
    perform(Move.END, schedule)
    asking.confirm()
    asking.later(minutes=10)
    asking.update("start-charging", asking.otp)
    asking.report_start()
    asking.later(minutes=12)
    asking.report_stop(5200)
    assert amounts(asking.callbacks("on_update")[-1]["message"]["order"]) == ["83.20", "5.20"]
