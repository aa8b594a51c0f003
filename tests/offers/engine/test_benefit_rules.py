"""What each type of benefit answers by itself: its most, its slope, its bends, its title and its words."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.engine.about import About
from offers.engine.asked import asked_of
from offers.engine.benefits import rule_of
from offers.engine.benefits.blocks import Part, cost_of
from offers.engine.benefits.items import worth
from offers.engine.describe import benefit_in_words
from offers.engine.facts import Good
from offers.engine.situation import situation_of
from offers.engine.values import BenefitKind, ValueType
from pricing.engine.money import Money
from pricing.engine.values import Cart, LineKind
from tests.offers.engine.samples import context, line, offer, quoted, rupees_off, step
from tests.offers.engine.samples_types import (
    CAFE,
    WITH_BOTH,
    beside,
    by_slabs,
    combo,
    off_the_fee,
    per_kwh,
    slab,
    taken,
)
from tests.offers.engine.test_giving import freebie, more
from tests.pricing.engine.samples import kwh

GAP = by_slabs(slab(10, 12), slab(15, 20, "20"))
CAPPED = by_slabs(slab(10, 19, "10", "50"), slab(20, None, "25", "80"))


def session_of(energy):
    """Return a session of so many kWh at 18.00 each."""
    wh, cost = int(Decimal(energy) * 1000), Decimal(energy) * 18
    first = line("ENERGY-1", LineKind.ENERGY, "0", item_id="connector-1", quantity=Decimal(energy))
    sold = replace(first, amount=Money(cost, "INR"))
    return situation_of(Cart(kwh(energy), (sold,), wh, "INR", "Asia/Kolkata"), context())


@pytest.mark.parametrize(
    ("first", "last", "most"),
    [
        pytest.param("5", "9.999", None, id="below-the-first"),
        pytest.param("5", "10", "18.00", id="into-the-first"),
        pytest.param("5", "16", "57.60", id="into-the-second"),
        pytest.param("10", "12.999", None, id="within-the-first"),
        pytest.param("12", "14", "25.20", id="out-of-the-first"),
        pytest.param("13", "14", None, id="between-the-two"),
        pytest.param("13", "16", "57.60", id="from-between-into-the-second"),
        pytest.param("12", "15", "54.00", id="from-one-to-the-other"),
        pytest.param("21", "30", None, id="above-the-last"),
    ],
)
def test_the_most_that_slabs_save_between_two_sessions(first, last, most):
    expected = None if most is None else Decimal(most)
    assert rule_of(GAP).most_between(GAP, session_of(first), session_of(last)) == expected


@pytest.mark.parametrize(
    ("energy", "percent"),
    [
        pytest.param("9", 0, id="in-no-slab"),
        pytest.param("10", 10, id="in-the-first"),
        pytest.param("19", 10, id="below-its-cap"),
        pytest.param("20", 0, id="at-the-cap-of-the-second"),
    ],
)
def test_a_slab_follows_the_lines_by_its_percentage(energy, percent):
    situation = session_of(energy)
    assert rule_of(CAPPED).slope(CAPPED, situation, rule_of(CAPPED).lines(CAPPED, situation)) == percent


@pytest.mark.parametrize(
    ("terms", "energy", "percent"),
    [
        pytest.param(offer(), "10", 25, id="a-percentage"),
        pytest.param(offer(value_cap=Decimal(45)), "9.9", 25, id="below-its-cap"),
        pytest.param(offer(value_cap=Decimal(45)), "10", 0, id="at-its-cap"),
        pytest.param(combo("coffee", cap="20"), "5", 20, id="a-combination"),
        pytest.param(rupees_off("a", "180"), "9.9", 100, id="below-an-amount"),
        pytest.param(rupees_off("a", "180"), "10", 0, id="at-an-amount"),
        pytest.param(per_kwh("2", value_cap=Decimal(20)), "9.9", 100, id="for-each-kwh"),
        pytest.param(per_kwh("2", value_cap=Decimal(20)), "10", 0, id="at-the-cap-of-the-kwh"),
    ],
)
def test_what_is_taken_of_energy_follows_it_up_to_its_cap(terms, energy, percent):
    situation = session_of(energy)
    assert rule_of(terms).slope(terms, situation, rule_of(terms).lines(terms, situation)) == percent


@pytest.mark.parametrize(
    ("terms", "units"),
    [
        pytest.param(offer(), 0, id="a-percentage"),
        pytest.param(combo("coffee"), 0, id="a-combination"),
        pytest.param(per_kwh("2"), 3, id="for-each-kwh"),
    ],
)
def test_only_what_is_taken_of_kwh_is_rounded_apart_from_its_lines(terms, units):
    assert rule_of(terms).slack(terms, (0, 1)) == units


@pytest.mark.parametrize("terms", [off_the_fee("50"), freebie()], ids=["a fee", "a free thing"])
def test_what_is_taken_of_no_energy_does_not_follow_it(terms):
    situation = session_of("10")
    assert rule_of(terms).slope(terms, situation, rule_of(terms).lines(terms, situation)) == 0


@pytest.mark.parametrize(
    ("terms", "most"),
    [
        pytest.param(CAPPED, Decimal(80), id="the-dearest-slab"),
        pytest.param(replace(CAPPED, limits=replace(CAPPED.limits, redemption_cap=Decimal(60))), 60, id="a-cap"),
        pytest.param(by_slabs(), None, id="no-slab-yet"),
    ],
)
def test_the_most_that_slabs_can_cost(terms, most):
    assert rule_of(terms).maximum(terms) == most


def test_the_values_at_which_slabs_reach_their_caps():
    assert step(CAPPED).thresholds() == (Decimal(320), Decimal(500))


def test_in_no_slab_there_is_no_title():
    assert [rule_of(GAP).title(GAP, session_of(x)) for x in ("12", "13")] == ["10% off, 10–12 kWh", ""]


def test_a_session_without_energy_in_scope_counts_none():
    goods = Cart(kwh("25"), (line("PRODUCT-1", LineKind.PRODUCT, "500.00"),), 25_000, "INR", "Asia/Kolkata")
    (check,) = rule_of(GAP).checks(GAP, situation_of(goods, context()))
    assert (check.passed, check.actual, check.margin) == (False, "0 kWh", "10 kWh short")


@pytest.mark.parametrize(
    ("terms", "title"),
    [
        pytest.param(beside("loan"), "Offer loan (financing)", id="financing"),
        pytest.param(beside("swap", BenefitKind.EXCHANGE), "Offer swap (exchange)", id="exchange"),
        pytest.param(combo("coffee"), "Offer combo (20% off the combination)", id="combo"),
    ],
)
def test_a_title_that_needs_no_cart(terms, title):
    assert asked_of(terms).title == title


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        pytest.param(
            by_slabs(slab(5, 5, "30", "30", ValueType.AMOUNT)), "₹30.00 off, at most ₹30.00, for 5 kWh", id="an-amount"
        ),
        pytest.param(combo("cake", "coffee"), "20 % off in combination with 2 items, at most ₹500.00", id="two-items"),
        pytest.param(off_the_fee("50", value_cap=Decimal(20)), "50 % off the fees, at most ₹20.00", id="a-capped-fee"),
    ],
)
def test_a_benefit_in_plain_words(terms, words):
    assert benefit_in_words(terms) == words


@pytest.mark.parametrize(
    ("products", "about"),
    [((), About(ids=("cake", "coffee"))), (WITH_BOTH[:1], About(ids=("cake",))), (WITH_BOTH, None)],
    ids=["both missing", "one missing", "none missing"],
)
def test_a_combination_names_the_ids_that_are_missing(products, about):
    terms = combo("coffee", "cake", item_ids=frozenset({"connector-1"}))
    quote = quoted(replace(kwh("5"), products=products), terms, terms=CAFE)
    assert [x.about for x in quote.trace.outcomes[0].checks if x.code.value == "COMBO_ITEMS"] == [about]


@pytest.mark.parametrize(
    ("category", "discount"),
    [
        pytest.param("EV_CHARGING", "-30.00", id="20-percent-of-the-energy-and-the-coffee"),
        pytest.param("food", "-20.00", id="20-percent-of-the-coffee-and-the-cake"),
    ],
)
def test_a_combination_of_a_category_is_taken_of_no_other(category, discount):
    terms = combo("coffee", categories=frozenset({category}))
    assert taken(quoted(replace(kwh("5"), products=WITH_BOTH), terms, terms=CAFE)) == discount


YEN = Good("Coffee", Decimal("60.5"), "food")


def test_what_is_given_costs_whole_yen() -> None:
    made = replace(more("PRODUCT", 2, 1, "10.5", item="coffee"), currency="JPY")
    assert worth(made, YEN, 1) == (Decimal(61), Decimal(11))
    blocks = replace(more("KWH", 10, 2, "5.25"), currency="JPY")
    given = replace(line("ENERGY-1", LineKind.ENERGY, "36", quantity=Decimal(2)), rate=Decimal(18))
    assert cost_of(blocks, (Part(0, None, given),)) == Decimal(11)
