"""What offers give, from init to the bill: held in stock, taken off the shelf, given back, and never given twice."""

from __future__ import annotations

import os
import random
import signal
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order, Refund
from cpo_portal.network.models import Connector, Location, Product, ProductStock
from offers import authoring
from offers.authoring import moves
from offers.engine.values import OfferLimits
from offers.guards import Guard
from offers.ledger import LimitReached, reserve
from offers.models import Offer, OfferCounter, Quote, Redemption
from offers.ordering.cancel import CancelledBy, cancel
from offers.ordering.confirm import confirm
from offers.ordering.place import Placing, holds_of, place
from offers.proofs import Verdict, reprove
from offers.quoting import Buyer, Lock, price_session
from offers.reconcile import compare_with_ledger
from offers.refusals import Refusal, RefusalKind
from offers.tasks import release_expired, settle_stopped
from pricing.engine.values import EnergyMeasure, ProductOrder
from tests.offers.ordering.sale import Sale, ledger_kinds
from tests.people import WEEKEND
from tests.processes import run_at_once
from tests.world import World, ask_for, make_world

pytestmark = pytest.mark.django_db(transaction=True)

FREE = {"benefit_kind": "freebie", "benefit_item_count": 2, "benefit_item_id": "coffee"}
MORE = {"benefit_kind": "buyXgetY", "item_unit": "PRODUCT", "qualifier_item_count": 2, "benefit_item_count": 1}
KWH = MORE | {"item_unit": "KWH", "qualifier_item_count": 4, "item_value": Decimal(5), "additive": False}
SESSION = MORE | {"item_unit": "SESSION", "qualifier_item_count": 1, "item_value": Decimal(0), "additive": False}


def make_product(world: World, units: int | None = 20, name: str = "coffee", price: str = "60") -> Product:
    with cpo_scope(world.cpo):
        product = Product.objects.create(cpo=world.cpo, product_id=name, name=name.title(), price=Decimal(price))
        if units is not None:
            ProductStock.objects.create(product=product, units=units)
    return product


def live(world: World, offer_id: str = "given", *, limits: OfferLimits | None = None, **said: Any) -> Offer:
    none: dict[str, Any] = {
        "value": None,
        "value_cap": None,
        "value_type": "",
        "weekly_windows": (),
        "display_code": "",
        "additive": True,
    }
    content = replace(WEEKEND, **(none | said))
    made = authoring.create_offer(world.cpo, offer_id, content, limits=limits or OfferLimits())
    return authoring.publish(made) or made


def stock(world: World) -> tuple[int, int]:
    """Return what is on the shelf, and how much of it is held."""
    with cpo_scope(world.cpo):
        row = ProductStock.objects.get(product__product_id="coffee")
    return row.units, row.reserved


def forget_all(world: World) -> None:
    """Let the time of every reservation be over."""
    with cpo_scope(world.cpo):
        over = timezone.now() - timedelta(seconds=1)
        Redemption.objects.update(reserved_until=over)
        Order.objects.update(payment_until=over)
    release_expired()


def sold(sale: Sale, wh: int, amount: str) -> None:
    sale.pay(amount)
    sale.start(sale.confirm())
    sale.charge(wh)
    settle_stopped()


def settled(sale: Sale) -> Redemption:
    with cpo_scope(sale.world.cpo):
        return Redemption.objects.get(offer__offer_id="given", state="COMMITTED")


def chosen(**said: Any) -> Any:
    return replace(ask_for(), **{"opted_in": ("given",), "measure": EnergyMeasure(5000)} | said)


