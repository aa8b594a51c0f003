"""What became of each surge of a price: every outcome with its amount and its words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pricing.engine.price import price
from pricing.engine.surge_outcomes import surged
from pricing.engine.values import Surge, SurgeBasis, TimeSpan
from tests.pricing.engine.samples import BARE, SATURDAY, delivered, kwh, window

FIFTH = Surge(surge_id="peak", version=1, name="Peak", basis=SurgeBasis.PERCENT, value=Decimal(20))
RUPEE = replace(FIFTH, surge_id="congestion", basis=SurgeBasis.PER_KWH, value=Decimal(1))
ONCE = replace(FIFTH, surge_id="event", basis=SurgeBasis.FIXED, value=Decimal(25))
OTHER_HOURS = "Not charged: it does not hold while energy flows."
NO_MONEY = "Not charged: it comes to less than the smallest amount of money."
LARGER = "Not charged: a larger one of the group “one” is instead."

#: 2 kWh to 10:30, 3 kWh more to 11:00.
HALVES = delivered((0, 0), (30, 2000), (60, 5000))


def outcomes(request, *surges: Surge, cap: str | None = None):
    terms = replace(BARE, surges=surges, surge_cap_percent=Decimal(cap) if cap else None)
    return [(x.surge.surge_id, x.outcome, str(x.amount.amount), x.words()) for x in surged(price(request, terms))]


@pytest.mark.parametrize(
    ("surges", "cap", "found"),
    [
        pytest.param((), None, [], id="none"),
        pytest.param(
            (FIFTH, RUPEE),
            None,
            [("peak", "CHARGED", "18.00", "It adds ₹18.00."), ("congestion", "CHARGED", "5.00", "It adds ₹5.00.")],
            id="charged",
        ),
        pytest.param(
            (replace(FIFTH, exemption="for batteries below 20 %"),),
            None,
            [("peak", "EXEMPT", "0.00", "Not charged, for batteries below 20 %.")],
            id="exempt",
        ),
        pytest.param(
            (replace(FIFTH, windows=(window("12:00", "13:00"),)),),
            None,
            [("peak", "ELSEWHEN", "0.00", OTHER_HOURS)],
            id="another-hour",
        ),
        pytest.param(
            (replace(FIFTH, exemption="for MG", spans=(TimeSpan(SATURDAY - timedelta(hours=1), SATURDAY),)),),
            None,
            [("peak", "ELSEWHEN", "0.00", OTHER_HOURS)],
            id="exempt-at-another-hour",
        ),
        pytest.param(
            (replace(FIFTH, group="one"), replace(RUPEE, group="one")),
            None,
            [("peak", "CHARGED", "18.00", "It adds ₹18.00."), ("congestion", "OUTWEIGHED", "0.00", LARGER)],
            id="a-larger-one",
        ),
        pytest.param(
            (ONCE, FIFTH, RUPEE),
            "30",
            [
                ("event", "CHARGED", "25.00", "It adds ₹25.00."),
                ("peak", "CHARGED", "2.00", "It adds ₹2.00."),
                (
                    "congestion", "CUT", "0.00",
                    "Not charged: other surges already add the most that all of them together may.",
                ),
            ],
            id="cut",
        ),
        pytest.param(
            (replace(FIFTH, value=Decimal("0.005")),),
            None,
            [("peak", "NOTHING", "0.00", NO_MONEY)],
            id="less-than-half-a-paisa",
        ),
        pytest.param(
            (replace(FIFTH, group="one"), replace(RUPEE, group="one", exemption="for MG")),
            None,
            [
                ("peak", "CHARGED", "18.00", "It adds ₹18.00."),
                ("congestion", "EXEMPT", "0.00", "Not charged, for MG."),
            ],
            id="the-largest-of-a-group-beside-one-that-is-exempt",
        ),
    ],
)  # fmt: skip
def test_each_surge_says_what_became_of_it(surges, cap, found):
    assert outcomes(HALVES, *surges, cap=cap) == found
    assert outcomes(kwh("5"), *surges, cap=cap) == found


def test_of_a_group_each_may_count_in_a_part_of_the_session():
    early = replace(ONCE, group="one", windows=(window("10:00", "10:30"),))
    found = outcomes(HALVES, early, replace(RUPEE, group="one"))
    assert found == [
        ("event", "CHARGED", "25.00", "It adds ₹25.00."),
        ("congestion", "CHARGED", "3.00", "It adds ₹3.00."),
    ]
