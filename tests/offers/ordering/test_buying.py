"""What drivers buy of products, from init to the bill: held in stock, taken off the shelf, given back, sold once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order, Refund
from cpo_portal.network.models import Product, ProductStock
from offers.asking import SessionAsk
from offers.models import Offer, OfferState, Quote
from offers.ordering.adjusting import Said
from offers.ordering.cancel import CancelledBy, cancel
from offers.ordering.confirm import confirm
from offers.ordering.place import Placing, place
from offers.ordering.refund import refund_bill
from offers.proofs import Verdict, reprove
from offers.quoting import Buyer
from offers.reconcile import compare_with_ledger
from offers.refusals import Refusal, RefusalKind
from offers.tasks import release_expired
from pricing.engine.values import ProductOrder
from tests.offers.ordering.gifts import FREE, MORE, chosen, forget_all, live, make_product, sold, stock
from tests.offers.ordering.sale import Sale
from tests.processes import run_at_once
from tests.world import World, ask_for, make_offer, make_world

pytestmark = pytest.mark.django_db(transaction=True)


def coffees(*counts: int) -> SessionAsk:
    """Ask for a session with so many coffees, each count on its own."""
    return chosen(opted_in=(), products=tuple(ProductOrder("coffee", count) for count in counts))


def standing(sale: Sale) -> tuple[str, Decimal]:
    """Return the order's state and its price."""
    with cpo_scope(sale.world.cpo):
        order = sale.fresh()
    return order.state, order.quoted_amount


def holds(sale: Sale) -> Any:
    """Return what the order says that it holds of products."""
    with cpo_scope(sale.world.cpo):
        return sale.fresh().products


@pytest.mark.parametrize("counts", [pytest.param((2,), id="at-once"), pytest.param((1, 1), id="one-by-one")])
def test_what_is_bought_is_held_at_init_and_taken_off_the_shelf_by_the_bill(sale: Sale, counts: tuple[int]) -> None:
    make_product(sale.world)
    placed = sale.init(coffees(*counts))
    assert stock(sale.world) == (20, 2)
    assert holds(sale) == [{"product_id": "coffee", "units": 2, "counted": True}]
    assert compare_with_ledger().drifting == 0
    sold(sale, 4000, f"{placed.quote.total}")
    assert stock(sale.world) == (18, 0)
    assert compare_with_ledger().drifting == 0
    with cpo_scope(sale.world.cpo):
        assert [reprove(quote).verdict for quote in Quote.objects.all()] == [Verdict.IDENTICAL] * 2


@pytest.mark.parametrize(
    ("units", "bought", "says"),
    [
        pytest.param(2, 1, None, id="fewer"),
        pytest.param(2, 2, None, id="the-last"),
        pytest.param(2, 3, "Only 2 × Coffee (coffee) can be had; ask for 2 or fewer.", id="one-too-many"),
        pytest.param(0, 1, "Coffee (coffee) is sold out; leave it out.", id="sold-out"),
        pytest.param(None, 500, None, id="not-counted"),
    ],
)
def test_no_more_is_sold_than_is_left(sale: Sale, units: int | None, bought: int, says: str | None) -> None:
    make_product(sale.world, units=units)
    if says is None:
        sale.init(coffees(bought))
        counted = units is not None
        assert holds(sale) == [{"product_id": "coffee", "units": bought, "counted": counted}]
        assert not counted or stock(sale.world) == (units, bought)
        return
    with pytest.raises(Refusal) as refusal:
        sale.init(coffees(bought))
    assert (refusal.value.kind, str(refusal.value)) == (RefusalKind.QUANTITY_UNAVAILABLE, says)
    assert stock(sale.world) == (units, 0)


def test_what_another_order_holds_is_not_sold(sale: Sale) -> None:
    make_product(sale.world, units=2)
    sale.init(coffees(1))
    with pytest.raises(Refusal) as refusal:
        sale.init(coffees(2), transaction_id="t-2")
    assert str(refusal.value) == "Only 1 × Coffee (coffee) can be had; ask for 1 or fewer."
    assert stock(sale.world) == (2, 1)


@pytest.mark.parametrize(
    ("again", "held"),
    [pytest.param(2, 2, id="the-same"), pytest.param(1, 1, id="fewer"), pytest.param(None, 0, id="none-of-it")],
)
def test_an_init_again_holds_what_is_bought_now(sale: Sale, again: int | None, held: int) -> None:
    make_product(sale.world, units=2)
    sale.init(coffees(2))
    sale.init(coffees(again) if again else coffees())
    assert stock(sale.world) == (2, held)
    assert compare_with_ledger().drifting == 0


@pytest.mark.parametrize("by", ["cancelled", "expired"])
def test_what_is_not_bought_after_all_is_given_back(sale: Sale, by: str) -> None:
    make_product(sale.world)
    sale.init(coffees(2))
    if by == "cancelled":
        with cpo_scope(sale.world.cpo), transaction.atomic():
            cancel(sale.fresh(), by=CancelledBy.CONSUMER, reason="no", now=timezone.now())
    else:
        end_of_quotes(sale)
        forget_all(sale.world)
    assert stock(sale.world) == (20, 0)
    assert holds(sale) == []
    assert compare_with_ledger().drifting == 0
    assert release_expired() == 0


