"""Offers for a range of energy: at its edges, on what was delivered, and where a budget buys across them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from offers.engine.codec import offer_from_json, offer_to_json
from offers.engine.describe import summary
from offers.engine.step import LockedStep
from pricing.engine.inverse import energy_for_amount
from pricing.engine.price import price
from pricing.engine.values import Basis, Delivery, EnergyMeasure, Reading
from tests.offers.engine.samples import offer, outcomes, quoted, step
from tests.pricing.engine.samples import PLAIN, SATURDAY, ask, kwh, rupees

RANGE = offer(min_wh=10_000, max_wh=20_000)


@pytest.mark.parametrize(
    ("wh", "outcome", "margin"),
    [
        pytest.param(9_999, "INELIGIBLE", "0.001 kWh short", id="a-watt-hour-short"),
        pytest.param(10_000, "APPLIED", "", id="the-lowest"),
        pytest.param(15_500, "APPLIED", "", id="between"),
        pytest.param(20_000, "APPLIED", "", id="the-highest"),
        pytest.param(20_001, "INELIGIBLE", "0.001 kWh too much", id="a-watt-hour-too-much"),
    ],
)
def test_both_bounds_belong_to_the_range(wh, outcome, margin):
    found = quoted(ask(EnergyMeasure(wh)), RANGE).trace.outcomes[0]
    assert found.outcome.value == outcome
    assert (found.reason.margin if found.reason else "") == margin
    assert (found.reason.code.value if found.reason else "ENERGY") == "ENERGY"


@pytest.mark.parametrize(
    ("wh", "outcome"),
    [
        pytest.param(9_999, ("INELIGIBLE", "ENERGY"), id="too-little-came"),
        pytest.param(10_000, ("APPLIED", None), id="just-enough-came"),
        pytest.param(20_001, ("INELIGIBLE", "ENERGY"), id="too-much-came"),
    ],
)
def test_what_was_delivered_is_judged_again(wh, outcome):
    end = SATURDAY + timedelta(hours=1)
    delivery = Delivery(SATURDAY, end, (Reading(SATURDAY, 0), Reading(end, wh)))
    bill = price(replace(kwh("15"), delivery=delivery), PLAIN, discounts=LockedStep((RANGE,), ceilings={}))
    assert outcomes(bill) == {"weekend": outcome}


@pytest.mark.parametrize(
    ("terms", "budget"),
    [
        pytest.param(offer("a", "50", max_wh=5_000), "100", id="cheap-below-an-upper-bound"),
        pytest.param(offer("a", "50", min_wh=5_000), "100", id="cheap-from-a-lower-bound"),
        pytest.param(offer("a", "90", min_wh=9_000, max_wh=9_050), "40", id="a-narrow-valley"),
        pytest.param(offer("a", "100", min_wh=30_000, max_wh=30_000), "12", id="one-watt-hour-is-free"),
    ],
)
def test_a_budget_buys_the_most_across_the_edges(terms, budget):
    discounts = step(terms)
    plan = replace(PLAIN, maximum_wh=40_000)
    totals = {
        wh: price(ask(EnergyMeasure(wh)), plan, discounts=discounts).total.amount
        for edge in (500, 1_000, 3_000, 5_000, 9_000, 9_050, 30_000)
        for wh in range(edge - 3, edge + 4)
    }
    found = energy_for_amount(rupees(budget, Basis.ALL_IN), plan, discounts=discounts)
    within = price(ask(EnergyMeasure(found)), plan, discounts=discounts).total.amount
    assert within <= int(budget)
    assert not [wh for wh, total in totals.items() if wh > found and total <= int(budget)]
    above = price(ask(EnergyMeasure(found + 1)), plan, discounts=discounts).total.amount
    assert above > int(budget)


def test_a_free_watt_hour_far_above_the_budget_is_found():
    gift = offer("a", "100", min_wh=30_000, max_wh=30_000)
    assert energy_for_amount(rupees("12", Basis.ALL_IN), PLAIN, discounts=step(gift)) == 30_000


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        pytest.param({"min_wh": 10_000, "max_wh": 20_500}, "for sessions from 10 kWh to 20.5 kWh", id="both"),
        pytest.param({"min_wh": 10_000}, "for sessions from 10 kWh", id="least"),
        pytest.param({"max_wh": 7_400}, "for sessions up to 7.4 kWh", id="most"),
    ],
)
def test_energy_in_words_and_in_json(limits, words):
    terms = offer(**limits)
    assert f"; {words}; applied automatically; " in summary(terms, "Asia/Kolkata")
    assert offer_from_json(offer_to_json(terms)) == terms
