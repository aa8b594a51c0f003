"""An order from init to its bill, and the ways in which it ends otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Payment, PricedSlice, Refund
from offers import ledger
from offers.models import Offer, OfferCounter, OfferVersion, QuoteOffer, Redemption
from offers.ordering.cancel import CancelledBy, cancel
from offers.ordering.settle import bill_of
from offers.ordering.start import authorise_start, request_stop
from offers.quoting import SessionAsk
from offers.refusals import Refusal, RefusalKind
from offers.tasks import settle_stopped
from tests.offers.ordering.sale import Sale, ledger_kinds
from tests.world import ask_for

pytestmark = pytest.mark.django_db(transaction=True)


def test_from_init_to_the_bill_of_94_64(sale: Sale) -> None:
    assert sale.init().quote.total == Decimal("91.45")
    assert sale.lines("QUOTED") == ["90.00", "10.00", "-22.50", "13.95"]
    assert sale.pay() == "PAID"
    sale.start(sale.confirm())
    sale.charge(5200)
    assert settle_stopped() == 2  # the payment, and the stop
    assert settle_stopped() == 0
    assert sale.lines("BILLED") == ["93.60", "10.00", "-23.40", "14.44"]
    with cpo_scope(sale.world.cpo):
        order = sale.fresh()
        assert (order.state, order.fulfillment_state) == ("COMPLETE", "COMPLETED")
        assert order.billed_amount == Decimal("94.64")
        owed = Payment.objects.get(order=order, type="POST-FULFILLMENT")
        assert (owed.amount, owed.status) == (Decimal("3.19"), "NOT-PAID")
        assert sum(part.energy_wh for part in PricedSlice.objects.filter(order=order)) == 5200
        redemption = Redemption.objects.get(order=order)
        assert (redemption.state, redemption.committed) == ("COMMITTED", Decimal("23.40"))
        counter = OfferCounter.objects.get()
        assert (counter.uses_reserved, counter.uses_committed) == (0, 1)
        assert counter.budget_committed == Decimal("23.40")
    assert ledger_kinds(sale) == [("RESERVE", Decimal("22.50")), ("COMMIT", Decimal("23.40"))]
    assert sale.events() == [
        "PLACED",
        "PAYMENT_REPORTED",
        "CONFIRMED",
        "CHARGING_STARTED",
        "CHARGING_STOPPED",
        "SETTLED",
    ]


def test_the_running_cost_is_the_bill_of_what_is_read_so_far(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(5200, stop=False)
    with cpo_scope(sale.world.cpo):
        running = bill_of(sale.fresh(), now=timezone.now())
    # 3.9 kWh are read after 15 of 20 minutes: 70.20 + 10.00 − 17.55 + 11.28
    assert (running.energy_wh, f"{running.total.amount:f}") == (3900, "73.93")


def test_less_than_prepaid_is_refunded(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(4000)
    assert settle_stopped() == 2  # the payment, and the stop
    with cpo_scope(sale.world.cpo):
        # 72.00 + 10.00 − 18.00 + 11.52 = 75.52 of 91.45
        assert Refund.objects.get().amount == Decimal("15.93")


def test_a_qualifier_that_no_longer_holds_takes_the_offer_away(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(2777)  # 49.99 of energy: a hundredth below the offer's minimum
    assert settle_stopped() == 2  # the payment, and the stop
    assert sale.lines("BILLED") == ["49.99", "10.00", "10.80"]
    assert ledger_kinds(sale) == [("RESERVE", Decimal("22.50")), ("RELEASE", Decimal("22.50"))]


def test_a_second_init_replaces_the_first_and_its_reservation(sale: Sale) -> None:
    first = sale.init().order
    second = sale.init(ask_for("200"))
    assert second.order.pk == first.pk
    assert sale.lines("QUOTED") == ["189.99", "10.00", "-47.50", "27.45"]
    with cpo_scope(sale.world.cpo):
        assert OfferCounter.objects.get().uses_reserved == 1
    assert [kind for kind, _ in ledger_kinds(sale)] == ["RESERVE", "RELEASE", "RESERVE"]


def test_a_paid_order_is_not_made_again(sale: Sale) -> None:
    sale.init()
    sale.pay()
    with pytest.raises(Refusal, match="paid already"):
        sale.init(ask_for("200"))
    with cpo_scope(sale.world.cpo):
        assert Payment.objects.get().status == "PAID"


CANCELLATIONS = [
    pytest.param(timedelta(hours=4, minutes=1), "77.73", id="four-hours-and-a-minute-before"),
    pytest.param(timedelta(hours=3, minutes=59), None, id="a-minute-too-late"),
]


@pytest.mark.parametrize(("notice", "refund"), CANCELLATIONS)
def test_a_buyers_cancellation_follows_the_refund_terms(sale: Sale, notice: timedelta, refund: str | None) -> None:
    now = timezone.now()
    sale.init(ask_for(start=now + notice), now=now)
    sale.pay()
    sale.confirm()
    with cpo_scope(sale.world.cpo), transaction.atomic():
        cancelled = cancel(sale.fresh(), by=CancelledBy.CONSUMER, reason="changed my mind", now=now)
    assert f"{cancelled.refund.amount:f}" == (refund or "0.00")
    with cpo_scope(sale.world.cpo):
        assert [f"{row.amount:.2f}" for row in Refund.objects.all()] == ([refund] if refund else [])
        assert OfferCounter.objects.get().uses_reserved == 0
        assert sale.fresh().state == "CANCELLED"


def test_the_cpos_own_cancellation_pays_everything_back(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.confirm()
    with cpo_scope(sale.world.cpo), transaction.atomic():
        cancelled = cancel(sale.fresh(), by=CancelledBy.PROVIDER, reason="charger broken", now=timezone.now())
    assert f"{cancelled.refund.amount:f}" == "91.45"


def test_a_running_session_cannot_be_cancelled(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(1000, stop=False)
    with cpo_scope(sale.world.cpo), pytest.raises(Refusal, match="running") as refusal, transaction.atomic():
        cancel(sale.fresh(), by=CancelledBy.CONSUMER, reason="", now=timezone.now())
    assert refusal.value.kind is RefusalKind.CANCELLATION_NOT_POSSIBLE
    assert "CANCELLED" not in sale.events()


STARTS = [
    pytest.param(timedelta(minutes=16), "at most 15 minutes early", id="too-early"),
    pytest.param(timedelta(minutes=-31), "missed by more than 30 minutes", id="no-show"),
]


@pytest.mark.parametrize(("ahead", "sentence"), STARTS)
def test_a_start_outside_the_slot_is_refused(sale: Sale, ahead: timedelta, sentence: str) -> None:
    now = timezone.now()
    sale.init(ask_for(start=now), now=now)
    sale.pay(now=now)
    otp = sale.confirm(now=now)
    with pytest.raises(Refusal, match=sentence):
        sale.start(otp, now=now - ahead)
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().start_authorized_at is None


@pytest.mark.parametrize("ahead", [timedelta(minutes=15), timedelta(minutes=-30)], ids=["15-early", "30-late"])
def test_a_start_at_the_edge_of_the_slot_is_accepted(sale: Sale, ahead: timedelta) -> None:
    now = timezone.now()
    sale.init(ask_for(start=now), now=now)
    sale.pay(now=now)
    otp = sale.confirm(now=now)
    sale.start(otp, now=now - ahead)
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().start_authorized_at == now - ahead


def test_five_wrong_otps_lock_the_start(sale: Sale) -> None:
    sale.init()
    sale.pay()
    otp = sale.confirm()
    wrong = f"{(int(otp) + 1) % 1_000_000:06d}"
    with cpo_scope(sale.world.cpo):
        for _ in range(4):
            with transaction.atomic(), pytest.raises(Refusal, match="OTP is wrong"):
                authorise_start(sale.fresh(), otp_text=wrong, otp_required=True, now=timezone.now())
        for text in (wrong, otp):
            with transaction.atomic(), pytest.raises(Refusal, match="locked"):
                authorise_start(sale.fresh(), otp_text=text, otp_required=True, now=timezone.now())
        assert sale.fresh().start_authorized_at is None


def test_a_stop_before_the_start_is_refused(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.confirm()
    with cpo_scope(sale.world.cpo), transaction.atomic(), pytest.raises(Refusal, match="nothing to stop"):
        request_stop(sale.fresh(), now=timezone.now())


def test_a_refused_second_init_leaves_the_first_as_it_was(sale: Sale) -> None:
    sale.init()
    with pytest.raises(Refusal, match="no-such-offer"):
        sale.init(ask_for(opted_in=("no-such-offer",)))
    with cpo_scope(sale.world.cpo):
        assert OfferCounter.objects.get().uses_reserved == 1
        assert Redemption.objects.get().state == "RESERVED"
    sale.pay()
    assert len(sale.confirm()) == 6


def test_asking_again_for_a_kept_price_gives_no_more_time(sale: Sale) -> None:
    now = timezone.now()
    start = now + timedelta(hours=1)
    first = sale.init(ask_for(start=start), now=now)
    again = sale.init(ask_for(start=start), now=now + timedelta(minutes=14))
    assert again.quote.valid_until == first.quote.valid_until == now + timedelta(minutes=15)
    assert again.order.payment_until == first.order.payment_until
    third = sale.init(ask_for(start=start), now=now + timedelta(minutes=16))
    assert third.quote.valid_until == now + timedelta(minutes=31)


def test_without_a_start_the_quotes_plan_is_kept(sale: Sale) -> None:
    now = timezone.now()
    walk_in = SessionAsk(measure=ask_for().measure, planned_start=now, start_given=False)
    first = sale.init(walk_in, now=now)
    later = now + timedelta(seconds=40)
    second = sale.init(replace(walk_in, planned_start=later), now=later)
    assert second.quote.valid_until == first.quote.valid_until
    assert second.order.planned_start == now


def test_a_code_that_opens_nothing_is_refused(sale: Sale) -> None:
    with pytest.raises(Refusal, match="The code SAVE50 belongs to no offer here"):
        sale.init(ask_for(codes=("SAVE50",)))
    assert sale.init(ask_for(codes=("WEEKEND25",))).quote.total == Decimal("91.45")  # a label, echoed


def test_a_limit_per_customer_that_was_lowered_since_the_price_holds(sale: Sale) -> None:
    with cpo_scope(sale.world.cpo):
        offer = Offer.objects.get()
        placed = sale.init()
        stale = [ledger.Hold(offer.pk, offer.live_version_id, placed.priced.applied()[0], Decimal("22.50"))]
        Offer.objects.update(uses_per_customer=1)
        with transaction.atomic(), pytest.raises(ledger.LimitsChanged):
            ledger.reserve(
                placed.order, stale, customer=placed.order.customer, reserved_until=timezone.now(), now=timezone.now()
            )
        assert Redemption.objects.filter(state="RESERVED").count() == 1


def test_a_bill_names_the_version_that_the_order_holds_not_that_of_its_first_init(sale: Sale) -> None:
    sale.init()
    with cpo_scope(sale.world.cpo):
        version = OfferVersion.objects.get()
        version.pk, version.number = None, 2
        version.save()
        Offer.objects.update(live_version=version)
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(5000)
    settle_stopped()
    with cpo_scope(sale.world.cpo):
        billed = QuoteOffer.objects.filter(quote__is_bill=True, outcome="APPLIED")
        assert [row.version_id for row in billed] == [version.pk]