def test_what_a_quote_promises_is_held_as_long_as_it_is_valid(sale: Sale) -> None:
    make_product(sale.world)
    sale.init(coffees(2))
    forget_all(sale.world)
    assert stock(sale.world) == (20, 2)


def end_of_quotes(sale: Sale) -> None:
    with cpo_scope(sale.world.cpo):
        Quote.objects.update(valid_until=timezone.now())


@pytest.mark.parametrize(("left", "goes_on"), [pytest.param(2, True, id="enough"), pytest.param(1, False, id="sold")])
def test_a_late_confirm_takes_what_it_buys_again_or_is_cancelled_and_refunded(
    sale: Sale, left: int, goes_on: bool
) -> None:
    make_product(sale.world)
    placed = sale.init(coffees(2))
    sale.pay(f"{placed.quote.total}")
    end_of_quotes(sale)
    forget_all(sale.world)
    assert stock(sale.world) == (20, 0)
    with cpo_scope(sale.world.cpo):
        ProductStock.objects.update(units=left)
    if goes_on:
        sale.confirm()
        assert stock(sale.world) == (2, 2)
        return
    with cpo_scope(sale.world.cpo), transaction.atomic(), pytest.raises(Refusal) as refusal:
        confirm(sale.fresh(), now=timezone.now())
    assert refusal.value.kind is RefusalKind.QUOTE_UNAVAILABLE
    assert "Only 1 × Coffee (coffee) can be had" in str(refusal.value)
    assert stock(sale.world) == (1, 0)
    with cpo_scope(sale.world.cpo):
        assert (sale.fresh().state, Refund.objects.get().amount) == ("CANCELLED", placed.quote.total)


def test_a_test_sells_nothing_off_the_shelf(sale: Sale) -> None:
    make_product(sale.world, units=1)
    with cpo_scope(sale.world.cpo), transaction.atomic():
        buyer = Buyer("bap.example", "t-1", sandbox=True)
        sale.order = place(Placing(buyer, sale.world.connector, coffees(1)), now=timezone.now()).order
    assert (holds(sale), stock(sale.world)) == ([], (1, 0))


@pytest.mark.parametrize(
    ("units", "gift"), [pytest.param(3, False, id="one-too-few-for-both"), pytest.param(4, True, id="enough-for-both")]
)
def test_what_is_bought_goes_before_what_is_given(sale: Sale, units: int, gift: bool) -> None:
    make_product(sale.world, units=units)
    live(sale.world, **FREE)
    sale.init(coffees(2))
    assert ("-120.00" in sale.lines("QUOTED"), stock(sale.world)) == (gift, (units, 4 if gift else 2))
    assert compare_with_ledger().drifting == 0


def test_two_bought_and_the_third_given_leave_the_shelf_together_and_come_back_with_the_bill(sale: Sale) -> None:
    make_product(sale.world, units=3)
    live(sale.world, **MORE | {"item_value": Decimal(0)}, auto=False)
    placed = sale.init(replace(coffees(2), opted_in=("given",)))
    assert stock(sale.world) == (3, 3)
    sold(sale, 5000, f"{placed.quote.total}")
    assert stock(sale.world) == (0, 0)
    with cpo_scope(sale.world.cpo):
        refund_bill(sale.fresh(), Said("r-1", "Machine broken"), now=timezone.now())
        refund_bill(sale.fresh(), Said("r-1", "Machine broken"), now=timezone.now())
    assert stock(sale.world) == (3, 0)
    assert compare_with_ledger().drifting == 0


@pytest.fixture
def full_shelf(sale: Sale) -> Sale:
    """A world with ten coffees, and one offer: for as long as all ten are there."""
    make_product(sale.world, units=10)
    with cpo_scope(sale.world.cpo):
        Offer.objects.update(state=OfferState.PAUSED)
    make_offer(sale.world.cpo, "full-shelf", stock_product_id="coffee", stock_at_least=10, display_code="FULL")
    return sale


def test_a_condition_on_the_stock_counts_what_the_order_holds_as_there_at_init_again(full_shelf: Sale) -> None:
    assert full_shelf.init(coffees(2)).priced.trace.chosen == ("full-shelf",)
    assert stock(full_shelf.world) == (10, 2)
    assert full_shelf.init(coffees(1)).priced.trace.chosen == ("full-shelf",)
    assert stock(full_shelf.world) == (10, 1)
    # What another driver holds is gone.
    assert full_shelf.init(coffees(1), transaction_id="t-2").priced.trace.chosen == ()


def test_a_condition_on_the_stock_counts_what_the_order_holds_as_there_at_a_late_confirm(full_shelf: Sale) -> None:
    placed = full_shelf.init(coffees(2))
    full_shelf.pay(f"{placed.quote.total}")
    end_of_quotes(full_shelf)
    with cpo_scope(full_shelf.world.cpo):
        # Nobody has released it yet.
        Order.objects.update(payment_until=timezone.now())
    full_shelf.confirm()
    assert standing(full_shelf) == ("ACTIVE", placed.quote.total)
    assert stock(full_shelf.world) == (10, 2)


