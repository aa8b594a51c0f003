"""The bill: exactly the offers that were locked, on what was delivered, up to what was reserved."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.engine.step import LockedStep
from pricing.engine.price import price
from pricing.engine.values import Basis
from tests.offers.engine.samples import WEEKEND, offer, outcomes, rupees_off
from tests.pricing.engine.samples import BARE, PLAIN, delivered, rupees


def billed(wh, *offers, terms=PLAIN, **ceilings):
    step = LockedStep(offers, ceilings={key: Decimal(value) for key, value in ceilings.items()})
    return price(delivered((0, 0), (20, wh), stop=20), terms, discounts=step)


def test_the_bill_of_5_2_kwh_keeps_the_locked_quarter():
    quote = billed(5200, offer())
    assert str(quote.total.amount) == "94.64"
    assert outcomes(quote) == {"weekend": ("APPLIED", None)}
    assert quote.trace.chosen == ("weekend",)


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param(offer(state="ENDED"), id="ended-since"),
        pytest.param(offer(state="PAUSED"), id="paused-since"),
        pytest.param(offer(total_uses=0), id="used-up-since"),
        pytest.param(offer(weekly_windows=(replace(WEEKEND[0], weekdays=frozenset({1})),)), id="outside-its-window"),
        pytest.param(offer(location_ids=frozenset({"elsewhere"})), id="wherever-it-was-locked"),
        pytest.param(offer(categories=frozenset({"EV_CHARGING"})), id="in-its-category"),
        pytest.param(offer(auto=False, requires_code=True, display_code="X"), id="its-code-was-sent-before"),
    ],
)
def test_what_was_promised_is_kept(terms):
    assert str(billed(5200, terms).total.amount) == "94.64"


@pytest.mark.parametrize(
    ("wh", "discount"),
    [
        pytest.param(5000, "-22.50", id="as-reserved"),
        pytest.param(4000, "-18.00", id="less-than-reserved"),
        pytest.param(5200, "-22.50", id="never-more-than-reserved"),
    ],
)
def test_a_discount_stays_below_its_ceiling(wh, discount):
    quote = billed(wh, offer(), weekend="22.50")
    assert str(quote.lines[2].amount.amount) == discount


@pytest.mark.parametrize(
    ("wh", "outcome", "margin"),
    [
        pytest.param(2778, ("APPLIED", None), "", id="the-least-value-delivered"),
        pytest.param(2777, ("INELIGIBLE", "MIN_VALUE"), "₹0.01 short", id="a-wh-too-little"),
        pytest.param(0, ("INELIGIBLE", "MIN_VALUE"), "₹50.00 short", id="nothing-delivered"),
    ],
)
def test_a_qualifier_is_judged_on_what_was_delivered(wh, outcome, margin):
    quote = billed(wh, offer(min_value="50"), terms=BARE)
    (found,) = quote.trace.outcomes
    assert outcomes(quote) == {"weekend": outcome}
    assert (found.reason.margin if found.reason else "") == margin


def test_several_locked_offers_are_taken_together():
    quote = billed(1000, rupees_off("b", "10"), rupees_off("a", "10"), terms=BARE)
    assert [(x.code, str(x.amount.amount)) for x in quote.lines[1:]] == [("b", "-10.00"), ("a", "-8.00")]


def test_a_locked_step_also_solves_a_budget():
    step = LockedStep((offer(),), ceilings={"weekend": Decimal(20)})
    quote = price(rupees("100", Basis.ALL_IN), PLAIN, discounts=step)
    # A quarter of 5.263 kWh would be 23.68, so the ceiling binds; a Wh more costs 100.01.
    assert (quote.energy_wh, str(quote.total.amount)) == (5263, "99.98")
    assert step.thresholds() == ()