def test_a_free_product_is_held_at_init_and_taken_off_the_shelf_by_the_bill(sale: Sale) -> None:
    make_product(sale.world)
    live(sale.world, **FREE, auto=False)
    placed = sale.init(chosen())
    assert sale.lines("QUOTED") == ["90.00", "120.00", "10.00", "-120.00", "18.00"]
    assert stock(sale.world) == (20, 2)
    sold(sale, 4000, f"{placed.quote.total}")
    assert sale.lines("BILLED") == ["72.00", "120.00", "10.00", "-120.00", "14.76"]
    assert stock(sale.world) == (18, 0)
    assert [(kind, f"{amount:.2f}") for kind, amount in ledger_kinds(sale)] == [
        ("RESERVE", "120.00"),
        ("COMMIT", "120.00"),
    ]
    with cpo_scope(sale.world.cpo):
        assert [reprove(quote).verdict for quote in Quote.objects.all()] == [Verdict.IDENTICAL] * 2


def test_a_bill_gives_at_the_price_of_the_quote(sale: Sale) -> None:
    product = make_product(sale.world)
    live(sale.world, **FREE, auto=False)
    placed = sale.init(chosen())
    with cpo_scope(sale.world.cpo):
        Product.objects.filter(pk=product.pk).update(price=Decimal(99), name="Espresso", is_published=False)
        ProductStock.objects.update(units=0)
    sold(sale, 4000, f"{placed.quote.total}")
    assert sale.lines("BILLED") == ["72.00", "120.00", "10.00", "-120.00", "14.76"]
    assert stock(sale.world) == (0, 0)
    with cpo_scope(sale.world.cpo):
        assert reprove(Quote.objects.get(is_bill=True)).verdict is Verdict.IDENTICAL


def test_what_falls_away_with_the_bill_stays_on_the_shelf(sale: Sale) -> None:
    make_product(sale.world)
    live(sale.world, **FREE, auto=False, min_value=Decimal("90"))
    placed = sale.init(chosen())
    sold(sale, 4999, f"{placed.quote.total}")
    assert sale.lines("BILLED") == ["89.98", "10.00", "18.00"]
    assert stock(sale.world) == (20, 0)


@pytest.mark.parametrize("by", ["cancelled", "expired", "asked-for-again-without-it"])
def test_what_is_not_bought_after_all_is_given_back(sale: Sale, by: str) -> None:
    make_product(sale.world)
    live(sale.world, **FREE, auto=False)
    sale.init(chosen())
    if by == "cancelled":
        with cpo_scope(sale.world.cpo), transaction.atomic():
            cancel(sale.fresh(), by=CancelledBy.CONSUMER, reason="no", now=timezone.now())
    elif by == "expired":
        forget_all(sale.world)
    else:
        sale.init(chosen(opted_in=()))
    assert stock(sale.world) == (20, 0)


def test_an_init_again_does_not_count_what_the_order_itself_holds(sale: Sale) -> None:
    make_product(sale.world, units=2)
    live(sale.world, **FREE, auto=False)
    for _ in range(2):
        sale.init(chosen())
        assert stock(sale.world) == (2, 2)
    with pytest.raises(Refusal) as refusal:
        sale.init(chosen(), transaction_id="t-2")
    assert refusal.value.kind is RefusalKind.OFFER_NOT_FULFILLABLE
    assert str(refusal.value) == "The offer given is used up: 2 short."
    assert stock(sale.world) == (2, 2)


@pytest.mark.parametrize(
    ("units", "taken"),
    [pytest.param(1, False, id="one-too-few"), pytest.param(2, True, id="enough"), pytest.param(3, True, id="more")],
)
def test_an_automatic_one_is_left_out_where_the_stock_is_short(sale: Sale, units: int, taken: bool) -> None:
    make_product(sale.world)
    live(sale.world, **FREE)
    with cpo_scope(sale.world.cpo):
        ProductStock.objects.update(units=units)
    sale.init(chosen(opted_in=()))
    given = "120.00" in sale.lines("QUOTED")
    assert (given, stock(sale.world)) == (taken, (units, 2 if taken else 0))


