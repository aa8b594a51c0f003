"""Offers on the fee, and so much per kWh."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.engine.benefits.blocks import most_paid
from offers.engine.values import (
    ItemUnit,
    ValueType,
)
from pricing.engine.inverse import energy_for_amount
from pricing.engine.values import AmountMeasure, Basis, Fee, LineKind, ProductOrder
from tests.offers.engine.samples import outcomes, quoted, step
from tests.offers.engine.samples_types import CAFE, off_the_fee, per_kwh, taken
from tests.offers.engine.test_giving import more
from tests.pricing.engine.samples import PLAIN, ask, kwh, window


@pytest.mark.parametrize(
    ("terms", "discount"),
    [
        pytest.param(off_the_fee("50"), "-5.00", id="half-the-fee"),
        pytest.param(off_the_fee("100"), "-10.00", id="the-whole-fee"),
        pytest.param(off_the_fee("100", value_cap=Decimal(4)), "-4.00", id="up-to-its-cap"),
        pytest.param(off_the_fee("9.99", value_type=ValueType.AMOUNT), "-9.99", id="a-paisa-below-the-fee"),
        pytest.param(off_the_fee("10", value_type=ValueType.AMOUNT), "-10.00", id="exactly-the-fee"),
        pytest.param(off_the_fee("10.01", value_type=ValueType.AMOUNT), "-10.00", id="never-more-than-the-fee"),
        pytest.param(off_the_fee("100", item_ids=frozenset({"connector-1"})), "-10.00", id="for-one-connector"),
        pytest.param(off_the_fee("100", item_ids=frozenset({"other"})), "0.00", id="for-another-connector"),
        pytest.param(off_the_fee("100", min_value="90.00"), "-10.00", id="from-the-least-value"),
        pytest.param(off_the_fee("100", min_value="90.01"), "0.00", id="below-the-least-value"),
    ],
)
def test_an_offer_on_the_fee_works_on_the_fee_alone(terms, discount):
    quote = quoted(kwh("5"), terms)
    shares = {line_id for x in quote.lines for line_id, _ in x.shares}
    assert (taken(quote), shares) == (discount, set() if discount == "0.00" else {"FEE-1"})


def test_without_a_fee_there_is_nothing_to_take_from():
    quote = quoted(kwh("5"), off_the_fee("100"), terms=replace(PLAIN, fees=()))
    assert outcomes(quote)["fee"] == ("INELIGIBLE", "NO_BENEFIT")


def test_several_fees_share_the_discount_by_their_size():
    fees = (Fee("SERVICE", "Service Fee", Decimal(10)), Fee("PARKING", "Parking", Decimal(20)))
    quote = quoted(kwh("5"), off_the_fee("50"), terms=replace(PLAIN, fees=fees))
    shares = next(x.shares for x in quote.lines if x.kind is LineKind.DISCOUNT)
    assert [(line_id, str(share.amount)) for line_id, share in shares] == [("FEE-1", "5.00"), ("FEE-2", "10.00")]


@pytest.mark.parametrize(
    ("terms", "energy", "discount"),
    [
        pytest.param(per_kwh("2"), "5", "-10.00", id="2-per-kwh"),
        pytest.param(per_kwh("2"), "3.333", "-6.67", id="rounded-once"),
        pytest.param(per_kwh("18"), "5", "-90.00", id="the-whole-rate"),
        pytest.param(per_kwh("18.01"), "5", "-90.00", id="never-more-than-the-rate"),
        pytest.param(per_kwh("2", value_cap=Decimal("9.99")), "5", "-9.99", id="up-to-its-cap"),
        pytest.param(per_kwh("2", value_cap=Decimal(10)), "5", "-10.00", id="exactly-its-cap"),
        pytest.param(per_kwh("2", item_ids=frozenset({"coffee"})), "5", "0.00", id="not-for-the-energy"),
    ],
)
def test_so_much_per_kwh(terms, energy, discount):
    request = replace(kwh(energy), products=(ProductOrder("coffee", 1),))
    assert taken(quoted(request, terms, terms=CAFE)) == discount


def test_a_cheap_hour_pays_nothing_towards_a_dear_one():
    energy = PLAIN.components[0]
    cheap = replace(energy, rate=Decimal(5), windows=(window("10:30", "00:00"),))
    terms = replace(PLAIN, components=(cheap, replace(energy, rate=Decimal(20))))
    # Half an hour at 20.00 and half an hour at 5.00: 10 off the one, all 5 off the other.
    quote = quoted(replace(ask(kwh("10").measure), max_power_w=10_000), per_kwh("10"), terms=terms)
    assert [str(x.amount.amount) for x in quote.lines if x.kind is LineKind.ENERGY] == ["100.00", "25.00"]
    assert taken(quote) == "-75.00"


@pytest.mark.parametrize(
    ("limits", "energy", "total"),
    [
        pytest.param({"maximum_price": Decimal(200)}, "11.111", "187.78", id="up-to-the-highest-price"),
        pytest.param({"maximum_price": Decimal(200)}, "11.112", "187.78", id="from-the-highest-price-on"),
        pytest.param({"maximum_price": Decimal(200)}, "20", "170.00", id="far-above-it"),
        pytest.param({"minimum_price": Decimal(50)}, "2.777", "54.45", id="up-to-the-least-price"),
        pytest.param({"minimum_price": Decimal(50)}, "2.778", "54.44", id="from-the-least-price-on"),
        pytest.param({"maximum_price": Decimal(1)}, "20", "10.00", id="no-more-than-energy-costs"),
    ],
)
def test_so_much_per_kwh_is_taken_off_beside_a_limit_of_the_price(limits, energy, total):
    terms = replace(PLAIN, tax=None, **limits)
    assert str(quoted(kwh(energy), per_kwh("2"), terms=terms).total.amount) == total


@pytest.mark.parametrize(
    ("energy", "total"),
    [
        pytest.param("11.111", "190.00", id="up-to-the-highest-price"),
        pytest.param("11.112", "189.99", id="from-the-highest-price-on"),
        pytest.param("12", "176.67", id="two-of-twelve"),
        pytest.param("13", "179.23", id="the-thirteenth-is-paid"),
    ],
)
def test_given_energy_is_worth_its_part_of_the_highest_price(energy, total):
    terms = replace(PLAIN, tax=None, maximum_price=Decimal(200))
    assert str(quoted(kwh(energy), more(ItemUnit.KWH, 10, 2), terms=terms).total.amount) == total


@pytest.mark.parametrize(
    ("least", "budget", "energy_wh"),
    [
        pytest.param("6.13", "6.12", 340, id="before-any-is-given"),
        pytest.param("6.13", "6.13", 1012, id="while-what-is-paid-reaches-the-least-value"),
        pytest.param("6.13", "6.19", 1012, id="below-the-highest-price"),
        pytest.param("6.13", "6.20", 4000, id="the-highest-price"),
        pytest.param("6.14", "6.13", 340, id="a-paisa-more-is-asked"),
        pytest.param("6.14", "6.14", 1010, id="and-met"),
        pytest.param("4.00", "4.65", 3103, id="in-the-second-block-as-well"),
    ],
)
def test_a_budget_buys_the_most_energy_where_the_least_value_is_met_for_a_while(least, budget, energy_wh):
    # With more energy a kWh comes to less of the highest price, and so does what is paid beside those that are given.
    terms = replace(PLAIN, tax=None, fees=(), maximum_price=Decimal("6.20"), maximum_wh=4000)
    offers = step(more(ItemUnit.KWH, 1, 1, additive=False, min_value=least))
    request = ask(AmountMeasure(Decimal(budget), "INR", Basis.ALL_IN))
    assert energy_for_amount(request, terms, discounts=offers) == energy_wh


@pytest.mark.parametrize(
    ("first", "last", "part"),
    [
        pytest.param(1, 2000, "1", id="before-any-is-given"),
        pytest.param(2000, 2500, "1", id="up-to-the-edge"),
        pytest.param(2500, 3000, "0.8", id="while-one-is-given"),
        pytest.param(2500, 5000, "0.8", id="the-start-above-the-next-peak"),
        pytest.param(3000, 5000, "0.8", id="the-next-peak"),
        pytest.param(3000, 4000, "0.75", id="short-of-the-next-peak"),
        pytest.param(3000, 9000, "0.8", id="later-peaks-are-lower"),
    ],
)
def test_the_part_of_the_energy_that_is_paid_peaks_where_the_next_begins_to_be_given(first, last, part):
    assert most_paid(more(ItemUnit.KWH, 2, 1), first, last) == Decimal(part)
