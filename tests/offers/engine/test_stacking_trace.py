"""What a trace says of groups, exclusions, the largest stack and the largest discount: reasons, numbers and words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from offers.engine.step import LockedStep
from offers.engine.values import StackLimits
from offers.reasons.parts import Names
from offers.reasons.traces import choice_in_words, outcome_in_words
from pricing.engine.price import price
from tests.offers.engine.samples import offer, outcomes, quoted, rupees_off
from tests.pricing.engine.samples import BARE, UNTAXED, delivered, kwh


def off(offer_id, value, **said):
    return offer(offer_id, value, additive=True, **said)


def sentences(quote):
    return {x.offer_id: outcome_in_words(x) for x in quote.trace.outcomes}


def discounts(quote):
    return {x.code: str(x.amount.amount) for x in quote.lines if x.code and x.kind.value == "DISCOUNT"}


@pytest.mark.parametrize(
    ("pool", "stack", "reasons"),
    [
        pytest.param(
            [off("a", "20", exclusivity_group="night"), off("b", "10", exclusivity_group="night")],
            StackLimits(),
            {"b": [("GROUP_TAKEN", "night", "a", "night is taken by a; the chosen set saves ₹9.00 more")]},
            id="a-group-that-is-taken",
        ),
        pytest.param(
            [off("a", "20", exclusivity_group="night"), off("b", "19.5", exclusivity_group="night")],
            StackLimits(),
            {"b": [("GROUP_TAKEN", "night", "a", "night is taken by a; the chosen set saves ₹0.45 more")]},
            id="a-group-that-is-taken-by-a-little",
        ),
        pytest.param(
            [off("a", "20"), off("b", "10", excludes=frozenset({"a"}))],
            StackLimits(),
            {"b": [("EXCLUDED", "b", "a", "a is chosen; the chosen set saves ₹9.00 more")]},
            id="excludes-a-chosen-one",
        ),
        pytest.param(
            [off("a", "20", excludes=frozenset({"b"})), off("b", "10")],
            StackLimits(),
            {"b": [("EXCLUDED", "b", "a", "a is chosen; the chosen set saves ₹9.00 more")]},
            id="excluded-by-a-chosen-one",
        ),
        pytest.param(
            [off("a", "20"), off("b", "10"), off("c", "5")],
            StackLimits(max_stack=2),
            {"c": [("STACK_FULL", "2", "3", "2 of 2 are chosen; the chosen set saves ₹22.50 more")]},
            id="the-stack-is-full",
        ),
        pytest.param(
            [off("a", "20"), off("b", "10")],
            StackLimits(max_discount_percent=Decimal(20)),
            {"b": [("MAX_DISCOUNT", "18.00", "9.00", "₹18.00 are given, 20 % of energy, time and products")]},
            id="the-largest-discount-is-reached",
        ),
        pytest.param(
            [off("a", "100"), off("b", "10")],
            StackLimits(max_discount_percent=Decimal(100)),
            {"b": [("BETTER_SET", "90.00", "9.00", "the chosen set saves ₹81.00 more")]},
            id="nothing-left-to-take-from-is-no-matter-of-the-largest-discount",
        ),
        pytest.param(
            [off("a", "20", exclusivity_group="night"), off("b", "15"), off("c", "10", exclusivity_group="night")],
            StackLimits(max_stack=2),
            {
                "c": [
                    ("GROUP_TAKEN", "night", "a", "night is taken by a; the chosen set saves ₹22.50 more"),
                    ("STACK_FULL", "2", "3", "2 of 2 are chosen; the chosen set saves ₹22.50 more"),
                ]
            },
            id="two-reasons-at-once",
        ),
        pytest.param(
            [off("a", "20"), offer("b", "10", exclusivity_group="night"), off("c", "5", exclusivity_group="night")],
            StackLimits(max_stack=2),
            {"b": [("NOT_ADDITIVE", "22.50", "9.00", "the chosen set saves ₹13.50 more")]},
            id="what-stands-alone-is-told-only-that",
        ),
    ],
)
def test_why_an_eligible_offer_was_not_chosen(pool, stack, reasons):
    for order in (pool, pool[::-1]):
        quote = quoted(kwh("5"), *order, stack=stack)
        left_out = [x for x in quote.trace.outcomes if x.outcome.value == "ELIGIBLE_NOT_CHOSEN"]
        assert {
            x.offer_id: [(y.code.value, y.expected, y.actual, y.margin) for y in x.checks if not y.passed]
            for x in left_out
        } == reasons


ALONE = "combines with no other offer"


@pytest.mark.parametrize(
    ("pool", "words"),
    [
        pytest.param(
            [offer("a", "20"), off("b", "10")],
            {"b": f"Offer a, which is chosen, {ALONE} (the chosen set saves ₹9.00 more)."},
            id="what-is-chosen-stands-alone",
        ),
        pytest.param(
            [off("a", "20"), offer("b", "10")],
            {"b": f"It {ALONE}, and Offer a is chosen (the chosen set saves ₹9.00 more)."},
            id="it-stands-alone-itself",
        ),
        pytest.param(
            [offer("a", "20"), offer("b", "10")],
            {"b": f"It {ALONE}, and Offer a is chosen (the chosen set saves ₹9.00 more)."},
            id="both-stand-alone",
        ),
        pytest.param(
            [off("a", "20"), off("b", "10"), offer("c", "5")],
            {"c": f"It {ALONE}, and Offer a and Offer b are chosen (the chosen set saves ₹22.50 more)."},
            id="beside-two-that-combine",
        ),
        pytest.param(
            [off("a", "20"), off("b", "10", excludes=frozenset({"a"}))],
            {"b": "It excludes Offer a, which is chosen (the chosen set saves ₹9.00 more)."},
            id="it-excludes-what-is-chosen",
        ),
        pytest.param(
            [off("a", "20", excludes=frozenset({"b"})), off("b", "10")],
            {"b": "Offer a, which is chosen, excludes it (the chosen set saves ₹9.00 more)."},
            id="what-is-chosen-excludes-it",
        ),
    ],
)
def test_which_offer_is_in_the_way(pool, words):
    for order in (pool, pool[::-1]):
        outcomes = quoted(kwh("5"), *order).trace.outcomes
        names = Names(offers={x.offer_id: x.name for x in outcomes})
        left_out = [x for x in outcomes if x.outcome.value == "ELIGIBLE_NOT_CHOSEN"]
        assert {x.offer_id: outcome_in_words(x, names) for x in left_out} == words


@pytest.mark.parametrize(
    ("percent", "given", "words"),
    [
        pytest.param("30.01", {"a": "-18.00", "b": "-9.00"}, "Chosen: a, b.", id="above-the-set"),
        pytest.param("30", {"a": "-18.00", "b": "-9.00"}, "Chosen: a, b.", id="just-the-set"),
        pytest.param(
            "29.99",
            {"a": "-18.00", "b": "-8.99"},
            "Chosen: a, b. Together they are cut by ₹0.01 to ₹26.99, the largest discount that is allowed.",
            id="rounded-down-to-the-paisa",
        ),
        pytest.param(
            "20.02",
            {"a": "-18.00", "b": "-0.01"},
            "Chosen: a, b. Together they are cut by ₹8.99 to ₹18.01, the largest discount that is allowed.",
            id="a-paisa-for-the-second",
        ),
        pytest.param(
            "20.01",
            {"a": "-18.00"},
            "Chosen: a. The next best, b, a, saves the same.",
            id="less-than-a-paisa-for-the-second",
        ),
        pytest.param(
            "10",
            {"a": "-9.00"},
            "Chosen: a. Together they are cut by ₹9.00 to ₹9.00, the largest discount that is allowed. "
            "The next best, b, saves the same.",
            id="one-alone-is-cut",
        ),
    ],
)
def test_a_set_above_the_largest_discount_is_cut(percent, given, words):
    stack = StackLimits(None, Decimal(percent))
    for pool in ([off("a", "20"), off("b", "10")], [off("b", "10"), off("a", "20")]):
        quote = quoted(kwh("5"), *pool, stack=stack, terms=UNTAXED)
        assert discounts(quote) == given
        assert choice_in_words(quote.trace) == words
        assert quote.total.amount == 100 + sum(Decimal(x) for x in given.values())


def test_who_is_cut_is_told_by_how_much():
    quote = quoted(kwh("5"), off("a", "20"), off("b", "10"), stack=StackLimits(None, Decimal("25")), terms=UNTAXED)
    assert outcomes(quote) == {"a": ("APPLIED", None), "b": ("APPLIED", None)}
    assert sentences(quote) == {
        "a": "It saves ₹18.00.",
        "b": "It saves ₹4.50 (cut by ₹4.50 to the largest discount of 25 % of energy, time and products).",
    }
    assert (str(quote.trace.most), str(quote.trace.cut)) == ("22.50 INR", "4.50 INR")


def test_the_shares_of_a_cut_discount_add_up_to_it():
    quote = quoted(kwh("5"), off("a", "40"), off("b", "30"), stack=StackLimits(None, Decimal("50")), terms=UNTAXED)
    shares = {x.code: [(line, str(share.amount)) for line, share in x.shares] for x in quote.lines if x.shares}
    assert shares == {"a": [("ENERGY-1", "36.00")], "b": [("ENERGY-1", "9.00")]}


def test_the_share_of_the_item_value_counts_neither_the_fee_nor_the_tax():
    quote = quoted(kwh("5"), rupees_off("a", "90"), stack=StackLimits(None, Decimal("50")))
    # Half of the energy's 90.00, although the fee makes it 100.00 and the tax more.
    assert discounts(quote) == {"a": "-45.00"}


def test_a_declined_offer_takes_no_group():
    pool = [off("a", "20", exclusivity_group="night"), off("b", "10", exclusivity_group="night")]
    quote = quoted(kwh("5"), *pool, declined=frozenset({"a"}))
    assert outcomes(quote) == {"a": ("INELIGIBLE", "DECLINED"), "b": ("APPLIED", None)}


def test_the_runner_up_shows_what_the_buyers_choice_of_a_group_costs():
    pool = [off("mine", "5", auto=False, exclusivity_group="night"), off("auto", "20", exclusivity_group="night")]
    quote = quoted(kwh("5"), *pool, opted_in=frozenset({"mine"}))
    assert (quote.trace.chosen, quote.trace.runner_up) == (("mine",), ("auto",))
    assert str(quote.trace.difference.amount) == "-13.50"
    assert sentences(quote)["auto"] == (
        "Only one offer of its group applies, and another is chosen (the chosen set saves ₹13.50 less)."
    )


def billed(wh, *offers, percent):
    step = LockedStep(offers, ceilings={}, max_discount_percent=None if percent is None else Decimal(percent))
    return price(delivered((0, 0), (20, wh), stop=20), BARE, discounts=step)


@pytest.mark.parametrize(
    ("wh", "percent", "given"),
    [
        pytest.param(5000, "25", {"a": "-18.00", "b": "-4.50"}, id="as-quoted"),
        pytest.param(4000, "25", {"a": "-14.40", "b": "-3.60"}, id="of-what-was-delivered"),
        pytest.param(5000, "20", {"a": "-18.00"}, id="nothing-left-for-the-second"),
        pytest.param(5000, None, {"a": "-18.00", "b": "-9.00"}, id="none-was-locked"),
        pytest.param(0, "25", {}, id="nothing-delivered"),
    ],
)
def test_a_bill_keeps_the_largest_discount_that_was_locked(wh, percent, given):
    assert discounts(billed(wh, off("a", "20"), off("b", "10"), percent=percent)) == given


def test_a_locked_offer_that_has_nothing_left_says_so():
    quote = billed(5000, off("a", "20"), off("b", "10"), percent="20")
    assert outcomes(quote) == {"a": ("APPLIED", None), "b": ("ELIGIBLE_NOT_CHOSEN", "MAX_DISCOUNT")}


def test_locked_offers_apply_together_whatever_they_exclude_by_now():
    night = [off("a", "20", exclusivity_group="night"), off("b", "10", exclusivity_group="night")]
    assert discounts(billed(5000, *night, percent=None)) == {"a": "-18.00", "b": "-9.00"}
