"""Confirm: what the reservation keeps, and what ends the order instead."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order, Refund
from cpo_portal.network.models import Charger
from offers import ledger
from offers.models import LedgerEntry, Offer, OfferCounter, OfferState, Quote
from offers.ordering.confirm import confirm
from offers.refusals import Refusal, RefusalKind
from offers.tasks import settle_stopped
from pricing.models import TariffVersion
from tests.offers.ordering.sale import Sale
from tests.world import ask_for

pytestmark = pytest.mark.django_db(transaction=True)

LATER = timedelta(minutes=61)


def test_a_second_confirm_makes_no_second_order(sale: Sale) -> None:
    sale.init()
    sale.pay()
    assert len(sale.confirm()) == 6
    assert sale.confirm() == ""
    with cpo_scope(sale.world.cpo):
        assert Order.objects.count() == 1
    assert sale.events().count("CONFIRMED") == 1


def test_an_unpaid_order_is_not_confirmed(sale: Sale) -> None:
    sale.init()
    with pytest.raises(Refusal, match=r"91\.45 INR has not been reported"):
        sale.confirm()
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().state == "INITIALISED"


def test_a_charger_that_has_lost_its_system_is_not_confirmed_and_the_payment_comes_back(sale: Sale) -> None:
    sale.init()
    sale.pay()
    with cpo_scope(sale.world.cpo), transaction.atomic():
        Charger.objects.update(system=None)
        with pytest.raises(Refusal, match="This charger cannot be started any more; the order is cancelled"):
            confirm(sale.fresh(), now=timezone.now())
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().state == "CANCELLED"
        assert [refund.amount for refund in Refund.objects.all()] == [Decimal("91.45")]


def test_confirm_keeps_the_price_although_the_offer_was_paused(sale: Sale) -> None:
    sale.init()
    sale.pay()
    with cpo_scope(sale.world.cpo):
        Offer.objects.update(state=OfferState.PAUSED)
    assert len(sale.confirm()) == 6
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().quoted_amount == Decimal("91.45")


def test_confirm_of_a_withdrawn_offer_cancels_and_refunds(sale: Sale) -> None:
    sale.init()
    sale.pay()
    with cpo_scope(sale.world.cpo):
        Offer.objects.update(state=OfferState.WITHDRAWN)
        order = sale.fresh()
        with transaction.atomic(), pytest.raises(Refusal, match="withdrawn") as refusal:
            confirm(order, now=timezone.now())
        assert refusal.value.kind is RefusalKind.OFFER_NOT_VALID
        assert sale.fresh().state == "CANCELLED"
        assert Refund.objects.get().amount == Decimal("91.45")
        assert OfferCounter.objects.get().uses_reserved == 0


def test_confirm_after_the_reservation_at_the_same_price(sale: Sale) -> None:
    now = timezone.now()
    sale.init(ask_for(start=now + LATER), now=now)
    sale.pay(now=now)
    assert len(sale.confirm(now=now + LATER)) == 6
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().quoted_amount == Decimal("91.45")
        assert OfferCounter.objects.get().uses_reserved == 1
        assert Quote.objects.filter(order=sale.order).count() == 2


def test_confirm_after_the_reservation_at_a_higher_price_names_both_totals(sale: Sale) -> None:
    now = timezone.now()
    sale.init(ask_for(start=now + LATER), now=now)
    sale.pay(now=now)
    with cpo_scope(sale.world.cpo):
        version = TariffVersion.objects.create(
            cpo=sale.world.cpo,
            tariff=sale.world.tariff,
            number=2,
            components=[{"dimension": "ENERGY", "rate": "18"}],
            fees=[{"code": "service-fee", "title": "Service Fee", "amount": "20"}],
            published_at=now,
        )
        sale.world.tariff.live_version = version
        sale.world.tariff.save()
        dearer = pytest.raises(Refusal, match=r"91\.45 INR has ended and the price is now")
        with transaction.atomic(), dearer as refusal:
            confirm(sale.fresh(), now=now + LATER)
        assert refusal.value.kind is RefusalKind.QUOTE_CHANGED
        assert sale.fresh().state == "CANCELLED"
        assert Refund.objects.get().amount == Decimal("91.45")


def test_within_the_reservation_a_new_tariff_changes_nothing(sale: Sale) -> None:
    sale.init()
    with cpo_scope(sale.world.cpo):
        dear = sale.world.tariff
        version = TariffVersion.objects.create(
            cpo=sale.world.cpo,
            tariff=dear,
            number=2,
            components=[{"dimension": "ENERGY", "rate": "30"}],
            published_at=timezone.now(),
        )
        dear.live_version = version
        dear.save()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(5200)
    settle_stopped()
    assert sale.lines("BILLED") == ["93.60", "10.00", "-23.40", "14.44"]


def test_a_confirm_after_the_slot_is_refused_and_everything_comes_back(sale: Sale) -> None:
    now = timezone.now()
    sale.init(ask_for(start=now), now=now)
    sale.pay(now=now)
    with cpo_scope(sale.world.cpo):
        slot_over = pytest.raises(Refusal, match="The slot is over")
        with transaction.atomic(), slot_over:
            confirm(sale.fresh(), now=now + timedelta(minutes=31))
        assert sale.fresh().state == "CANCELLED"
        assert Refund.objects.get().amount == Decimal("91.45")


def test_a_confirm_whose_reservation_is_gone_prices_again(sale: Sale) -> None:
    sale.init()
    sale.pay()
    with cpo_scope(sale.world.cpo), transaction.atomic():
        ledger.release(sale.fresh(), now=timezone.now(), reference="lost")
        OfferCounter.objects.update(uses_reserved=5)  # others have taken all five
    dearer = pytest.raises(Refusal, match=r"91\.45 INR has ended and the price is now 118\.00 INR")
    with dearer, cpo_scope(sale.world.cpo), transaction.atomic():
        confirm(sale.fresh(), now=timezone.now())


REFUSED_BY_THE_COUNTER = [
    pytest.param((), RefusalKind.QUOTE_CHANGED, r"91\.45 INR has ended and the price is now 118\.00", id="automatic"),
    pytest.param(
        ("weekend-discount-25",),
        RefusalKind.OFFER_NOT_FULFILLABLE,
        "The offer weekend-discount-25 is used up.*The order is cancelled and the payment comes back",
        id="opted-in",
    ),
]


@pytest.mark.parametrize(("opted_in", "kind", "sentence"), REFUSED_BY_THE_COUNTER)
def test_a_late_confirm_that_the_counter_alone_refuses_is_cancelled_and_refunded(
    opted_in: tuple[str, ...], kind: RefusalKind, sentence: str, sale: Sale
) -> None:
    now = timezone.now()
    sale.init(ask_for(start=now + LATER, opted_in=opted_in), now=now)
    sale.pay(now=now)
    with cpo_scope(sale.world.cpo):
        with transaction.atomic():
            ledger.release(sale.fresh(), now=now, reference="lost")
        OfferCounter.objects.update(paused=True)
        with transaction.atomic(), pytest.raises(Refusal, match=sentence) as refusal:
            confirm(sale.fresh(), now=now + LATER)
        assert refusal.value.kind is kind
        assert sale.fresh().state == "CANCELLED"
        assert Refund.objects.get().amount == Decimal("91.45")


def test_a_declined_offer_stays_declined_at_a_late_confirm(sale: Sale) -> None:
    now = timezone.now()
    sale.init(ask_for(start=now + LATER, declined=("weekend-discount-25",)), now=now)
    assert sale.pay("118.00", now=now) == "PAID"
    sale.confirm(now=now + LATER)
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().quoted_amount == Decimal("118.00")
        assert LedgerEntry.objects.count() == 0
