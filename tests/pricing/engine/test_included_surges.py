"""Surges beside the included energy of a subscription: percentages are of what has a price, the rest of all energy."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engine.price import price
from pricing.engine.values import Basis, PricingModel
from tests.pricing.engine.samples import BARE, delivered, kwh, printed, rupees, window
from tests.pricing.engine.test_inverse import MOST, buys_the_largest, costs
from tests.pricing.engine.test_surge import FIFTH, ONCE, RUPEE, surge, surged
from tests.pricing.engine.test_surge_properties import with_surges

POOL = replace(BARE, model=PricingModel.SUBSCRIPTION, included_wh=4000)
FOUR, TWO = ("Included energy (4 kWh)", "0.00"), ("Charging session cost (2 kWh @ ₹18.00/kWh)", "36.00")
MEMBER = "you are a member"


@pytest.mark.parametrize(
    ("terms", "energy", "lines"),
    [
        pytest.param(surged(FIFTH, terms=POOL), "6", [FOUR, TWO, ("Peak (20% on 2 kWh)", "7.20")], id="percent"),
        pytest.param(surged(FIFTH, terms=POOL), "4", [FOUR], id="percent-of-nothing"),
        pytest.param(
            surged(RUPEE, terms=POOL), "6", [FOUR, TWO, ("Congestion fee (6 kWh @ ₹1.00/kWh)", "6.00")], id="per-kwh"
        ),
        pytest.param(
            surged(RUPEE, terms=POOL), "4", [FOUR, ("Congestion fee (4 kWh @ ₹1.00/kWh)", "4.00")], id="per-kwh-alone"
        ),
        pytest.param(
            surged(FIFTH, RUPEE, terms=POOL),
            "6",
            [FOUR, TWO, ("Peak (20% on 2 kWh)", "7.20"), ("Congestion fee (6 kWh @ ₹1.00/kWh)", "6.00")],
            id="percent-and-per-kwh",
        ),
        pytest.param(surged(ONCE, terms=POOL), "4", [FOUR, ("Event", "25.00")], id="once"),
        pytest.param(
            surged(ONCE, terms=POOL, cap="50"),
            "4",
            [FOUR, ("Event, cut to the most that surges may add", "0.00")],
            id="the-cap-is-of-what-energy-costs",
        ),
        pytest.param(
            surged(replace(FIFTH, exemption=MEMBER), terms=POOL),
            "6",
            [FOUR, TWO, ("Peak: not charged, you are a member", "0.00")],
            id="exempt",
        ),
        pytest.param(surged(replace(FIFTH, exemption=MEMBER), terms=POOL), "4", [FOUR], id="exempt-from-nothing"),
        pytest.param(
            surged(replace(FIFTH, group="g"), replace(RUPEE, group="g"), terms=POOL),
            "6",
            [FOUR, TWO, ("Peak (20% on 2 kWh)", "7.20"), ("Congestion fee (4 kWh @ ₹1.00/kWh)", "4.00")],
            id="the-largest-of-a-group-by-slice",
        ),
    ],
)
def test_a_surge_of_included_energy(terms, energy, lines):
    assert printed(price(kwh(energy), terms)) == lines


def test_slices_are_cut_by_the_surge_and_by_the_pool():
    """Half an hour at 12 kW, the surge from the tenth minute, the pool up to the twentieth."""
    terms = surged(surge("20", windows=(window("10:10", "11:00"),)), terms=POOL)
    quote = price(delivered((0, 0), (30, 6000), stop=30), terms)
    assert [(x.energy_wh, str(x.rate), x.surges) for x in quote.slices] == [
        (2000, "0.00", ()),
        (2000, "0.00", ("peak",)),
        (2000, "18", ("peak",)),
    ]
    assert printed(quote) == [FOUR, TWO, ("Peak (20% on 2 kWh)", "7.20")]


pooled = st.builds(lambda terms, wh: replace(terms, included_wh=wh), with_surges, st.integers(0, MOST + 20))


@settings(deadline=None, max_examples=12)
@given(pooled, st.decimals("0.01", 300, places=2))
def test_an_all_in_budget_buys_the_largest_energy_within_it(terms, budget):
    buys_the_largest(terms, budget)


@pytest.mark.slow
@settings(deadline=None, max_examples=400)
@given(pooled, st.decimals("0.01", 300, places=2))
def test_many_all_in_budgets_buy_the_largest_energy_within_them(terms, budget):
    buys_the_largest(terms, budget)


@settings(deadline=None, max_examples=50)
@given(pooled, st.integers(1, MOST - 1))
def test_totals_never_fall_while_the_energy_rises(terms, wh):
    assert costs(terms, wh) <= costs(terms, wh + 1)


def test_a_budget_pays_the_surges_of_included_energy():
    """₹10 all in: 4 kWh at ₹1, then ₹19 for each kWh more."""
    quote = price(rupees("10.00", Basis.ALL_IN), surged(RUPEE, terms=POOL))
    assert quote.energy_wh == 4315
    assert [str(x.amount.amount) for x in quote.lines] == ["0.00", "5.67", "4.32"]
    assert Decimal("9.99") == quote.total.amount
