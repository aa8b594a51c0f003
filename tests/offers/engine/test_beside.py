"""What stands beside the order: financing and exchange."""

from __future__ import annotations

from decimal import Decimal

import pytest

from offers.engine.step import LockedStep
from offers.engine.values import (
    BenefitKind,
    Objective,
    StackLimits,
)
from pricing.engine.price import price
from tests.offers.engine.samples import offer, outcomes, quoted
from tests.offers.engine.samples_types import beside, loan, off, swap, taken
from tests.pricing.engine.samples import PLAIN, delivered, kwh

APPLIED = ("APPLIED", None)
ALONE = ("ELIGIBLE_NOT_CHOSEN", "NOT_ADDITIVE")
LOAN = frozenset({"loan"})


@pytest.mark.parametrize("kind", [BenefitKind.FINANCING, BenefitKind.EXCHANGE])
@pytest.mark.parametrize("objective", list(Objective))
def test_what_stands_beside_the_order_leaves_its_price_as_it_is(kind, objective):
    quote = quoted(kwh("5"), beside(kind=kind), objective=objective)
    assert (str(quote.total.amount), taken(quote)) == ("118.00", "0.00")
    assert (quote.trace.chosen, outcomes(quote)) == (("loan",), {"loan": APPLIED})
    assert str(quote.trace.outcomes[0].saving.amount) == "0.00"


@pytest.mark.parametrize(
    ("pool", "said", "found"),
    [
        pytest.param(
            [beside(additive=True), offer("w", additive=True)], {}, {"loan": APPLIED, "w": APPLIED}, id="both-combine"
        ),
        pytest.param([beside(), offer("w", additive=True)], {}, {"loan": ALONE, "w": APPLIED}, id="it-stands-alone"),
        pytest.param([beside(additive=True), offer("w")], {}, {"loan": ALONE, "w": APPLIED}, id="the-other-does"),
        pytest.param(
            [beside(), beside("swap", BenefitKind.EXCHANGE)], {}, {"loan": APPLIED, "swap": ALONE}, id="one-of-two"
        ),
        pytest.param(
            [beside(additive=True), beside("swap", BenefitKind.EXCHANGE, additive=True)],
            {},
            {"loan": APPLIED, "swap": APPLIED},
            id="two-that-combine",
        ),
        pytest.param(
            [beside(), offer("w", additive=True)],
            {"opted_in": LOAN},
            {"loan": APPLIED, "w": ALONE},
            id="chosen-it-stands-alone",
        ),
        pytest.param(
            [beside(additive=True), offer("w"), offer("v", "5", additive=True)],
            {"opted_in": LOAN},
            {"loan": APPLIED, "w": ALONE, "v": APPLIED},
            id="chosen-it-keeps-what-combines",
        ),
        pytest.param(
            [beside(), offer("w")], {"opted_in": LOAN | {"w"}}, {"loan": ALONE, "w": APPLIED}, id="both-were-chosen"
        ),
        pytest.param(
            [beside(min_value="90.01", additive=True), offer("w")],
            {"opted_in": LOAN},
            {"loan": ("INELIGIBLE", "MIN_VALUE"), "w": APPLIED},
            id="below-its-least-value",
        ),
        pytest.param([beside(auto=False)], {}, {"loan": ("INELIGIBLE", "NOT_OPTED_IN")}, id="not-chosen"),
    ],
)
def test_what_stands_beside_the_order_combines_like_any_other(pool, said, found):
    assert outcomes(quoted(kwh("5"), *pool, **said)) == found


@pytest.mark.parametrize(
    ("pool", "said", "found"),
    [
        pytest.param(
            [loan(exclusivity_group="one"), off("w", exclusivity_group="one")],
            {},
            {"loan": ("ELIGIBLE_NOT_CHOSEN", "GROUP_TAKEN"), "w": APPLIED},
            id="one-of-a-group",
        ),
        pytest.param(
            [loan(exclusivity_group="one"), off("w", exclusivity_group="one"), off("v")],
            {"opted_in": LOAN},
            {"loan": APPLIED, "v": APPLIED, "w": ("ELIGIBLE_NOT_CHOSEN", "GROUP_TAKEN")},
            id="the-chosen-one-of-a-group",
        ),
        pytest.param(
            [loan(), off("w", excludes=LOAN)],
            {},
            {"loan": ("ELIGIBLE_NOT_CHOSEN", "EXCLUDED"), "w": APPLIED},
            id="excluded-by-a-discount",
        ),
        pytest.param(
            [loan(excludes=frozenset({"swap"})), swap(), off("w")],
            {},
            {"loan": APPLIED, "swap": ("ELIGIBLE_NOT_CHOSEN", "EXCLUDED"), "w": APPLIED},
            id="excluded-by-another-beside-the-order",
        ),
        pytest.param(
            [loan(), swap(), off("w")],
            {"stack": StackLimits(2)},
            {"loan": APPLIED, "swap": ("ELIGIBLE_NOT_CHOSEN", "STACK_FULL"), "w": APPLIED},
            id="the-stack-is-full",
        ),
        pytest.param(
            [loan(), off("v", "5"), off("w")],
            {"stack": StackLimits(2), "opted_in": LOAN},
            {"loan": APPLIED, "v": ("ELIGIBLE_NOT_CHOSEN", "STACK_FULL"), "w": APPLIED},
            id="a-chosen-one-counts-first",
        ),
        pytest.param(
            [loan(), off("w")],
            {"stack": StackLimits(1), "opted_in": LOAN},
            {"loan": APPLIED, "w": ("ELIGIBLE_NOT_CHOSEN", "STACK_FULL")},
            id="a-chosen-one-fills-the-stack",
        ),
        pytest.param(
            [loan(), swap()],
            {"stack": StackLimits(1), "opted_in": frozenset({"swap"})},
            {"loan": ("ELIGIBLE_NOT_CHOSEN", "STACK_FULL"), "swap": APPLIED},
            id="the-chosen-of-two-beside-the-order",
        ),
        pytest.param(
            [loan(), off("w")],
            {"stack": StackLimits(None, Decimal(10))},
            {"loan": APPLIED, "w": APPLIED},
            id="the-largest-discount-leaves-it-alone",
        ),
        pytest.param(
            [loan(min_wh=5_001), off("w")],
            {},
            {"loan": ("INELIGIBLE", "ENERGY"), "w": APPLIED},
            id="below-its-energy",
        ),
    ],
)
def test_what_stands_beside_the_order_keeps_groups_exclusions_and_the_stack(pool, said, found):
    assert outcomes(quoted(kwh("5"), *pool, **said)) == found
    assert outcomes(quoted(kwh("5"), *pool[::-1], **said)) == found


def test_a_bill_keeps_what_stands_beside_it():
    request = delivered((0, 0), (20, 5200), stop=20)
    quote = price(request, PLAIN, discounts=LockedStep((offer(), beside()), ceilings={}))
    assert (quote.trace.chosen, taken(quote)) == (("weekend", "loan"), "-23.40")
