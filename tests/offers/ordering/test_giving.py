"""What offers give, from init to the bill: held in stock, taken off the shelf, given back, and never given twice."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector, Location, Product, ProductStock
from offers.engine.values import OfferLimits
from offers.models import Quote, Redemption
from offers.ordering.cancel import CancelledBy, cancel
from offers.ordering.place import Placing, place
from offers.proofs import Verdict, reprove
from offers.quoting import Buyer, price_session
from offers.refusals import Refusal, RefusalKind
from pricing.engine.values import ProductOrder
from tests.offers.ordering.gifts import FREE, KWH, MORE, chosen, forget_all, live, make_product, sold, stock
from tests.offers.ordering.sale import Sale, ledger_kinds
from tests.world import ask_for

pytestmark = pytest.mark.django_db
SESSION = MORE | {"item_unit": "SESSION", "qualifier_item_count": 1, "item_value": Decimal(0), "additive": False}


def settled(sale: Sale) -> Redemption:
    with cpo_scope(sale.world.cpo):
        return Redemption.objects.get(offer__offer_id="given", state="COMMITTED")


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
    # Tariff, tax; the revision of the offers, and their usage with stock and price of what they give.
    assert len(captured) == 4, [query["sql"][:90] for query in captured]


def test_more_of_what_is_bought_is_paid_at_its_value(sale: Sale) -> None:
    make_product(sale.world)
    live(sale.world, **MORE, item_value=Decimal(15), auto=False)
    placed = sale.init(chosen(products=(ProductOrder("coffee", 4),)))
    assert sale.lines("QUOTED") == ["90.00", "240.00", "120.00", "10.00", "-90.00", "66.60"]
    assert stock(sale.world) == (20, 6)
    sold(sale, 5000, f"{placed.quote.total}")
    assert sale.lines("BILLED") == ["90.00", "240.00", "120.00", "10.00", "-90.00", "66.60"]
    assert stock(sale.world) == (14, 0)


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
