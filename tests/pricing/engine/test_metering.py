"""Bills from the meter: what the readings prove, what is held for review, and what time costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engine.metering import Supply, duration_at, metered_supply, register_at
from pricing.engine.price import price
from pricing.engine.values import Delivery, Dimension, PriceComponent, Reading
from tests.pricing.engine.samples import BARE, PLAIN, SATURDAY, delivered, printed, window


@pytest.mark.parametrize(
    ("request_", "wh", "flags"),
    [
        pytest.param(delivered((0, 100), (20, 5300)), 5200, (), id="register-delta"),
        pytest.param(delivered((0, 100), (10, 3500), stop=None), 3400, (), id="running"),
        pytest.param(delivered(), 0, ("NO_READINGS",), id="no-readings"),
        pytest.param(delivered(stop=None), 0, ("NO_READINGS",), id="running-without-readings"),
        pytest.param(delivered((0, 100)), 0, ("ONE_READING",), id="one-reading-proves-nothing"),
        pytest.param(delivered((0, 100), stop=None), 0, (), id="running-since-a-moment"),
        pytest.param(delivered((20, 5300), (0, 100)), 5200, (), id="out-of-order"),
        pytest.param(delivered((0, 0), (20, 9000), (20, 5200)), 5200, (), id="the-last-of-two-at-once"),
        pytest.param(
            delivered((0, 0), (10, 1000), (20, 800), (30, 1200)), 1200, ("REGISTER_BACKWARDS",), id="backwards"
        ),
        pytest.param(
            delivered((0, 0), (10, 1000), (20, 800)), 1000, ("REGISTER_BACKWARDS",), id="backwards-at-the-end"
        ),
        pytest.param(
            # In 10 minutes and one more, 30 kW and a tenth give 6050 Wh, and the meter may step by 1000.
            delivered((0, 0), (40, 0), (50, 7050), (60, 6000)),
            7050,
            ("REGISTER_BACKWARDS",),
            id="a-step-and-backwards",
        ),
        pytest.param(
            delivered((0, 0), (40, 0), (50, 7051), (60, 6000)),
            7051,
            ("REGISTER_BACKWARDS", "REVIEW_POWER"),
            id="a-leap-and-backwards",
        ),
        pytest.param(delivered((0, 0), (59, 0), (60, 9000)), 9000, (), id="a-leap-alone"),
        pytest.param(delivered((0, 0), (10, 5500)), 5500, (), id="rating-and-a-tenth"),
        pytest.param(delivered((0, 0), (10, 5501)), 5501, ("REVIEW_POWER",), id="above-rating-and-a-tenth"),
        pytest.param(
            delivered((-5, 40), (-1, 50), (20, 5250)), 5200, ("READINGS_OUTSIDE_SESSION",), id="before-the-start"
        ),
        pytest.param(
            delivered((-5, 90), (-1, 50), (20, 5250)),
            5200,
            ("READINGS_OUTSIDE_SESSION", "REGISTER_BACKWARDS"),
            id="backwards-before-the-start",
        ),
        pytest.param(
            delivered((-5, 90), (0, 50), (20, 5250)),
            5200,
            ("READINGS_OUTSIDE_SESSION", "REGISTER_BACKWARDS"),
            id="backwards-until-the-start",
        ),
        pytest.param(
            delivered((0, 0), (59, 5100), (61, 5200)), 5200, ("READINGS_OUTSIDE_SESSION",), id="after-the-stop"
        ),
        pytest.param(
            delivered((0, 0), (20, 5200), stop=-1),
            0,
            ("STOP_BEFORE_START", "READINGS_OUTSIDE_SESSION", "ONE_READING"),
            id="stop-before-the-start",
        ),
    ],
)
def test_a_delivery_is_billed(request_, wh, flags):
    quote = price(request_, PLAIN)
    assert (quote.energy_wh, quote.flags) == (wh, flags)
    assert sum(x.energy_wh for x in quote.slices) == wh


def test_the_final_bill_of_5_2_kwh():
    assert printed(price(delivered((0, 100), (20, 5300), stop=20), PLAIN)) == [
        ("Charging session cost (5.2 kWh @ ₹18.00/kWh)", "93.60"),
        ("Service Fee", "10.00"),
        ("GST (18%)", "18.65"),
    ]


EVENING = replace(
    BARE,
    components=(
        PriceComponent(Dimension.ENERGY, Decimal(20), (window("10:15", "10:30"),)),
        PriceComponent(Dimension.ENERGY, Decimal(16)),
    ),
)


def test_energy_at_a_change_of_rate_is_interpolated_between_its_readings():
    quote = price(delivered((0, 0), (10, 1000), (20, 2001), (30, 3000), (40, 4000)), EVENING)
    assert [(x.energy_wh, str(x.rate), x.quality.value) for x in quote.slices] == [
        (1501, "16", "INTERPOLATED"),
        (1499, "20", "INTERPOLATED"),
        (1000, "16", "METERED"),
    ]
    assert [str(x.amount.amount) for x in quote.lines] == ["40.02", "29.98"]


def test_time_costs_while_charging_and_idling_costs_after_its_grace():
    terms = replace(
        BARE,
        components=(
            *BARE.components,
            PriceComponent(Dimension.TIME, Decimal("0.50")),
            PriceComponent(Dimension.IDLE, Decimal(2), grace_minutes=10),
        ),
    )
    assert printed(price(delivered((0, 0), (20, 5000), (40, 5000), stop=60), terms)) == [
        ("Charging session cost (5 kWh @ ₹18.00/kWh)", "90.00"),
        ("Charging time (20 min @ ₹0.50/min)", "10.00"),
        ("Idle time (30 min @ ₹2.00/min)", "60.00"),
    ]
    assert len(price(delivered((0, 0), (20, 5000), stop=30), terms).lines) == 2


IDLE = PriceComponent(Dimension.IDLE, Decimal(2), grace_minutes=10)
PAUSED = ((0, 0), (20, 4000), (40, 4000))


@pytest.mark.parametrize(
    ("readings", "stop", "minutes"),
    [
        pytest.param(PAUSED, None, [("TIME", "20"), ("IDLE", "10")], id="so-far-it-stands-there"),
        pytest.param((*PAUSED, (60, 8000)), None, [("TIME", "60")], id="until-it-rises-again"),
        pytest.param((*PAUSED, (60, 8000)), 75, [("TIME", "60"), ("IDLE", "5")], id="and-stands-after-the-last-rise"),
        pytest.param(PAUSED, 75, [("TIME", "20"), ("IDLE", "45")], id="which-may-be-before-the-pause"),
    ],
)
def test_a_pause_is_charging_time_once_the_register_rises_again(readings, stop, minutes):
    parts = (*BARE.components, PriceComponent(Dimension.TIME, Decimal(1)), IDLE)
    quote = price(delivered(*readings, stop=stop), replace(BARE, components=parts))
    found = [(x.kind.value, f"{x.quantity.normalize():f}") for x in quote.lines if x.unit == "min"]
    assert found == minutes


@pytest.mark.parametrize(
    ("readings", "components", "flags"),
    [
        pytest.param(((0, 100), (60, 100)), (IDLE,), ("NO_ENERGY",), id="no-energy"),
        pytest.param(((0, 100), (10, 101), (60, 101)), (IDLE,), (), id="a-Wh"),
        pytest.param(((0, 100), (60, 100)), (replace(IDLE, grace_minutes=60),), (), id="within-the-grace"),
        pytest.param(((0, 100), (60, 100)), (), (), id="standing-costs-nothing"),
        pytest.param((), (IDLE,), ("NO_READINGS", "NO_ENERGY"), id="no-readings"),
    ],
)
def test_who_would_pay_for_standing_without_having_charged_is_told_apart(readings, components, flags):
    terms = replace(BARE, components=(*BARE.components, *components))
    assert price(delivered(*readings, stop=60), terms).flags == flags


@pytest.mark.parametrize(
    ("ends", "idle"),
    [
        pytest.param(15, "Idle time (5 min @ ₹2.00/min)", id="the-grace-of-the-rate-that-holds-then"),
        pytest.param(31, "Idle time (29 min @ ₹3.00/min)", id="the-other-rate-has-none"),
        pytest.param(9.5, "Idle time (10.5 min @ ₹2.00/min)", id="of-the-first-that-holds-after-it"),
    ],
)
def test_the_grace_is_that_of_the_rate_when_charging_ends(ends, idle):
    terms = replace(
        BARE,
        components=(
            *BARE.components,
            PriceComponent(Dimension.IDLE, Decimal(2), (window("10:10", "10:30"),), grace_minutes=10),
            PriceComponent(Dimension.IDLE, Decimal(3), (window("10:30", "11:30"),)),
        ),
    )
    lines = price(delivered((0, 0), (ends, 4000), stop=60), terms).lines
    assert [x.title for x in lines if x.kind.value == "IDLE"][:1] == [idle]


def test_the_register_is_never_extrapolated():
    points = (Reading(SATURDAY, 100), Reading(SATURDAY + timedelta(minutes=10), 200))
    assert register_at(points, SATURDAY - timedelta(minutes=1)) == 100
    assert register_at(points, SATURDAY + timedelta(minutes=11)) == 200


@pytest.mark.parametrize(
    ("seconds", "wh"),
    [
        pytest.param(1, 0, id="a-third"),
        pytest.param(1.5, 1, id="half-rounds-up"),
        pytest.param(2, 1, id="two-thirds"),
        pytest.param(3, 1, id="the-reading"),
    ],
)
def test_interpolation_rounds_half_up_to_a_wh(seconds, wh):
    points = (Reading(SATURDAY, 0), Reading(SATURDAY + timedelta(seconds=3), 1))
    assert register_at(points, SATURDAY + timedelta(seconds=seconds)) == wh


def test_a_plan_lasts_as_long_as_its_energy_takes():
    assert duration_at(30_000, 5000) == timedelta(minutes=10)
    assert duration_at(7, 1) == timedelta(microseconds=514_285_715)


readings = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 20_000)), max_size=12, unique_by=lambda x: x[0])
starts = st.sampled_from(
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 10, 25, 0, 10, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 11, 1, 5, 1, tzinfo=UTC)),
        ("Asia/Kolkata", datetime(2026, 11, 7, 17, 0, tzinfo=UTC)),
    ]
)


@settings(deadline=None, max_examples=150)
@given(readings, starts, st.integers(0, 300), st.randoms(use_true_random=False))
def test_slices_add_up_to_the_register_in_any_order_of_the_readings(points, place, stop, random):
    zone, start = place
    ordered = [Reading(start + timedelta(minutes=minute), wh) for minute, wh in points]
    terms = replace(
        BARE,
        time_zone=zone,
        components=(
            PriceComponent(Dimension.ENERGY, Decimal("21.37"), (window("01:30", "02:30"), window("22:45", "23:10"))),
            PriceComponent(Dimension.ENERGY, Decimal("15.01"), (window("23:10", "00:00"),)),
            PriceComponent(Dimension.ENERGY, Decimal("18.99")),
        ),
    )
    request = replace(delivered(power_w=10**9), planned_start=start)
    request = replace(request, delivery=Delivery(start, start + timedelta(minutes=stop), tuple(ordered)))
    quote = price(request, terms)
    supply = metered_supply(request.delivery, 10**9)
    assert sum(x.energy_wh for x in quote.slices) == quote.energy_wh == supply.energy_wh
    assert all(x.energy_wh >= 0 for x in quote.slices)
    shuffled = random.sample(ordered, len(ordered))
    again = price(replace(request, delivery=replace(request.delivery, readings=tuple(shuffled))), terms)
    assert (again.lines, again.slices, again.flags) == (quote.lines, quote.slices, quote.flags)


@settings(deadline=None, max_examples=80)
@given(readings, st.integers(1, 299))
def test_splitting_a_window_in_two_changes_nothing(points, minute):
    cut = (SATURDAY + timedelta(hours=5, minutes=30 + minute)).strftime("%H:%M")
    request = delivered(*points, stop=300, power_w=10**9)
    whole = PriceComponent(Dimension.ENERGY, Decimal("21.37"), (window("10:00", "16:00"),))
    halves = replace(whole, windows=(window("10:00", cut), window(cut, "16:00")))
    rest = PriceComponent(Dimension.ENERGY, Decimal("17.77"))
    first, second = (price(request, replace(PLAIN, components=(x, rest))) for x in (whole, halves))
    assert first.lines == second.lines


@pytest.mark.parametrize(
    ("wh", "microseconds"),
    [
        pytest.param(1, 333_334, id="between-readings-rounded-up"),
        pytest.param(3, 1_000_000, id="at-a-reading"),
        pytest.param(4, 3_000_000, id="after-standing-still"),
        pytest.param(5, 4_000_000, id="at-the-last"),
    ],
)
def test_an_energy_is_reached_at_the_first_instant_at_which_it_was_delivered(wh, microseconds):
    """From 100 Wh on: 3 Wh in a second, none in the next, then a Wh per second."""
    second = timedelta(seconds=1)
    points = tuple(Reading(SATURDAY + n * second, 100 + register) for n, register in enumerate((0, 3, 3, 4, 5)))
    supply = Supply(points, 5, SATURDAY, SATURDAY + 4 * second, SATURDAY + 4 * second, True)
    reached = supply.reached_at(wh)
    assert reached - SATURDAY == timedelta(microseconds=microseconds)
    assert supply.delivered_at(reached) == wh
