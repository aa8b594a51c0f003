"""What must hold wherever something is given, beside discounts of every rule of combining: sums, bounds, the choice."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offers.engine.candidates import Candidate, LineAmounts
from offers.engine.explain import cart_of
from offers.engine.selection import choose_offers
from offers.engine.step import LockedStep
from offers.engine.values import Certificate, Objective, StackLimits
from pricing.engine.inverse import energy_for_amount
from pricing.engine.price import price
from pricing.engine.values import Basis, Dimension, EnergyMeasure, LineKind, PriceComponent, PricingError, ProductOrder
from tests.offers.engine.samples import offer, step
from tests.offers.engine.test_giving import CAFE, GOODS, freebie, more
from tests.offers.engine.test_properties import money
from tests.pricing.engine.samples import ask, rupees, window

MOST = 6000  # Wh: blocks of one and two kWh begin and end inside, more than once

common = st.fixed_dictionaries(
    {
        "additive": st.booleans(),
        "auto": st.integers(0, 3).map(bool),
        "priority": st.integers(0, 1),
        "exclusivity_group": st.sampled_from(["", "", "", "night"]),
        "excludes": st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from("abcd"), max_size=1)),
        "min_value": st.one_of(st.none(), st.none(), money(0, 90)),
    }
)
prices = st.one_of(st.just("0"), money(0, 25).map(str))
caps = st.one_of(st.none(), st.none(), money(1, 80))
counts = st.integers(1, 2)


def of_session(offer_id, said, bought, count, price, cap):
    unit = "KWH" if count == 1 or bought == 1 else "SESSION"
    return more(unit, bought, count, price, offer_id=offer_id, redemption_cap=cap, **said | {"additive": False})


def of_products(offer_id, said, count, price, cap):
    return more("PRODUCT", 1, count, price, offer_id=offer_id, redemption_cap=cap, **said)


names = st.sampled_from("abcd")
given_offers = st.one_of(
    st.builds(of_session, names, common, counts, counts, prices, caps),
    st.builds(of_products, names, common, counts, prices, caps),
    st.builds(lambda name, said, count: freebie("cake", count, name, **said), names, common, counts),
)
discounts = st.builds(lambda name, said, value: offer(name, value, **said), names, common, money(1, 100))
pools = st.lists(
    st.one_of(given_offers, given_offers, discounts), min_size=1, max_size=4, unique_by=lambda x: x.offer_id
)
tariffs = st.builds(
    lambda rate, evening, at: replace(
        CAFE,
        components=(
            PriceComponent(Dimension.ENERGY, evening, (window(at, "12:00"),)),
            PriceComponent(Dimension.ENERGY, rate),
        ),
        maximum_wh=MOST,
    ),
    money(1, 25),
    money(1, 25),
    st.sampled_from(["10:02", "10:05", "10:09"]),
)
rules = st.fixed_dictionaries(
    {
        "opted_in": st.frozensets(names, max_size=3),
        "objective": st.sampled_from(Objective),
        "stack": st.builds(
            StackLimits, st.sampled_from([None, None, 1, 2]), st.one_of(st.none(), st.none(), money(0, 100))
        ),
    }
)
stretches = st.one_of(
    st.lists(st.integers(1, MOST), min_size=3, max_size=8),
    st.builds(
        lambda kwh, offsets: [max(1, 1000 * kwh + n) for n in offsets],
        st.integers(1, 5),
        st.lists(st.integers(-30, 30), min_size=3, max_size=8),
    ),
)


UNCOUNTED = {name: replace(good, units=None) for name, good in GOODS.items()}


def request(measure, ordered):
    return replace(ask(measure), products=(ProductOrder("coffee", 1 + ordered),) if ordered else ())


def offered(pool, rules_):
    return step(*pool, goods=UNCOUNTED, customer_known=True, customer_sessions=2, **rules_)


@settings(deadline=None, max_examples=100)
@given(pools, tariffs, st.integers(1, MOST), st.integers(0, 2), rules)
def test_what_is_given_adds_up_and_is_given_once(pool, terms, wh, ordered, said):
    quote = price(request(EnergyMeasure(wh), ordered), terms, discounts=offered(pool, said))
    plain = price(request(EnergyMeasure(wh), ordered), terms)
    assert sum(x.amount.amount for x in quote.lines) == quote.total.amount >= 0
    assert len({x.line_id for x in quote.lines}) == len(quote.lines)
    assert cart_of(quote).lines == cart_of(plain).lines
    assert sum(x.quantity for x in quote.lines if x.kind is LineKind.ENERGY) * 1000 == wh
    chosen = [x for x in pool if x.offer_id in quote.trace.chosen]
    assert len(chosen) < 2 or all(x.additive for x in chosen)
    left = {x.line_id: x.amount.amount for x in quote.lines}
    owners = {x.line_id: x.code for x in quote.lines if x.is_given}
    for found in (x for x in quote.lines if x.kind is LineKind.DISCOUNT):
        assert sum(share.amount for _, share in found.shares) == -found.amount.amount
        for line_id, share in found.shares:
            left[line_id] -= share.amount
            assert owners.get(line_id, found.code) == found.code
    assert all(x >= 0 for line_id, x in left.items() if not line_id.startswith("DISCOUNT"))
    assert price(quote.request, terms, discounts=offered(pool[::-1], said)) == quote


@settings(deadline=None, max_examples=60)
@given(pools, tariffs, st.integers(1, MOST), st.integers(0, 2), rules)
def test_a_bill_of_what_was_planned_is_the_quote(pool, terms, wh, ordered, said):
    quote = price(request(EnergyMeasure(wh), ordered), terms, discounts=offered(pool, said))
    by_id = {x.offer_id: x for x in pool}
    locked = LockedStep(
        tuple(by_id[x] for x in quote.trace.chosen),
        ceilings={},
        max_discount_percent=said["stack"].max_discount_percent,
        goods=UNCOUNTED,
    )
    assert price(quote.request, terms, discounts=locked).lines == quote.lines


@settings(deadline=None, max_examples=150)
@given(pools, tariffs, st.integers(0, 2), rules, stretches)
def test_the_bound_that_the_inverse_relies_on_is_true(pool, terms, ordered, said, energies):
    check_between(offered(pool, said), terms, ordered, energies)


def check_between(step_, terms, ordered, energies):
    carts = []
    for wh in sorted(energies):
        asked = request(EnergyMeasure(wh), ordered)
        carts.append(replace(cart_of(price(asked, terms)), request=asked))
    bound = step_.net_at_least(carts[0], carts[-1])
    found = [(cart, step_(cart)) for cart in carts]
    assert bound <= min(sum(x.amount.amount for x in (*y.before(cart.lines), *y.lines)) for cart, y in found)


def at_rates(rate, later):
    """Return the tariff with another rate from 10:05, when 2.5 kWh are delivered."""
    parts = (
        PriceComponent(Dimension.ENERGY, Decimal(later), (window("10:05", "12:00"),)),
        PriceComponent(Dimension.ENERGY, Decimal(rate)),
    )
    return replace(CAFE, components=parts, maximum_wh=MOST)


@pytest.mark.parametrize(
    ("pool", "terms", "energies"),
    [
        pytest.param([more("KWH", 1, 2)], at_rates("7.01", "1"), [3000, 3010], id="what-is-saved-falls"),
        pytest.param(
            [more("KWH", 2, 2, "5", min_value="30")],
            at_rates("18", "4"),
            [1600, 2100, 2500, 3900, 5900],
            id="it-holds-in-between-alone",
        ),
        pytest.param(
            [more("KWH", 1, 2), offer("w", "40")], at_rates("7.01", "1"), [2600, 3000, 3010, 3500], id="or-a-percentage"
        ),
    ],
)
def test_the_bound_is_true_where_cheaper_energy_follows(pool, terms, energies):
    check_between(offered(pool, {}), terms, 0, energies)


@settings(deadline=None, max_examples=40)
@given(pools, tariffs, st.integers(0, 2), rules, money(1, 130), stretches)
def test_no_more_energy_is_to_be_had_for_an_all_in_budget(pool, terms, ordered, said, budget, energies):
    step_ = offered(pool, said)

    def total(wh):
        return price(request(EnergyMeasure(wh), ordered), terms, discounts=step_).total.amount

    asked = replace(rupees(str(budget), Basis.ALL_IN), products=request(EnergyMeasure(1), ordered).products)
    try:
        found = energy_for_amount(asked, terms, discounts=step_)
    except PricingError as error:
        assert error.code == "BUDGET_TOO_SMALL"
        found = 0
    assert found == 0 or total(found) <= budget
    assert [wh for wh in {*energies, found + 1} if found < wh <= MOST and total(wh) <= budget] == []


lines = st.tuples(*[st.integers(1, 40)] * 2, st.one_of(st.none(), st.integers(0, 60))).map(
    lambda x: LineAmounts((Decimal(x[0]), Decimal(x[1])), most=x[2] if x[2] is None else Decimal(x[2]))
)
candidates = st.lists(
    st.builds(
        Candidate,
        offer_id=st.sampled_from("abcdefghijkl"),
        saving=st.integers(1, 30).map(Decimal),
        lines=st.sampled_from([(), (), (0,), (1,), (0, 1)]),
        additive=st.integers(0, 3).map(bool),
        opted_in=st.integers(0, 3).map(lambda x: x == 0),
        group=st.sampled_from(["", "", "", "night"]),
    ),
    unique_by=lambda x: x.offer_id,
    max_size=12,
)


def held(offers, amounts):
    """Return what a set saves, counted from nothing: what is given whole, and of two lines the largest flow."""
    on_top = sum(x.saving for x in offers if not x.lines)
    first, second, both = (sum(x.saving for x in offers if x.lines == of) for of in ((0,), (1,), (0, 1)))
    a, b = amounts.amounts
    spare = max(0, a - first) + max(0, b - second)
    taken = min(first, a) + min(second, b) + min(both, spare)
    return on_top + (taken if amounts.most is None else min(taken, amounts.most))


def feasible(offers):
    groups = [x.group for x in offers if x.group]
    return len(offers) < 2 or (all(x.additive for x in offers) and len(groups) == len(set(groups)))


def best(pool, first, amounts):
    sets = ((*first, *x) for size in range(len(pool) + 1) for x in combinations(pool, size))
    return max((x for x in sets if feasible(x)), key=lambda x: (held(x, amounts), -len(x)))


@settings(deadline=None, max_examples=60)
@given(candidates, lines)
def test_the_choice_is_the_best_of_all_sets(pool, amounts):
    pool = [
        replace(x, saving=min(x.saving, sum(amounts.amounts[n] for n in x.lines) if x.lines else x.saving))
        for x in pool
    ]
    found = choose_offers(pool, amounts)
    wanted = best([x for x in pool if x.opted_in], (), amounts)
    first = held(wanted, amounts)
    kept = [x for x in found.chosen if x.opted_in]
    assert held(kept, amounts) == first
    if not wanted:
        assert found.saving == held(best(pool, (), amounts), amounts)
    assert (found.certificate, feasible(found.chosen)) == (Certificate.PROVEN, True)
    assert found.saving == held(found.chosen, amounts)
    others = [x for x in pool if not x.opted_in]
    assert found.saving == held(best(others, tuple(kept), amounts), amounts)
