"""The least and the highest price of charging: on each side of where they bind, in bills, and from money to energy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pricing.engine.inverse import energy_for_amount
from pricing.engine.price import price
from pricing.engine.price_limits import charging_cost
from pricing.engine.values import (
    Basis,
    Dimension,
    PriceComponent,
    PricingError,
    PricingModel,
    ProductOrder,
    ProductPrice,
)
from tests.pricing.engine.samples import BARE, PLAIN, UNTAXED, ask, delivered, kwh, printed, rupees

LEAST = replace(UNTAXED, minimum_price=Decimal(50))
HIGHEST = replace(UNTAXED, maximum_price=Decimal(200))
FEE = ("Service Fee", "10.00")


@pytest.mark.parametrize(
    ("terms", "energy", "lines"),
    [
        pytest.param(
            LEAST, "2.777", [("Charging session cost (2.777 kWh, least price of a session)", "50.00"), FEE], id="below"
        ),
        pytest.param(
            replace(LEAST, minimum_price=Decimal("49.99")),
            "2.777",
            [("Charging session cost (2.777 kWh @ ₹18.00/kWh)", "49.99"), FEE],
            id="at-the-least",
        ),
        pytest.param(LEAST, "2.778", [("Charging session cost (2.778 kWh @ ₹18.00/kWh)", "50.00"), FEE], id="reached"),
        pytest.param(HIGHEST, "11.111", [("Charging session cost (11.111 kWh @ ₹18.00/kWh)", "200.00"), FEE], id="at"),
        pytest.param(
            HIGHEST,
            "11.112",
            [("Charging session cost (11.112 kWh, highest price of a session)", "200.00"), FEE],
            id="a-paisa-above",
        ),
        pytest.param(
            HIGHEST,
            "40",
            [("Charging session cost (40 kWh, highest price of a session)", "200.00"), FEE],
            id="far-above",
        ),
    ],
)
def test_charging_costs_no_less_and_no_more(terms, energy, lines):
    assert printed(price(kwh(energy), terms)) == lines


def test_energy_time_and_the_price_of_a_session_count_together_and_nothing_else_does():
    components = (
        PriceComponent(Dimension.ENERGY, Decimal(18)),
        PriceComponent(Dimension.TIME, Decimal(1)),
        PriceComponent(Dimension.FLAT, Decimal(5)),
        PriceComponent(Dimension.IDLE, Decimal(2)),
    )
    coffee = ProductPrice("coffee", "Coffee", Decimal(60))
    terms = replace(UNTAXED, components=components, product_prices=(coffee,), maximum_price=Decimal(100))
    # 5 kWh in 20 minutes come to 90 + 20 + 5; then the car stands there for ten minutes.
    request = replace(delivered((0, 0), (20, 5000), (30, 5000), stop=30), products=(ProductOrder("coffee", 1),))
    assert printed(price(request, terms)) == [
        ("Charging session cost (5 kWh, highest price of a session)", "100.00"),
        ("Coffee", "60.00"),
        ("Idle time (10 min @ ₹2.00/min)", "20.00"),
        FEE,
    ]
    least = replace(terms, maximum_price=None, minimum_price=Decimal("115.01"))
    assert printed(price(request, least))[0] == (
        "Charging session cost (5 kWh, least price of a session)",
        "115.01",
    )
    assert charging_cost(price(request, replace(least, minimum_price=Decimal(115))).lines) == 115


def test_a_bill_keeps_its_slices_and_its_energy_under_a_limit():
    quote = price(delivered((0, 0), (30, 2000), stop=30), LEAST)
    assert [(x.energy_wh, x.rate) for x in quote.slices] == [(2000, Decimal(18))]
    assert (quote.energy_wh, str(quote.total.amount)) == (2000, "60.00")


def test_without_any_energy_there_is_no_least_price():
    quote = price(delivered((0, 700), (30, 700), stop=30), LEAST)
    assert printed(quote) == [("Charging session cost (0 kWh @ ₹18.00/kWh)", "0.00"), FEE]


def test_a_price_per_session_is_raised_to_the_least():
    fixed = replace(
        BARE,
        model=PricingModel.FIXED,
        components=(PriceComponent(Dimension.FLAT, Decimal(40)),),
        minimum_price=Decimal(50),
    )
    assert printed(price(kwh("5"), fixed)) == [("Charging session cost (5 kWh, least price of a session)", "50.00")]
    as_listed = replace(fixed, minimum_price=Decimal(40))
    assert printed(price(kwh("5"), as_listed)) == [("Price per session", "40.00")]


@pytest.mark.parametrize(
    ("terms", "amount", "basis", "wh"),
    [
        pytest.param(LEAST, "60", Basis.BEFORE_SURGE_OFFER_TAX, 2777, id="the-least-buys-what-it-is-worth"),
        pytest.param(LEAST, "60.018", Basis.BEFORE_SURGE_OFFER_TAX, 2778, id="above-the-least-a-wh-more"),
        pytest.param(LEAST, "60", Basis.ALL_IN, 2778, id="the-least-all-in"),
        pytest.param(LEAST, "60.02", Basis.ALL_IN, 2779, id="above-the-least-all-in"),
        pytest.param(HIGHEST, "209.99", Basis.ALL_IN, 11_110, id="below-the-highest"),
        pytest.param(HIGHEST, "210", Basis.ALL_IN, 5_040_000, id="the-highest-buys-the-longest-session"),
        pytest.param(replace(HIGHEST, maximum_wh=40_000), "500", Basis.ALL_IN, 40_000, id="as-much-as-is-sold"),
        pytest.param(
            replace(LEAST, minimum_price=Decimal("49.99")), "59.98", Basis.ALL_IN, None, id="below-the-least-nothing"
        ),
        pytest.param(LEAST, "59.99", Basis.BEFORE_SURGE_OFFER_TAX, None, id="below-the-least-and-the-fee"),
    ],
)
def test_an_amount_under_limits_buys(terms, amount, basis, wh):
    if wh is not None:
        assert energy_for_amount(rupees(amount, basis), terms) == wh
        return
    with pytest.raises(PricingError) as refused:
        energy_for_amount(rupees(amount, basis), terms)
    assert refused.value.code == "BUDGET_TOO_SMALL"


def test_the_refusal_names_the_least_price_with_fees_and_tax():
    with pytest.raises(PricingError, match=r"^Raise the amount: fixed prices, fees and taxes alone come to ₹70.80\.$"):
        energy_for_amount(rupees("70", Basis.ALL_IN), replace(PLAIN, minimum_price=Decimal(50)))


@pytest.mark.parametrize("basis", Basis)
def test_more_than_a_session_can_cost_is_refused_with_what_to_do(basis):
    with pytest.raises(PricingError) as refused:
        energy_for_amount(rupees("210.01", basis), HIGHEST)
    assert refused.value.code == "AMOUNT_TOO_LARGE"
    assert str(refused.value) == "Ask for energy in kWh: charging costs at most ₹200.00 here."


@pytest.mark.parametrize("basis", Basis)
def test_a_highest_price_beyond_the_longest_session_is_not_what_refuses(basis):
    slow = replace(ask(rupees("9000", basis).measure), max_power_w=1000)
    with pytest.raises(PricingError) as refused:
        energy_for_amount(slow, replace(UNTAXED, maximum_price=Decimal(3025)))
    assert refused.value.code == "PLAN_TOO_LONG"
    assert timedelta(days=7) / timedelta(hours=1) * 18 == 3024


BIGGEST = "99999999.99"


def bought(unit: str, count: int):
    """Price half a kWh with so many units of something that costs so much."""
    terms = replace(UNTAXED, product_prices=(ProductPrice("gold", "Gold", Decimal(unit)),), fees=())
    return price(replace(kwh("0.5"), products=(ProductOrder("gold", count),)), terms)


@pytest.mark.parametrize(
    ("unit", "count", "total"),
    [
        pytest.param(BIGGEST, 1, "100000008.99", id="the-dearest-unit"),
        # 9 of energy beside it.
        pytest.param("99999999.90", 100, "9999999999.00", id="just-storable"),
    ],
)
def test_what_an_order_can_hold_is_priced(unit, count, total):
    assert bought(unit, count).total.amount == Decimal(total)


@pytest.mark.parametrize(
    ("unit", "count", "sentence"),
    [
        pytest.param(
            "100000000.00", 1, "Leave out “Gold”: one unit can cost at most 99,999,999.99.", id="a-paisa-dearer"
        ),
        pytest.param(BIGGEST, 100, "Ask for less: one session can cost at most 9,999,999,999.99.", id="all-together"),
    ],
)
def test_what_no_order_can_hold_has_no_price(unit, count, sentence):
    with pytest.raises(PricingError) as refused:
        bought(unit, count)
    assert (refused.value.code, str(refused.value)) == ("TOO_MUCH", sentence)
