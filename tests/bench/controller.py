"""A replay of demand levels: 90 days of 100 locations, observed every five minutes, with twenty sessions a day each.

The yardstick is smoothing the same observations and doing nothing else.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from time import perf_counter

from pricing.engine.demand import DemandLevel, DemandPolicy, Observation
from pricing.engine.demand_history import LocationHistory, PastSession, StaticSurge
from pricing.engine.demand_outcome import Outcome
from pricing.engine.demand_replay import replay
from pricing.engine.values import WeeklyWindow
from tests.bench.figures import Figures

LOCATIONS, DAYS, EVERY, SESSIONS = 100, 90, 5, 20
CONNECTORS = 10
STARTS_AT = datetime(2026, 1, 5, tzinfo=UTC)
INSTANTS = [STARTS_AT + timedelta(minutes=minute) for minute in range(0, DAYS * 1440, EVERY)]
POLICY = DemandPolicy(
    tuple(
        DemandLevel(Decimal(on), Decimal(off), Decimal(percent))
        for on, off, percent in (("0.60", "0.45", 10), ("0.80", "0.65", 20), ("0.95", "0.80", 30))
    ),
    cap_percent=Decimal(25),
    highest_rate=Decimal(22),
    surcharged_per_day=timedelta(hours=6),
    changes_per_day=8,
)
EVENINGS = StaticSurge((WeeklyWindow(frozenset(range(1, 8)), time(18), time(21)),), Decimal(15))


def run() -> Figures:
    """Measure location by location, in turn with the yardstick: all observations at once would fill the memory."""
    dice = random.Random(1)
    spent = {"replay": 0.0, "smoothing": 0.0}
    outcomes = []
    for number in range(LOCATIONS):
        history, observations = _history(f"station-{number}", dice)
        spent["replay"] += timed(lambda history=history: outcomes.append(_replayed(history)))  # type: ignore[misc]
        spent["smoothing"] += timed(lambda observations=observations: smoothed(observations))  # type: ignore[misc]
    assert sum(x.sessions for x in outcomes) == LOCATIONS * DAYS * SESSIONS
    assert sum((span for x in outcomes for _, span in x.spans), timedelta()) == LOCATIONS * timedelta(days=DAYS)
    assert all(x.surcharged and x.changes for x in outcomes)
    steps = LOCATIONS * len(INSTANTS)
    return {
        "controller.replay_s": spent["replay"],
        "controller.smoothing_s": spent["smoothing"],
        "controller.ratio_to_smoothing": spent["replay"] / spent["smoothing"],
        "controller.step_us": spent["replay"] / steps * 1e6,
        "controller.steps": steps,
    }


def timed(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began


def smoothed(observations: list[Observation]) -> float:
    """Return the load that the observations are smoothed to."""
    load, before, half_life = 0.0, STARTS_AT, POLICY.half_life
    for observation in observations:
        newest = observation.busy / observation.reporting
        load = newest + (load - newest) * 2.0 ** -((observation.observed_at - before) / half_life)
        before = observation.observed_at
    return load


def _replayed(history: LocationHistory) -> Outcome:
    found = replay([history], POLICY, static=EVENINGS)
    assert found is not None
    return found.total.demand


def _history(location_id: str, dice: random.Random) -> tuple[LocationHistory, list[Observation]]:
    """Return connectors that fill towards the evening, more or less, and sessions at any time."""
    share, observations = 0.4, []
    for number, instant in enumerate(INSTANTS):
        usual = 0.5 + 0.4 * math.sin((number * EVERY % 1440 / 1440 - 0.3) * math.tau)
        share = min(1.0, max(0.0, share + (usual - share) * 0.1 + dice.gauss(0, 0.05)))
        observations.append(Observation(instant, CONNECTORS, round(CONNECTORS * share)))
    sessions = []
    for _ in range(DAYS * SESSIONS):
        energy_wh = dice.randrange(3_000, 40_000)
        starts_at = STARTS_AT + timedelta(minutes=dice.randrange(DAYS * 1440))
        sessions.append(PastSession(starts_at, energy_wh, Decimal(energy_wh * 18).scaleb(-3)))
    ends_at = STARTS_AT + timedelta(days=DAYS)
    return LocationHistory(location_id, "Asia/Kolkata", "INR", STARTS_AT, ends_at, observations, sessions), observations
