"""Money that comes too late, or that nobody asked for, is owed back once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import EventKind, OrderEvent, Refund, RefundTerm
from offers.ordering.cancel import CancelledBy, cancel
from offers.ordering.owed import refund_late_payment, refund_unasked
from offers.tasks import settle_stopped
from tests.offers.ordering.sale import Sale
from tests.world import ask_for

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


@pytest.mark.parametrize(("within_minutes", "due"), [(90, timedelta(minutes=90)), (0, timedelta(0))])
def test_a_refund_says_until_when_by_its_term(sale: Sale, within_minutes: int, due: timedelta) -> None:
    now = timezone.now()
    sale.init(ask_for(start=now + timedelta(hours=5)), now=now)
    sale.pay()
    sale.confirm()
    with cpo_scope(sale.world.cpo), transaction.atomic():
        RefundTerm.objects.update(refund_eligible=True, percent=50, amount=None, within_minutes=within_minutes)
        cancel(sale.fresh(), by=CancelledBy.CONSUMER, reason="", now=now)
        assert Refund.objects.get().due_by == now + due


def test_what_the_cpo_cancels_comes_back_within_a_week(sale: Sale) -> None:
    sale.init()
    sale.pay()
    now = timezone.now()
    with cpo_scope(sale.world.cpo), transaction.atomic():
        cancel(sale.fresh(), by=CancelledBy.PROVIDER, reason="power cut", now=now)
        assert Refund.objects.get().due_by == now + timedelta(days=7)
