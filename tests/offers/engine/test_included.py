"""Offers beside the included energy of a subscription: what nobody pays for is neither reduced nor given."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offers.engine.giving import without_given
from offers.engine.step import LockedStep
from pricing.engine.inverse import energy_for_amount
from pricing.engine.price import price
from pricing.engine.values import Basis, EnergyMeasure, LineKind, PricingModel
from tests.offers.engine import test_surge_properties as surging
from tests.offers.engine import test_type_properties as types
from tests.offers.engine.samples import offer, outcomes, quoted
from tests.offers.engine.samples_types import BANDS, by_slabs, combo, per_kwh, slab, taken
from tests.offers.engine.test_giving import more
from tests.offers.engine.test_properties import (
    MOST,
    check_against,
    check_bound,
    limited,
    money,
    pools,
    rules,
    step,
    tariffs,
    totals_of,
    with_coffee,
)
from tests.pricing.engine.samples import BARE, ask, kwh, printed, rupees

POOL = replace(BARE, model=PricingModel.SUBSCRIPTION, included_wh=4000)


@pytest.mark.parametrize(
    ("terms", "energy", "discount"),
    [
        pytest.param(per_kwh("2"), "6", "-4.00", id="per-kwh-of-what-is-paid"),
        pytest.param(per_kwh("2"), "4", "0.00", id="nothing-per-included-kwh"),
        pytest.param(per_kwh("20"), "6", "-36.00", id="per-kwh-never-more-than-the-line"),
        pytest.param(offer(), "6", "-9.00", id="a-percentage-of-what-is-paid"),
        pytest.param(offer(), "4", "0.00", id="a-percentage-of-nothing"),
        pytest.param(offer(min_value="36.00"), "6", "-9.00", id="the-least-value-is-what-is-paid"),
        pytest.param(offer(min_value="36.01"), "6", "0.00", id="included-energy-has-no-value"),
        pytest.param(BANDS, "11", "-12.60", id="bands-count-all-energy"),
        pytest.param(BANDS, "9.999", "0.00", id="bands-below-the-first"),
        pytest.param(by_slabs(slab(1, None, "10")), "4", "0.00", id="a-band-of-included-energy-saves-nothing"),
        pytest.param(more("KWH", 2, 1), "6", "0.00", id="included-energy-is-not-bought"),
        pytest.param(more("KWH", 2, 1), "6.5", "-9.00", id="blocks-of-what-is-paid"),
        pytest.param(combo("connector-1"), "6", "-7.20", id="a-combination"),
    ],
)
def test_offers_go_by_what_is_paid(terms, energy, discount):
    assert taken(quoted(kwh(energy), terms, terms=POOL)) == discount


def test_what_is_given_stands_behind_what_is_included_and_the_cart_is_found_again():
    cart = price(kwh("7"), POOL).lines
    quote = quoted(kwh("7"), more("KWH", 2, 1), terms=POOL)
    assert printed(quote) == [
        ("Included energy (4 kWh)", "0.00"),
        ("Charging session cost (2 kWh @ ₹18.00/kWh)", "36.00"),
        ("Charging session cost (1 kWh @ ₹18.00/kWh), given", "18.00"),
        ("Offer more (1 kWh free after every 2 kWh)", "-18.00"),
    ]
    assert without_given(x for x in quote.lines if x.kind is not LineKind.DISCOUNT) == cart


def test_a_given_session_gives_what_is_paid_of_it():
    quote = quoted(kwh("6"), more("SESSION", 1, 1), terms=POOL, customer_known=True, customer_sessions=1)
    assert [(x.line_id, x.is_given, str(x.amount.amount)) for x in quote.lines] == [
        ("INCLUDED-1", False, "0.00"),
        ("ENERGY-1", True, "36.00"),
        ("DISCOUNT-1", False, "-36.00"),
    ]


def test_an_offer_says_that_a_session_of_included_energy_leaves_it_nothing_to_take():
    assert outcomes(quoted(kwh("4"), per_kwh("2"), terms=POOL))["cheap"] == ("INELIGIBLE", "NO_BENEFIT")


@pytest.mark.parametrize(
    ("terms", "budget", "wh"),
    [
        pytest.param(per_kwh("8"), "20.00", 6000, id="per-kwh"),
        pytest.param(per_kwh("8"), "19.99", 5999, id="per-kwh-a-paisa-less"),
        pytest.param(offer(min_value="36.00"), "27.00", 6000, id="unlocked-by-what-is-paid"),
        pytest.param(by_slabs(slab(6, None, "50")), "18.00", 6000, id="a-band-of-all-energy"),
    ],
)
def test_a_budget_buys_the_pool_too(terms, budget, wh):
    quote = quoted(rupees(budget, Basis.ALL_IN), terms, terms=POOL)
    assert (quote.energy_wh, str(quote.total.amount)) == (wh, budget)


def within_the_pool(terms, wh):
    return replace(terms, included_wh=wh)


pooled = st.builds(within_the_pool, tariffs, st.integers(0, MOST + 20))
pooled_and_limited = st.builds(within_the_pool, limited, st.integers(0, MOST + 20))


@settings(deadline=None, max_examples=40)
@given(pools, st.one_of(pooled, pooled_and_limited), st.booleans(), rules, money(1, 200))
def test_an_all_in_budget_buys_the_largest_energy_within_it(pool, terms, ordered, buyer_and_cpo, budget):
    discounts = step(*pool, **buyer_and_cpo)
    check_against(totals_of(terms, ordered, discounts), terms, ordered, discounts, budget)


surged_pools = st.builds(within_the_pool, surging.surged, st.integers(0, MOST + 20))


@settings(deadline=None, max_examples=40)
@given(surging.pools, surged_pools, st.booleans(), rules, money(1, 150))
def test_an_all_in_budget_is_met_beside_surges(pool, terms, ordered, buyer_and_cpo, budget):
    discounts = step(*pool, **buyer_and_cpo)
    check_against(totals_of(terms, ordered, discounts), terms, ordered, discounts, budget)


@settings(deadline=None, max_examples=80)
@given(types.pools, tariffs, st.integers(0, types.MOST), st.booleans(), rules, types.energies_of_a_stretch)
def test_the_bound_that_the_inverse_relies_on_is_true(pool, terms, wh, ordered, buyer_and_cpo, energies):
    terms = replace(terms, maximum_wh=types.MOST, included_wh=wh)
    check_bound(types.offered(*pool, **buyer_and_cpo), terms, ordered, energies)
    locked = LockedStep(types.together(pool), ceilings={}, goods={"coffee": types.COFFEE})
    check_bound(locked, terms, ordered, energies)


@settings(deadline=None, max_examples=80)
@given(types.pools, tariffs, st.integers(0, types.MOST), st.integers(1, types.MOST), st.booleans(), rules)
def test_nothing_is_taken_off_what_is_included(pool, terms, included, wh, ordered, buyer_and_cpo):
    terms = replace(terms, maximum_wh=types.MOST, included_wh=included)
    quote = price(with_coffee(ask(EnergyMeasure(wh)), ordered), terms, discounts=types.offered(*pool, **buyer_and_cpo))
    assert sum(x.amount.amount for x in quote.lines) == quote.total.amount >= 0
    listed = [(x.line_id, x.quantity * 1000, x.is_given) for x in quote.lines if x.line_id.startswith("INCLUDED")]
    assert listed == ([("INCLUDED-1", min(included, wh), False)] if included else [])
    assert not any(line_id == "INCLUDED-1" for x in quote.lines for line_id, _ in x.shares)
    paid = sum(x.quantity for x in quote.lines if x.kind is LineKind.ENERGY and x.line_id != "INCLUDED-1")
    assert paid * 1000 == wh - min(included, wh)


def test_a_budget_beside_a_pool_counts_no_energy_twice():
    """₹45.00 at ₹18 buy 2.5 kWh; a quarter off from ₹50 would buy more for less, and the pool comes on top."""
    discounts = step(offer(min_value="50.00"))
    request = rupees("45.00", Basis.ALL_IN)
    assert energy_for_amount(request, replace(POOL, included_wh=None), discounts=discounts) == 3333
    assert energy_for_amount(request, POOL, discounts=discounts) == 7333
    assert Decimal("44.99") == price(kwh("7.333"), POOL, discounts=discounts).total.amount
