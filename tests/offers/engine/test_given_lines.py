"""Given lines read again: how many units, what they are called, and the cart that they were given to."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.engine.explain import cart_of
from offers.engine.facts import Good
from offers.engine.giving import given_again, goods_of, units_given, without_given
from offers.engine.recovery import total, with_less
from pricing.engine.values import Dimension, LineKind, PriceComponent, QuoteLine, Tax
from tests.offers.engine.samples import line, quoted
from tests.offers.engine.test_giving import CAFE, GOODS, freebie, more, with_products
from tests.pricing.engine.samples import BARE, kwh, window

PAID = line("ENERGY-1", LineKind.ENERGY, "90.00", item_id="connector-1", quantity=Decimal(5), rate=Decimal(18))


def coffees(count: int) -> QuoteLine:
    """Return the line of two given coffees as one of so many."""
    quote = quoted(kwh("5"), freebie(count=2), terms=CAFE, goods=GOODS)
    return given_again(next(x for x in quote.lines if x.is_given), count)


@pytest.mark.parametrize(
    ("count", "title", "amount"),
    [
        pytest.param(2, "Coffee × 2, given", "120.00", id="as-many"),
        pytest.param(1, "Coffee, given", "60.00", id="fewer"),
        pytest.param(0, "Coffee × 0, given", "0.00", id="none"),
    ],
)
def test_a_given_line_is_made_again_of_fewer_units(count: int, title: str, amount: str) -> None:
    found = coffees(count)
    assert (found.title, found.quantity, str(found.amount.amount)) == (title, Decimal(count), amount)
    assert units_given([found]) == {"free": {"coffee": count}}
    assert goods_of([found]) == {"coffee": Good("Coffee", Decimal("60.00"), "food")}


def test_only_given_products_are_goods() -> None:
    bought = line("PRODUCT-1", LineKind.PRODUCT, "40.00", item_id="cake", quantity=Decimal(1), rate=Decimal(40))
    assert list(goods_of([replace(PAID, code="more"), bought, coffees(1)])) == ["coffee"]


def test_energy_that_was_given_whole_is_found_in_its_place() -> None:
    cheap = PriceComponent(Dimension.ENERGY, Decimal(4), (window("10:00", "10:04"),))
    terms = replace(BARE, components=(cheap, *BARE.components))
    quote = quoted(kwh("7"), more("KWH", 5, 2), terms=terms)
    assert [x.line_id for x in quote.lines] == ["ENERGY-2", "ENERGY-1-GIVEN", "DISCOUNT-1"]
    assert cart_of(quote).lines == quoted(kwh("7"), terms=terms).lines


#: 12 kWh of which two are given: 180.025 + 36.005 = 216.03.
FINE = replace(BARE, components=(PriceComponent(Dimension.ENERGY, Decimal("18.0025")),), tax=Tax("GST", Decimal(18)))


@pytest.mark.parametrize(
    ("terms", "energy", "offered", "expected"),
    [
        pytest.param(FINE, "12", more("KWH", 10, 2), ["180.03", "36.00", "-36.00", "180.03"], id="free"),
        pytest.param(FINE, "12", more("KWH", 10, 2, "5"), ["180.03", "36.00", "-26.00", "190.03"], id="at-a-value"),
        pytest.param(FINE, "12", more("KWH", 10, 2, "18.0025"), ["216.03", "216.03"], id="at-its-rate"),
        pytest.param(
            replace(FINE, minimum_price=Decimal("250.01")),
            "12",
            more("KWH", 10, 2),
            ["208.34", "41.67", "-41.67", "208.34"],
            id="of-a-least-price",
        ),
        pytest.param(
            replace(FINE, maximum_price=Decimal(20)),
            "30000.001",
            more("KWH", 30000, 1),
            ["20.00", "20.00"],
            id="of-a-rate-that-is-rounded-up",
        ),
    ],
)
def test_what_is_given_of_a_line_is_what_is_left_beside_what_is_paid(terms, energy, offered, expected) -> None:
    """So that all of it taken back is the line without the offer, to the paisa, and its tax too."""
    session = replace(kwh(energy), max_power_w=400_000)
    quote, plain = quoted(session, offered, terms=terms), quoted(session, terms=terms)
    before_tax = [x.amount.amount for x in quote.lines if x.kind is not LineKind.TAX]
    assert [f"{x:.2f}" for x in (*before_tax, sum(before_tax))] == expected
    taken = {x.code: -x.amount.amount for x in quote.lines if x.kind is LineKind.DISCOUNT}
    assert total(with_less(quote.lines, taken, terms.tax, "INR"), "INR") == plain.total
    assert [x.amount for x in cart_of(quote).lines] == [x.amount for x in plain.lines if x.kind is not LineKind.TAX]


def test_lines_are_put_in_the_order_of_their_numbers() -> None:
    given = replace(PAID, line_id="ENERGY-9-GIVEN", code="more")
    paid = [replace(PAID, line_id=f"ENERGY-{n}") for n in (10, 8)]
    fee = line("FEE", LineKind.FEE, "10.00")
    found = [x.line_id for x in without_given([fee, *paid, given])]
    assert found == ["ENERGY-8", "ENERGY-9", "ENERGY-10", "FEE"]


def test_a_cart_of_nothing_given_stays_as_it_is() -> None:
    lines = quoted(with_products(coffee=1), terms=CAFE).lines
    assert without_given(lines) == lines
