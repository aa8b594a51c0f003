"""What holds of every surge: caps, rising totals, budgets to the Wh, and each Wh once when the clock changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engine.inverse import energy_for_amount
from pricing.engine.price import price
from pricing.engine.values import (
    Delivery,
    EnergyMeasure,
    LineKind,
    PricingError,
    Reading,
    Surge,
    SurgeBasis,
    TimeSpan,
)
from tests.pricing.engine.samples import SATURDAY, ask, rupees, window
from tests.pricing.engine.test_inverse import MOST, buys_the_largest, costs, tariffs
from tests.pricing.engine.test_surge import RUPEE, surged

hundredths = st.integers(1, 6000).map(lambda x: Decimal(x) / 100)
minutes = st.integers(0, 55)
#: Within the hour that the slow connector of `test_inverse` takes for its most energy.
windows = st.builds(
    lambda first, last: (window(f"10:{min(first, last):02}", f"10:{max(first, last) + 1:02}"),), minutes, minutes
)
spans = st.builds(
    lambda first, last: (TimeSpan(SATURDAY + timedelta(minutes=first), SATURDAY + timedelta(minutes=first + last)),),
    minutes,
    minutes,
)
surges = st.lists(
    st.builds(
        Surge,
        st.sampled_from("abcd"),
        st.just(1),
        st.just("Peak"),
        st.sampled_from(SurgeBasis),
        hundredths,
        st.one_of(st.just(()), windows),
        st.one_of(st.none(), spans),
        st.sampled_from(["", "", "one"]),
        st.one_of(st.none(), hundredths),
        st.sampled_from(["", "", "", "you are a member"]),
    ),
    max_size=4,
    unique_by=lambda x: x.surge_id,
).map(tuple)
caps = st.one_of(st.none(), st.none(), hundredths)
with_surges = st.builds(
    lambda terms, surges, cap: replace(terms, surges=surges, surge_cap_percent=cap), tariffs, surges, caps
)


@settings(deadline=None, max_examples=12)
@given(with_surges, st.decimals("0.01", 300, places=2))
def test_an_all_in_budget_buys_the_largest_energy_within_it(terms, budget):
    buys_the_largest(terms, budget)


@pytest.mark.slow
@settings(deadline=None, max_examples=400)
@given(with_surges, st.decimals("0.01", 300, places=2))
def test_many_all_in_budgets_buy_the_largest_energy_within_them(terms, budget):
    buys_the_largest(terms, budget)


@settings(deadline=None, max_examples=200)
@given(with_surges, st.integers(1, MOST - 1))
def test_totals_never_fall_while_the_energy_rises(terms, wh):
    assert costs(terms, wh) <= costs(terms, wh + 1)


@settings(deadline=None, max_examples=200)
@given(with_surges, st.decimals("0.01", 300, places=2))
def test_the_energy_before_surge_is_what_the_tariff_alone_buys(terms, budget):
    request = replace(rupees(str(budget)), max_power_w=450)
    found = []
    for each in (terms, replace(terms, surges=(), surge_cap_percent=None)):
        try:
            found.append(energy_for_amount(request, each))
        except PricingError as error:
            found.append(error.code)
    assert found[0] == found[1]


@settings(deadline=None, max_examples=200)
@given(with_surges, st.integers(1, MOST))
def test_no_surge_goes_beyond_a_cap_or_counts_twice_in_its_group(terms, wh):
    quote = price(ask(EnergyMeasure(wh), power_w=450), terms)
    by_id = {x.surge_id: x for x in terms.surges}
    found = {x.code: x.amount.amount for x in quote.lines if x.kind is LineKind.SURGE}
    assert len(found) == sum(x.kind is LineKind.SURGE for x in quote.lines)
    for surge_id, amount in found.items():
        assert 0 <= amount <= (by_id[surge_id].cap or amount)
        assert amount == 0 or not by_id[surge_id].exemption
    if terms.surge_cap_percent is not None:
        energy = quote.sum_of(LineKind.ENERGY).amount
        assert sum(found.values()) * 100 <= energy * terms.surge_cap_percent
    assert sum(x.energy_wh for x in quote.slices) == wh
    held = {surge_id for piece in quote.slices if piece.energy_wh for surge_id in piece.surges}
    assert found.keys() <= held


@settings(deadline=None, max_examples=200)
@given(with_surges, st.integers(1, MOST), st.integers(1, 58), st.booleans())
def test_cutting_windows_in_two_changes_nothing(terms, wh, minute, swapped):
    request = ask(EnergyMeasure(wh), power_w=450)
    cut = time(10, minute)

    def halves(held):
        both = (replace(held, end=cut), replace(held, start=cut))
        return both[::-1] if swapped else both

    def parts(windows):
        return tuple(x for held in windows for x in (halves(held) if held.start < cut < held.end else (held,)))

    divided = tuple(replace(x, windows=parts(x.windows)) for x in terms.surges)
    assert price(request, replace(terms, surges=divided)).lines == price(request, terms).lines


NIGHT = (window("01:00", "03:00"),)


@pytest.mark.parametrize(
    ("zone", "start", "inside"),
    [
        pytest.param("Europe/Berlin", datetime(2026, 10, 24, 22, 0, tzinfo=UTC), 180, id="the-hour-comes-twice"),
        pytest.param("Europe/Berlin", datetime(2026, 3, 28, 23, 0, tzinfo=UTC), 60, id="the-hour-is-left-out"),
        pytest.param("Australia/Lord_Howe", datetime(2026, 4, 4, 12, 0, tzinfo=UTC), 150, id="half-an-hour-twice"),
        pytest.param("America/St_Johns", datetime(2026, 6, 1, 2, 30, tzinfo=UTC), 120, id="no-change"),
        pytest.param("Asia/Kolkata", datetime(2026, 10, 24, 18, 30, tzinfo=UTC), 120, id="kolkata"),
    ],
)
@settings(deadline=None, max_examples=25)
@given(steps=st.lists(st.integers(0, 400), min_size=360, max_size=360))
def test_on_the_days_of_a_change_of_the_clock_each_wh_counts_once(zone, start, inside, steps):
    terms = replace(surged(replace(RUPEE, windows=NIGHT)), time_zone=zone)
    registers = [sum(steps[:n]) for n in range(len(steps) + 1)]
    readings = [Reading(start + timedelta(minutes=n), wh) for n, wh in enumerate(registers)]
    here = ZoneInfo(zone)
    held = [n for n in range(len(steps)) if 1 <= (start + timedelta(minutes=n)).astimezone(here).hour < 3]
    assert len(held) == inside
    request = replace(
        ask(EnergyMeasure(1), start=start, power_w=30_000),
        delivery=Delivery(start, readings[-1].at, tuple(reversed(readings))),
    )
    quote = price(request, terms)
    found = [x.quantity for x in quote.lines if x.kind is LineKind.SURGE]
    expected = sum(steps[n] for n in held)
    assert found == ([Decimal(expected).scaleb(-3)] if expected > 4 else [])
    assert sum(x.energy_wh for x in quote.slices) == registers[-1] == quote.energy_wh
