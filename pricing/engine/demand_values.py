"""What goes into a decision on a location's demand level, and what comes out of it: frozen, instants in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from pricing.engine.making import quickly_made
from pricing.engine.values import PricingError


class DemandReason(StrEnum):
    """Why a decision is what it is."""

    HOLD = "HOLD"  # nothing asks for another level
    CAPPED = "CAPPED"  # the same, at less than the level's percent
    RISE = "RISE"  # a rise was decided; with a notice it is announced
    STARTED = "STARTED"  # an announced rise took effect
    NOTICE = "NOTICE"  # an announced rise is not yet in effect
    WITHDRAWN = "WITHDRAWN"  # an announced rise never took effect, the load fell before
    DWELL = "DWELL"  # the load asks for another level, this one has not held long enough
    FALL = "FALL"  # the load is below the level's off-threshold
    STALE = "STALE"  # no observation that recent
    TOO_FEW = "TOO_FEW"  # too few connectors reported
    BUDGET_MINUTES = "BUDGET_MINUTES"  # no surcharged minutes are left today
    BUDGET_CHANGES = "BUDGET_CHANGES"  # no changes are left today


@quickly_made
@dataclass(frozen=True, slots=True)
class Observation:
    """What a location's connectors said at an instant: so many report, so many of these are occupied or charging.

    `grid_stress` is the grid's own signal from 0 to 1, None where there is none. Raises PricingError: OBSERVATION,
    and INSTANT for a naive instant.
    """

    observed_at: datetime
    reporting: int
    busy: int
    grid_stress: float | None = None

    def __post_init__(self) -> None:
        check_aware(self.observed_at, "the instant of an observation")
        if not 0 <= self.busy <= self.reporting:
            raise PricingError("OBSERVATION", "Count among the busy connectors none but those that report.")
        if self.grid_stress is not None and not 0 <= self.grid_stress <= 1:
            raise PricingError("OBSERVATION", "Give the grid's stress as a number from 0 to 1.")


@dataclass(frozen=True, slots=True)
class Announcement:
    """A rise that was decided and is not in effect before `starts_at`."""

    level: int
    decided_at: datetime
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class LevelChange:
    """From this instant on this level is in effect."""

    at: datetime
    level: int
    reason: DemandReason


@dataclass(frozen=True, slots=True)
class DemandState:
    """All that the next decision of a location needs of the ones before; `at` is the instant of the last.

    `level` has been in effect since `since`. `load` is smoothed, to 12 decimals, as of `load_at`, the newest
    observation that counted; `observed_at` and `reporting` are of the newest one, counted or not. `surcharged` and
    `changes` were spent on the local day of `at`.
    """

    time_zone: str
    at: datetime
    since: datetime
    level: int = 0
    announced: Announcement | None = None
    load: Decimal | None = None
    load_at: datetime | None = None
    observed_at: datetime | None = None
    reporting: int = 0
    surcharged: timedelta = timedelta(0)
    changes: int = 0


@dataclass(frozen=True, slots=True)
class Grounds:
    """The numbers that a decision went by.

    `threshold` is the one that the load was held against, None where none decided; `again_at` the first instant at
    which what stands in the way no longer does, None where only the load does.
    """

    load: Decimal | None
    load_at: datetime | None
    observed_at: datetime | None
    reporting: int
    threshold: Decimal | None
    again_at: datetime | None
    surcharged: timedelta
    changes: int


@dataclass(frozen=True, slots=True)
class Decision:
    """The level and the surcharge in effect at an instant, what is announced, and why.

    `before` is the level after the last decision, and `made` all changes since, with the instants at which they took
    effect. `percent` is within the caps, `asked_percent` what the level asks without them.
    """

    at: datetime
    reason: DemandReason
    before: int
    level: int
    percent: Decimal
    asked_percent: Decimal
    announced: Announcement | None
    announced_percent: Decimal | None
    made: tuple[LevelChange, ...]
    grounds: Grounds
    state: DemandState


def check_aware(instant: datetime, name: str) -> None:
    """Raise PricingError INSTANT for a naive instant."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise PricingError("INSTANT", f"Give {name} with its offset from UTC.")


def utc(instant: datetime, name: str) -> datetime:
    """Return an aware instant in UTC; raises PricingError INSTANT for a naive one."""
    check_aware(instant, name)
    return instant.astimezone(UTC)
