"""Two who end the same thing at once: one of them does, the other finds it done."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import ChargingSession, OrderEvent, Refund
from cpo_portal.charging.payments.refunds import NotDue, PaidBack, mark_paid_back
from cpo_portal.charging.refusals import ChargingRefusal
from cpo_portal.charging.sessions import breakdowns
from cpo_portal.charging.sessions import reports as sessions
from cpo_portal.network.models import Connector
from offers.models import LedgerEntry
from offers.ordering.orders import lock_order
from offers.tasks import settle_stopped
from tests.offers.ordering.sale import Sale
from tests.processes import run_at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def running(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(4000, stop=False)


def test_staff_the_charger_and_the_sweep_end_a_session_once(sale: Sale) -> None:
    running(sale)
    stop = sessions.SessionStop(timezone.now() + timedelta(minutes=20), 1_005_000, "Remote")

    def end(number: int) -> None:
        with cpo_scope(sale.world.cpo):
            if number % 2:
                with transaction.atomic():
                    breakdowns.give_up(lock_order(sale.fresh()), reason="Silent", now=timezone.now())
            else:
                sessions.stop_session(sale.world.system, "s-1", stop, now=timezone.now())
        settle_stopped()

    run_at_once(6, end)
    settle_stopped()
    with cpo_scope(sale.world.cpo):
        kinds = Counter(OrderEvent.objects.values_list("kind", flat=True))
        assert (kinds["CHARGING_STOPPED"], kinds["SETTLED"]) == (1, 1)
        assert [entry.kind for entry in LedgerEntry.objects.order_by("id")] == ["RESERVE", "COMMIT"]
        session = ChargingSession.objects.get()
        billed = {True: Decimal("59.59"), False: Decimal("91.45")}[session.given_up_at is not None]
        assert sale.fresh().billed_amount == billed


def test_a_refund_is_paid_back_once(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.pay()
    settle_stopped()

    def pay_back(number: int) -> bool:
        with cpo_scope(sale.world.cpo):
            try:
                mark_paid_back(Refund.objects.get(), PaidBack(None, timezone.now(), f"UTR-{number}"))
            except NotDue:
                return False
        return True

    assert sum(run_at_once(4, pay_back)) == 1
    with cpo_scope(sale.world.cpo):
        [event] = OrderEvent.objects.filter(kind="REFUND_PAID")
        assert Refund.objects.get().paid_reference == event.detail["reference"]


def test_two_payments_too_many_are_owed_back_once_each(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.pay()
    sale.pay()
    run_at_once(3, lambda number: settle_stopped())
    settle_stopped()
    with cpo_scope(sale.world.cpo):
        assert [refund.amount for refund in Refund.objects.all()] == [Decimal("91.45"), Decimal("91.45")]
        assert OrderEvent.objects.filter(kind="REFUNDED").count() == 2


def test_two_connectors_of_a_charger_start_one_session(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    with cpo_scope(sale.world.cpo):
        connector = Connector.objects.get()
        connector.pk, connector.item_id, connector.connector_id = None, "pe-charging-02", "2"
        connector.save()
    other = replace(sale, world=replace(sale.world, connector=connector), order=None)
    other.init(transaction_id="t-2")
    other.pay()
    other.start(other.confirm())

    def begin(number: int) -> str:
        one, now = (sale, other)[number], timezone.now()
        with cpo_scope(one.world.cpo):
            start = sessions.SessionStart(f"s-{number}", one.fresh().pk, one.world.connector.item_id, now, 1_000_000)
            try:
                sessions.start_session(one.world.system, start, now=now)
            except ChargingRefusal as refusal:
                return refusal.code.value
        return "started"

    assert sorted(run_at_once(2, begin)) == ["CONNECTOR_BUSY", "started"]
    with cpo_scope(sale.world.cpo):
        assert ChargingSession.objects.count() == 1
