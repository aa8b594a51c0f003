"""What nobody goes on with is ended by the scheduler, each order by its own CPO's figures."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order, Refund
from cpo_portal.charging.payments.reports import create_gateway
from cpo_portal.charging.sessions import breakdowns, connectors
from cpo_portal.charging.sessions import reports as sessions
from cpo_portal.network.models import StatusChoice
from offers import tasks
from offers.models import OfferCounter, OfferPolicy
from offers.tasks import release_expired, settle_stopped
from tests.offers.ordering.sale import Sale, ledger_kinds
from tests.world import ask_for, make_world

pytestmark = pytest.mark.django_db(transaction=True)


def test_reservations_that_nobody_paid_for_are_freed(sale: Sale) -> None:
    now = timezone.now()
    sale.init(ask_for(start=now), now=now - timedelta(minutes=31))
    assert release_expired() == 1
    assert release_expired() == 0
    with cpo_scope(sale.world.cpo):
        assert OfferCounter.objects.get().uses_reserved == 0
    assert ledger_kinds(sale) == [("RESERVE", Decimal("22.50")), ("RELEASE", Decimal("22.50"))]


def test_a_no_show_is_cancelled_by_the_refund_terms(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.confirm()
    with cpo_scope(sale.world.cpo):
        Order.objects.update(planned_start=timezone.now() - timedelta(minutes=29))
    assert release_expired() == 0
    with cpo_scope(sale.world.cpo):
        Order.objects.update(planned_start=timezone.now() - timedelta(minutes=31))
    assert release_expired() == 1
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().state == "CANCELLED"
        assert Refund.objects.count() == 0
        assert OfferCounter.objects.get().uses_reserved == 0


def confirmed(sale: Sale, transaction_id: str = "t-1", *, late: int = 31) -> None:
    """Sell a session whose start is so many minutes ago."""
    sale.init(transaction_id=transaction_id)
    sale.pay()
    sale.confirm()
    with cpo_scope(sale.world.cpo):
        Order.objects.filter(pk=sale.fresh().pk).update(planned_start=timezone.now() - timedelta(minutes=late))


def test_a_cpo_that_waits_for_long_keeps_nobody_elses_no_shows(sale: Sale, monkeypatch: pytest.MonkeyPatch) -> None:
    with cpo_scope(sale.world.cpo):
        OfferPolicy.objects.create(cpo=sale.world.cpo, late_start_minutes=600)
    confirmed(sale, late=120)
    world = make_world("cpo2.com")
    with cpo_scope(world.cpo):
        gateway, secret = create_gateway(world.cpo, name="Pay", pay_url="https://pay.example/$transaction_id/$amount")
    other = Sale(world, secret, gateway)
    other.init(transaction_id="t-2")
    other.pay("118.00")
    other.confirm()
    with cpo_scope(world.cpo):
        Order.objects.update(planned_start=timezone.now() - timedelta(minutes=31))
    monkeypatch.setattr(tasks, "BATCH", 1)
    assert release_expired() == 1
    with cpo_scope(world.cpo):
        assert other.fresh().state == "CANCELLED"
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().state == "ACTIVE"


def test_a_charger_that_works_again_is_not_out_of_order_for_those_who_wait(sale: Sale) -> None:
    confirmed(sale, late=0)
    now, connector = timezone.now(), sale.world.connector
    with cpo_scope(sale.world.cpo):
        breakdowns.report_status(connector, StatusChoice.OUT_OF_ORDER, at=now, now=now)
    assert release_expired() == 1
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().charger_failed_at is not None
        # As the end of another order's session says it, without a report of the connector's state.
        connectors.set_status(connector, StatusChoice.AVAILABLE, at=now, now=now)
    assert release_expired() == 1
    assert release_expired() == 0
    with cpo_scope(sale.world.cpo):
        order = sale.fresh()
        assert (order.state, order.charger_failed_at) == ("ACTIVE", None)
    assert sale.events() == ["PLACED", "PAYMENT_REPORTED", "CONFIRMED", "CHARGER_FAILED"]


def test_a_charger_that_is_repaired_before_the_bill_is_still_what_ended_the_session(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(0, stop=False)
    now, connector = timezone.now(), sale.world.connector
    with cpo_scope(sale.world.cpo):
        breakdowns.report_status(connector, StatusChoice.OUT_OF_ORDER, at=now, now=now)
        stop = sessions.SessionStop(now + timedelta(minutes=20), 1_000_000, "Other")
        sessions.stop_session(sale.world.system, "s-1", stop, now=now)
        breakdowns.report_status(connector, StatusChoice.AVAILABLE, at=timezone.now(), now=timezone.now())
    settle_stopped()
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().state == "CANCELLED"
        assert [(x.reason, x.amount) for x in Refund.objects.all()] == [("CANCELLATION", Decimal("91.45"))]
