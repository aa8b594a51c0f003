"""What a re-proof names: each thing that is another now, as it was printed and as it is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.engine.proof import Evidence, LockedContext, Printed, differences, price_again
from offers.engine.values import OfferTrace
from pricing.engine.money import Money
from pricing.engine.values import ProductOrder, QuoteLine
from tests.offers.engine.samples import context, offer
from tests.offers.engine.samples_types import CAFE
from tests.pricing.engine.samples import PLAIN, delivered, kwh

#: 5 kWh for 90.00 with an offer that takes a quarter, and another whose minimum is 10.00 above.
EVIDENCE = Evidence(kwh("5"), PLAIN, (offer(), offer("small", "10", min_value="100")), context())
QUOTE = price_again(EVIDENCE)
ENERGY, FEE, DISCOUNT, TAX = QUOTE.lines
SMALL, WEEKEND = QUOTE.trace.outcomes
CHECK = SMALL.checks[0]
ORDER = "ENERGY-1, FEE-1, DISCOUNT-1, TAX-1"
COST = "Charging session cost (5 kWh @ ₹18.00/kWh)"
FAILED = (
    "{'code': 'MIN_VALUE', 'field': 'qualifier.min_value', 'expected': '100', 'actual': '90.00', 'passed': False, "
    "'margin': '₹10.00 short', 'about': None}"
)

Told = list[tuple[str, str, str, str]]


def told(
    evidence: Evidence = EVIDENCE,
    *,
    lines: tuple[QuoteLine, ...] = QUOTE.lines,
    trace: OfferTrace = QUOTE.trace,
    energy_wh: int = 5000,
) -> Told:
    printed = Printed(lines, trace, energy_wh, QUOTE.engine_version)
    return [(x.what, x.name, x.stored, x.now) for x in differences(evidence, printed)]


def test_the_same_is_no_difference() -> None:
    assert told() == []


def test_another_energy_is_told() -> None:
    assert told(energy_wh=4999) == [("ENERGY", "energy_wh", "4999 Wh", "5000 Wh")]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        pytest.param(
            (TAX, FEE, ENERGY, DISCOUNT),
            [("LINE", "order of the lines", "TAX-1, FEE-1, ENERGY-1, DISCOUNT-1", ORDER)],
            id="another-order",
        ),
        pytest.param((ENERGY, FEE, DISCOUNT), [("LINE", "TAX-1", "", "GST (18%): 13.95 INR")], id="one-more-now"),
        pytest.param(
            (*QUOTE.lines, replace(ENERGY, line_id="ENERGY-2")),
            [("LINE", "ENERGY-2", f"{COST}: 90.00 INR", "")],
            id="one-less-now",
        ),
        pytest.param(
            (replace(ENERGY, amount=Money(Decimal("90.01"), "INR")), FEE, DISCOUNT, TAX),
            [("LINE", "ENERGY-1", f"{COST}: 90.01 INR", f"{COST}: 90.00 INR")],
            id="another-amount",
        ),
        pytest.param(
            (replace(ENERGY, quantity=Decimal(6), item_id="other"), FEE, DISCOUNT, TAX),
            [
                (
                    "LINE",
                    "ENERGY-1",
                    "{'quantity': '6', 'item_id': 'other'}",
                    "{'quantity': '5.000', 'item_id': 'connector-1'}",
                )
            ],
            id="what-its-words-do-not-say",
        ),
    ],
)
def test_another_line_is_told(lines: tuple[QuoteLine, ...], found: Told) -> None:
    assert told(lines=lines) == found


@pytest.mark.parametrize(
    ("outcomes", "found"),
    [
        pytest.param((SMALL,), [("OFFER", "weekend", "", "APPLIED, 22.50 INR")], id="one-more-now"),
        pytest.param(
            (SMALL, WEEKEND, replace(SMALL, offer_id="gone")),
            [("OFFER", "gone", "INELIGIBLE, 9.00 INR, MIN_VALUE", "")],
            id="one-less-now",
        ),
        pytest.param(
            (SMALL, replace(WEEKEND, saving=Money(Decimal("22.49"), "INR"))),
            [("OFFER", "weekend", "APPLIED, 22.49 INR", "APPLIED, 22.50 INR")],
            id="another-saving",
        ),
        pytest.param(
            (replace(SMALL, version=2), WEEKEND),
            [("OFFER", "small", "{'version': 2}", "{'version': 1}")],
            id="what-its-words-do-not-say",
        ),
        pytest.param(
            (replace(SMALL, checks=(CHECK, replace(CHECK, passed=True))), WEEKEND),
            [
                (
                    "OFFER",
                    "small",
                    f"{{'checks': [{FAILED}, {FAILED.replace('False', 'True')}]}}",
                    f"{{'checks': [{FAILED}]}}",
                )
            ],
            id="another-check",
        ),
        pytest.param((WEEKEND, SMALL), [], id="another-order"),
    ],
)
def test_another_outcome_is_told(outcomes: tuple[object, ...], found: Told) -> None:
    assert told(trace=replace(QUOTE.trace, outcomes=outcomes)) == found


def test_another_choice_is_told_by_what_differs() -> None:
    assert told(trace=replace(QUOTE.trace, chosen=(), runner_up=("x",))) == [
        ("CHOICE", "chosen", "[]", "['weekend']"),
        ("CHOICE", "runner_up", "['x']", "[]"),
    ]


def test_no_price_any_more_is_told_with_its_refusal() -> None:
    evidence = replace(EVIDENCE, request=kwh("0"))
    assert told(evidence) == [("PRICE", "", "a price", "no price: Ask for more than 0 kWh.")]


@pytest.mark.parametrize(
    ("category", "discount"),
    [
        pytest.param("EV_CHARGING", "-15.00", id="the-product-alone"),
        pytest.param("", "-37.50", id="the-connector-too-where-nobody-knows-its-category"),
    ],
)
def test_a_bill_is_proven_with_the_category_that_was_locked(category: str, discount: str) -> None:
    request = replace(delivered((0, 0), (20, 5000), stop=20), products=(ProductOrder("coffee", 1),))
    locked = LockedContext(category=category)
    bill = price_again(Evidence(request, CAFE, (offer(categories=frozenset({"food"})),), locked))
    assert [f"{x.amount.amount}" for x in bill.lines if x.line_id == "DISCOUNT-1"] == [discount]
