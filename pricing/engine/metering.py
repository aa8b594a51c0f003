"""From a meter's readings, or from a plan, to the cumulative energy at any instant of the session."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from pricing.engine.making import maker, quickly_made
from pricing.engine.values import Delivery, Reading

REVIEW_POWER = "REVIEW_POWER"
NO_READINGS = "NO_READINGS"
ONE_READING = "ONE_READING"
REGISTER_BACKWARDS = "REGISTER_BACKWARDS"
NO_ENERGY = "NO_ENERGY"
STOP_BEFORE_START = "STOP_BEFORE_START"
READINGS_OUTSIDE_SESSION = "READINGS_OUTSIDE_SESSION"

#: The longest session that has a price, planned or delivered.
HORIZON = timedelta(days=7)

_MICROSECOND = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1)
_HOUR = 3_600_000_000
_STEP_WH = 1000
_HORIZON = HORIZON // _MICROSECOND


@quickly_made
@dataclass(frozen=True, slots=True)
class Supply:
    """The energy of a session over time: a rising register whose points are readings, or a plan at full power.

    Energy flows from `starts_at` to `charging_ends`, when the register rose for the last time, with whatever pauses
    there were before; from there to `ends_at` the car only stands there.
    """

    points: tuple[Reading, ...]
    energy_wh: int
    starts_at: datetime
    charging_ends: datetime
    ends_at: datetime
    metered: bool
    flags: tuple[str, ...] = ()

    def delivered_at(self, instant: datetime) -> int:
        """Return the Wh delivered from the start up to an instant."""
        if not self.points:
            return 0
        return min(register_at(self.points, instant) - self.points[0].register_wh, self.energy_wh)

    def reached_at(self, energy_wh: int) -> datetime:
        """Return the first instant at which so much of the energy, above 0, has been delivered, to the microsecond."""
        wanted = self.points[0].register_wh + energy_wh
        after = bisect_left(self.points, wanted, key=_register)
        left, right = self.points[after - 1], self.points[after]
        span = (right.at - left.at) // _MICROSECOND
        gained = right.register_wh - left.register_wh
        return left.at + _MICROSECOND * -(-span * (wanted - left.register_wh) // gained)


_reading, _supply = maker(Reading), maker(Supply)


def planned_supply(starts_at: datetime, power_w: int, energy_wh: int, duration: timedelta) -> Supply:
    """Return a plan as a supply: full power from the start until the energy is delivered, then nothing.

    What has flowed by an instant does not depend on how much is still to come, so a larger plan never has
    less energy at any rate.
    """
    most = power_w * _HORIZON // _HOUR
    points = (_reading(starts_at, 0), _reading(starts_at + HORIZON, most))
    ends_at = starts_at + duration
    return _supply(points, energy_wh, starts_at, ends_at, ends_at, False)


def duration_at(power_w: int, energy_wh: int) -> timedelta:
    """Return how long this energy takes at a constant power, rounded up to the microsecond."""
    return _MICROSECOND * -(-energy_wh * _HOUR // power_w)


def metered_supply(delivery: Delivery, max_power_w: int) -> Supply:
    """Return what the readings prove: sorted, one per instant (the last given), billed above the previous maximum.

    No energy flows before the start or after the stop, so a reading from there stands for the register at that
    edge. A running delivery counts up to its last reading. Nothing is extrapolated.
    """
    flags = []
    by_instant = {reading.at: reading for reading in delivery.readings}
    ordered = [by_instant[at] for at in sorted(by_instant)]
    latest = ordered[-1].at if ordered else delivery.started_at
    stop = delivery.stopped_at or latest
    ends_at = max(stop, delivery.started_at)
    if stop < delivery.started_at:
        flags.append(STOP_BEFORE_START)
    if any(reading.at < delivery.started_at or reading.at > ends_at for reading in ordered):
        flags.append(READINGS_OUTSIDE_SESSION)
    if any(later.register_wh < earlier.register_wh for earlier, later in pairwise(ordered)):
        flags.append(REGISTER_BACKWARDS)
    points = _rising(ordered, delivery.started_at, ends_at)
    if not points:
        flags.append(NO_READINGS)
    elif len(points) == 1 and delivery.stopped_at is not None:
        flags.append(ONE_READING)
    charging_ends = _last_rise(points, delivery.started_at)
    leapt = REGISTER_BACKWARDS in flags and _leaps(points, max_power_w)
    if points and (leapt or _exceeds(points, charging_ends, max_power_w)):
        flags.append(REVIEW_POWER)
    energy_wh = points[-1].register_wh - points[0].register_wh if points else 0
    return Supply(points, energy_wh, delivery.started_at, charging_ends, ends_at, True, tuple(flags))


def register_at(points: Sequence[Reading], instant: datetime) -> int:
    """Return the register in Wh at an instant, interpolated half up to 1 Wh; outside the points, the nearest one."""
    after = bisect_right(points, instant, key=_instant)
    if after == 0:
        return points[0].register_wh
    left = points[after - 1]
    if after == len(points) or left.at == instant:
        return left.register_wh
    right = points[after]
    span = (right.at - left.at) // _MICROSECOND
    gained = (right.register_wh - left.register_wh) * ((instant - left.at) // _MICROSECOND)
    return left.register_wh + (2 * gained + span) // (2 * span)


def _instant(reading: Reading) -> datetime:
    return reading.at


def _register(reading: Reading) -> int:
    return reading.register_wh


def _rising(ordered: list[Reading], start: datetime, end: datetime) -> tuple[Reading, ...]:
    """Move readings into the session and replace each register by the maximum so far."""
    by_instant: dict[datetime, int] = {}
    highest: int | None = None
    for reading in ordered:
        # What came before the start is not this session's energy, whichever way the register went there.
        before = highest if reading.at > start else None
        highest = reading.register_wh if before is None else max(before, reading.register_wh)
        by_instant[min(max(reading.at, start), end)] = highest
    return tuple(Reading(at, register) for at, register in by_instant.items())


def _last_rise(points: tuple[Reading, ...], started_at: datetime) -> datetime:
    for later, earlier in pairwise(reversed(points)):
        if later.register_wh > earlier.register_wh:
            return later.at
    return started_at


def _exceeds(points: tuple[Reading, ...], charging_ends: datetime, max_power_w: int) -> bool:
    energy = points[-1].register_wh - points[0].register_wh
    elapsed = (charging_ends - points[0].at) // _MICROSECOND
    return energy * _HOUR * 10 > max_power_w * 11 * elapsed


def _leaps(points: tuple[Reading, ...], max_power_w: int) -> bool:
    """Tell whether between two readings the register rose by more than the connector gives in that time.

    A register that did, and went backwards as well, was misread: its highest is no energy of this session. Meters that
    step by a kWh, and clocks that are a minute off, leap as well; alone that says nothing.
    """
    most = max_power_w * 11
    return any(
        (later.register_wh - earlier.register_wh - _STEP_WH) * _HOUR * 10
        > most * ((later.at - earlier.at + _MINUTE) // _MICROSECOND)
        for earlier, later in pairwise(points)
    )
