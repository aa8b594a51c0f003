"""The worked numbers of the pricing rules that have an offer in them, each with its neighbours."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pricing.engine.price import price
from pricing.engine.values import Basis, Dimension, PriceComponent, ProductOrder, ProductPrice
from tests.offers.engine.samples import WEEKEND, line, offer, outcomes, quoted, rupees_off, step
from tests.pricing.engine.samples import BARE, PLAIN, UNTAXED, delivered, kwh, printed, rupees

QUARTER = offer(name="Weekend Special", display_code="WEEKEND25")


@pytest.mark.parametrize(
    ("request_", "wh", "total"),
    [
        pytest.param(kwh("5"), 5000, "91.45", id="5-kwh-quoted"),
        pytest.param(kwh("4.999"), 4999, "91.43", id="a-wh-less"),
        pytest.param(kwh("5.001"), 5001, "91.46", id="a-wh-more"),
        pytest.param(delivered((0, 0), (20, 5200), stop=20), 5200, "94.64", id="5.2-kwh-billed"),
        pytest.param(rupees("100"), 5000, "91.45", id="100-before-offer-and-tax"),
        pytest.param(rupees("100", Basis.ALL_IN), 5536, "99.99", id="100-all-in-buys-5.536-kwh"),
        pytest.param(rupees("99.99", Basis.ALL_IN), 5536, "99.99", id="99.99-all-in"),
        pytest.param(rupees("99.98", Basis.ALL_IN), 5535, "99.97", id="99.98-all-in"),
    ],
)
def test_25_percent_off_at_18_rupees_with_fee_and_gst(request_, wh, total):
    quote = quoted(request_, QUARTER)
    assert (quote.energy_wh, str(quote.total.amount)) == (wh, total)


def test_the_quote_and_the_bill_are_printed_as_the_rules_say():
    assert printed(quoted(kwh("5"), QUARTER)) == [
        ("Charging session cost (5 kWh @ ₹18.00/kWh)", "90.00"),
        ("Service Fee", "10.00"),
        ("Weekend Special (25% off)", "-22.50"),
        ("GST (18%)", "13.95"),
    ]
    assert [amount for _, amount in printed(quoted(delivered((0, 0), (20, 5200)), QUARTER))] == [
        "93.60", "10.00", "-23.40", "14.44",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("budget", "wh", "total"),
    [
        pytest.param("44.98", 3332, "44.98", id="less-than-the-unlocked-price"),
        pytest.param("44.99", 3333, "44.99", id="the-unlocked-price"),
        pytest.param("45.00", 3333, "44.99", id="45-buys-more-than-the-2.5-kwh-that-cost-it"),
        pytest.param("45.01", 3334, "45.01", id="a-paisa-more"),
        pytest.param("37.51", 2779, "37.51", id="a-paisa-above-where-it-unlocks"),
        pytest.param("37.50", 2778, "37.50", id="the-price-at-which-it-unlocks"),
        pytest.param("37.49", 2083, "37.49", id="below-it-only-the-full-price"),
    ],
)
def test_an_offer_from_50_rupees_makes_totals_fall_where_it_unlocks(budget, wh, total):
    quote = quoted(
        rupees(budget, Basis.ALL_IN), replace(QUARTER, qualifier=offer(min_value="50").qualifier), terms=BARE
    )
    assert (quote.energy_wh, str(quote.total.amount)) == (wh, total)


@pytest.mark.parametrize(
    ("energy", "total"),
    [
        pytest.param("2.777", "49.99", id="a-paisa-below-the-least-value"),
        pytest.param("2.778", "37.50", id="the-least-value-itself"),
    ],
)
def test_the_least_value_is_inclusive(energy, total):
    quote = quoted(kwh(energy), offer(min_value="50"), terms=BARE)
    assert str(quote.total.amount) == total


@pytest.mark.parametrize(
    ("energy", "discount"),
    [
        pytest.param("22.222", "-100.00", id="at-the-cap"),
        pytest.param("22.220", "-99.99", id="below-the-cap"),
        pytest.param("30", "-100.00", id="above-the-cap"),
    ],
)
def test_a_cap_is_applied_after_the_percentage(energy, discount):
    quote = quoted(kwh(energy), offer(value_cap=Decimal(100)))
    assert str(quote.lines[2].amount.amount) == discount


def test_100_percent_off_is_exactly_nothing():
    assert str(quoted(kwh("3.333"), offer(value="100"), terms=BARE).total.amount) == "0.00"
    assert str(quoted(kwh("0.001"), offer(value="100"), terms=BARE).total.amount) == "0.00"


def test_an_amount_never_takes_its_base_below_zero():
    quote = quoted(kwh("1"), rupees_off("gift", "50"), terms=UNTAXED)
    assert printed(quote)[-1] == ("Offer gift (₹50.00 off)", "-18.00")
    assert str(quote.total.amount) == "10.00"


def test_fees_and_time_at_the_plug_count_neither_for_the_base_nor_for_the_least_value():
    terms = replace(UNTAXED, components=(*BARE.components, PriceComponent(Dimension.IDLE, Decimal(1))))
    quote = quoted(delivered((0, 0), (20, 5000)), offer(min_value="90.01"), terms=terms)
    assert [str(x.amount.amount) for x in quote.lines] == ["90.00", "40.00", "10.00"]
    assert outcomes(quote) == {"weekend": ("INELIGIBLE", "MIN_VALUE")}


COFFEE = replace(
    UNTAXED,
    product_prices=(ProductPrice("coffee", "Coffee", Decimal(60), "FOOD"), ProductPrice("wash", "Wash", Decimal(150))),
)


@pytest.mark.parametrize(
    ("scope", "discount", "shares"),
    [
        pytest.param({}, "-75.00", {"ENERGY-1": "22.50", "PRODUCT-1": "15.00", "PRODUCT-2": "37.50"}, id="everything"),
        pytest.param({"item_ids": frozenset({"coffee"})}, "-15.00", {"PRODUCT-1": "15.00"}, id="one-product"),
        pytest.param({"categories": frozenset({"FOOD"})}, "-15.00", {"PRODUCT-1": "15.00"}, id="a-product-category"),
        pytest.param({"item_ids": frozenset({"connector-1"})}, "-22.50", {"ENERGY-1": "22.50"}, id="the-connector"),
        pytest.param({"categories": frozenset({"EV_CHARGING"})}, "-22.50", {"ENERGY-1": "22.50"}, id="the-charging"),
    ],
)
def test_a_percentage_is_of_the_lines_in_scope(scope, discount, shares):
    request = replace(kwh("5"), products=(ProductOrder("coffee", 1), ProductOrder("wash", 1)))
    quote = quoted(request, offer(**scope), terms=COFFEE)
    found = quote.lines[-1]
    assert str(found.amount.amount) == discount
    assert {line_id: str(share.amount) for line_id, share in found.shares} == shares


def test_an_offer_on_a_product_that_nobody_ordered_is_no_candidate():
    quote = quoted(kwh("5"), offer(item_ids=frozenset({"coffee"})), terms=COFFEE)
    assert quote.trace.outcomes == ()


def test_surge_is_in_the_base_only_where_the_offer_says_so():
    from offers.engine.values import DiscountBase
    from pricing.engine.values import LineKind
    from tests.offers.engine.samples import cart

    surged = cart("90.00", line("SURGE-1", LineKind.SURGE, "18.00", item_id="connector-1"))
    assert str(step(QUARTER)(surged).lines[0].amount.amount) == "-22.50"
    both = offer(base=DiscountBase.ITEMS_AND_SURGE)
    assert str(step(both)(surged).lines[0].amount.amount) == "-27.00"


def test_weekend25_applies_on_a_saturday_and_not_on_a_friday():
    weekend = offer(weekly_windows=WEEKEND)
    assert str(quoted(kwh("5"), weekend).total.amount) == "91.45"
    friday = replace(kwh("5"), planned_start=kwh("5").planned_start.replace(day=6))
    refused = quoted(friday, weekend)
    assert str(refused.total.amount) == "118.00"
    assert refused.trace.outcomes[0].reason.margin == "next window Sat 00:00"


def test_quoting_twice_is_equal():
    offers = [offer("a", "10", additive=True), offer("b", "15", additive=True), offer("c", "20")]
    first, second = (price(kwh("5"), PLAIN, discounts=step(*x)) for x in (offers, offers[::-1]))
    assert first == second
