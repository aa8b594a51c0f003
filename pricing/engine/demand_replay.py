"""Replays of a demand policy over a history: what it would have done, beside no surcharge and beside a weekly one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from pricing.engine.demand import first_state
from pricing.engine.demand_course import Course
from pricing.engine.demand_history import LocationHistory, PastSession, StaticSurge
from pricing.engine.demand_outcome import LevelCourse, Outcome, Quoted, Tally, outcome, tally
from pricing.engine.demand_policy import DemandPolicy
from pricing.engine.demand_values import LevelChange
from pricing.engine.money import CurrencyMismatch
from pricing.engine.windows import is_open, split_at_boundaries

#: How often the controller decides where nothing is observed.
EVERY = timedelta(minutes=5)
_NO_SURCHARGE = Decimal(0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same history under demand levels, without any surcharge, and with a weekly one where one was given."""

    demand: Outcome
    without: Outcome
    static: Outcome | None


@dataclass(frozen=True, slots=True)
class Replay:
    """What a policy would have done in all, and at each location by its id."""

    total: Comparison
    locations: tuple[tuple[str, Comparison], ...]


def replay(
    histories: Iterable[LocationHistory], policy: DemandPolicy, *, static: StaticSurge | None = None
) -> Replay | None:
    """Run the controller over each location's history and price its sessions; None where there is no location.

    A session pays the level in effect at its start until its end, as it was quoted. Whether drivers would have come at
    all, or how long they would have stayed, is not asked: the observations stay as they were. Raises
    CurrencyMismatch for locations of two currencies.
    """
    found: list[tuple[str, tuple[Tally, ...]]] = []
    currency = ""
    for history in histories:
        if found and history.currency != currency:
            raise CurrencyMismatch(f"cannot combine {currency} with {history.currency}")
        currency = history.currency
        found.append((history.location_id, _tallies(history, policy, static)))
    if not found:
        return None
    by_way = list(zip(*(tallies for _, tallies in found), strict=True))
    return Replay(
        _comparison(by_way, currency),
        tuple((name, _comparison([[x] for x in tallies], currency)) for name, tallies in found),
    )


def replayed_levels(history: LocationHistory, policy: DemandPolicy) -> tuple[LevelChange, ...]:
    """Return every change of a location's level, from level 0 at the beginning.

    The controller decides at each observation and every five minutes without one. An observation from before the one
    that preceded it is passed over.
    """
    course = Course(first_state(history.time_zone, now=history.starts_at), policy)
    step, ends_at = course.step, history.ends_at.astimezone(UTC)
    for observation in history.observations:
        now = observation.observed_at
        if now >= ends_at:
            break
        if now < course.at:
            continue
        if now - course.at > EVERY:
            _alone(course, now)
        step(observation, now)
    _alone(course, ends_at)
    course.go_to(ends_at)
    return tuple(x for x in course.made if x.at < ends_at)


def _alone(course: Course, until: datetime) -> None:
    """Decide every five minutes before an instant, without observations."""
    while until - course.at > EVERY:
        course.step(None, course.at + EVERY)


def _tallies(history: LocationHistory, policy: DemandPolicy, static: StaticSurge | None) -> tuple[Tally, ...]:
    """Return the tallies with demand levels, without a surcharge, and with the weekly one."""
    starts_at, ends_at = history.starts_at.astimezone(UTC), history.ends_at.astimezone(UTC)
    levels = [(starts_at, 0), *((x.at, x.level) for x in replayed_levels(history, policy))]

    def by_level(level: int, session: PastSession) -> Decimal:
        return policy.percent(level, base_rate=session.base_rate) if level else _NO_SURCHARGE

    ways: list[tuple[LevelCourse, Callable[[int, PastSession], Decimal]]] = [
        (levels, by_level),
        ([(starts_at, 0)], lambda level, session: _NO_SURCHARGE),
    ]
    if static is not None:
        percent = static.percent
        ways.append((_windows_as_levels(history, static), lambda level, session: percent if level else _NO_SURCHARGE))
    return tuple(
        tally(course, ends_at, history.time_zone, _quoted(history, course, percent_of), history.currency)
        for course, percent_of in ways
    )


def _quoted(
    history: LocationHistory, levels: LevelCourse, percent_of: Callable[[int, PastSession], Decimal]
) -> list[Quoted]:
    """Return each session with the percentage of the level that held at its start."""
    instants = [at for at, _ in levels]
    quoted = []
    for session in history.sessions:
        _, level = levels[bisect_right(instants, session.starts_at) - 1]
        quoted.append((session, percent_of(level, session)))
    return quoted


def _windows_as_levels(history: LocationHistory, static: StaticSurge) -> LevelCourse:
    """Return level 1 where a window holds and 0 elsewhere."""
    levels: list[tuple[datetime, int]] = []
    for since, _ in split_at_boundaries(history.starts_at, history.ends_at, static.windows, history.time_zone):
        level = int(is_open(static.windows, since, history.time_zone))
        if not levels or levels[-1][1] != level:
            levels.append((since, level))
    return levels


def _comparison(by_way: Sequence[Sequence[Tally]], currency: str) -> Comparison:
    demand, without, *static = (outcome(tallies, currency) for tallies in by_way)
    return Comparison(demand, without, static[0] if static else None)
