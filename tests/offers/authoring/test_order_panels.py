"""The order's page explains its price: the offers that were looked at, and the ledger."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from offers import authoring
from offers.ledger import commit
from offers.models import Offer, Quote
from offers.quoting import Buyer, price_session, store_quote
from tests.offers.authoring.test_limits import hold
from tests.people import People, signed_in, weekend
from tests.world import ask_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(people: People) -> Order:
    world, now = people.here, timezone.now()
    offer = authoring.publish(authoring.create_offer(world.cpo, "daily", weekend(weekly_windows=(), display_code="")))
    rich = authoring.create_offer(
        world.cpo, "rich", weekend(name="For the rich", min_value=Decimal(500), weekly_windows=())
    )
    authoring.publish(rich)
    with cpo_scope(world.cpo):
        connector = type(world.connector).objects.select_related("charger__location", "cpo").get()
        ask = ask_for(start=now + timedelta(minutes=5))
        made, _ = hold(world, Offer.objects.get(pk=offer.pk), "22.50")
        buyer = Buyer("bap.example", made.transaction_id)
        quote = store_quote(price_session(connector, ask, now=now), connector, ask, buyer, now=now, order=made)
        Order.objects.filter(pk=made.pk).update(quote_ref=quote.pk)
        commit(made, {offer.pk: Decimal("22.50")}, now=now)
    return made


@pytest.mark.parametrize("name", ["owner", "analyst"])
def test_the_page_says_why_the_price_is_what_it_is(people: People, order: Order, name: str) -> None:
    text = signed_in(getattr(people, name)).get(f"/admin/charging/order/{order.pk}/change/").content.decode()
    for words in (
        "Quoted for the order, in force: ₹91.45",
        "Chosen: Weekend Special – 25 % off.",
        "Priced again, it is identical to the last character (engine 1.5 → 1.5).",
        "It saves ₹22.50.",
        "The session is worth less than its minimum: ₹90.00 instead of ₹500.00 (₹410.00 short).",
        "Offers held and used",
        "Offer ledger",
        "Reserve",
        "Commit",
    ):
        assert words in text


def test_quotes_that_say_the_same_are_shown_once(people: People, order: Order) -> None:
    with cpo_scope(people.here.cpo):
        quote = Quote.objects.get()
        Quote.objects.create(**asked_before(quote))
    text = signed_in(people.owner).get(f"/admin/charging/order/{order.pk}/change/").content.decode()
    assert "Quoted when the app asked, quoted for the order, in force: ₹91.45" in text
    assert text.count("It saves ₹22.50.") == 1
    with cpo_scope(people.here.cpo):
        Quote.objects.filter(order=None).update(total=Decimal(90))
    text = signed_in(people.owner).get(f"/admin/charging/order/{order.pk}/change/").content.decode()
    assert text.count("It saves ₹22.50.") == 2


def asked_before(quote: Quote) -> dict[str, Any]:
    """Return what a quote says that the app had asked for a minute before its order."""
    names = [field.attname for field in Quote._meta.concrete_fields if field.name not in {"id", "order"}]
    said = {name: getattr(quote, name) for name in names}
    return said | {"order": None, "created_at": quote.created_at - timedelta(minutes=1)}


def test_an_outsider_does_not_find_the_order(people: People, order: Order) -> None:
    answer = signed_in(people.outsider).get(f"/admin/charging/order/{order.pk}/change/", follow=True)
    assert "91.45" not in answer.content.decode()
