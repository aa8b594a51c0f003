"""Where prices of energy are above a ceiling, on each side of its amount and its hours."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pricing.engine.ceilings import Ceiling, breaches
from pricing.engine.values import Dimension, PriceComponent, Surge, SurgeBasis
from pricing.engine.week import windows_in_words
from pricing.engine.week_prices import week_prices
from tests.pricing.engine.samples import window

SOLAR = (window("09:00", "16:00"),)


def energy(rate: str, *windows) -> PriceComponent:
    return PriceComponent(Dimension.ENERGY, Decimal(rate), windows)


EVENINGS = (energy("22", window("15:59", "22:00")), energy("14"))


@pytest.mark.parametrize(
    ("components", "limit", "windows", "found"),
    [
        pytest.param([energy("15")], "15", (), [], id="at-the-ceiling"),
        pytest.param([energy("15.0001")], "15", (), [("15.0001", "every day all day")], id="above-it"),
        pytest.param([energy("16")], "15", SOLAR, [("16", "every day 09:00–16:00")], id="in-its-hours-alone"),
        pytest.param(EVENINGS, "15", SOLAR, [("22", "every day 15:59–16:00")], id="a-minute-of-the-evening"),
        pytest.param(EVENINGS, "14", (window("16:00", "22:00"),), [("22", "every day 16:00–22:00")], id="all-evening"),
        pytest.param(
            EVENINGS,
            "13",
            (window("22:00", "15:59"),),
            [("14", "every day 00:00–15:59; every day 22:00–24:00")],
            id="all-other-hours",
        ),
        pytest.param(
            EVENINGS,
            "13",
            (),
            [("22", "every day 15:59–22:00"), ("14", "every day 00:00–15:59; every day 22:00–24:00")],
            id="both",
        ),
        pytest.param([PriceComponent(Dimension.FLAT, Decimal(500))], "15", (), [], id="a-session-has-no-price-per-kwh"),
        pytest.param([PriceComponent(Dimension.TIME, Decimal(500))], "15", (), [], id="nor-has-a-minute"),
    ],
)
def test_where_prices_are_above_a_ceiling(components, limit, windows, found):
    said = breaches(week_prices(components), Ceiling(Decimal(limit), windows))
    assert [(f"{x.rate:f}", windows_in_words(x.hours)) for x in said] == found


FIFTH = Surge("peak", 1, "Peak", SurgeBasis.PERCENT, Decimal(20), (window("18:00", "21:00", frozenset({6, 7})),))
RUPEE = Surge("rush", 1, "Rush", SurgeBasis.PER_KWH, Decimal(1), spans=(), exemption="for you")
WEEKEND = "Saturdays and Sundays 18:00–21:00"


@pytest.mark.parametrize(
    ("surges", "cap", "limit", "windows", "found"),
    [
        pytest.param([FIFTH], None, "26.4", (), [], id="at-the-ceiling-with-its-surge"),
        pytest.param([FIFTH], None, "26.39", (), [("26.4", WEEKEND)], id="a-paisa-above"),
        pytest.param([FIFTH], None, "26", SOLAR, [], id="at-other-hours"),
        pytest.param([FIFTH], "18", "26", (), [], id="the-cpos-cap-keeps-it-below"),
        pytest.param([FIFTH, RUPEE], None, "27", (), [("27.4", WEEKEND)], id="whoever-is-exempt-and-whenever"),
        pytest.param(
            [FIFTH],
            None,
            "21",
            (),
            [
                (
                    "22",
                    "Saturdays and Sundays 15:59–18:00; Mondays, Tuesdays, Wednesdays, Thursdays and Fridays "
                    "15:59–22:00; Saturdays and Sundays 21:00–22:00",
                ),
                ("26.4", WEEKEND),
            ],
            id="the-tariff-alone-as-well",
        ),
    ],
)
def test_where_prices_with_surges_are_above_a_ceiling(surges, cap, limit, windows, found):
    said = breaches(week_prices(EVENINGS, surges, Decimal(cap) if cap else None), Ceiling(Decimal(limit), windows))
    assert [(f"{x.rate.normalize():f}", windows_in_words(x.hours)) for x in said] == found


GROUPED = [replace(FIFTH, group="peak"), replace(RUPEE, exemption="", spans=None, group="peak")]
SESSION = Surge("valet", 1, "Valet", SurgeBasis.FIXED, Decimal(50))


@pytest.mark.parametrize(
    ("surges", "found"),
    [
        pytest.param([FIFTH], [("26.4", ("Peak",))], id="one"),
        pytest.param([FIFTH, RUPEE], [("27.4", ("Peak", "Rush"))], id="two-in-their-order"),
        pytest.param([RUPEE, FIFTH], [("27.4", ("Rush", "Peak"))], id="two-in-the-other-order"),
        pytest.param(GROUPED, [("26.4", ("Peak",))], id="the-one-of-a-group-that-counts"),
        pytest.param([FIFTH, SESSION], [("26.4", ("Peak",))], id="none-that-is-per-session"),
        pytest.param([SESSION], [], id="none"),
    ],
)
def test_a_price_names_the_surges_that_are_in_it(surges, found):
    said = breaches(week_prices(EVENINGS, surges), Ceiling(Decimal("26.39")))
    assert [(f"{x.rate.normalize():f}", x.surges) for x in said] == found


def test_a_price_names_no_surge_that_the_limit_lets_add_nothing():
    said = breaches(week_prices(EVENINGS, [FIFTH], Decimal(0)), Ceiling(Decimal(20)))
    assert {(f"{x.rate.normalize():f}", x.surges) for x in said} == {("22", ())}
