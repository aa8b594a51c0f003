"""Reservations as an init and a bill make them, at an instant that the test chooses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from cpo_portal.charging.models import Customer, Order
from offers.ledger import Hold, commit, reserve
from offers.mapping import offer_terms
from offers.models import Offer, Redemption
from tests.world import World

#: A Saturday in the middle of a month; 18:30 UTC is midnight in India.
SATURDAY = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)


def new_order(world: World, customer: Customer | None, name: str, at: datetime) -> Order:
    return Order.objects.create(
        cpo=world.cpo,
        transaction_id=name,
        bap_id="bap.example",
        customer=customer,
        connector=world.connector,
        planned_start=at,
        quote_ref="00000000-0000-0000-0000-000000000001",
        quoted_amount=100,
        currency="INR",
        payment_until=at,
    )


def take(order: Order, offer: Offer, amount: str, *, at: datetime) -> Redemption:
    """Reserve one offer for an order, in place of what it holds."""
    offer = Offer.objects.select_related("live_version").get(pk=offer.pk)
    version = offer.live_version
    assert version is not None
    hold = Hold(offer.pk, version.pk, offer_terms(offer, version), Decimal(amount))
    with transaction.atomic():
        return reserve(order, [hold], customer=order.customer, reserved_until=at + timedelta(minutes=15), now=at)[0]


def give(order: Order, redemption: Redemption, amount: str, *, at: datetime) -> Redemption:
    """Settle the order with so much given."""
    with transaction.atomic():
        commit(order, {redemption.offer_id: Decimal(amount)}, now=at)
    redemption.refresh_from_db()
    return redemption