def of_the_release_before(sale: Sale, *, units: int) -> None:
    """Let the order hold none of what it buys, as before products were held, and let prices have risen since."""
    with cpo_scope(sale.world.cpo):
        Order.objects.update(products=[])
        ProductStock.objects.update(units=units, reserved=0)
        Product.objects.update(price=Decimal(61))


def test_an_order_of_the_release_before_keeps_its_price_and_takes_what_it_buys_at_confirm(sale: Sale) -> None:
    make_product(sale.world)
    placed = sale.init(coffees(2))
    sale.pay(f"{placed.quote.total}")
    of_the_release_before(sale, units=2)
    sale.confirm()
    assert (stock(sale.world), standing(sale)) == ((2, 2), ("ACTIVE", placed.quote.total))
    assert holds(sale) == [{"product_id": "coffee", "units": 2, "counted": True}]
    assert compare_with_ledger().drifting == 0


def test_an_order_of_the_release_before_is_paid_back_where_too_few_are_left(sale: Sale) -> None:
    make_product(sale.world)
    placed = sale.init(coffees(2))
    sale.pay(f"{placed.quote.total}")
    of_the_release_before(sale, units=1)
    with (
        cpo_scope(sale.world.cpo),
        transaction.atomic(),
        pytest.raises(Refusal, match=r"Only 1 × Coffee \(coffee\) can be had") as refused,
    ):
        confirm(sale.fresh(), now=timezone.now())
    assert refused.value.kind is RefusalKind.QUOTE_UNAVAILABLE
    assert (stock(sale.world), standing(sale)) == ((1, 0), ("CANCELLED", placed.quote.total))
    with cpo_scope(sale.world.cpo):
        assert [refund.amount for refund in Refund.objects.all()] == [placed.quote.total]


def test_a_stock_that_differs_from_its_orders_is_mended_when_asked(sale: Sale, capsys: Any) -> None:
    make_product(sale.world)
    make_product(sale.world, name="tea")
    sale.init(coffees(2))
    with cpo_scope(sale.world.cpo):
        ProductStock.objects.update(reserved=5)
    with pytest.raises(CommandError, match=r"^2 of 3 counters differ from the ledger"):
        call_command("check_ledger")
    capsys.readouterr()
    call_command("check_ledger", "--mend-stock")
    assert sorted(capsys.readouterr().out.splitlines()) == [
        "All 3 counters agree with the ledger.",
        "Stock of coffee: 5 were called held, now 2",
        "Stock of tea: 5 were called held, now 0",
    ]
    assert stock(sale.world) == (20, 2)


def _attempt(world: World, number: int, ask: Callable[[int], SessionAsk]) -> bool:
    try:
        Sale(world, "", None).init(ask(number), transaction_id=f"t-{number}")
    except Refusal as refusal:
        assert refusal.kind in {RefusalKind.QUANTITY_UNAVAILABLE, RefusalKind.OFFER_NOT_FULFILLABLE}
        return False
    return True


def bought_or_given(number: int) -> SessionAsk:
    """Buy one, or have one given, in turn."""
    return coffees(1) if number % 2 else replace(ask_for(), opted_in=("given",))


@pytest.mark.parametrize(
    ("workers", "each", "seed"),
    [
        pytest.param(8, 6, 0, id="48-attempts-of-8"),
        *(pytest.param(20, 5, seed, id=f"100-of-20-seed-{seed}", marks=pytest.mark.slow) for seed in range(20)),
    ],
)
def test_a_shelf_of_20_is_emptied_once_by_those_who_buy_and_those_who_are_given(
    workers: int, each: int, seed: int
) -> None:
    world = make_world()
    make_product(world, units=20)
    live(world, **FREE | {"benefit_item_count": 1}, auto=False)

    def work(number: int) -> int:
        turns = range(number * each, (number + 1) * each)
        return sum(_attempt(world, x + seed, bought_or_given) for x in turns)

    assert sum(run_at_once(workers, work, seconds=300)) == 20
    assert stock(world) == (20, 20)
    assert compare_with_ledger().drifting == 0


def test_mending_while_drivers_buy_and_let_go_leaves_every_stock_right() -> None:
    world = make_world()
    make_product(world, units=80)

    def work(number: int) -> int:
        for turn in range(40 if number == 0 else 20):
            if number == 0:
                with cpo_scope(world.cpo):
                    ProductStock.objects.update(reserved=F("reserved") + 1)
                call_command("check_ledger", "--mend-stock")
            else:
                _attempt(world, number, lambda _, turn=turn: coffees(1 + turn % 3))
        return 0

    run_at_once(5, work, seconds=120)
    # Each of four holds what it asked for last.
    assert stock(world) == (80, 8)
    assert compare_with_ledger().drifting == 0