@pytest.mark.parametrize("unavailable", ["elsewhere", "unpublished"])
def test_what_is_not_sold_there_is_not_given(sale: Sale, unavailable: str) -> None:
    product = make_product(sale.world, units=None)
    live(sale.world, **FREE)
    with cpo_scope(sale.world.cpo):
        if unavailable == "elsewhere":
            site = Location.objects.get()
            other = Location.objects.create(
                cpo=sale.world.cpo, location_id="other", name="Other", latitude=site.latitude, longitude=site.longitude
            )
            product.locations.set([other])
        else:
            Product.objects.update(is_published=False)
    placed = sale.init(chosen(opted_in=()))
    reasons = {x.offer_id: x.reason and x.reason.code.value for x in placed.priced.trace.outcomes}
    assert reasons["given"] == "ITEM_NOT_SOLD"


def test_what_nobody_counts_is_given_without_a_stock(sale: Sale) -> None:
    make_product(sale.world, units=None)
    live(sale.world, **FREE, auto=False)
    placed = sale.init(chosen())
    sold(sale, 5000, f"{placed.quote.total}")
    assert settled(sale).items == [{"product_id": "coffee", "units": 2, "counted": False}]


def test_a_sandbox_order_holds_no_stock(sale: Sale) -> None:
    make_product(sale.world)
    live(sale.world, **FREE, auto=False)
    with cpo_scope(sale.world.cpo), transaction.atomic():
        connector = Connector.objects.select_related("cpo", "charger__location").get()
        buyer = Buyer("bap.example", "t-1", sandbox=True)
        placed = place(Placing(buyer, connector, chosen()), now=timezone.now())
        redemption = Redemption.objects.get()
    assert (stock(sale.world), redemption.sandbox) == ((20, 0), True)
    assert redemption.items == [{"product_id": "coffee", "units": 2, "counted": False}]
    assert "given" in placed.priced.trace.chosen


