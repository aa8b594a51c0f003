"""The demand controller: from what a location's connectors say to the surcharge that its drivers are quoted."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from pricing.engine.demand_course import Course
from pricing.engine.demand_policy import DemandLevel, DemandPolicy
from pricing.engine.demand_values import (
    Announcement,
    Decision,
    DemandReason,
    DemandState,
    Grounds,
    LevelChange,
    Observation,
    utc,
)
from pricing.engine.windows import zone_of

__all__ = [
    "Announcement",
    "Decision",
    "DemandLevel",
    "DemandPolicy",
    "DemandReason",
    "DemandState",
    "Grounds",
    "LevelChange",
    "Observation",
    "first_state",
    "level_at",
    "next_level",
]


def first_state(time_zone: str, *, now: datetime) -> DemandState:
    """Return the state of a location that has no surcharge and of which nothing was observed."""
    at = utc(now, "the instant of a decision")
    return DemandState(zone_of(time_zone).key, at, at)


def next_level(
    state: DemandState,
    observation: Observation | None,
    policy: DemandPolicy,
    *,
    now: datetime,
    base_rate: Decimal | None = None,
) -> Decision:
    """Decide on the level of a location from the newest observation, None where there is none since the last.

    `base_rate` is what a kWh costs there now without the surcharge, for a policy that has a highest rate. Deciding
    twice at an instant, and giving an observation again or late, changes nothing. Raises PricingError: INSTANT for
    naive instants, a step back in time and an observation from the future, DEMAND_STATE, BASE_RATE.
    """
    course = Course(state, policy)
    reason = course.step(observation, now)
    percent = policy.percent(course.level, base_rate=base_rate)
    asked = policy.asked_percent(course.level)
    if reason is DemandReason.HOLD and percent < asked:
        reason = DemandReason.CAPPED
    announced = course.announced
    return Decision(
        at=course.at,
        reason=reason,
        before=state.level,
        level=course.level,
        percent=percent,
        asked_percent=asked,
        announced=announced,
        announced_percent=policy.percent(announced.level, base_rate=base_rate) if announced else None,
        made=tuple(course.made),
        grounds=_grounds(course),
        state=course.state(),
    )


def level_at(state: DemandState, policy: DemandPolicy, *, at: datetime) -> int:
    """Return the level in effect at an instant after a decision, as long as there is no other.

    An announced rise starts by itself, and minutes of the daily budget run out by themselves; but that nobody has
    decided for long is for the caller to see. Raises PricingError INSTANT for an instant before the decision.
    """
    course = Course(state, policy)
    course.go_to(at)
    return course.level


def _grounds(course: Course) -> Grounds:
    return Grounds(
        load=course.exact_load(),
        load_at=course.load_at,
        observed_at=course.observed_at,
        reporting=course.reporting,
        threshold=course.threshold,
        again_at=course.again_at,
        surcharged=course.surcharged,
        changes=course.changes,
    )
