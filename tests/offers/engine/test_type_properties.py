"""What must hold for every type with every rule of combining: sums, bounds, order, and budgets to the Wh."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offers.engine.explain import cart_of
from offers.engine.step import LockedStep
from offers.engine.values import Benefit, BenefitKind, ItemUnit, Objective, Outcome, ValueType
from pricing.engine.inverse import energy_for_amount
from pricing.engine.price import price
from pricing.engine.values import ITEM_KINDS, Basis, Dimension, EnergyMeasure, LineKind, PriceComponent, PricingError
from tests.offers.engine.samples import offer, step
from tests.offers.engine.samples_types import beside, by_slabs, per_kwh, slab
from tests.offers.engine.test_giving import COFFEE, freebie, more
from tests.offers.engine.test_properties import (
    check_bound,
    money,
    rules,
    scopes,
    stacks,
    tariffs,
    with_coffee,
)
from tests.pricing.engine.samples import PLAIN, ask, rupees, window

MOST = 4000  # Wh: four whole kWh, so that slabs begin and end inside

values = st.builds(
    lambda percent, value: (ValueType.PERCENT, min(value, Decimal(100))) if percent else (ValueType.AMOUNT, value),
    st.booleans(),
    money(1, 120),
)
edges = st.lists(st.integers(0, 5), min_size=2, max_size=5, unique=True).map(sorted)
slabs = st.builds(
    lambda edges, said, cap, kept: tuple(
        slab(first, None if last == 5 else last - 1, value, cap, kind)
        for (first, last), (kind, value), keep in zip(pairwise(edges), said, kept, strict=False)
        if keep
    ),
    edges,
    st.lists(values, min_size=4, max_size=4),
    st.sampled_from(["1000", "40"]),
    st.lists(st.sampled_from([True, True, False]), min_size=4, max_size=4),
).filter(bool)


energies = st.one_of(st.none(), st.none(), st.tuples(st.integers(1, MOST), st.integers(1, MOST)))
combining = st.fixed_dictionaries(
    {
        "min_value": st.one_of(st.none(), money(0, 90)),
        "additive": st.booleans(),
        "auto": st.booleans(),
        "priority": st.integers(0, 1),
        "exclusivity_group": st.sampled_from(["", "", "", "night"]),
        "excludes": st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from("abcdef"), max_size=2)),
        "item_ids": scopes,
    }
)


def of_kind(offer_id, kind, said, cap, energy, common):
    """Return an offer of this type, held to a range of energy; None is an amount per kWh."""
    if kind is BenefitKind.SLAB:
        made = by_slabs(*said[1], offer_id=offer_id, **common)
    elif kind is BenefitKind.FREEBIE:
        made = freebie(offer_id=offer_id, **common)
    elif kind is BenefitKind.BUY_X_GET_Y:
        made = more_for(offer_id, said[0][1], cap, common)
    elif kind is None:
        made = per_kwh(said[0][1], offer_id, value_cap=cap, **common)
    else:
        made = replace(offer(offer_id, **common), benefit=Benefit(kind, *said[0], cap))
    items = frozenset({"coffee"}) if kind is BenefitKind.COMBO else frozenset()
    least, most = (min(energy), max(energy)) if energy else (None, None)
    return replace(made, qualifier=replace(made.qualifier, item_ids=items, min_wh=least, max_wh=most))


def more_for(offer_id, value, cap, common):
    """Return an offer that gives more of what is bought; the value decides the unit, the numbers and the price."""
    numbers = int(value * 100)
    unit = list(ItemUnit)[numbers % 3]
    if unit is not ItemUnit.PRODUCT:
        common = common | {"additive": False}
    bought, count = 1 + numbers % 2, 1 + numbers // 2 % 2
    price = str(value % 20) if numbers % 5 else "0"
    return more(unit, bought, count, price, offer_id=offer_id, redemption_cap=cap, **common)


def offered(*pool, **said):
    """Return the step of a known customer, of whom every other session may be given, where coffee is sold."""
    return step(*pool, goods={"coffee": COFFEE}, customer_known=True, customer_sessions=2, **said)


def together(pool):
    """Return what may be locked together: what gives of the session itself stands alone."""
    alone = [x for x in pool if x.benefit.item_unit in (ItemUnit.KWH, ItemUnit.SESSION)]
    return tuple(alone[:1] or pool)


offers = st.builds(
    of_kind,
    st.sampled_from("abcdef"),
    st.sampled_from([*BenefitKind, BenefitKind.SLAB, None]),
    st.tuples(values, slabs),
    st.one_of(st.none(), money(1, 60)),
    energies,
    combining,
)
pools = st.lists(offers, max_size=5, unique_by=lambda x: x.offer_id)
energies_of_a_stretch = st.lists(st.integers(1, MOST), min_size=3, max_size=9)


@settings(deadline=None, max_examples=120)
@given(pools, tariffs, st.integers(1, MOST), st.booleans(), rules)
def test_lines_add_up_and_discounts_keep_their_bounds(pool, terms, wh, ordered, buyer_and_cpo):
    terms = replace(terms, maximum_wh=MOST)
    request = with_coffee(ask(EnergyMeasure(wh)), ordered)
    quote = price(request, terms, discounts=offered(*pool, **buyer_and_cpo))
    assert sum(x.amount.amount for x in quote.lines) == quote.total.amount >= 0
    left = {x.line_id: x.amount.amount for x in quote.lines if x.kind is not LineKind.DISCOUNT}
    for found in (x for x in quote.lines if x.kind is LineKind.DISCOUNT):
        assert sum(share.amount for _, share in found.shares) == -found.amount.amount
        for line_id, share in found.shares:
            assert share.amount > 0
            left[line_id] -= share.amount
    assert min(left.values()) >= 0
    most = buyer_and_cpo["stack"].max_discount_percent
    if most is not None:
        items = sum(x.amount.amount for x in cart_of(quote).lines if x.kind in ITEM_KINDS)
        on_top = {x.line_id for x in quote.lines if x.is_given and x.kind is LineKind.PRODUCT}
        shares = [share for x in quote.lines for share in x.shares]
        assert sum(x.amount for line_id, x in shares if line_id not in on_top) * 100 <= items * most
    assert price(request, terms, discounts=offered(*pool[::-1], **buyer_and_cpo)) == quote


@settings(deadline=None, max_examples=120)
@given(pools, tariffs, st.integers(1, MOST), st.booleans(), rules)
def test_what_applies_combines_whether_it_reduces_the_price_or_not(pool, terms, wh, ordered, buyer_and_cpo):
    terms = replace(terms, maximum_wh=MOST)
    quote = price(with_coffee(ask(EnergyMeasure(wh)), ordered), terms, discounts=offered(*pool, **buyer_and_cpo))
    by_id = {x.offer_id: x for x in pool}
    applied = [by_id[x] for x in quote.trace.chosen]
    assert len(applied) < 2 or all(x.additive for x in applied)
    assert len(applied) <= (buyer_and_cpo["stack"].max_stack or len(applied))
    groups = [x.exclusivity_group for x in applied if x.exclusivity_group]
    assert len(groups) == len(set(groups))
    assert not any(x.excludes & {y.offer_id for y in applied if y is not x} for x in applied)
    assert all((x.reason is None) == (x.outcome is Outcome.APPLIED) for x in quote.trace.outcomes)
    bill = price(
        quote.request,
        terms,
        discounts=LockedStep(
            tuple(applied),
            ceilings={},
            max_discount_percent=buyer_and_cpo["stack"].max_discount_percent,
            goods={"coffee": COFFEE},
        ),
    )
    assert (bill.lines, set(bill.trace.chosen)) == (quote.lines, set(quote.trace.chosen))


#: A least price above all that so much energy costs, or a highest one below all that it costs from a kWh on.
limits = st.one_of(
    st.tuples(money(3700, 4000), st.none(), st.lists(st.integers(1, MOST), min_size=3, max_size=9)),
    st.tuples(st.none(), money(1, 20), st.lists(st.integers(1001, MOST), min_size=3, max_size=9)),
)


@settings(deadline=None, max_examples=120)
@given(pools, tariffs, st.booleans(), rules, limits)
def test_the_bound_is_true_while_a_limit_of_the_price_holds(pool, terms, ordered, buyer_and_cpo, limit):
    least, highest, energies = limit
    terms = replace(terms, maximum_wh=MOST, minimum_price=least, maximum_price=highest)
    discounts = offered(*pool, **buyer_and_cpo)
    quote = price(with_coffee(ask(EnergyMeasure(energies[0])), ordered), terms)
    assert quote.lines[0].line_id == "LIMIT-1"
    check_bound(discounts, terms, ordered, energies)
    check_bound(LockedStep(together(pool), ceilings={}, goods={"coffee": COFFEE}), terms, ordered, energies)


@settings(deadline=None, max_examples=120)
@given(pools, tariffs, st.booleans(), rules, energies_of_a_stretch)
def test_the_bound_that_the_inverse_relies_on_is_true(pool, terms, ordered, buyer_and_cpo, energies):
    check_bound(offered(*pool, **buyer_and_cpo), replace(terms, maximum_wh=MOST), ordered, energies)


@settings(deadline=None, max_examples=60)
@given(pools, tariffs, st.booleans(), stacks, st.one_of(st.none(), money(0, 60)), energies_of_a_stretch)
def test_the_bound_is_true_of_what_an_order_has_locked(pool, terms, ordered, stack, ceiling, energies):
    ceilings = {} if ceiling is None else {x.offer_id: ceiling for x in pool[:2]}
    locked = LockedStep(
        together(pool), ceilings=ceilings, max_discount_percent=stack.max_discount_percent, goods={"coffee": COFFEE}
    )
    check_bound(locked, replace(terms, maximum_wh=MOST), ordered, energies)


@settings(deadline=None, max_examples=60)
@given(pools, tariffs, st.booleans(), rules, money(1, 150), energies_of_a_stretch)
def test_no_more_energy_is_to_be_had_for_an_all_in_budget(pool, terms, ordered, buyer_and_cpo, budget, energies):
    terms = replace(terms, maximum_wh=MOST, components=(PriceComponent(Dimension.ENERGY, Decimal(18)),))
    discounts = offered(*pool, **buyer_and_cpo)

    def total(wh):
        return price(with_coffee(ask(EnergyMeasure(wh)), ordered), terms, discounts=discounts).total.amount

    try:
        found = energy_for_amount(with_coffee(rupees(str(budget), Basis.ALL_IN), ordered), terms, discounts=discounts)
    except PricingError as error:
        assert error.code == "BUDGET_TOO_SMALL"
        found = 0
    edges = {wh for edge in discounts.energy_edges() for wh in (edge - 1, edge) if 0 < wh <= MOST}
    assert found == 0 or total(found) <= budget
    assert [wh for wh in {*energies, *edges, found + 1} if found < wh <= MOST and total(wh) <= budget] == []


#: Offers that nothing keeps back, so that they hold at both ends of a stretch and what they save decides alone.
open_offers = st.builds(
    of_kind,
    st.sampled_from("abc"),
    st.sampled_from([BenefitKind.DISCOUNT, BenefitKind.SLAB, None, None]),
    st.tuples(money(1, 20).map(lambda x: (ValueType.PERCENT, x * 5)), slabs),
    st.one_of(st.none(), st.none(), money(1, 60)),
    st.none(),
    st.builds(lambda additive, group: {"additive": additive, "exclusivity_group": group}, st.booleans(), st.just("")),
)
open_pools = st.lists(open_offers, min_size=1, max_size=3, unique_by=lambda x: x.offer_id)


#: Energies around a whole kWh, so close that a jump or a rounding shows, at rates at which a paisa is some Wh.
close = st.builds(
    lambda kwh, before, after: sorted({max(1, 1000 * kwh + n) for n in (-before, *after)}),
    st.integers(0, 4),
    st.integers(0, 40),
    st.lists(st.integers(-40, 40), min_size=2, max_size=6),
)
cheap = st.builds(
    lambda rate, evening: replace(
        PLAIN,
        components=(
            PriceComponent(Dimension.ENERGY, evening, (window("10:05", "12:00"),)),
            PriceComponent(Dimension.ENERGY, rate),
        ),
    ),
    money(1, 25),
    money(1, 25),
)


@settings(deadline=None, max_examples=150)
@given(open_pools, cheap, stacks, close)
def test_the_bound_is_true_where_savings_jump_and_round(pool, terms, stack, energies):
    check_bound(offered(*pool, stack=stack), terms, False, energies)


def at_rates(rate, later):
    """Return the plain tariff with another rate from 10:05, when 50 Wh are delivered."""
    parts = (
        PriceComponent(Dimension.ENERGY, Decimal(later), (window("10:05", "12:00"),)),
        PriceComponent(Dimension.ENERGY, Decimal(rate)),
    )
    return replace(PLAIN, components=parts)


@pytest.mark.parametrize(
    ("pool", "terms", "energies", "said"),
    [
        pytest.param(
            [by_slabs(slab(1, 1, "10"), slab(2, None, "50"))], at_rates("18", "18"), [1990, 2010], {}, id="a-jump"
        ),
        pytest.param([per_kwh("7.11")], at_rates("7.31", "7.31"), [109, 110, 111], {}, id="kwh-and-lines-round-apart"),
        pytest.param(
            [per_kwh("6", additive=True), offer("w", "50", additive=True)],
            at_rates("18", "5"),
            [50, 60, 70, 80],
            {},
            id="a-cheap-hour-goes-wholly-to-one-and-half-to-another",
        ),
        pytest.param(
            [
                beside(additive=True),
                offer("first", "10", priority=9),
                offer("rich", "50", additive=True),
            ],
            at_rates("18", "18"),
            [1000, 1010],
            {"objective": Objective.PRIORITY, "opted_in": frozenset({"loan"})},
            id="a-chosen-one-shuts-out-the-first",
        ),
        pytest.param(
            [by_slabs(slab(1, None, "50"), max_wh=1005), offer("w", "20")],
            at_rates("18", "18"),
            [990, 1000, 1005, 1010],
            {},
            id="a-slab-within-a-range-of-energy",
        ),
    ],
)
def test_the_bound_is_true_where_it_is_hard_to_keep(pool, terms, energies, said):
    check_bound(offered(*pool, **said), terms, False, energies)


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
    discounts = offered(*pool, objective=objective)
    wanted = range(1, MOST + 1, 7)
    totals = {wh: price(ask(EnergyMeasure(wh)), EVENING, discounts=discounts).total.amount for wh in wanted}
    for budget in ("14", "25.50", "31.99", "40", "52.05"):
        found = energy_for_amount(rupees(budget, Basis.ALL_IN), EVENING, discounts=discounts)
        paid = price(ask(EnergyMeasure(found)), EVENING, discounts=discounts).total.amount
        assert paid <= Decimal(budget)
        assert [wh for wh, total in totals.items() if wh > found and total <= Decimal(budget)] == []
