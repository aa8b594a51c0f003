"""The types together: on lines of their own, their edges, and their words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from offers.engine.describe import benefit_in_words
from offers.engine.step import LockedStep
from offers.engine.values import (
    BenefitKind,
    StackLimits,
)
from pricing.engine.values import LineKind
from tests.offers.engine.samples import offer, quoted, rupees_off, step
from tests.offers.engine.samples_types import BANDS, beside, by_slabs, combo, off_the_fee, per_kwh, slab, taken
from tests.pricing.engine.samples import kwh


def test_types_combine_on_lines_of_their_own():
    pool = [off_the_fee("100", additive=True), per_kwh("2", additive=True), offer("w", "10", additive=True)]
    quote = quoted(kwh("5"), *pool)
    assert {x.code: str(x.amount.amount) for x in quote.lines if x.kind is LineKind.DISCOUNT} == {
        "fee": "-10.00",
        "cheap": "-10.00",
        "w": "-9.00",
    }


def test_everything_off_is_exactly_nothing():
    pool = [off_the_fee("100", additive=True), by_slabs(slab(1, None, "100"), additive=True)]
    assert str(quoted(kwh("5"), *pool).total.amount) == "0.00"


def test_the_largest_discount_is_of_the_items_whatever_the_type():
    # A tenth of 90.00, although the fee of 10.00 would go wholly.
    quote = quoted(kwh("5"), off_the_fee("100"), stack=StackLimits(None, Decimal(10)))
    assert (taken(quote), str(quote.trace.cut)) == ("-9.00", "1.00 INR")


@pytest.mark.parametrize(
    ("terms", "edges"),
    [
        pytest.param(BANDS, (10_000, 20_000), id="bands-side-by-side"),
        pytest.param(by_slabs(slab(0, 4), slab(10, 12)), (5_000, 10_000, 13_000), id="a-gap-and-an-end"),
        pytest.param(by_slabs(slab(10, None), max_wh=20_000), (10_000, 20_001), id="and-a-range-of-energy"),
        pytest.param(offer(), (), id="a-percentage"),
        pytest.param(beside(min_wh=3_000), (3_000,), id="beside-the-order"),
    ],
)
def test_the_energies_at_which_an_offer_saves_another_part(terms, edges):
    assert step(terms).energy_edges() == LockedStep((terms,), ceilings={}).energy_edges() == edges


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        pytest.param(
            by_slabs(slab(10, 19, cap="50"), slab(20, None, "15", "80")),
            "10 % off, at most ₹50.00, for 10–19 kWh; 15 % off, at most ₹80.00, for 20 kWh and more",
            id="slabs",
        ),
        pytest.param(combo("coffee"), "20 % off in combination with 1 item, at most ₹500.00", id="combo"),
        pytest.param(off_the_fee("50", min_value="50"), "50 % off the fees, from ₹50.00", id="fee"),
        pytest.param(per_kwh("2", value_cap=Decimal(20)), "₹2.00 off each kWh, at most ₹20.00", id="per-kwh"),
        pytest.param(
            beside(min_value="50"),
            "6 monthly instalments at 12 % a year by Some Bank, 50 % of the interest borne by the seller "
            "or payment after 1 month without interest by Some Bank, from ₹50.00",
            id="financing",
        ),
        pytest.param(
            beside(kind=BenefitKind.EXCHANGE),
            "an exchange, valued when it is returned; the price stays as it is",
            id="exchange",
        ),
        pytest.param(rupees_off("a", "50"), "₹50.00 off energy and add-ons", id="amount"),
    ],
)
def test_a_type_in_plain_words(terms, words):
    assert benefit_in_words(terms) == words


@pytest.mark.parametrize(
    ("terms", "title"),
    [
        pytest.param(by_slabs(slab(5, 9), slab(10, None)), "Offer bulk (10% off, 5–9 kWh)", id="slab"),
        pytest.param(off_the_fee("50"), "Offer fee (50% off the fee)", id="fee"),
        pytest.param(per_kwh("2"), "Offer cheap (₹2.00/kWh off)", id="per-kwh"),
    ],
)
def test_the_line_of_a_type_says_what_it_is(terms, title):
    assert [x.title for x in quoted(kwh("5"), terms).lines if x.kind is LineKind.DISCOUNT] == [title]
