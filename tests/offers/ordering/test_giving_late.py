"""A late confirm that would give less is cancelled and paid back; after a race the guard is named."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Refund
from cpo_portal.network.models import Connector, ProductStock
from offers.authoring import moves
from offers.engine.values import OfferLimits
from offers.guards import Guard
from offers.ledger import LimitReached, reserve
from offers.models import OfferCounter, Redemption
from offers.ordering.confirm import confirm
from offers.ordering.place import holds_of
from offers.quoting import Lock, price_session
from offers.refusals import Refusal, RefusalKind
from tests.offers.ordering.gifts import FREE, chosen, forget_all, live, make_product, stock
from tests.offers.ordering.sale import Sale
from tests.world import ask_for

pytestmark = pytest.mark.django_db(transaction=True)


def late(sale: Sale) -> Refusal:
    """Confirm after the reservation has ended; return the refusal."""
    forget_all(sale.world)
    with cpo_scope(sale.world.cpo), transaction.atomic(), pytest.raises(Refusal) as refusal:
        confirm(sale.fresh(), now=timezone.now())
    return refusal.value


@pytest.mark.parametrize(
    "how",
    [
        pytest.param("sold-out", id="sold-out"),
        pytest.param("fewer-are-left", id="fewer-are-left"),
        pytest.param("paused", id="the-offer-is-paused"),
    ],
)
def test_a_late_confirm_that_gives_less_for_the_same_money_is_cancelled_and_refunded(sale: Sale, how: str) -> None:
    make_product(sale.world)
    offer = live(sale.world, **FREE)
    sale.init(chosen(opted_in=(), declined=("weekend-discount-25",)))
    assert sale.lines("QUOTED") == ["90.00", "120.00", "10.00", "-120.00", "18.00"]
    sale.pay("118.00")
    with cpo_scope(sale.world.cpo):
        if how == "paused":
            moves.pause(offer)
        else:
            ProductStock.objects.update(units=0 if how == "sold-out" else 1, reserved=0)
    refused = late(sale)
    assert refused.kind is RefusalKind.OFFER_NOT_FULFILLABLE
    assert str(refused) == (
        "The quote has ended and 2 × Coffee can no longer be given; the order is cancelled and the payment comes back. "
        "Start again with select."
    )
    with cpo_scope(sale.world.cpo):
        assert (sale.fresh().state, Refund.objects.get().amount) == ("CANCELLED", Decimal("118.00"))
        assert not Redemption.objects.exclude(state="RELEASED").exists()


def test_a_late_confirm_that_another_offer_keeps_whole_is_confirmed(sale: Sale) -> None:
    make_product(sale.world)
    offer = live(sale.world, **FREE)
    sale.init(chosen(opted_in=(), declined=("weekend-discount-25",)))
    sale.pay("118.00")
    live(sale.world, "other", **FREE)
    with cpo_scope(sale.world.cpo):
        moves.pause(offer)
    forget_all(sale.world)
    sale.confirm()
    assert sale.lines("QUOTED") == ["90.00", "120.00", "10.00", "-120.00", "18.00"]
    assert stock(sale.world) == (20, 2)


@pytest.mark.parametrize("kind", ["exchange", "financing"])
def test_a_late_confirm_without_what_stood_beside_the_order_is_cancelled(sale: Sale, kind: str) -> None:
    loan = {"provider": "Bank", "method": "EMI", "months": 6, "annual_percent": "12.00", "subvention_percent": "50.00"}
    terms = (loan,) if kind == "financing" else ()
    offer = live(sale.world, "beside", benefit_kind=kind, finance_terms=terms)
    sale.init(chosen(opted_in=(), declined=("weekend-discount-25",)))
    sale.pay("118.00")
    with cpo_scope(sale.world.cpo):
        assert Redemption.objects.get().offer_id == offer.pk
        moves.pause(offer)
    refused = late(sale)
    assert refused.kind is RefusalKind.OFFER_NOT_FULFILLABLE
    assert str(refused).startswith("The quote has ended and the offer beside can no longer be given; the order is")
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().state == "CANCELLED"


@pytest.mark.parametrize(
    ("lock", "code"),
    [
        pytest.param(Lock().without("given", Guard.TOTAL), "TOTAL_USES", id="a-limit"),
        pytest.param(Lock().without("given", Guard.STOCK), "ITEM_STOCK", id="the-stock"),
        pytest.param(Lock().without("given", Guard.TOTAL).without("given", Guard.STOCK), "ITEM_STOCK", id="both"),
        pytest.param(Lock(), None, id="neither"),
    ],
)
def test_after_a_race_the_guard_that_refused_is_named(sale: Sale, lock: Lock, code: str | None) -> None:
    make_product(sale.world, units=None)
    live(sale.world, **FREE, auto=False, limits=OfferLimits(total_uses=5))
    with cpo_scope(sale.world.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get()
        priced = price_session(connector, chosen(), now=timezone.now(), lock=lock)
    [reason] = [x.reason for x in priced.trace.outcomes if x.offer_id == "given"]
    assert (reason and reason.code.value) == code


@pytest.mark.parametrize("guard", ["limit", "stock"])
def test_a_refused_reservation_says_whether_the_stock_refused(sale: Sale, guard: str) -> None:
    make_product(sale.world)
    live(sale.world, **FREE, auto=False, limits=OfferLimits(total_uses=5))
    sale.init(ask_for())
    with cpo_scope(sale.world.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get()
        holds = holds_of(price_session(connector, chosen(), now=timezone.now()))
        if guard == "stock":
            ProductStock.objects.update(units=1)
        else:
            OfferCounter.objects.filter(offer__offer_id="given").update(paused=True)
        until = timezone.now() + timedelta(minutes=15)
        with transaction.atomic(), pytest.raises(LimitReached) as refused:
            reserve(sale.fresh(), holds, customer=None, reserved_until=until, now=timezone.now())
    assert (refused.value.offer_id, refused.value.guard) == ("given", Guard.STOCK if guard == "stock" else Guard.TOTAL)
