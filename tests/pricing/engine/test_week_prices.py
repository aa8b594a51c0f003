"""The prices of a week: the same as those of its days by the function that prices sessions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engine.hourly import price_stretches
from pricing.engine.values import Dimension, PriceComponent, PricingModel, Surge, SurgeBasis, WeeklyWindow
from pricing.engine.week import WHOLE_WEEK, common_hours
from pricing.engine.week_prices import week_prices
from tests.pricing.engine.samples import BARE, window

MONDAY, DAY = datetime(2024, 1, 1, tzinfo=UTC), timedelta(days=1)
clocks = st.sampled_from([time(0), time(0, 15), time(6), time(18), time(18, 30), time(23, 45)])
windows = st.builds(WeeklyWindow, st.frozensets(st.integers(1, 7), min_size=1), clocks, clocks)
many = st.lists(windows, max_size=2).map(tuple)
components = st.lists(
    st.builds(PriceComponent, st.sampled_from([Dimension.ENERGY, Dimension.ENERGY, Dimension.TIME]),
              st.integers(0, 20).map(Decimal), many), max_size=3,
)  # fmt: skip
surges = st.lists(
    st.builds(Surge, st.sampled_from("abcd"), st.just(1), st.sampled_from(["Rush", "Peak", "Grid"]),
              st.sampled_from(SurgeBasis), st.integers(0, 30).map(Decimal), many,
              group=st.sampled_from(["", "", "one"]), exemption=st.sampled_from(["", "for you"])),
    min_size=1, max_size=4, unique_by=lambda x: x.surge_id,
)  # fmt: skip
caps = st.sampled_from([None, None, Decimal(0), Decimal(10)])


def by_sessions(components, surges, cap):
    """Return the prices of a week of days on a clock that never changes."""
    known = {"components": tuple(components), "surges": tuple(replace(x, exemption="") for x in surges)}
    terms = replace(BARE, model=PricingModel.TIME_OF_DAY, time_zone="UTC", surge_cap_percent=cap, **known)
    hours = {}
    for number in range(7):
        for part in price_stretches(terms, MONDAY + number * DAY, MONDAY + (number + 1) * DAY):
            if part.rate is not None:
                there = WeeklyWindow(frozenset({number + 1}), part.starts_at.time(), part.ends_at.time())
                hours.setdefault(part.price, []).append(there)
    return {price: common_hours(found, WHOLE_WEEK) for price, found in hours.items()}


@settings(deadline=None, max_examples=60)
@given(components, surges, caps)
def test_the_hours_of_each_price_are_those_of_sessions(components, surges, cap):
    found = {}
    for price in week_prices(components, surges, cap):
        found.setdefault(price.rate, []).extend(price.hours)
    assert {price: common_hours(hours, WHOLE_WEEK) for price, hours in found.items()} == by_sessions(
        components, surges, cap
    )


EVENING = window("18:00", "21:00")
PEAK = Surge("peak", 1, "Peak", SurgeBasis.PERCENT, Decimal(20), (EVENING,))


@pytest.mark.parametrize(
    ("components", "surges", "expected"),
    [
        pytest.param([], (), [], id="nothing"),
        pytest.param(["15"], (), [("15", WHOLE_WEEK, ())], id="one-price"),
        pytest.param(
            ["15"],
            (PEAK,),
            [("15", (window("00:00", "18:00"), window("21:00", "00:00")), ()), ("18", (EVENING,), ("Peak",))],
            id="surged",
        ),
        pytest.param(["15"], (replace(PEAK, basis=SurgeBasis.FIXED),), [("15", WHOLE_WEEK, ())], id="per-session"),
        pytest.param([], (PEAK,), [], id="without-a-price-of-energy"),
    ],
)
def test_prices_have_their_hours_and_the_names_of_their_surges(components, surges, expected):
    parts = [PriceComponent(Dimension.ENERGY, Decimal(x)) for x in components]
    assert [(str(x.rate), x.hours, x.surges) for x in week_prices(parts, surges)] == expected
