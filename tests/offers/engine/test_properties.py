"""What must hold for any offers at all: sums, bounds, order, more offers never cost more, and budgets to the Wh."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from offers.engine.step import LockedStep
from offers.engine.values import DiscountBase, Objective, Outcome, StackLimits, ValueType
from pricing.engine.inverse import energy_for_amount
from pricing.engine.price import price
from pricing.engine.values import (
    ITEM_KINDS,
    Basis,
    Dimension,
    EnergyMeasure,
    Fee,
    LineKind,
    PriceComponent,
    PricingError,
    ProductOrder,
    ProductPrice,
    Tax,
    Wheeling,
)
from tests.offers.engine.samples import offer, rupees_off, step
from tests.pricing.engine.samples import PLAIN, SATURDAY, ask, delivered, kwh, rupees, window

MOST = 250  # Wh: few enough to count up, at rates so high that every threshold lies inside


def money(low, high):
    return st.integers(low * 100, high * 100).map(lambda x: Decimal(x) / 100)


scopes = st.sampled_from([frozenset(), frozenset(), frozenset({"connector-1"}), frozenset({"coffee"})])
offers = st.builds(
    lambda offer_id, percent, value, cap, least, items, additive, auto, priority, group, excludes, energy: offer(
        offer_id,
        value_type=ValueType.PERCENT if percent else ValueType.AMOUNT,
        value=min(value, Decimal(100)) if percent else value,
        value_cap=cap,
        min_value=least,
        item_ids=items,
        additive=additive,
        auto=auto,
        priority=priority,
        base=DiscountBase.ITEMS,
        exclusivity_group=group,
        excludes=excludes,
        min_wh=energy and min(energy),
        max_wh=energy and max(energy),
    ),
    st.sampled_from("abcdef"),
    st.integers(0, 3).map(bool),
    st.one_of(money(0, 60), st.integers(1, 10).map(lambda x: Decimal(10 * x))),
    st.one_of(st.none(), money(0, 60)),
    st.one_of(st.none(), money(0, 90)),
    scopes,
    st.booleans(),
    st.booleans(),
    st.integers(0, 1),
    st.sampled_from(["", "", "", "night"]),
    st.one_of(st.just(frozenset()), st.frozensets(st.sampled_from("abcdef"), max_size=2)),
    st.one_of(st.none(), st.none(), st.tuples(st.integers(1, MOST), st.integers(1, MOST))),
)
stacks = st.builds(
    StackLimits,
    st.sampled_from([None, None, 1, 2, 3]),
    st.one_of(st.none(), st.none(), money(0, 100), st.sampled_from([Decimal(20), Decimal(100)])),
)
pools = st.lists(offers, max_size=5, unique_by=lambda x: x.offer_id)
tariffs = st.builds(
    lambda rate, evening, fee, coffee, tax: replace(
        PLAIN,
        components=(
            PriceComponent(Dimension.ENERGY, evening, (window("10:05", "10:12"),)),
            PriceComponent(Dimension.ENERGY, rate),
        ),
        fees=(Fee("SERVICE", "Service Fee", fee),),
        tax=Tax("GST", tax),
        product_prices=(ProductPrice("coffee", "Coffee", coffee),),
        maximum_wh=MOST,
    ),
    money(20, 900),
    money(20, 900),
    money(0, 10),
    money(0, 30),
    st.sampled_from([Decimal(0), Decimal(18)]),
)
objectives = st.sampled_from(Objective)
choices = st.frozensets(st.sampled_from("abcdef"), max_size=4)
rules = st.fixed_dictionaries({"opted_in": choices, "objective": objectives, "stack": stacks})


def with_coffee(request, ordered):
    request = replace(request, max_power_w=600)
    return replace(request, products=(ProductOrder("coffee", 1),)) if ordered else request


@settings(deadline=None, max_examples=150)
@given(pools, tariffs, st.integers(1, MOST), st.booleans(), rules)
def test_lines_add_up_and_discounts_keep_their_bounds(pool, terms, wh, ordered, buyer_and_cpo):
    request = with_coffee(ask(EnergyMeasure(wh)), ordered)
    quote = price(request, terms, discounts=step(*pool, **buyer_and_cpo))
    assert sum(x.amount.amount for x in quote.lines) == quote.total.amount >= 0
    by_id = {x.line_id: x.amount.amount for x in quote.lines}
    taken = dict.fromkeys(by_id, Decimal(0))
    terms_of = {x.offer_id: x for x in pool}
    for found in (x for x in quote.lines if x.kind is LineKind.DISCOUNT):
        assert sum(share.amount for _, share in found.shares) == -found.amount.amount
        limit = terms_of[found.code].benefit.value_cap
        assert limit is None or -found.amount.amount <= limit
        for line_id, share in found.shares:
            taken[line_id] += share.amount
    assert all(taken[line_id] <= max(by_id[line_id], Decimal(0)) for line_id in by_id)
    applied = [terms_of[x] for x in quote.trace.chosen]
    assert len(applied) < 2 or all(x.additive for x in applied)
    stack = buyer_and_cpo["stack"]
    assert stack.max_stack is None or len(applied) <= stack.max_stack
    groups = [x.exclusivity_group for x in applied if x.exclusivity_group]
    assert len(groups) == len(set(groups))
    assert not any(x.excludes & {y.offer_id for y in applied if y is not x} for x in applied)
    if stack.max_discount_percent is not None:
        items = sum(x.amount.amount for x in quote.lines if x.kind in ITEM_KINDS)
        assert sum(taken.values()) * 100 <= items * stack.max_discount_percent
    assert all((x.reason is None) == (x.outcome is Outcome.APPLIED) for x in quote.trace.outcomes)
    again = step(*pool[::-1], **buyer_and_cpo)
    assert price(request, terms, discounts=again) == quote


@settings(deadline=None, max_examples=150)
@given(pools, offers, tariffs, st.integers(1, MOST), st.booleans(), stacks)
def test_adding_an_offer_never_raises_the_price(pool, another, terms, wh, ordered, stack):
    request = with_coffee(ask(EnergyMeasure(wh)), ordered)
    others = [x for x in pool if x.offer_id != another.offer_id]
    before = price(request, terms, discounts=step(*others, stack=stack))
    after = price(request, terms, discounts=step(*others, another, stack=stack))
    assert after.total <= before.total


@settings(deadline=None, max_examples=60)
@given(pools, tariffs, st.booleans(), rules, money(1, 120))
def test_an_all_in_budget_buys_the_largest_energy_within_it(pool, terms, ordered, buyer_and_cpo, budget):
    discounts = step(*pool, **buyer_and_cpo)
    check_against(totals_of(terms, ordered, discounts), terms, ordered, discounts, budget)


limited = st.builds(
    lambda terms, limits, wheeling: replace(
        terms, minimum_price=min(limits), maximum_price=max(limits), wheeling=Wheeling("Wheeling", wheeling)
    ),
    tariffs,
    st.tuples(money(0, 100), money(1, 300)),
    money(0, 5),
)


@settings(deadline=None, max_examples=40)
@given(pools, limited, st.booleans(), rules, money(1, 200))
def test_a_budget_is_met_where_charging_has_a_least_and_a_highest_price(pool, terms, ordered, buyer_and_cpo, budget):
    discounts = step(*pool, **buyer_and_cpo)
    check_against(totals_of(terms, ordered, discounts), terms, ordered, discounts, budget)


def flat(*, rate="500", fee="0", tax="0"):
    return replace(
        PLAIN,
        components=(PriceComponent(Dimension.ENERGY, Decimal(rate)),),
        fees=(Fee("SERVICE", "Service Fee", Decimal(fee)),),
        tax=Tax("GST", Decimal(tax)),
        product_prices=(ProductPrice("coffee", "Coffee", Decimal("20.00")),),
        maximum_wh=MOST,
    )


@settings(deadline=None, max_examples=25)
@given(money(1, 130), st.sampled_from([flat(), flat(fee="10", tax="18")]))
@example(Decimal("20.00"), flat())
def test_budgets_where_offers_pull_against_each_other(budget, terms):
    everybody = frozenset("abc")
    cases = [
        ([offer("a", "10", additive=True), offer("b", "10", additive=True), offer("n", "20")], frozenset()),
        ([offer("a", "10", additive=True), offer("b", "10", additive=True), offer("c", "20")], everybody),
        (
            [
                offer("a", "10", additive=True),
                offer("b", "10", additive=True),
                offer("c", "20"),
                offer("d", "15", additive=True),
            ],
            everybody,
        ),
        (
            [offer("a", "60", additive=True, item_ids=frozenset({"connector-1"})), offer("b", "60", additive=True)],
            frozenset(),
        ),
        ([offer("a", "100", item_ids=frozenset({"connector-1"}))], frozenset()),
        ([offer("a", "50", additive=True), offer("b", "49.5", additive=True)], frozenset()),
        ([offer("a", "5", min_value="30", auto=False), offer("b", "40")], frozenset("a")),
    ]
    for n, (pool, opted_in) in enumerate(cases):
        discounts = step(*pool, opted_in=opted_in)
        if (n, terms.fees) not in COUNTED:
            COUNTED[n, terms.fees] = totals_of(terms, True, discounts)
        check_against(COUNTED[n, terms.fees], terms, True, discounts, budget)


#: Totals by Wh, counted once for each case and tariff of the test above.
COUNTED: dict[object, list[Decimal]] = {}


def totals_of(terms, ordered, discounts):
    requests = (with_coffee(ask(EnergyMeasure(wh)), ordered) for wh in range(1, MOST + 1))
    return [price(request, terms, discounts=discounts).total.amount for request in requests]


def check_against(totals, terms, ordered, discounts, budget):
    within = [wh for wh, total in enumerate(totals, start=1) if total <= budget]
    request = with_coffee(rupees(str(budget), Basis.ALL_IN), ordered)
    try:
        found = energy_for_amount(request, terms, discounts=discounts)
    except PricingError as error:
        assert (within, error.code) == ([], "BUDGET_TOO_SMALL")
    else:
        assert found == within[-1]


#: The amounts together take a small energy line whole and so follow it; the percentage is of the snack too.
OVERDRAWN = (
    rupees_off("a", "30", additive=True, item_ids=frozenset({"connector-1"})),
    rupees_off("b", "40", additive=True, item_ids=frozenset({"connector-1"})),
    offer("c", "25", additive=True),
)
WITH_SNACK = replace(
    PLAIN, product_prices=(ProductPrice("coffee", "Snack", Decimal(30)),), fees=(Fee("SERVICE", "Fee", Decimal(10)),)
)
OVERDRAWN_STEPS = {"chosen": step(*OVERDRAWN), "locked": LockedStep(OVERDRAWN, ceilings={})}


@pytest.mark.parametrize("discounts", OVERDRAWN_STEPS.values(), ids=OVERDRAWN_STEPS)
@pytest.mark.parametrize(
    ("budget", "wh", "total"),
    [
        pytest.param("20.00", 4033, "19.99", id="the-line-holds-them"),
        pytest.param("17.70", 3889, "17.70", id="the-line-just-holds-them"),
    ],
)
def test_a_budget_is_met_where_amounts_take_a_whole_line(discounts, budget, wh, total):
    request = replace(rupees(budget, Basis.ALL_IN), products=(ProductOrder("coffee", 1),))
    quote = price(request, WITH_SNACK, discounts=discounts)
    assert (quote.energy_wh, str(quote.total.amount)) == (wh, total)


def test_the_bound_is_true_where_amounts_take_a_whole_line():
    for discounts in OVERDRAWN_STEPS.values():
        check_bound(discounts, WITH_SNACK, True, [3600, 3601, 3602, 3603])


energies_of_a_stretch = st.lists(st.integers(1, MOST), min_size=3, max_size=8)


@settings(deadline=None, max_examples=60)
@given(pools, tariffs, st.booleans(), rules, energies_of_a_stretch)
def test_the_bound_that_the_inverse_relies_on_is_true(pool, terms, ordered, buyer_and_cpo, energies):
    check_bound(step(*pool, **buyer_and_cpo), terms, ordered, energies)


@settings(deadline=None, max_examples=60)
@given(pools, tariffs, st.booleans(), stacks, st.one_of(st.none(), money(0, 60)), energies_of_a_stretch)
def test_the_bound_is_true_of_what_an_order_has_locked(pool, terms, ordered, stack, ceiling, energies):
    ceilings = {} if ceiling is None else {x.offer_id: ceiling for x in pool[:2]}
    locked = LockedStep(tuple(pool), ceilings=ceilings, max_discount_percent=stack.max_discount_percent)
    check_bound(locked, terms, ordered, energies)


def check_bound(discounts, terms, ordered, energies):
    carts = []

    class Recorder:
        def __call__(self, cart):
            carts.append(cart)
            return discounts(cart)

    for wh in sorted(energies):
        price(with_coffee(ask(EnergyMeasure(wh)), ordered), terms, discounts=Recorder())
    bound = discounts.net_at_least(carts[0], carts[-1])
    for cart in carts:
        found = discounts(cart)
        net = sum(x.amount.amount for x in (*found.before(cart.lines), *found.lines))
        assert bound <= net


@settings(deadline=None, max_examples=80)
@given(pools, tariffs, st.integers(1, MOST), st.booleans(), rules)
def test_a_bill_of_what_was_planned_is_the_quote(pool, terms, wh, ordered, buyer_and_cpo):
    request = with_coffee(ask(EnergyMeasure(wh)), ordered)
    quote = price(request, terms, discounts=step(*pool, **buyer_and_cpo))
    by_id = {x.offer_id: x for x in pool}
    locked = LockedStep(
        tuple(by_id[x] for x in quote.trace.chosen),
        ceilings={},
        max_discount_percent=buyer_and_cpo["stack"].max_discount_percent,
    )
    bill = price(request, terms, discounts=locked)
    assert (bill.lines, bill.trace.chosen) == (quote.lines, quote.trace.chosen)
    assert (bill.trace.most, bill.trace.cut) == (quote.trace.most, quote.trace.cut)


@settings(deadline=None, max_examples=80)
@given(pools, tariffs, st.integers(0, MOST), stacks)
def test_locked_offers_together_stay_within_what_was_locked(pool, terms, wh, stack):
    locked = LockedStep(tuple(pool), ceilings={}, max_discount_percent=stack.max_discount_percent)
    bill = price(delivered((0, 0), (20, wh), stop=20), terms, discounts=locked)
    given_away = -sum(x.amount.amount for x in bill.lines if x.kind is LineKind.DISCOUNT)
    items = sum(x.amount.amount for x in bill.lines if x.kind in ITEM_KINDS)
    assert bill.total.amount >= 0
    assert stack.max_discount_percent is None or given_away * 100 <= items * stack.max_discount_percent
    uncut = price(delivered((0, 0), (20, wh), stop=20), terms, discounts=LockedStep(tuple(pool), ceilings={}))
    whole = -sum(x.amount.amount for x in uncut.lines if x.kind is LineKind.DISCOUNT)
    assert given_away == (whole if bill.trace.most is None else min(whole, bill.trace.most.amount))
    assert (bill.trace.cut.amount if bill.trace.cut else 0) == whole - given_away


def test_a_large_budget_is_found_quickly_among_many_offers():
    pool = [offer(f"o{n:02}", str(1 + n % 5), additive=True, min_value=str(100 * n)) for n in range(15)]
    found = energy_for_amount(rupees("25000", Basis.ALL_IN), replace(PLAIN, maximum_wh=None), discounts=step(*pool))
    total = price(ask(EnergyMeasure(found)), PLAIN, discounts=step(*pool)).total.amount
    dearer = price(ask(EnergyMeasure(found + 1)), PLAIN, discounts=step(*pool)).total.amount
    assert total <= 25000 < dearer


@pytest.mark.parametrize(
    ("pool", "said"),
    [
        pytest.param(
            [offer("mine", "5", additive=True, exclusivity_group="one"), offer("auto", "60", additive=True)],
            {"opted_in": frozenset({"mine"}), "stack": StackLimits(1)},
            id="the-choice-fills-the-stack",
        ),
        pytest.param(
            [
                offer("mine", "5", additive=True, excludes=frozenset({"auto"})),
                offer("auto", "60", additive=True),
                offer("also", "1", additive=True),
            ],
            {"opted_in": frozenset({"mine"})},
            id="the-choice-excludes-a-better-one",
        ),
        pytest.param(
            [
                offer(x, str(n), additive=True, exclusivity_group="one", priority=n % 3)
                for n, x in enumerate("abcde", 9)
            ],
            {"objective": Objective.PRIORITY},
            id="levels-of-one-group",
        ),
        pytest.param(
            [offer(x, "30", additive=True) for x in "abcde"],
            {"stack": StackLimits(4, Decimal("33.3"))},
            id="cut-at-the-largest-discount",
        ),
        pytest.param(
            [offer(x, "11", additive=True, excludes=frozenset({y})) for x, y in ("ab", "bc", "cd", "de", "ea")],
            {},
            id="a-ring-of-exclusions",
        ),
    ],
)
def test_the_bound_is_tight_enough_for_a_large_budget(pool, said):
    calls = []
    discounts = step(*pool, **said)

    class Counted:
        thresholds, energy_edges = discounts.thresholds, discounts.energy_edges
        net_at_least = discounts.net_at_least

        def __call__(self, cart):
            calls.append(cart)
            return discounts(cart)

    terms = replace(PLAIN, maximum_wh=None)
    found = energy_for_amount(rupees("25000", Basis.ALL_IN), terms, discounts=Counted())
    total = price(ask(EnergyMeasure(found)), PLAIN, discounts=discounts).total.amount
    dearer = price(ask(EnergyMeasure(found + 1)), PLAIN, discounts=discounts).total.amount
    assert total <= 25000 < dearer
    assert len(calls) < 60


def test_the_same_offer_saves_the_same_a_week_later():
    later = replace(kwh("5"), planned_start=SATURDAY + timedelta(days=7))
    assert price(kwh("5"), PLAIN, discounts=step(offer())).total == price(later, PLAIN, discounts=step(offer())).total
