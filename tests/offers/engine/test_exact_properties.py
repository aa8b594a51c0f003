"""What the price promises to the paisa, for several offers of all types on several lines with fees and taxes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from decimal import Decimal

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offers.engine.book import OfferBook
from offers.engine.codec import trace_to_json
from offers.engine.giving import without_given
from offers.engine.recovery import total, with_less
from offers.engine.step import OfferStep
from offers.engine.values import BenefitKind, Objective, StackLimits
from pricing.engine.codec import line_to_json, request_to_json, terms_to_json
from pricing.engine.price import price
from pricing.engine.values import EnergyMeasure, Fee, LineKind, ProductOrder, ProductPrice, Tax
from tests.offers.engine.samples import context, offer
from tests.offers.engine.samples_types import off_the_fee
from tests.offers.engine.test_giving import GOODS
from tests.offers.engine.test_properties import money, tariffs
from tests.offers.engine.test_type_properties import MOST, of_kind, offers, slabs, values
from tests.pricing.engine.samples import ask

NOTHING, PAISA = Decimal(0), Decimal("0.01")
UNCOUNTED = {name: replace(good, units=None) for name, good in GOODS.items()}

#: Offers that mostly hold and combine, so that several of them take from the same lines.
mostly = st.integers(0, 9).map(lambda x: x != 9)
kinds = [BenefitKind.DISCOUNT, BenefitKind.DISCOUNT, BenefitKind.SLAB, BenefitKind.COMBO, BenefitKind.DELIVERY, None]
rules = st.fixed_dictionaries(
    {
        "opted_in": st.frozensets(st.sampled_from("abcdef"), max_size=2),
        "objective": st.sampled_from(Objective),
        "stack": st.sampled_from([*[StackLimits()] * 4, StackLimits(2), StackLimits(None, Decimal("33.3"))]),
    }
)
together = st.builds(
    of_kind,
    st.sampled_from("abcdef"),
    st.sampled_from([*BenefitKind, *kinds, *kinds]),
    st.tuples(values, slabs),
    st.one_of(st.none(), st.none(), money(1, 30)),
    st.none(),
    st.fixed_dictionaries(
        {
            "additive": mostly,
            "auto": mostly,
            "priority": st.integers(0, 1),
            "min_value": st.one_of(st.none(), st.none(), money(0, 30)),
            "item_ids": st.sampled_from([frozenset(), frozenset(), frozenset({"connector-1"}), frozenset({"coffee"})]),
        }
    ),
)
pools = st.lists(
    st.one_of(together, together, together, offers), min_size=3, max_size=6, unique_by=lambda x: x.offer_id
)
#: None to three fees, taxes that leave halves of a paisa, two products of which some are ordered.
carts = st.builds(
    lambda terms, fees, tax, cake, wh, ordered: (
        replace(
            terms,
            fees=tuple(Fee(f"FEE{n}", f"Fee {n}", fee) for n, fee in enumerate(fees)),
            tax=Tax("GST", tax),
            product_prices=(*terms.product_prices, ProductPrice("cake", "Cake", cake)),
            maximum_wh=MOST,
        ),
        replace(
            ask(EnergyMeasure(wh)),
            max_power_w=600,
            products=tuple(ProductOrder(name, count) for name, count in zip(("coffee", "cake"), ordered, strict=True)
                           if count),
        ),
    ),
    tariffs,
    st.lists(money(0, 10), max_size=3),
    st.sampled_from([Decimal(0), Decimal(5), Decimal(18), Decimal("12.5"), Decimal("0.25")]),
    money(0, 30),
    st.one_of(st.integers(1, MOST), st.integers(1000, MOST)),
    st.tuples(st.integers(0, 3), st.integers(0, 3)),
)  # fmt: skip


def quoted(pool, cart, buyer_and_cpo):
    """Price a session from nothing: another book, another context, other values of everything."""
    terms, request = cart
    known = context(goods=dict(UNCOUNTED), customer_known=True, customer_sessions=2, **buyer_and_cpo)
    return price(request, terms, discounts=OfferStep(OfferBook.compile(pool, revision=1), known))


def as_bytes(quote):
    """Return all of a quote that is stored."""
    parts = {
        "total": f"{quote.total.amount}",
        "energy": quote.energy_wh,
        "request": request_to_json(quote.request),
        "terms": terms_to_json(quote.terms),
        "lines": [line_to_json(x) for x in quote.lines],
        "trace": trace_to_json(quote.trace),
    }
    return orjson.dumps(parts)


def discounts_of(quote):
    return [x for x in quote.lines if x.kind is LineKind.DISCOUNT]


def amount_of(quote, kind):
    return sum((x.amount.amount for x in quote.lines if x.kind is kind), NOTHING)


def check_shares(quote):
    """Every share is a whole number of paise above 0; of a line all offers together take no more than it holds."""
    held = {x.line_id: x.amount.amount for x in quote.lines if x.kind is not LineKind.DISCOUNT}
    taken = defaultdict(Decimal)
    for found in discounts_of(quote):
        assert sum((share.amount for _, share in found.shares), NOTHING) == -found.amount.amount
        for line_id, share in found.shares:
            assert 0 < share.amount <= held[line_id]
            assert share.amount % PAISA == 0
            taken[line_id] += share.amount
    assert all(amount <= held[line_id] for line_id, amount in taken.items())
    assert all(x.amount.amount % PAISA == 0 for x in quote.lines)
    assert sum(x.amount.amount for x in quote.lines) == quote.total.amount >= 0
    by_offer = {x.offer_id: x.saving.amount for x in quote.trace.outcomes if x.offer_id in quote.trace.chosen}
    assert {x.code: -x.amount.amount for x in discounts_of(quote)} == {x: y for x, y in by_offer.items() if y}


@settings(deadline=None, max_examples=100)
@given(pools, carts, rules)
def test_shares_are_the_discount_and_lines_hold_them_and_the_total_is_never_below_nothing(pool, cart, said):
    check_shares(quoted(pool, cart, said))


@pytest.mark.slow
@settings(deadline=None, max_examples=2000)
@given(pools, carts, rules)
def test_many_shares_are_the_discount(pool, cart, said):
    check_shares(quoted(pool, cart, said))


#: What takes something off, and gives nothing on top that is worth more than all of the cart.
reducing = st.builds(
    of_kind,
    st.sampled_from("abcd"),
    st.sampled_from([BenefitKind.DISCOUNT, BenefitKind.COMBO, BenefitKind.DELIVERY, None]),
    st.tuples(st.tuples(st.just(offer().benefit.value_type), money(1, 100)), st.just(())),
    st.one_of(st.none(), money(1, 60)),
    st.none(),
    st.fixed_dictionaries({"additive": st.booleans(), "priority": st.integers(0, 1)}),
)


@settings(deadline=None, max_examples=80)
@given(st.lists(reducing, max_size=4, unique_by=lambda x: x.offer_id), carts)
def test_a_hundred_percent_off_is_exactly_nothing(pool, cart):
    everything = (offer("z-all", "100", additive=True), replace(off_the_fee("100", additive=True), offer_id="z-fees"))
    quote = quoted([*pool, *everything], cart, {})
    check_shares(quote)
    # The largest saving takes all that there is: the fees as well, and nothing is left to tax.
    assert f"{quote.total.amount}" == "0.00"
    assert f"{amount_of(quote, LineKind.TAX):.2f}" == "0.00"
    held = {x.line_id: x.amount.amount for x in quote.lines if x.kind not in (LineKind.DISCOUNT, LineKind.TAX)}
    for found in discounts_of(quote):
        for line_id, share in found.shares:
            held[line_id] -= share.amount
    assert set(held.values()) == {NOTHING}


@settings(deadline=None, max_examples=80)
@given(st.data(), pools, carts, rules)
def test_neither_the_order_of_the_offers_nor_asking_again_changes_a_byte(data, pool, cart, said):
    once = as_bytes(quoted(pool, cart, said))
    assert as_bytes(quoted(pool, cart, said)) == once
    assert as_bytes(quoted(data.draw(st.permutations(pool)), cart, said)) == once


@settings(deadline=None, max_examples=100)
@given(st.data(), pools, carts, rules)
def test_taking_everything_back_in_any_parts_restores_the_price_without_offers(data, pool, cart, said):
    quote, plain = quoted(pool, cart, said), quoted([], cart, {})
    lines, tax = quote.lines, cart[0].tax
    given_units = defaultdict(dict)
    for x in lines:
        if x.is_given and x.kind is LineKind.PRODUCT:
            given_units[x.code][x.item_id] = int(x.quantity)
    lines = with_less(lines, {}, tax, "INR", given_units)
    for code, left in data.draw(st.permutations([(x.code, -x.amount.amount) for x in lines
                                                 if x.kind is LineKind.DISCOUNT])):  # fmt: skip
        first = data.draw(st.integers(0, int(left / PAISA))) * PAISA
        for part in (first, left - first):
            lines = with_less(lines, {code: part}, tax, "INR")
    assert [(x.amount.amount, x.shares) for x in lines if x.kind is LineKind.DISCOUNT] == [
        (NOTHING, ()) for _ in discounts_of(quote)
    ]
    before_tax = [x for x in lines if x.kind not in (LineKind.DISCOUNT, LineKind.TAX)]
    whole = [(x.line_id, x.amount.amount) for x in without_given(before_tax)]
    assert whole == [(x.line_id, x.amount.amount) for x in plain.lines if x.kind is not LineKind.TAX]
    assert total(lines, "INR") == plain.total
    assert sum(x.amount.amount for x in lines if x.kind is LineKind.TAX) == amount_of(plain, LineKind.TAX)
