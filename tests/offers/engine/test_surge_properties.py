"""Offers and surges in one price: bounds that the inverse relies on, budgets to the Wh, and sums."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offers.engine.terms import DiscountBase, ValueType
from pricing.engine.price import price
from pricing.engine.values import EnergyMeasure, LineKind, Surge, SurgeBasis
from tests.offers.engine.samples import offer, step
from tests.offers.engine.test_properties import (
    MOST,
    check_against,
    check_bound,
    energies_of_a_stretch,
    money,
    offers,
    rules,
    tariffs,
    totals_of,
    with_coffee,
)
from tests.pricing.engine.samples import PLAIN, ask, kwh, printed, window

windows = st.sampled_from([(), (window("10:03", "10:11"),), (window("10:08", "10:20"),)])
surges = st.lists(
    st.builds(
        Surge,
        st.sampled_from("abc"),
        st.just(1),
        st.just("Peak"),
        st.sampled_from(SurgeBasis),
        money(1, 60),
        windows,
        group=st.sampled_from(["", "one"]),
        cap=st.one_of(st.none(), money(1, 60)),
        exemption=st.sampled_from(["", "", "", "you are a member"]),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda x: x.surge_id,
).map(tuple)
surged = st.builds(
    lambda terms, found, cap: replace(terms, surges=found, surge_cap_percent=cap),
    tariffs,
    surges,
    st.one_of(st.none(), money(1, 60)),
)
#: A percentage may be of the surge as well.
with_surge = st.builds(
    lambda found, base: (
        found
        if found.benefit.value_type is not ValueType.PERCENT
        else replace(found, benefit=replace(found.benefit, base=base))
    ),
    offers,
    st.sampled_from(DiscountBase),
)
pools = st.lists(with_surge, max_size=4, unique_by=lambda x: x.offer_id)


@settings(deadline=None, max_examples=15)
@given(pools, surged, st.booleans(), rules, money(1, 150))
def test_an_all_in_budget_buys_the_largest_energy_within_it(pool, terms, ordered, buyer_and_cpo, budget):
    discounts = step(*pool, **buyer_and_cpo)
    check_against(totals_of(terms, ordered, discounts), terms, ordered, discounts, budget)


@pytest.mark.slow
@settings(deadline=None, max_examples=400)
@given(pools, surged, st.booleans(), rules, money(1, 150))
def test_many_all_in_budgets_buy_the_largest_energy_within_them(pool, terms, ordered, buyer_and_cpo, budget):
    discounts = step(*pool, **buyer_and_cpo)
    check_against(totals_of(terms, ordered, discounts), terms, ordered, discounts, budget)


@settings(deadline=None, max_examples=200)
@given(pools, surged, st.booleans(), rules, energies_of_a_stretch)
def test_the_bound_that_the_inverse_relies_on_is_true(pool, terms, ordered, buyer_and_cpo, energies):
    check_bound(step(*pool, **buyer_and_cpo), terms, ordered, energies)


@settings(deadline=None, max_examples=150)
@given(pools, surged, st.integers(1, MOST), st.booleans(), rules)
def test_lines_add_up_and_no_offer_takes_more_than_its_lines(pool, terms, wh, ordered, buyer_and_cpo):
    quote = price(with_coffee(ask(EnergyMeasure(wh)), ordered), terms, discounts=step(*pool, **buyer_and_cpo))
    assert sum(x.amount.amount for x in quote.lines) == quote.total.amount
    left = {x.line_id: x.amount.amount for x in quote.lines if x.kind is not LineKind.DISCOUNT}
    bases = {x.offer_id: x.benefit.base for x in pool}
    kinds = {x.line_id: x.kind for x in quote.lines}
    for line in (x for x in quote.lines if x.kind is LineKind.DISCOUNT):
        for line_id, share in line.shares:
            left[line_id] -= share.amount
            assert kinds[line_id] is not LineKind.SURGE or bases[line.code] is DiscountBase.ITEMS_AND_SURGE
    assert min(left.values()) >= 0


FIFTH = Surge("peak", 1, "Peak", SurgeBasis.PERCENT, Decimal(20))


@pytest.mark.parametrize(
    ("base", "lines", "total"),
    [
        pytest.param(DiscountBase.ITEMS, ("-22.50", "17.19"), "112.69", id="before-surge"),
        pytest.param(DiscountBase.ITEMS_AND_SURGE, ("-27.00", "16.38"), "107.38", id="with-surge"),
    ],
)
def test_a_fifth_more_and_a_quarter_off(base, lines, total):
    quote = price(kwh("5"), replace(PLAIN, surges=(FIFTH,)), discounts=step(offer("o", "25", base=base)))
    assert [amount for _, amount in printed(quote)] == ["90.00", "10.00", "18.00", *lines]
    assert str(quote.total.amount) == total
