"""From money to energy without offers: against counting up Wh by Wh."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engine.inverse import energy_for_amount
from pricing.engine.listing import energy_cost
from pricing.engine.money import Money
from pricing.engine.price import price
from pricing.engine.values import (
    Basis,
    Cart,
    Dimension,
    EnergyMeasure,
    Fee,
    PriceComponent,
    PriceTerms,
    PricingError,
    Tax,
    Wheeling,
    WheelingBasis,
)
from tests.pricing.engine.samples import PLAIN, ask, rupees, window

MOST = 400  # Wh; the connector is slow, so that a plan of so little energy crosses windows

rates = st.decimals("0.5", 900, places=2)
tariffs = st.builds(
    lambda rate, other, per_minute, flat, fee, tax, limits, wheeling: replace(
        PLAIN,
        components=(
            PriceComponent(Dimension.ENERGY, other, (window("10:07", "10:19"), window("10:30", "10:41"))),
            PriceComponent(Dimension.ENERGY, rate),
            PriceComponent(Dimension.TIME, per_minute, (window("10:00", "10:13"),)),
            *flat,
        ),
        fees=(Fee("SERVICE", "Service Fee", fee),),
        tax=Tax("GST", tax),
        maximum_wh=MOST,
        minimum_price=limits[0],
        maximum_price=limits[1],
        wheeling=wheeling,
    ),
    rates,
    rates,
    st.decimals(0, 2, places=2),
    st.one_of(st.just(()), st.decimals(0, 50, places=2).map(lambda x: (PriceComponent(Dimension.FLAT, x),))),
    st.decimals(0, 20, places=2),
    st.sampled_from([Decimal(0), Decimal(5), Decimal(18)]),
    st.lists(st.one_of(st.none(), st.decimals(1, 200, places=2)), min_size=2, max_size=2).map(
        lambda x: x if None in x else sorted(x)
    ),
    st.one_of(
        st.none(), st.builds(Wheeling, st.just("Wheeling"), st.decimals(0, 5, places=2), st.sampled_from(WheelingBasis))
    ),
)


def costs(terms, wh):
    quote = price(ask(EnergyMeasure(wh), power_w=450), terms)
    return quote.total.amount


def buys_the_largest(terms, budget):
    """Assert that an all-in budget buys the most of all energies that cost no more, each of them priced."""
    within = [wh for wh in range(1, MOST + 1) if costs(terms, wh) <= budget]
    try:
        found = energy_for_amount(replace(rupees(str(budget), Basis.ALL_IN), max_power_w=450), terms)
    except PricingError as error:
        assert (within, error.code) == ([], "BUDGET_TOO_SMALL")
    else:
        assert found == within[-1]


@settings(deadline=None, max_examples=12)
@given(tariffs, st.decimals("0.01", 300, places=2))
def test_an_all_in_budget_buys_the_largest_energy_within_it(terms, budget):
    buys_the_largest(terms, budget)


@pytest.mark.slow
@settings(deadline=None, max_examples=400)
@given(tariffs, st.decimals("0.01", 300, places=2))
def test_many_all_in_budgets_buy_the_largest_energy_within_them(terms, budget):
    buys_the_largest(terms, budget)


@settings(deadline=None, max_examples=40)
@given(tariffs, st.integers(1, MOST - 1))
def test_totals_never_fall_while_the_energy_rises(terms, wh):
    assert costs(terms, wh) <= costs(terms, wh + 1)


@settings(deadline=None, max_examples=60)
@given(rates, st.decimals(0, 20, places=2), st.decimals("0.01", 900, places=2))
def test_an_amount_before_tax_is_divided_by_the_rate(rate, fee, amount):
    terms = replace(
        PLAIN, components=(PriceComponent(Dimension.ENERGY, rate),), fees=(Fee("SERVICE", "Service Fee", fee),)
    )
    try:
        found = energy_for_amount(rupees(str(amount)), terms)
    except PricingError as error:
        assert error.code == "BUDGET_TOO_SMALL"
        assert amount < fee + rate / 1000
    else:
        assert fee + rate * found / 1000 <= amount < fee + rate * (found + 1) / 1000


def test_what_offers_look_at_is_the_energy_without_the_fee():
    lines = price(rupees("100"), PLAIN).lines
    assert [x.kind.value for x in lines] == ["ENERGY", "FEE", "TAX"]
    cart = Cart(rupees("100"), lines, 5000, "INR", "Asia/Kolkata")
    assert cart.item_value() == Money(Decimal("90.00"), "INR")


def test_no_energy_costs_nothing():
    assert energy_cost(()) == 0


_EVENINGS = replace(
    PLAIN,
    components=(
        PriceComponent(Dimension.ENERGY, Decimal(20), windows=(window("20:00", "22:00"),)),
        PriceComponent(Dimension.ENERGY, Decimal(18)),
    ),
)


@pytest.mark.parametrize(
    ("terms", "basis", "amount"),
    [
        pytest.param(PLAIN, Basis.BEFORE_SURGE_OFFER_TAX, "90730.00", id="one-rate"),
        pytest.param(_EVENINGS, Basis.BEFORE_SURGE_OFFER_TAX, "91570.00", id="two-rates"),
        pytest.param(PLAIN, Basis.ALL_IN, "107061.40", id="one-rate-with-tax"),
        pytest.param(_EVENINGS, Basis.ALL_IN, "108052.60", id="two-rates-with-tax"),
    ],
)
def test_an_amount_may_buy_the_longest_session_and_no_paisa_more(terms: PriceTerms, basis: Basis, amount: str) -> None:
    assert energy_for_amount(rupees(amount, basis), terms) == 5_040_000
    with pytest.raises(PricingError) as refused:
        energy_for_amount(rupees(str(Decimal(amount) + Decimal("0.01")), basis), terms)
    assert refused.value.code == "PLAN_TOO_LONG"
