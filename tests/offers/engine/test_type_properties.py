"""What must hold for every type, alone and together: sums, bounds, order, and budgets to the Wh across slabs."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offers.engine.values import Benefit, BenefitKind, Objective, ValueType
from pricing.engine.inverse import energy_for_amount
from pricing.engine.price import price
from pricing.engine.values import Basis, Dimension, EnergyMeasure, LineKind, PriceComponent
from tests.offers.engine.samples import offer, step
from tests.offers.engine.test_properties import choices, money, objectives, tariffs, with_coffee
from tests.offers.engine.test_types import by_slabs, per_kwh, slab
from tests.pricing.engine.samples import PLAIN, ask, rupees, window

MOST = 4000  # Wh: four whole kWh, so that slabs begin and end inside

values = st.builds(
    lambda percent, value: (ValueType.PERCENT, min(value, Decimal(100))) if percent else (ValueType.AMOUNT, value),
    st.booleans(),
    money(1, 120),
)
bands = st.lists(st.integers(0, 5), min_size=2, max_size=6, unique=True).map(sorted)
slabs = st.builds(
    lambda edges, said, cap: tuple(
        slab(first, None if last == 5 else last - 1, value, cap, kind)
        for (first, last), (kind, value) in zip(zip(edges[::2], edges[1::2], strict=False), said, strict=False)
    ),
    bands,
    st.lists(values, min_size=3, max_size=3),
    st.sampled_from(["1000", "40"]),
)


def of_kind(offer_id, kind, said, cap, flags):
    least, additive, auto = flags
    common = {"additive": additive, "auto": auto, "min_value": least}
    if kind is BenefitKind.SLAB:
        return by_slabs(*said[1], offer_id=offer_id, **common)
    if kind is None:
        return per_kwh(said[0][1], offer_id, value_cap=cap, **common)
    made = offer(offer_id, **common)
    benefit = Benefit(kind, *said[0], cap)
    items = frozenset({"coffee"}) if kind is BenefitKind.COMBO else frozenset()
    return replace(made, benefit=benefit, qualifier=replace(made.qualifier, item_ids=items))


offers = st.builds(
    of_kind,
    st.sampled_from("abcdef"),
    st.sampled_from([*BenefitKind, BenefitKind.SLAB, None]),
    st.tuples(values, slabs),
    st.one_of(st.none(), money(1, 60)),
    st.tuples(st.one_of(st.none(), money(0, 90)), st.booleans(), st.booleans()),
)
pools = st.lists(offers, max_size=4, unique_by=lambda x: x.offer_id)


@settings(deadline=None, max_examples=150)
@given(pools, tariffs, st.integers(1, MOST), st.booleans(), choices, objectives)
def test_lines_add_up_and_discounts_keep_their_bounds(pool, terms, wh, ordered, opted_in, objective):
    terms = replace(terms, maximum_wh=MOST)
    request = with_coffee(ask(EnergyMeasure(wh)), ordered)
    quote = price(request, terms, discounts=step(*pool, opted_in=opted_in, objective=objective))
    assert sum(x.amount.amount for x in quote.lines) == quote.total.amount >= 0
    left = {x.line_id: x.amount.amount for x in quote.lines if x.kind is not LineKind.DISCOUNT}
    for found in (x for x in quote.lines if x.kind is LineKind.DISCOUNT):
        assert sum(share.amount for _, share in found.shares) == -found.amount.amount
        for line_id, share in found.shares:
            assert share.amount > 0
            left[line_id] -= share.amount
    assert min(left.values()) >= 0
    assert price(request, terms, discounts=step(*pool[::-1], opted_in=opted_in, objective=objective)) == quote


@settings(deadline=None, max_examples=120)
@given(pools, tariffs, st.booleans(), choices, objectives, st.lists(st.integers(1, MOST), min_size=3, max_size=9))
def test_the_bound_that_the_inverse_relies_on_is_true(pool, terms, ordered, opted_in, objective, energies):
    discounts = step(*pool, opted_in=opted_in, objective=objective)
    carts = []

    class Recorder:
        def __call__(self, cart):
            carts.append(cart)
            return discounts(cart)

    for wh in sorted(energies):
        price(with_coffee(ask(EnergyMeasure(wh)), ordered), replace(terms, maximum_wh=MOST), discounts=Recorder())
    bound = discounts.net_at_least(carts[0], carts[-1])
    for cart in carts:
        assert bound <= sum(x.amount.amount for x in (*cart.lines, *discounts(cart).lines))


EVENING = replace(
    PLAIN,
    components=(
        PriceComponent(Dimension.ENERGY, Decimal(5), (window("10:04", "10:06"),)),
        PriceComponent(Dimension.ENERGY, Decimal(18)),
    ),
    maximum_wh=MOST,
)
CASES = [
    pytest.param([by_slabs(slab(1, 1, "30"), slab(2, 2, "50"))], id="a-gap-after-the-last-slab"),
    pytest.param([by_slabs(slab(1, 1, "50"), slab(2, None, "10")), offer("w", "20")], id="a-slab-that-gives-less"),
    pytest.param([by_slabs(slab(2, None, "60"))], id="one-cliff"),
    pytest.param([per_kwh("6"), by_slabs(slab(3, None, "12", "40", ValueType.AMOUNT))], id="per-kwh-or-a-slab"),
    pytest.param([per_kwh("6", additive=True), offer("w", "70", additive=True)], id="per-kwh-beside-a-percentage"),
]


@pytest.mark.parametrize("pool", CASES)
@pytest.mark.parametrize("objective", list(Objective))
def test_an_all_in_budget_buys_the_largest_energy_within_it(pool, objective):
    discounts = step(*pool, objective=objective)
    wanted = range(1, MOST + 1, 7)
    totals = {wh: price(ask(EnergyMeasure(wh)), EVENING, discounts=discounts).total.amount for wh in wanted}
    for budget in ("14", "25.50", "31.99", "40", "52.05"):
        found = energy_for_amount(rupees(budget, Basis.ALL_IN), EVENING, discounts=discounts)
        paid = price(ask(EnergyMeasure(found)), EVENING, discounts=discounts).total.amount
        assert paid <= Decimal(budget)
        assert [wh for wh, total in totals.items() if wh > found and total <= Decimal(budget)] == []