@pytest.mark.parametrize("offers", [1, 30])
def test_what_is_given_costs_no_further_query(sale: Sale, offers: int) -> None:
    make_product(sale.world)
    for number in range(offers):
        live(sale.world, f"given-{number}", **FREE)
    with cpo_scope(sale.world.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get()
        price_session(connector, ask_for(), now=timezone.now())
        with CaptureQueriesContext(connection) as captured:
            priced = price_session(connector, ask_for(), now=timezone.now())
    assert len(priced.trace.chosen) == offers
    # Policy, tariff, tax; the revision of the offers, and their usage with stock and price of what they give.
    assert len(captured) == 5, [query["sql"][:90] for query in captured]


def test_more_of_what_is_bought_is_paid_at_its_value(sale: Sale) -> None:
    make_product(sale.world)
    live(sale.world, **MORE, item_value=Decimal(15), auto=False)
    placed = sale.init(chosen(products=(ProductOrder("coffee", 4),)))
    assert sale.lines("QUOTED") == ["90.00", "240.00", "120.00", "10.00", "-90.00", "66.60"]
    assert stock(sale.world) == (20, 2)
    sold(sale, 5000, f"{placed.quote.total}")
    assert sale.lines("BILLED") == ["90.00", "240.00", "120.00", "10.00", "-90.00", "66.60"]
    assert stock(sale.world) == (18, 0)


@pytest.mark.parametrize(
    ("wh", "billed"),
    [
        pytest.param(4000, ["72.00", "10.00", "14.76"], id="the-driver-left-before"),
        pytest.param(5000, ["72.00", "18.00", "10.00", "-13.00", "15.66"], id="as-planned"),
        pytest.param(6000, ["90.00", "18.00", "10.00", "-13.00", "18.90"], id="the-sixth-is-paid"),
    ],
)
def test_the_energy_that_was_delivered_decides_what_is_given(sale: Sale, wh: int, billed: list[str]) -> None:
    live(sale.world, **KWH, auto=False)
    placed = sale.init(chosen())
    assert sale.lines("QUOTED") == ["72.00", "18.00", "10.00", "-13.00", "15.66"]
    sold(sale, wh, f"{placed.quote.total}")
    assert sale.lines("BILLED") == billed
    with cpo_scope(sale.world.cpo):
        assert reprove(Quote.objects.get(is_bill=True)).verdict is Verdict.IDENTICAL


def test_after_one_session_the_next_is_given_and_the_bill_keeps_it(sale: Sale) -> None:
    limits = OfferLimits(uses_per_customer_day=1)
    live(sale.world, **SESSION, auto=False, limits=limits)
    first = sale.init(chosen(declined=("weekend-discount-25",)))
    assert sale.lines("QUOTED") == ["90.00", "10.00", "18.00"]
    sold(sale, 5000, f"{first.quote.total}")
    second = sale.init(chosen(), transaction_id="t-2")
    assert sale.lines("QUOTED") == ["90.00", "10.00", "-90.00", "1.80"]
    assert second.quote.total == Decimal("11.80")


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


def _attempt(world: World, number: int) -> bool:
    sale = Sale(world, "", None)
    try:
        sale.init(replace(ask_for(), opted_in=("given",)), transaction_id=f"t-{number}")
    except Refusal as refusal:
        assert refusal.kind is RefusalKind.OFFER_NOT_FULFILLABLE
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_stock_of_20_under_100_attempts_gives_exactly_20(seed: int) -> None:
    contend(seed, workers=20, each=5)


def test_a_stock_of_20_under_48_attempts_of_8_workers_gives_exactly_20() -> None:
    contend(0, workers=8, each=6)


def contend(seed: int, *, workers: int, each: int) -> None:
    world = make_world()
    make_product(world, units=20)
    live(world, **FREE | {"benefit_item_count": 1}, auto=False)
    numbers = list(range(workers * each))
    random.Random(seed).shuffle(numbers)

    def work(number: int) -> int:
        return sum(_attempt(world, x) for x in numbers[number * each : (number + 1) * each])

    assert sum(run_at_once(workers, work, seconds=300)) == 20
    assert stock(world) == (20, 20)
    assert compare_with_ledger().drifting == 0
    with cpo_scope(world.cpo):
        assert Redemption.objects.filter(state="RESERVED").count() == 20
    forget_all(world)
    assert stock(world) == (20, 0)


def test_a_stock_that_differs_from_what_orders_hold_is_named(sale: Sale) -> None:
    make_product(sale.world)
    live(sale.world, **FREE, auto=False)
    sale.init(chosen())
    assert compare_with_ledger().drifting == 0
    with cpo_scope(sale.world.cpo):
        ProductStock.objects.update(reserved=5)
    check = compare_with_ledger()
    assert (check.drifting, check.drifted) == (1, [{"product": "coffee", "units": 3}])


def test_two_offers_of_one_product_share_its_stock_at_any_order() -> None:
    world = make_world()
    make_product(world, units=9)
    for name in ("given", "other"):
        live(world, name, **FREE | {"benefit_item_count": 1})

    def work(number: int) -> int:
        sale = Sale(world, "", None)
        held = 0
        for turn in range(4):
            sale.init(replace(ask_for(), opted_in=()), transaction_id=f"t-{number}-{turn}")
            held += sale.lines("QUOTED").count("60.00")
        return held

    assert sum(run_at_once(6, work, seconds=300)) == 9
    assert stock(world) == (9, 9)


def test_a_process_killed_before_its_transaction_ends_gives_back_what_it_held() -> None:
    world = make_world()
    make_product(world, units=1)
    live(world, **FREE | {"benefit_item_count": 1}, auto=False)
    reader, writer = os.pipe()
    connections.close_all()
    child = os.fork()
    if child == 0:  # pragma: no cover  the child never returns
        with cpo_scope(world.cpo), transaction.atomic():
            Sale(world, "", None).init(replace(ask_for(), opted_in=("given",)))
            os.write(writer, b"held")
            signal.pause()
    assert os.read(reader, 4) == b"held"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert _attempt(world, 2)
    assert stock(world) == (1, 1)
