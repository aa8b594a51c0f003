"""Of several given lines each is reduced to its own item value, and of a discount that was cut has its part."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.engine.recovery import total, with_less, worth_of
from offers.engine.step import LockedStep
from pricing.engine.price import price
from pricing.engine.values import LineKind, Tax
from tests.offers.engine.samples import quoted
from tests.offers.engine.test_giving import CAFE, GOODS, TWO_RATES, freebie, more, with_products
from tests.pricing.engine.samples import BARE, kwh

TAXED = replace(CAFE, tax=Tax("GST", Decimal(18)))


def shares(quote):
    """Return of each given line its product or id, its list price and what is taken off it."""
    [discount] = [x for x in quote.lines if x.kind is LineKind.DISCOUNT]
    off = {line_id: share.amount for line_id, share in discount.shares}
    assert sum(off.values()) == -discount.amount.amount
    given = [x for x in quote.lines if x.is_given]
    names = [x.item_id if x.kind is LineKind.PRODUCT else x.line_id for x in given]
    return {
        name: (f"{x.amount.amount}", f"{off.get(x.line_id, Decimal(0)):.2f}")
        for name, x in zip(names, given, strict=True)
    }


@pytest.mark.parametrize(
    ("value", "counts", "coffee", "cake"),
    [
        pytest.param("0", (1, 1), ("60.00", "60.00"), ("40.00", "40.00"), id="for-nothing"),
        pytest.param("15", (1, 1), ("60.00", "45.00"), ("40.00", "25.00"), id="below-both"),
        pytest.param("39.99", (1, 1), ("60.00", "20.01"), ("40.00", "0.01"), id="a-paisa-below-one"),
        pytest.param("40", (1, 1), ("60.00", "20.00"), ("40.00", "0.00"), id="at-the-price-of-one"),
        pytest.param("59.99", (1, 1), ("60.00", "0.01"), ("40.00", "0.00"), id="above-the-price-of-one"),
        pytest.param("15", (2, 3), ("120.00", "90.00"), ("120.00", "75.00"), id="of-several-units"),
    ],
)
def test_a_given_product_is_reduced_to_the_item_value(value, counts, coffee, cake):
    asked = with_products(coffee=counts[0], cake=counts[1])
    quote = quoted(asked, more("PRODUCT", 1, 1, value), terms=CAFE, goods=GOODS)
    assert shares(quote) == {"coffee": coffee, "cake": cake}


def test_a_unit_that_is_taken_back_pays_back_what_was_paid_for_it():
    quote = quoted(with_products(coffee=1, cake=1), more("PRODUCT", 1, 1, "40"), terms=TAXED, goods=GOODS)
    for name, worth, less in (("cake", "0.00", "47.20"), ("coffee", "20.00", "47.20")):
        units = {name: 1}
        assert f"{worth_of(quote.lines, 'more', units):.2f}" == worth
        left = with_less(quote.lines, {}, TAXED.tax, "INR", {"more": units})
        assert f"{(quote.total - total(left, 'INR')).amount}" == less


# Of eleven kWh six are at 18.00 and five at 4.00; the five and two of the six are given.
@pytest.mark.parametrize(
    ("value", "cap", "cheap", "dear"),
    [
        pytest.param("0", None, "20.00", "36.00", id="for-nothing"),
        pytest.param("1.50", None, "12.50", "33.00", id="below-both"),
        pytest.param("5", None, "0.00", "26.00", id="above-the-lower-rate"),
        pytest.param("1.333", None, "13.34", "33.33", id="rounded-together"),
        pytest.param("1.50", "10", "2.75", "7.25", id="cut"),
        pytest.param("5", "10", "0.00", "10.00", id="cut-and-above-the-lower-rate"),
    ],
)
def test_given_energy_is_reduced_to_the_item_value_rate_by_rate(value, cap, cheap, dear):
    offered = more("KWH", 4, 8, value, redemption_cap=cap and Decimal(cap))
    quote = quoted(kwh("11"), offered, terms=TWO_RATES)
    assert shares(quote) == {"ENERGY-1-GIVEN": ("36.00", dear), "ENERGY-2-GIVEN": ("20.00", cheap)}


def test_a_bill_up_to_what_was_reserved_takes_a_part_of_each_reduction():
    offered = more("PRODUCT", 1, 1, "15")
    asked = with_products(coffee=1, cake=1)
    locked = LockedStep((offered,), ceilings={"more": Decimal(35)}, goods=GOODS)
    assert shares(price(asked, CAFE, discounts=locked)) == {"coffee": ("60.00", "22.50"), "cake": ("40.00", "12.50")}


def test_a_gift_and_a_whole_session_are_reduced_as_they_were():
    free = quoted(kwh("5"), freebie(count=2), terms=BARE, goods=GOODS)
    assert shares(free) == {"coffee": ("120.00", "120.00")}
    session = quoted(kwh("11"), more("SESSION", 4, 1, "20"), terms=TWO_RATES, customer_known=True, customer_sessions=4)
    # 108.00 and 20.00 less 20.00: the value is one of both.
    assert shares(session) == {"ENERGY-1": ("108.00", "91.13"), "ENERGY-2": ("20.00", "16.87")}
