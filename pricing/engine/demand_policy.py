"""What a CPO lets demand do to its prices: levels with their thresholds, dwell, notice, caps and daily budgets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import timedelta
from decimal import ROUND_FLOOR, Context, Decimal
from itertools import chain, pairwise

from pricing.engine.values import PricingError
from pricing.engine.wording import plain_number

#: A level is left at least this much below where it begins, so that a load that wobbles does not move it.
LEAST_BAND = Decimal("0.10")
#: Percents that follow from a ceiling in money are cut to these steps, downwards.
_STEP = Decimal("0.01")
_EXACT = Context(prec=28)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DemandLevel:
    """A step of the surcharge: from the smoothed load `on` upwards, until it is below `off`; loads are from 0 to 1.

    `percent` is of the energy amount: 20 means 20 %.
    """

    on: Decimal
    off: Decimal
    percent: Decimal


@dataclass(frozen=True, slots=True)
class DemandPolicy:
    """The rules of a location's demand levels; level 0 is no surcharge, level n is `levels[n - 1]`.

    The load is smoothed exponentially: after `half_life` an old value counts half. A level that rises does so `notice`
    after it was decided, one that falls at once; before a decision to rise the level has held `dwell_up`, before one to
    fall `dwell_down`. `highest_rate` is the most that a kWh may cost with the surcharge, before tax. Of each local day
    at most `surcharged_per_day` is at a level above 0, and the level changes at most `changes_per_day` times; None is
    no such limit. What was observed longer than `stale_after` ago, or of fewer than `least_reporting` connectors, says
    nothing. A grid-stress signal counts as a load of `grid_weight` times its value.

    Raises PricingError DEMAND_POLICY for rules that contradict themselves.
    """

    levels: tuple[DemandLevel, ...]
    cap_percent: Decimal
    highest_rate: Decimal | None = None
    half_life: timedelta = 10 * _MINUTE
    dwell_up: timedelta = 15 * _MINUTE
    dwell_down: timedelta = 15 * _MINUTE
    notice: timedelta = 15 * _MINUTE
    stale_after: timedelta = 15 * _MINUTE
    least_reporting: int = 1
    surcharged_per_day: timedelta | None = None
    changes_per_day: int | None = None
    grid_weight: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        faults = chain(_faults_of_levels(self.levels), _faults_of_numbers(self), _faults_of_times(self))
        fault = next(faults, None)
        if fault is not None:
            raise PricingError("DEMAND_POLICY", fault)

    def asked_percent(self, level: int) -> Decimal:
        """Return what a level asks before any cap."""
        return self.levels[level - 1].percent if level else Decimal(0)

    def percent(self, level: int, *, base_rate: Decimal | None) -> Decimal:
        """Return the surcharge of a level within both caps; `base_rate` is what a kWh costs without it.

        Raises PricingError BASE_RATE where a highest rate is set and no base rate given.
        """
        capped = min(self.asked_percent(level), self.cap_percent)
        if self.highest_rate is None or not level:
            return capped
        if base_rate is None:
            raise PricingError("BASE_RATE", "Give the base rate per kWh: the policy sets a highest rate.")
        if base_rate <= 0:
            return capped
        room = max(self.highest_rate - base_rate, Decimal(0)) * 100
        # Rounded down at each step: a percent that is rounded up could lift the rate above the ceiling.
        share = Context(prec=28, rounding=ROUND_FLOOR).divide(room, base_rate)
        return min(capped, share.quantize(_STEP, ROUND_FLOOR, context=_EXACT))


def _faults_of_levels(levels: tuple[DemandLevel, ...]) -> Iterator[str]:
    if not levels:
        yield "Give at least one level."
    for number, level in enumerate(levels, start=1):
        if not all(x.is_finite() for x in (level.on, level.off, level.percent)):
            yield f"Give numbers as the thresholds and the percent of level {number}."
            return
        if not 0 < level.off < level.on <= 1:
            yield f"Set the thresholds of level {number} between 0 and 1, the off-threshold below the on-threshold."
        if level.on - level.off < LEAST_BAND:
            least, on = plain_number(LEAST_BAND), plain_number(level.on)
            yield f"Set the off-threshold of level {number} at least {least} below its on-threshold of {on}."
        if level.percent <= 0:
            yield f"Set the surcharge of level {number} above 0 %."
    for number, (lower, higher) in enumerate(pairwise(levels), start=2):
        for name in ("on", "off", "percent"):
            if getattr(higher, name) <= getattr(lower, name):
                what = "surcharge" if name == "percent" else f"{name}-threshold"
                yield f"Set the {what} of level {number} above that of level {number - 1}."


def _faults_of_numbers(policy: DemandPolicy) -> Iterator[str]:
    if not (policy.cap_percent.is_finite() and policy.cap_percent > 0):
        yield "Set the cap of the surcharge above 0 %."
    if policy.highest_rate is not None and not (policy.highest_rate.is_finite() and policy.highest_rate > 0):
        yield "Set the highest rate per kWh above 0, or leave it out."
    if policy.least_reporting < 1:
        yield "Ask for at least 1 connector that reports."
    if policy.changes_per_day is not None and policy.changes_per_day < 2:
        yield "Allow at least 2 changes a day, a rise and its fall, or leave the limit out."
    if not (policy.grid_weight.is_finite() and 0 <= policy.grid_weight <= 1):
        yield "Set the weight of the grid's stress between 0 and 1."


def _faults_of_times(policy: DemandPolicy) -> Iterator[str]:
    spans = {x.name: getattr(policy, x.name) for x in fields(policy)}
    for name in ("half_life", "stale_after"):
        if spans[name] <= timedelta(0):
            yield f"Set the {_NAMES[name]} above 0 minutes."
    for name in ("dwell_up", "dwell_down", "notice"):
        if spans[name] < timedelta(0):
            yield f"Set the {_NAMES[name]} to 0 minutes or more."
    daily = policy.surcharged_per_day
    if daily is not None and not timedelta(0) < daily <= _DAY:
        yield "Allow between 1 and 1440 surcharged minutes a day, or leave the limit out."


_NAMES = {
    "half_life": "half-life of the smoothing",
    "stale_after": "age at which an observation is stale",
    "dwell_up": "time before a rise",
    "dwell_down": "time before a fall",
    "notice": "notice of a rise",
}
