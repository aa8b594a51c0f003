"""Surges: the worked numbers, when they hold, which of a group counts, their caps and who is exempt."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pricing.engine.price import price
from pricing.engine.values import (
    Dimension,
    PriceComponent,
    PricingModel,
    ProductOrder,
    ProductPrice,
    Surge,
    SurgeBasis,
    TimeSpan,
)
from tests.pricing.engine.samples import BARE, PLAIN, SATURDAY, UNTAXED, delivered, kwh, printed, window

ENERGY = "Charging session cost"
FEE = ("Service Fee", "10.00")


def surge(value: str, basis: SurgeBasis = SurgeBasis.PERCENT, **changes) -> Surge:
    known = {"surge_id": "peak", "version": 1, "name": "Peak"}
    return Surge(**(known | {"basis": basis, "value": Decimal(value)} | changes))


def surged(*surges: Surge, terms=BARE, cap: str | None = None):
    return replace(terms, surges=surges, surge_cap_percent=Decimal(cap) if cap else None)


FIFTH = surge("20")
RUPEE = surge("1", SurgeBasis.PER_KWH, surge_id="congestion", name="Congestion fee")
ONCE = surge("25", SurgeBasis.FIXED, surge_id="event", name="Event")
SIXTEEN = replace(BARE, components=(PriceComponent(Dimension.ENERGY, Decimal(16)),))


@pytest.mark.parametrize(
    ("terms", "energy", "lines", "total"),
    [
        pytest.param(
            surged(FIFTH, terms=UNTAXED),
            "5",
            [(f"{ENERGY} (5 kWh @ ₹18.00/kWh)", "90.00"), FEE, ("Peak (20% on 5 kWh)", "18.00")],
            "118.00",
            id="percent",
        ),
        pytest.param(
            surged(FIFTH, terms=PLAIN),
            "5",
            [
                (f"{ENERGY} (5 kWh @ ₹18.00/kWh)", "90.00"),
                FEE,
                ("Peak (20% on 5 kWh)", "18.00"),
                ("GST (18%)", "21.24"),
            ],
            "139.24",
            id="percent-and-tax",
        ),
        pytest.param(
            surged(RUPEE, terms=SIXTEEN),
            "5.2",
            [(f"{ENERGY} (5.2 kWh @ ₹16.00/kWh)", "83.20"), ("Congestion fee (5.2 kWh @ ₹1.00/kWh)", "5.20")],
            "88.40",
            id="per-kwh",
        ),
        pytest.param(
            surged(RUPEE, terms=SIXTEEN),
            "5",
            [(f"{ENERGY} (5 kWh @ ₹16.00/kWh)", "80.00"), ("Congestion fee (5 kWh @ ₹1.00/kWh)", "5.00")],
            "85.00",
            id="the-estimate-of-use-case-7",
        ),
        pytest.param(
            surged(ONCE, FIFTH),
            "5",
            [(f"{ENERGY} (5 kWh @ ₹18.00/kWh)", "90.00"), ("Event", "25.00"), ("Peak (20% on 5 kWh)", "18.00")],
            "133.00",
            id="additive-never-compounding",
        ),
        pytest.param(
            surged(surge("0.1")),
            "0.277",
            [(f"{ENERGY} (0.277 kWh @ ₹18.00/kWh)", "4.99")],
            "4.99",
            id="below-half-a-paisa-is-no-line",
        ),
        pytest.param(
            surged(surge("0.1")),
            "0.278",
            [(f"{ENERGY} (0.278 kWh @ ₹18.00/kWh)", "5.00"), ("Peak (0.1% on 0.278 kWh)", "0.01")],
            "5.01",
            id="half-a-paisa-rounds-up",
        ),
    ],
)
def test_a_surge_comes_on_top_of_the_tariff(terms, energy, lines, total):
    quote = price(kwh(energy), terms)
    assert printed(quote) == lines
    assert str(quote.total.amount) == total


def test_a_line_carries_what_machines_read():
    lines = price(kwh("5"), surged(FIFTH, RUPEE, ONCE)).lines[1:]
    assert [(x.line_id, x.kind, x.code, x.item_id, x.rate, x.quantity, x.unit) for x in lines] == [
        ("SURGE-1", "SURGE", "peak", "connector-1", Decimal(20), None, ""),
        ("SURGE-2", "SURGE", "congestion", "connector-1", Decimal(1), Decimal(5), "kWh"),
        ("SURGE-3", "SURGE", "event", "connector-1", None, None, ""),
    ]


# 2 kWh to 10:30, 3 kWh more to 11:00; the session began at 10:00 in Kolkata.
HALVES = delivered((0, 0), (30, 2000), (60, 5000))


@pytest.mark.parametrize(
    ("held", "amounts"),
    [
        pytest.param({"windows": (window("10:30", "11:00"),)}, ["90.00", "10.80"], id="window"),
        pytest.param(
            {"windows": (window("10:30", "10:45"), window("10:45", "11:00"))}, ["90.00", "10.80"], id="halves"
        ),
        pytest.param({"windows": (window("11:00", "12:00"),)}, ["90.00"], id="begins-as-it-ends"),
        pytest.param({"windows": (window("09:00", "10:00"),)}, ["90.00"], id="over-as-it-begins"),
        pytest.param({"windows": (window("10:30", "11:00", frozenset({7})),)}, ["90.00"], id="another-day"),
        pytest.param({"spans": (TimeSpan(SATURDAY, SATURDAY + timedelta(minutes=30)),)}, ["90.00", "7.20"], id="span"),
        pytest.param({"spans": ()}, ["90.00"], id="no-span"),
        pytest.param(
            {
                "windows": (window("10:15", "10:45"),),
                "spans": (TimeSpan(SATURDAY + timedelta(minutes=30), SATURDAY + timedelta(hours=5)),),
            },
            ["90.00", "5.40"],
            id="window-within-a-span",
        ),
    ],
)
def test_it_counts_the_energy_that_flows_while_it_holds(held, amounts):
    quote = price(HALVES, surged(surge("20", **held)))
    assert [str(x.amount.amount) for x in quote.lines] == amounts
    assert sum(x.energy_wh for x in quote.slices) == 5000


def test_a_slice_says_which_surges_hold_and_how_its_energy_is_known():
    quote = price(HALVES, surged(surge("20", windows=(window("10:30", "10:40"),)), RUPEE))
    assert [(x.energy_wh, x.surges, x.quality) for x in quote.slices] == [
        (2000, ("congestion",), "METERED"),
        (1000, ("peak", "congestion"), "INTERPOLATED"),
        (2000, ("congestion",), "INTERPOLATED"),
    ]


def test_3_4_kwh_so_far_in_the_evening():
    assert str(price(delivered((0, 100), (25, 3500), stop=None), surged(RUPEE, terms=SIXTEEN)).total.amount) == "57.80"


CHEAP_THEN_DEAR = replace(
    BARE,
    model=PricingModel.TIME_OF_DAY,
    components=(
        PriceComponent(Dimension.ENERGY, Decimal(24), (window("10:30", "00:00"),)),
        PriceComponent(Dimension.ENERGY, Decimal(18)),
    ),
)
GROUPED_FIFTH, GROUPED_RUPEES = replace(FIFTH, group="one"), replace(RUPEE, group="one", value=Decimal(4))


@pytest.mark.parametrize(
    ("surges", "added"),
    [
        # 20 % of ₹18 is ₹3.60 and of ₹24 ₹4.80, so ₹4 per kWh count for the first 2 kWh, 20 % for the last 3.
        pytest.param((GROUPED_FIFTH, GROUPED_RUPEES), {"peak": "14.40", "congestion": "8.00"}, id="per-slice"),
        pytest.param((GROUPED_FIFTH, RUPEE), {"peak": "21.60", "congestion": "5.00"}, id="another-group-is-added"),
        pytest.param(
            (GROUPED_FIFTH, replace(GROUPED_FIFTH, surge_id="same")), {"peak": "21.60"}, id="of-equal-ones-the-first"
        ),
        pytest.param(
            (GROUPED_FIFTH, replace(ONCE, group="one", value=Decimal(1))),
            {"event": "1.00"},
            id="a-fixed-one-goes-before",
        ),
        pytest.param(
            (replace(GROUPED_FIFTH, exemption="you are a member"), GROUPED_RUPEES),
            {"peak": "0.00", "congestion": "20.00"},
            id="who-is-exempt-from-the-largest-pays-the-next",
        ),
        pytest.param((GROUPED_RUPEES,), {"congestion": "20.00"}, id="and-no-more-once-the-largest-has-ended"),
        pytest.param(
            (GROUPED_FIFTH, replace(GROUPED_RUPEES, exemption="you are a member")),
            {"peak": "21.60", "congestion": "0.00"},
            id="who-is-exempt-from-the-smaller-pays-the-largest",
        ),
        pytest.param(
            (
                replace(ONCE, group="one", windows=(window("10:00", "10:30"),)),
                replace(ONCE, group="one", surge_id="lesser", value=Decimal(5)),
            ),
            {"event": "25.00", "lesser": "5.00"},
            id="fixed-ones-of-two-slices",
        ),
    ],
)
def test_of_a_group_the_largest_counts_in_each_slice(surges, added):
    quote = price(HALVES, surged(*surges, terms=CHEAP_THEN_DEAR))
    assert {x.code: str(x.amount.amount) for x in quote.lines if x.kind == "SURGE"} == added


def test_an_exemption_leaves_a_line_that_says_why():
    exempt = replace(FIFTH, exemption="your battery was below 15 %")
    assert printed(price(kwh("5"), surged(exempt)))[1:] == [("Peak: not charged, your battery was below 15 %", "0.00")]
    later = replace(exempt, windows=(window("12:00", "13:00"),))
    assert printed(price(kwh("5"), surged(later)))[1:] == []


@pytest.mark.parametrize(
    ("own", "energy", "line"),
    [
        pytest.param("18", "5", ("Peak (20% on 5 kWh)", "18.00"), id="at-its-cap"),
        pytest.param("17.99", "5", ("Peak (20% on 5 kWh), at most ₹17.99", "17.99"), id="a-paisa-above"),
        pytest.param("18", "4.999", ("Peak (20% on 4.999 kWh)", "18.00"), id="rounds-to-its-cap"),
    ],
)
def test_a_schedule_has_its_own_cap(own, energy, line):
    assert printed(price(kwh(energy), surged(replace(FIFTH, cap=Decimal(own)))))[1] == line


@pytest.mark.parametrize(
    ("cap", "lines"),
    [
        pytest.param(None, [("Event", "25.00"), ("Peak (20% on 5 kWh)", "18.00")], id="none"),
        pytest.param("48", [("Event", "25.00"), ("Peak (20% on 5 kWh)", "18.00")], id="above"),
        pytest.param(
            "47.77",
            [("Event", "25.00"), ("Peak (20% on 5 kWh), cut to the most that surges may add", "17.99")],
            id="rounded-down",
        ),
        pytest.param(
            "25",
            [
                ("Event, cut to the most that surges may add", "22.50"),
                ("Peak (20% on 5 kWh), cut to the most that surges may add", "0.00"),
            ],
            id="the-last-is-cut-first",
        ),
    ],
)
def test_the_cpo_bounds_all_surges_by_a_part_of_the_energy(cap, lines):
    assert printed(price(kwh("5"), surged(ONCE, FIFTH, cap=cap)))[1:] == lines


def test_a_percentage_is_of_the_highest_price_where_that_stands_for_the_energy():
    terms = surged(FIFTH, terms=replace(UNTAXED, maximum_price=Decimal(60)))
    assert printed(price(kwh("5"), terms)) == [
        (f"{ENERGY} (5 kWh, highest price of a session)", "60.00"),
        FEE,
        ("Peak (20% on 5 kWh)", "12.00"),
    ]
    evening = replace(terms, surges=(replace(FIFTH, windows=(window("10:30", "11:00"),)),))
    # 3 kWh of the 5, worth ₹54: less than the ₹60 that the whole session costs.
    assert printed(price(HALVES, evening))[-1] == ("Peak (20% on 3 kWh)", "10.80")


def test_a_least_price_is_not_surged():
    terms = surged(FIFTH, terms=replace(BARE, minimum_price=Decimal(60)))
    assert printed(price(kwh("1"), terms))[1] == ("Peak (20% on 1 kWh)", "3.60")


@pytest.mark.parametrize(
    ("wh", "lines"),
    [
        pytest.param(555, ["50.00", "4.99"], id="the-least-price-stands-for-it"),
        pytest.param(556, ["10.01", "40.00", "5.00"], id="the-first-wh-above-it"),
        pytest.param(1666, ["29.99", "40.00", "14.99"], id="the-last-below-the-highest-price"),
        pytest.param(1667, ["70.00", "15.00"], id="the-highest-price-stands-for-it"),
        pytest.param(5000, ["70.00", "20.00"], id="the-surge-is-below-its-bound"),
    ],
)
def test_the_bound_of_all_surges_is_of_the_energy_also_where_a_limit_stands_for_it(wh, lines):
    """₹40 a session and ₹18 a kWh, at least ₹50 and at most ₹70, surged by ₹20 and at most by half of the energy."""
    start = PriceComponent(Dimension.FLAT, Decimal(40))
    terms = replace(BARE, components=(*BARE.components, start), minimum_price=Decimal(50), maximum_price=Decimal(70))
    surge = replace(ONCE, value=Decimal(20))
    quote = price(kwh(f"{wh / 1000:.3f}"), surged(surge, terms=terms, cap="50"))
    assert [str(x.amount.amount) for x in quote.lines] == lines


def test_a_price_per_session_has_no_energy_to_take_a_percentage_of():
    fixed = replace(BARE, model=PricingModel.FIXED, components=(PriceComponent(Dimension.FLAT, Decimal(100)),))
    quote = price(kwh("5"), surged(FIFTH, RUPEE, ONCE, terms=fixed))
    assert printed(quote) == [
        ("Price per session", "100.00"),
        ("Congestion fee (5 kWh @ ₹1.00/kWh)", "5.00"),
        ("Event", "25.00"),
    ]
    capped = price(kwh("5"), surged(RUPEE, ONCE, terms=fixed, cap="10"))
    assert [str(x.amount.amount) for x in capped.lines] == ["100.00", "5.00", "5.00"]


def test_idle_time_products_and_fees_are_not_surged():
    coffee = ProductPrice("coffee", "Coffee", Decimal(60))
    idle = PriceComponent(Dimension.IDLE, Decimal(2))
    terms = surged(FIFTH, terms=replace(UNTAXED, components=(*UNTAXED.components, idle), product_prices=(coffee,)))
    request = replace(delivered((0, 0), (20, 5000), (30, 5000), stop=30), products=(ProductOrder("coffee", 1),))
    assert [(x.kind, str(x.amount.amount)) for x in price(request, terms).lines] == [
        ("ENERGY", "90.00"),
        ("PRODUCT", "60.00"),
        ("IDLE", "20.00"),
        ("FEE", "10.00"),
        ("SURGE", "18.00"),
    ]


def test_nothing_is_added_where_nothing_flows():
    still = delivered((0, 700), (60, 700))
    assert printed(price(still, surged(FIFTH, ONCE, replace(RUPEE, exemption="you are a member"))))[1:] == []
