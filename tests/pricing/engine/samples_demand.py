"""What tests of demand levels share: three levels, twenty connectors, minutes from Saturday 10:00 in Kolkata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from pricing.engine.demand import (
    Decision,
    DemandLevel,
    DemandPolicy,
    DemandState,
    Observation,
    first_state,
    next_level,
)
from tests.pricing.engine.samples import SATURDAY

KOLKATA = "Asia/Kolkata"
MINUTE = timedelta(minutes=1)
CONNECTORS = 20

LEVELS = (
    DemandLevel(Decimal("0.60"), Decimal("0.45"), Decimal(10)),
    DemandLevel(Decimal("0.80"), Decimal("0.65"), Decimal(20)),
    DemandLevel(Decimal("0.95"), Decimal("0.80"), Decimal(30)),
)
#: Observations count as they are: after a minute nothing is left of an older one.
PROMPT = DemandPolicy(LEVELS, Decimal(25), half_life=timedelta(milliseconds=10))

AT_ONCE = replace(PROMPT, notice=0 * MINUTE)
#: An hour of surcharge a day; four changes a day, which need no notice.
MINUTES = replace(PROMPT, surcharged_per_day=60 * MINUTE)
CHANGES = replace(AT_ONCE, changes_per_day=4, dwell_up=MINUTE, dwell_down=MINUTE)

#: (minutes after the start, busy connectors); None is a decision without a new observation.
Step = tuple[float, int | None]

#: Level 1 since minute 30, and level 2 since minute 60.
TO_LEVEL_1: list[Step] = [(15, 14), (30, 14)]
TO_LEVEL_2: list[Step] = [*TO_LEVEL_1, (45, 17), (60, 17)]


def minute(count: float) -> datetime:
    return SATURDAY + count * MINUTE


def seen(at: float, busy: int, reporting: int = CONNECTORS, grid_stress: float | None = None) -> Observation:
    return Observation(minute(at), reporting, busy, grid_stress)


def busy(count: int, first: int, last: int, every: int = 5) -> list[Step]:
    """Return the same number of busy connectors from one minute to another."""
    return [(at, count) for at in range(first, last + 1, every)]


def decisions(policy: DemandPolicy, steps: Sequence[Step], state: DemandState | None = None) -> list[Decision]:
    """Return the decision at each step, from level 0 at the start where no state is given."""
    found = []
    state = state or first_state(KOLKATA, now=SATURDAY)
    for at, count in steps:
        decision = next_level(state, None if count is None else seen(at, count), policy, now=minute(at))
        found.append(decision)
        state = decision.state
    return found


def told(decision: Decision) -> str:
    """Return a decision in short: its minute, its reason, the level, and the announced level with its start."""
    text = f"{_minutes(decision.at):g} {decision.reason} {decision.level}"
    announced = decision.announced
    return f"{text} → {announced.level} at {_minutes(announced.starts_at):g}" if announced else text


def made(decision: Decision) -> list[str]:
    """Return the changes that a decision found or made."""
    return [f"{_minutes(x.at):g} {x.reason} {x.level}" for x in decision.made]


def _minutes(instant: datetime) -> float:
    return (instant - SATURDAY) / MINUTE
