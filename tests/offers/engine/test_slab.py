"""Slabs of whole kWh: which band holds, its cap, and what remains at its edges."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.engine.benefits.slab import bounds
from offers.engine.step import LockedStep
from offers.engine.values import (
    ValueType,
)
from pricing.engine.price import price
from pricing.engine.values import Cart, LineKind
from tests.offers.engine.samples import line, quoted, step
from tests.offers.engine.samples_types import BANDS, by_slabs, slab, taken
from tests.pricing.engine.samples import PLAIN, delivered, kwh


@pytest.mark.parametrize(
    ("energy", "discount"),
    [
        pytest.param("9.99", "0.00", id="9.99-is-below-the-first"),
        pytest.param("10", "-18.00", id="10-is-in-the-first"),
        pytest.param("19", "-34.20", id="19-is-in-the-first"),
        pytest.param("19.5", "-35.10", id="19.5-counts-as-19"),
        pytest.param("19.999", "-36.00", id="19.999-counts-as-19"),
        pytest.param("20", "-54.00", id="20-is-in-the-second"),
    ],
)
def test_the_whole_kwh_decide_the_slab(energy, discount):
    assert taken(quoted(kwh(energy), BANDS)) == discount


@pytest.mark.parametrize("kind", [LineKind.ENERGY, LineKind.TIME, LineKind.FLAT])
def test_a_slab_counts_the_kwh_however_they_are_sold(kind):
    sold = Cart(kwh("25"), (line("SOLD-1", kind, "500.00", item_id="connector-1"),), 25_000, "INR", "Asia/Kolkata")
    given = step(by_slabs(slab(20, None, "50", "50", ValueType.AMOUNT)))(sold)
    assert [x.amount.amount for x in given.lines] == [Decimal("-50.00")]


def test_a_slab_counts_no_kwh_for_products():
    goods = Cart(kwh("25"), (line("PRODUCT-1", LineKind.PRODUCT, "500.00"),), 25_000, "INR", "Asia/Kolkata")
    assert step(by_slabs(slab(20, None, "50", "50", ValueType.AMOUNT)))(goods).lines == ()


@pytest.mark.parametrize(
    ("energy", "discount"),
    [
        pytest.param("12", "-21.60", id="inside-the-first"),
        pytest.param("13", "0.00", id="in-the-gap"),
        pytest.param("14.999", "0.00", id="still-in-the-gap"),
        pytest.param("15", "-54.00", id="in-the-second"),
        pytest.param("20", "-72.00", id="at-the-upper-end"),
        pytest.param("21", "0.00", id="above-the-last"),
    ],
)
def test_between_two_slabs_and_beyond_the_last_nothing_is_taken_off(energy, discount):
    assert taken(quoted(kwh(energy), by_slabs(slab(10, 12), slab(15, 20, "20")))) == discount


def test_a_slab_has_its_own_cap_and_may_be_an_amount():
    offer_ = by_slabs(slab(5, 9, "50", "20.00"), slab(10, None, "30", "30", ValueType.AMOUNT))
    assert [taken(quoted(kwh(x), offer_)) for x in ("5", "10", "40")] == ["-20.00", "-30.00", "-30.00"]


@pytest.mark.parametrize(
    ("energy", "margin"),
    [
        pytest.param("9.99", "0.01 kWh short", id="below-the-first"),
        pytest.param("13", "2 kWh short", id="in-the-gap"),
        pytest.param("21", "", id="above-the-last"),
    ],
)
def test_a_session_in_no_slab_hears_what_is_missing(energy, margin):
    quote = quoted(kwh(energy), by_slabs(slab(10, 12), slab(15, 20)))
    reason = quote.trace.outcomes[0].reason
    assert (reason.code.value, reason.margin) == ("SLAB", margin)
    assert reason.expected == "10–12 kWh; 15–20 kWh"


@pytest.mark.parametrize(
    ("wh", "discount"),
    [
        pytest.param(9990, "0.00", id="9.99-delivered"),
        pytest.param(10000, "-18.00", id="10-delivered"),
        pytest.param(19500, "-35.10", id="19.5-delivered"),
        pytest.param(20000, "-54.00", id="20-delivered"),
    ],
)
def test_the_bill_goes_by_the_kwh_delivered(wh, discount):
    # 20 kW and an hour: the whole session has the planned start's rate.
    request = replace(delivered((0, 0), (60, wh), stop=60), max_power_w=60_000)
    assert taken(price(request, PLAIN, discounts=LockedStep((BANDS,), ceilings={}))) == discount


def test_it_has_bounds_where_a_band_begins_or_has_ended():
    assert bounds(by_slabs(slab(10, 19), slab(20, 29, "15"))) == (10, 20, 30)
    assert bounds(by_slabs(slab(0, 5), slab(10, None))) == (6, 10)
