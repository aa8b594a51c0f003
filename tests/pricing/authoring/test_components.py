"""The prices of a tariff: what each model must have, hours with two prices or none, and their one normal form."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pricing.authoring.components import faults_of, in_rows, merged, with_default
from pricing.engine.values import Dimension, PriceComponent, PricingModel
from tests.pricing.engine.samples import window

ENERGY, TIME, FLAT, IDLE = Dimension.ENERGY, Dimension.TIME, Dimension.FLAT, Dimension.IDLE
EVENING = window("18:00", "21:00")
WEEKEND = frozenset({6, 7})


def at(dimension: Dimension, rate: str, *windows, grace: int = 0) -> PriceComponent:
    return PriceComponent(dimension, Decimal(rate), windows, grace)


DAY_AND_NIGHT = (at(ENERGY, "20", window("06:00", "22:00")), at(ENERGY, "14", window("22:00", "06:00")))
GOOD = [
    pytest.param("PER_KWH", "18", (), id="per-kwh"),
    pytest.param("PER_KWH", "0", (at(TIME, "1"), at(IDLE, "2", grace=1440), at(FLAT, "5")), id="all-kinds-beside-it"),
    pytest.param("TIME_OF_DAY", "18", (at(ENERGY, "22", EVENING),), id="evenings-and-all-other-hours"),
    pytest.param("TIME_OF_DAY", None, DAY_AND_NIGHT, id="day-and-night"),
    pytest.param("TIME_OF_DAY", "18", (at(ENERGY, "22", EVENING, EVENING),), id="one-price-twice-in-its-own-hours"),
    pytest.param(
        "TIME_OF_DAY", "18", (at(ENERGY, "22", EVENING), at(ENERGY, "22.00", EVENING)), id="the-same-price-twice"
    ),
    pytest.param("PER_KWH", "18", (at(TIME, "1", EVENING), at(TIME, "0.5")), id="minutes-by-hour-and-else"),
    pytest.param("FIXED", None, (at(FLAT, "150"),), id="fixed"),
    pytest.param("SUBSCRIPTION", "18", (at(TIME, "1"),), id="subscription"),
    pytest.param("SUBSCRIPTION", "18", (at(ENERGY, "22", EVENING),), id="subscription-with-evenings"),
    pytest.param("SUBSCRIPTION", None, DAY_AND_NIGHT, id="subscription-by-day-and-night"),
    pytest.param("FIXED", None, (at(FLAT, "150", EVENING), at(FLAT, "100")), id="fixed-by-hour"),
    pytest.param("FIXED", None, (at(FLAT, "150"), at(IDLE, "2", EVENING)), id="only-sessions-need-each-hour"),
]


@pytest.mark.parametrize(("model", "rate", "parts"), GOOD)
def test_prices_that_make_a_tariff(model, rate, parts):
    assert faults_of(PricingModel(model), None if rate is None else Decimal(rate), parts, "INR") == {}


NO_RATE = "Give the price of a kWh as 0 or more, with at most four decimals."
BAD = [
    pytest.param("PER_KWH", None, (), {"rate": NO_RATE}, id="no-price-per-kwh"),
    pytest.param("SUBSCRIPTION", None, (at(FLAT, "5"),), {"rate": NO_RATE}, id="no-price-beyond-the-pool"),
    pytest.param("PER_KWH", "NaN", (), {"rate": NO_RATE}, id="not-a-number"),
    pytest.param("PER_KWH", "1000000000", (), {"rate": NO_RATE}, id="too-large"),
    pytest.param(
        "PER_KWH",
        "18",
        (at(ENERGY, "22", EVENING),),
        {"components": "Choose the model “By time of day” for prices per kWh at certain hours."},
        id="hours-need-the-model",
    ),
    pytest.param(
        "TIME_OF_DAY",
        "18",
        (at(TIME, "1"),),
        {"components": "Give a price per kWh at certain hours, or choose the model “Per kWh”."},
        id="the-model-needs-hours",
    ),
    pytest.param(
        "TIME_OF_DAY",
        None,
        (at(ENERGY, "22", EVENING),),
        {
            "components": "No price per kWh holds every day 00:00–18:00; every day 21:00–24:00: add one for these "
            "hours, or one for all other hours."
        },
        id="a-gap",
    ),
    pytest.param(
        "TIME_OF_DAY",
        None,
        (at(ENERGY, "20", window("06:00", "22:00")), at(ENERGY, "14", window("22:00", "05:59"))),
        {
            "components": "No price per kWh holds every day 05:59–06:00: add one for these hours, or one for all "
            "other hours."
        },
        id="a-gap-of-a-minute",
    ),
    pytest.param(
        "TIME_OF_DAY",
        "18",
        (at(ENERGY, "22", EVENING), at(ENERGY, "25.50", window("20:59", "23:00", WEEKEND))),
        {
            "components": "Two prices per kWh hold Saturdays and Sundays 20:59–21:00 (₹22.00 and ₹25.50): change the "
            "hours of one."
        },
        id="an-overlap-of-a-minute",
    ),
    pytest.param(
        "PER_KWH",
        "18",
        (at(TIME, "1"), at(TIME, "2")),
        {
            "components": "Two prices per minute of charging have no hours (₹1.00 and ₹2.00): give one of them hours "
            "or leave it out."
        },
        id="two-prices-without-hours",
    ),
    pytest.param(
        "PER_KWH",
        "18",
        (at(IDLE, "2", grace=5), at(IDLE, "2", grace=10)),
        {
            "components": "Two prices per minute of idling have no hours (₹2.00): give one of them "
            "hours or leave it out."
        },
        id="two-graces",
    ),
    pytest.param("FIXED", None, (), {"components": "Give the price per session."}, id="fixed-without-its-price"),
    pytest.param(
        "FIXED",
        "18",
        (at(FLAT, "150"),),
        {"rate": "A fixed price per session has no price per kWh: leave it empty."},
        id="fixed-and-per-kwh",
    ),
    pytest.param(
        "FIXED",
        None,
        (at(FLAT, "150"), at(ENERGY, "22", EVENING)),
        {"components": "A fixed price per session has no prices per kWh: leave them out."},
        id="fixed-and-per-kwh-at-hours",
    ),
    pytest.param(
        "FIXED",
        None,
        (at(FLAT, "150", EVENING),),
        {
            "components": "No price per session holds every day 00:00–18:00; every day 21:00–24:00: add one for these "
            "hours, or one for all other hours."
        },
        id="fixed-with-a-gap",
    ),
    pytest.param(
        "PER_KWH",
        "18",
        (at(TIME, "-0.01"),),
        {"components": "Price 1: give the price per minute of charging as 0 or more, with at most four decimals."},
        id="a-price-below-zero",
    ),
    pytest.param(
        "PER_KWH",
        "18",
        (at(IDLE, "1"), at(TIME, "1", grace=5)),
        {"components": "Price 2: only a price for idling has minutes that are free: leave them empty."},
        id="grace-of-charging",
    ),
    pytest.param(
        "PER_KWH",
        "18",
        (at(IDLE, "1", grace=1441),),
        {"components": "Price 1: give between 0 and 1440 free minutes."},
        id="grace-of-more-than-a-day",
    ),
    pytest.param(
        "TIME_OF_DAY",
        "18",
        (at(ENERGY, "22"),),
        {"components": "Price 1: give its hours; the price of a kWh at all other times has a field of its own."},
        id="two-prices-of-all-other-times",
    ),
    pytest.param(
        "PER_KWH",
        "18",
        tuple(at(TIME, str(n)) for n in range(61)),
        {"components": "A tariff has at most 60 prices: leave some out."},
        id="too-many",
    ),
]


@pytest.mark.parametrize(("model", "rate", "parts", "errors"), BAD)
def test_prices_that_make_none_are_told_at_their_field(model, rate, parts, errors):
    found = faults_of(PricingModel(model), None if rate is None else Decimal(rate), parts, "INR")
    assert found == {name: [sentence] for name, sentence in errors.items()}


def test_prices_have_one_form_however_they_are_written():
    morning = window("06:00", "09:00")
    written = [at(IDLE, "2", grace=10), at(ENERGY, "22", EVENING), at(TIME, "1"), at(ENERGY, "22.0", morning)]
    assert merged(written) == (at(ENERGY, "22", EVENING, morning), at(TIME, "1"), at(IDLE, "2", grace=10))
    assert merged(in_rows(merged(written))) == merged(written)
    assert in_rows(merged(written))[:2] == (at(ENERGY, "22", EVENING), at(ENERGY, "22", morning))


def test_the_price_of_all_other_times_stands_after_those_with_hours():
    parts = (at(TIME, "1"), at(ENERGY, "22", EVENING))
    assert with_default(Decimal(18), parts) == (at(ENERGY, "22", EVENING), at(ENERGY, "18"), at(TIME, "1"))
    assert with_default(None, parts) == (at(ENERGY, "22", EVENING), at(TIME, "1"))
