"""The demand controller: from what a location's connectors say to the surcharge that its drivers are quoted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from pricing.engine.demand_course import Course, start_of_day
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
    "restarted",
    "state_at",
]


def first_state(time_zone: str, *, now: datetime) -> DemandState:
    """Return the state of a location that has no surcharge and of which nothing was observed."""
    at = utc(now, "the instant of a decision")
    return DemandState(zone_of(time_zone).key, at, at)


def restarted(state: DemandState, *, now: datetime) -> DemandState:
    """Return the state back at level 0 with nothing announced, as it goes on when other rules take its place.

    What is known of the load is kept, and what the local day has spent: the fall counts as one of its changes.
    """
    at, zone = max(utc(now, "the instant of a decision"), state.at), zone_of(state.time_zone)
    local = at.astimezone(zone)
    spent, changes, since = state.surcharged, state.changes, state.at
    if state.at.astimezone(zone).date() != local.date():
        spent, changes, since = timedelta(0), 0, start_of_day(local.date(), zone)
    if state.level:
        spent, changes = spent + (at - since), changes + 1
    return replace(state, at=at, since=at, level=0, announced=None, surcharged=spent, changes=changes)


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
    return state_at(state, policy, at=at).level


def state_at(state: DemandState, policy: DemandPolicy, *, at: datetime) -> DemandState:
    """Return the state of an instant after a decision, as `level_at` has its level."""
    course = Course(state, policy)
    course.go_to(at)
    return course.state()


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
