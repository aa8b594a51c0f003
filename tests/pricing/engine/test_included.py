"""The included pool of a subscription: what it covers, where it is cut, and how much an amount buys beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engine.codec import quote_from_json, quote_to_json, terms_from_json, terms_hash, terms_to_json
from pricing.engine.inverse import Plans, energy_for_amount
from pricing.engine.metering import metered_supply
from pricing.engine.price import price
from pricing.engine.values import (
    Basis,
    Dimension,
    DurationMeasure,
    EnergyMeasure,
    PriceComponent,
    PricingError,
    PricingModel,
    SliceQuality,
    Wheeling,
    WheelingBasis,
)
from tests.pricing.engine.samples import BARE, PLAIN, SATURDAY, UNTAXED, ask, delivered, kwh, printed, rupees, window
from tests.pricing.engine.test_inverse import MOST, buys_the_largest, tariffs

POOL = replace(UNTAXED, model=PricingModel.SUBSCRIPTION, included_wh=2500)
FEE = ("Service Fee", "10.00")
AS_LISTED = ("Charging session cost (1 kWh @ ₹18.00/kWh)", "18.00")
INCLUDED = ("Included energy (2.5 kWh)", "0.00")
READ, BETWEEN, ONE = SliceQuality.METERED, SliceQuality.INTERPOLATED, SliceQuality.SINGLE_RATE


def rate(dimension, amount, *windows):
    return PriceComponent(dimension, Decimal(amount), windows)


def pieces(quote):
    """Return the slices in seconds from the start."""
    second = timedelta(seconds=1)
    return [
        ((x.starts_at - SATURDAY) / second, (x.ends_at - SATURDAY) / second, x.energy_wh, str(x.rate), x.quality)
        for x in quote.slices
    ]


@pytest.mark.parametrize(
    ("terms", "energy", "lines"),
    [
        pytest.param(POOL, "2.499", [("Included energy (2.499 kWh)", "0.00"), FEE], id="less-than-the-pool"),
        pytest.param(POOL, "2.5", [INCLUDED, FEE], id="exactly-the-pool"),
        pytest.param(
            POOL, "2.501", [INCLUDED, ("Charging session cost (0.001 kWh @ ₹18.00/kWh)", "0.02"), FEE], id="a-wh-more"
        ),
        pytest.param(POOL, "5", [INCLUDED, ("Charging session cost (2.5 kWh @ ₹18.00/kWh)", "45.00"), FEE], id="more"),
        pytest.param(
            replace(POOL, included_wh=0), "1", [AS_LISTED, FEE], id="an-empty-pool"
        ),
        pytest.param(
            replace(POOL, included_wh=None), "1", [AS_LISTED, FEE], id="no-pool"
        ),
        pytest.param(replace(POOL, minimum_price=Decimal(50)), "2.5", [INCLUDED, FEE], id="no-least-price-of-the-pool"),
        pytest.param(
            replace(POOL, minimum_price=Decimal(50)),
            "2.501",
            [INCLUDED, ("Charging session cost (0.001 kWh, least price of a session)", "50.00"), FEE],
            id="the-least-price-beyond",
        ),
        pytest.param(
            replace(POOL, minimum_price=Decimal(50)),
            "5.278",
            [INCLUDED, ("Charging session cost (2.778 kWh @ ₹18.00/kWh)", "50.00"), FEE],
            id="the-least-price-reached",
        ),
        pytest.param(
            replace(POOL, maximum_price=Decimal(40)),
            "5",
            [INCLUDED, ("Charging session cost (2.5 kWh, highest price of a session)", "40.00"), FEE],
            id="the-highest-price",
        ),
        pytest.param(
            replace(POOL, model=PricingModel.FIXED, components=(rate(Dimension.FLAT, 99),)),
            "5",
            [("Price per session", "99.00"), FEE],
            id="a-fixed-price-includes-no-energy",
        ),
    ],
)  # fmt: skip
def test_the_first_energy_is_included_and_nothing_else(terms, energy, lines):
    assert printed(price(kwh(energy), terms)) == lines


def test_time_the_price_of_a_session_and_wheeling_are_not_included():
    components = (rate(Dimension.ENERGY, 18), rate(Dimension.TIME, 1), rate(Dimension.FLAT, 5))
    terms = replace(POOL, components=components, wheeling=Wheeling("Wheeling", Decimal(1), WheelingBasis.KWH), fees=())
    quote = price(kwh("2.5"), terms)
    assert printed(quote) == [
        INCLUDED,
        ("Charging time (5 min @ ₹1.00/min)", "5.00"),
        ("Price per session", "5.00"),
        ("Wheeling (2.5 kWh @ ₹1.00/kWh)", "2.50"),
    ]
    dear = replace(terms, maximum_price=Decimal(8), wheeling=None)
    assert printed(price(kwh("2.5"), dear)) == [
        INCLUDED,
        ("Charging session cost (highest price of a session)", "8.00"),
    ]
    least = replace(terms, minimum_price=Decimal(50), wheeling=None)
    assert str(price(kwh("2.5"), least).total.amount) == "10.00"


def test_idle_time_after_included_energy_is_charged():
    terms = replace(POOL, components=(rate(Dimension.ENERGY, 18), rate(Dimension.IDLE, 2)))
    request = delivered((0, 0), (5, 2500), (15, 2500), stop=15)
    assert printed(price(request, terms)) == [INCLUDED, ("Idle time (10 min @ ₹2.00/min)", "20.00"), FEE]


@pytest.mark.parametrize(
    ("request_", "found"),
    [
        pytest.param(kwh("2"), [(0, 240, 2000, "0.00", ONE)], id="all-of-it-in-one"),
        pytest.param(
            kwh("5"), [(0, 300, 2500, "0.00", BETWEEN), (300, 600, 2500, "18", BETWEEN)], id="a-plan-is-cut-in-time"
        ),
        pytest.param(
            delivered((0, 0), (10, 1000), (20, 4000), stop=20),
            [(0, 900, 2500, "0.00", BETWEEN), (900, 1200, 1500, "18", BETWEEN)],
            id="between-two-readings",
        ),
        pytest.param(
            delivered((0, 0), (10, 2500), (20, 4000), stop=20),
            [(0, 600, 2500, "0.00", READ), (600, 1200, 1500, "18", READ)],
            id="at-a-reading",
        ),
        pytest.param(
            delivered((0, 7), (10, 2507), (15, 2507), (20, 4007), stop=20),
            [(0, 600, 2500, "0.00", READ), (600, 1200, 1500, "18", READ)],
            id="at-the-first-of-two-equal-readings",
        ),
        pytest.param(delivered((0, 9), (20, 9), stop=20), [(0, 0, 0, "18", ONE)], id="nothing-was-delivered"),
    ],
)
def test_the_slices_are_cut_where_the_pool_ends(request_, found):
    assert pieces(price(request_, POOL)) == found


def test_the_pool_goes_to_the_first_rate_and_the_rest_keeps_its_own():
    """10:00 to 10:05 at ₹30, then ₹18: 2.5 kWh in each of the windows, of which 4 are included."""
    terms = replace(
        BARE,
        included_wh=4000,
        components=(rate(Dimension.ENERGY, 30, window("10:00", "10:05")), rate(Dimension.ENERGY, 18)),
    )
    quote = price(kwh("7.5"), terms)
    assert printed(quote) == [
        ("Included energy (4 kWh)", "0.00"),
        ("Charging session cost (3.5 kWh @ ₹18.00/kWh)", "63.00"),
    ]
    assert pieces(quote) == [
        (0, 300, 2500, "0.00", BETWEEN),
        (300, 480, 1500, "0.00", BETWEEN),
        (480, 900, 3500, "18", BETWEEN),
    ]
    first = price(kwh("7.5"), replace(terms, included_wh=2500))
    assert pieces(first) == [(0, 300, 2500, "0.00", BETWEEN), (300, 900, 5000, "18", BETWEEN)]


@pytest.mark.parametrize(
    ("terms", "amount", "basis", "wh"),
    [
        pytest.param(POOL, "100", Basis.BEFORE_SURGE_OFFER_TAX, 7500, id="before-tax"),
        pytest.param(POOL, "10", Basis.BEFORE_SURGE_OFFER_TAX, 2500, id="the-fee-alone-buys-the-pool"),
        pytest.param(POOL, "100", Basis.ALL_IN, 7500, id="all-in"),
        pytest.param(POOL, "10.01", Basis.ALL_IN, 2500, id="a-paisa-buys-no-wh-more"),
        pytest.param(POOL, "10.02", Basis.ALL_IN, 2501, id="two-do"),
        pytest.param(replace(POOL, minimum_price=Decimal(50)), "59.99", Basis.ALL_IN, 2500, id="below-the-least-price"),
        pytest.param(replace(POOL, minimum_price=Decimal(50)), "60", Basis.ALL_IN, 5278, id="the-least-price"),
        pytest.param(
            replace(POOL, minimum_price=Decimal(50)), "59.99", Basis.BEFORE_SURGE_OFFER_TAX, 2500, id="before-tax-below"
        ),
        pytest.param(
            replace(POOL, minimum_price=Decimal(50)), "60", Basis.BEFORE_SURGE_OFFER_TAX, 5277, id="before-tax-at-it"
        ),
    ],
)
def test_an_amount_buys_the_pool_and_what_it_pays_for(terms, amount, basis, wh):
    assert energy_for_amount(rupees(amount, basis), terms) == wh


@pytest.mark.parametrize("basis", Basis)
def test_an_amount_below_the_fee_buys_nothing_of_the_pool(basis):
    with pytest.raises(PricingError, match=r"^Raise the amount: fixed prices, fees and taxes alone come to ₹10.00\.$"):
        energy_for_amount(rupees("9.99", basis), replace(POOL, minimum_price=Decimal(50)))


def test_a_pool_stands_in_the_document_and_in_its_hash_only_where_there_is_one():
    without = replace(POOL, included_wh=None)
    assert terms_hash(without) == terms_hash(replace(PLAIN, model=PricingModel.SUBSCRIPTION, tax=None))
    assert terms_hash(POOL) != terms_hash(without)
    old = {name: value for name, value in terms_to_json(without).items() if name != "included_wh"}
    assert (terms_from_json(old), terms_from_json(terms_to_json(POOL))) == (without, POOL)
    quote = price(kwh("5"), POOL)
    assert quote_from_json(quote_to_json(quote)) == quote


pooled = st.builds(lambda terms, wh: replace(terms, included_wh=wh), tariffs, st.integers(0, MOST + 20))


@settings(deadline=None, max_examples=12)
@given(pooled, st.decimals("0.01", 300, places=2))
def test_an_all_in_budget_buys_the_largest_energy_within_it(terms, budget):
    buys_the_largest(terms, budget)


@pytest.mark.slow
@settings(deadline=None, max_examples=400)
@given(pooled, st.decimals("0.01", 300, places=2))
def test_many_all_in_budgets_buy_the_largest_energy_within_them(terms, budget):
    buys_the_largest(terms, budget)


def exact_cost(terms, wh):
    """Return the unrounded cost before tax, counted from the slices: time is charged from 10:00 to 10:13."""
    quote = price(ask(EnergyMeasure(wh), power_w=450), replace(terms, minimum_price=None, maximum_price=None))
    minutes = min(Decimal(-(-wh * 3_600_000_000 // 450)) / 60_000_000, Decimal(13))
    charging = sum(x.rate * x.energy_wh for x in quote.slices) / 1000 + minutes * terms.components[2].rate
    charging += sum(x.rate for x in terms.components if x.dimension is Dimension.FLAT)
    if terms.minimum_price is not None and wh > terms.included_wh:
        charging = max(charging, terms.minimum_price)
    if terms.maximum_price is not None:
        charging = min(charging, terms.maximum_price)
    grid = terms.wheeling or Wheeling("", Decimal(0))
    return charging + terms.fees[0].amount + grid.amount * (Decimal(wh) / 1000 if grid.basis == "KWH" else 1)


@settings(deadline=None, max_examples=40)
@given(pooled, st.decimals("0.01", 300, places=2))
def test_an_amount_before_tax_buys_the_last_wh_whose_exact_cost_is_within_it(terms, amount):
    within = [wh for wh in range(1, MOST + 1) if exact_cost(terms, wh) <= amount]
    try:
        found = energy_for_amount(replace(rupees(str(amount)), max_power_w=450), terms)
    except PricingError as error:
        too_much = {"MAXIMUM_QUANTITY", "AMOUNT_TOO_LARGE", "PLAN_TOO_LONG"}
        assert error.code in (too_much if within else {"BUDGET_TOO_SMALL"})
        assert within[-1:] in ([], [MOST])
    else:
        assert found == within[-1]


@settings(deadline=None, max_examples=60)
@given(pooled, st.lists(st.integers(0, 40), min_size=1, max_size=6), st.integers(0, MOST))
def test_slices_add_up_and_the_included_come_first(terms, steps, included):
    """Readings every ten minutes: the slices add up to the register, the first of them to what is included."""
    readings, register = [(0, 0)], 0
    for number, wh in enumerate(steps, start=1):
        register += wh
        readings.append((10 * number, register))
    request = delivered(*readings, stop=10 * len(steps), power_w=450)
    quote = price(request, replace(terms, included_wh=included))
    assert sum(x.energy_wh for x in quote.slices) == quote.energy_wh == register
    before = min(included, register)
    free, paid = 0, 0
    supply = metered_supply(request.delivery, 450)
    for piece in quote.slices:
        assert supply.delivered_at(piece.starts_at) == free + paid
        if free + paid < before:
            assert piece.rate == 0
            free += piece.energy_wh
        else:
            paid += piece.energy_wh
    assert (free, paid) == (before, register - before)
    listed = [x for x in quote.lines if x.line_id == "INCLUDED-1"]
    assert [(x.quantity * 1000, x.amount.amount) for x in listed] == ([(before, 0)] if before else [])


def test_minutes_count_against_the_pool_too():
    """Five minutes at 30 kW are 2.5 kWh."""
    assert printed(price(ask(DurationMeasure(5)), POOL)) == [INCLUDED, FEE]


def test_a_rate_that_begins_as_the_last_included_wh_flows_has_no_line():
    """At 29,999 W the last Wh ends 0.01 s after 10:05, when by the rounding to a Wh all of it has been delivered."""
    early = rate(Dimension.ENERGY, 30, window("10:00", "10:05"))
    quote = price(ask(EnergyMeasure(2500), power_w=29_999), replace(POOL, components=(early, *POOL.components)))
    assert [x.energy_wh for x in quote.slices] == [2500, 0]
    assert printed(quote) == [INCLUDED, FEE]


def test_the_search_for_an_amount_is_cut_where_the_pool_and_the_least_price_end():
    terms = replace(POOL, minimum_price=Decimal(50), maximum_price=Decimal(90))
    assert list(Plans(kwh("5"), terms, None).edges(1, 10_000)) == [2501, 5278, 7501]
    assert list(Plans(kwh("5"), replace(POOL, included_wh=None), None).edges(1, 10_000)) == []
