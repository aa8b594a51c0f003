"""Which demand policies are refused, in which words, and what a level charges within its caps."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pricing.engine.demand import DemandLevel, DemandPolicy
from pricing.engine.values import PricingError
from tests.pricing.engine.samples_demand import LEVELS, MINUTE, PROMPT


def level(on: str, off: str, percent: str = "10") -> DemandLevel:
    return DemandLevel(Decimal(on), Decimal(off), Decimal(percent))


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        pytest.param((), "Give at least one level.", id="none"),
        pytest.param(
            (level("0.60", "0.51"),),
            "Set the off-threshold of level 1 at least 0.1 below its on-threshold of 0.6.",
            id="a-narrow-band",
        ),
        pytest.param(
            (LEVELS[0], level("0.80", "0.7001", "20")),
            "Set the off-threshold of level 2 at least 0.1 below its on-threshold of 0.8.",
            id="a-narrow-band-further-up",
        ),
        pytest.param(
            (level("0.60", "0.60"),),
            "Set the thresholds of level 1 between 0 and 1, the off-threshold below the on-threshold.",
            id="no-band",
        ),
        pytest.param(
            (level("1.01", "0.60"),),
            "Set the thresholds of level 1 between 0 and 1, the off-threshold below the on-threshold.",
            id="above-all-connectors",
        ),
        pytest.param(
            (level("0.60", "0"),),
            "Set the thresholds of level 1 between 0 and 1, the off-threshold below the on-threshold.",
            id="a-level-that-never-ends",
        ),
        pytest.param((level("NaN", "0.5"),), "Give numbers as the thresholds and the percent of level 1.", id="nan"),
        pytest.param((level("0.60", "0.45", "0"),), "Set the surcharge of level 1 above 0 %.", id="no-surcharge"),
        pytest.param(
            (LEVELS[1], level("0.80", "0.69", "30")), "Set the on-threshold of level 2 above that of level 1.", id="on"
        ),
        pytest.param(
            (LEVELS[1], level("0.90", "0.65", "30")),
            "Set the off-threshold of level 2 above that of level 1.",
            id="off",
        ),
        pytest.param(
            (LEVELS[1], level("0.90", "0.70", "20")),
            "Set the surcharge of level 2 above that of level 1.",
            id="percent",
        ),
    ],
)
def test_levels_that_contradict_themselves_are_refused(levels, message):
    with pytest.raises(PricingError) as refused:
        DemandPolicy(levels, Decimal(25))
    assert (refused.value.code, str(refused.value)) == ("DEMAND_POLICY", message)


def test_a_band_of_exactly_a_tenth_is_wide_enough():
    assert DemandPolicy((level("0.9", "0.8"),), Decimal(25)).asked_percent(1) == 10


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        pytest.param({"cap_percent": Decimal(0)}, "Set the cap of the surcharge above 0 %.", id="cap"),
        pytest.param({"cap_percent": Decimal("Infinity")}, "Set the cap of the surcharge above 0 %.", id="no-cap"),
        pytest.param(
            {"highest_rate": Decimal(0)}, "Set the highest rate per kWh above 0, or leave it out.", id="highest-rate"
        ),
        pytest.param({"least_reporting": 0}, "Ask for at least 1 connector that reports.", id="reporting"),
        pytest.param(
            {"changes_per_day": 1},
            "Allow at least 2 changes a day, a rise and its fall, or leave the limit out.",
            id="changes",
        ),
        pytest.param(
            {"grid_weight": Decimal("1.1")}, "Set the weight of the grid's stress between 0 and 1.", id="grid"
        ),
        pytest.param({"half_life": 0 * MINUTE}, "Set the half-life of the smoothing above 0 minutes.", id="half-life"),
        pytest.param(
            {"stale_after": 0 * MINUTE}, "Set the age at which an observation is stale above 0 minutes.", id="stale"
        ),
        pytest.param({"dwell_up": -MINUTE}, "Set the time before a rise to 0 minutes or more.", id="dwell-up"),
        pytest.param({"dwell_down": -MINUTE}, "Set the time before a fall to 0 minutes or more.", id="dwell-down"),
        pytest.param({"notice": -MINUTE}, "Set the notice of a rise to 0 minutes or more.", id="notice"),
        pytest.param(
            {"surcharged_per_day": 0 * MINUTE},
            "Allow between 1 and 1440 surcharged minutes a day, or leave the limit out.",
            id="no-minutes",
        ),
        pytest.param(
            {"surcharged_per_day": 1441 * MINUTE},
            "Allow between 1 and 1440 surcharged minutes a day, or leave the limit out.",
            id="more-minutes-than-a-day",
        ),
    ],
)
def test_rules_that_contradict_themselves_are_refused(changed, message):
    with pytest.raises(PricingError) as refused:
        replace(PROMPT, **changed)
    assert (refused.value.code, str(refused.value)) == ("DEMAND_POLICY", message)


@pytest.mark.parametrize(
    ("changed", "percent"),
    [
        pytest.param({"levels": (level("1", "0.01", "0.5"),)}, "0.5", id="all-connectors"),
        pytest.param({"cap_percent": Decimal("0.5"), "highest_rate": Decimal("0.5")}, "0.5", id="small-caps"),
        pytest.param({"least_reporting": 1, "changes_per_day": 2, "grid_weight": Decimal(1)}, "10", id="least"),
        pytest.param({"surcharged_per_day": 1440 * MINUTE}, "10", id="the-whole-day"),
    ],
)
def test_rules_at_their_edges_are_taken(changed, percent):
    assert replace(PROMPT, **changed).percent(1, base_rate=Decimal("0.4")) == Decimal(percent)


def test_what_holds_unless_it_is_said_otherwise():
    policy = DemandPolicy(LEVELS, Decimal(25))
    spans = (policy.half_life, policy.dwell_up, policy.dwell_down, policy.notice, policy.stale_after)
    assert [x / MINUTE for x in spans] == [10, 15, 15, 15, 15]
    assert (policy.least_reporting, policy.grid_weight) == (1, 0)
    assert (policy.highest_rate, policy.surcharged_per_day, policy.changes_per_day) == (None, None, None)


@pytest.mark.parametrize(
    ("number", "highest", "base", "percent"),
    [
        pytest.param(0, "20", "18", "0", id="no-level"),
        pytest.param(0, "20", None, "0", id="no-level-asks-for-no-rate"),
        pytest.param(1, None, None, "10", id="below-the-cap"),
        pytest.param(3, None, None, "25", id="cut-by-the-cap"),
        pytest.param(2, "21.60", "18", "20", id="just-at-the-highest-rate"),
        pytest.param(2, "20", "18", "11.11", id="rounded-down-to-the-highest-rate"),
        pytest.param(1, "18", "18", "0", id="no-room"),
        pytest.param(1, "18", "18.50", "0", id="above-the-highest-rate-already"),
        pytest.param(3, "40", "18", "25", id="the-lower-of-both-caps"),
        pytest.param(2, "20", "0", "20", id="of-a-rate-of-nothing"),
        pytest.param(2, "0.55", "0.50", "10", id="of-a-rate-below-one"),
    ],
)
def test_what_a_level_charges(number, highest, base, percent):
    policy = replace(PROMPT, highest_rate=None if highest is None else Decimal(highest))
    found = policy.percent(number, base_rate=None if base is None else Decimal(base))
    assert found == Decimal(percent)


def test_a_highest_rate_needs_a_base_rate():
    with pytest.raises(PricingError) as refused:
        replace(PROMPT, highest_rate=Decimal(20)).percent(1, base_rate=None)
    assert (refused.value.code, str(refused.value)) == (
        "BASE_RATE",
        "Give the base rate per kWh: the policy sets a highest rate.",
    )
