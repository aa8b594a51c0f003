"""Money that comes too late, or that nobody asked for, is owed back once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import EventKind, OrderEvent, Refund
from offers.ordering.cancel import CancelledBy, cancel
from offers.ordering.owed import refund_late_payment, refund_unasked
from offers.tasks import settle_stopped
from tests.offers.ordering.sale import Sale

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_payment_after_the_cancellation_comes_back(sale: Sale) -> None:
    sale.init()
    with cpo_scope(sale.world.cpo), transaction.atomic():
        cancel(sale.fresh(), by=CancelledBy.CONSUMER, reason="", now=timezone.now())
    assert sale.pay() == "PAID"
    assert settle_stopped() == 1
    assert settle_stopped() == 0
    with cpo_scope(sale.world.cpo):
        refund = Refund.objects.get()
    assert (refund.reason, refund.amount) == ("LATE_PAYMENT", Decimal("91.45"))


def test_a_payment_before_the_cancellation_comes_back_once(sale: Sale) -> None:
    sale.init()
    sale.pay()
    with cpo_scope(sale.world.cpo), transaction.atomic():
        cancel(sale.fresh(), by=CancelledBy.CONSUMER, reason="", now=timezone.now())
    assert settle_stopped() == 1
    with cpo_scope(sale.world.cpo):
        assert [(x.reason, x.amount) for x in Refund.objects.all()] == [("CANCELLATION", Decimal("91.45"))]


def test_money_whose_report_was_corrected_is_not_owed_whichever_is_followed_first(sale: Sale) -> None:
    sale.init()
    assert sale.pay("10.00", reference="upi-1") == "WRONG_AMOUNT"
    assert sale.pay(reference="upi-1") == "PAID"
    with cpo_scope(sale.world.cpo), transaction.atomic():
        refund_late_payment(OrderEvent.objects.get(kind=EventKind.PAYMENT_REPORTED), now=timezone.now())
        refund_unasked(OrderEvent.objects.get(kind=EventKind.PAYMENT_UNASKED), now=timezone.now())
        assert list(Refund.objects.all()) == []
