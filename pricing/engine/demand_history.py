"""What a replay of demand levels goes over: observations, sessions, and the weekly surcharge beside them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pricing.engine.demand_values import Observation, check_aware
from pricing.engine.making import quickly_made
from pricing.engine.values import PricingError, WeeklyWindow


@quickly_made
@dataclass(frozen=True, slots=True)
class PastSession:
    """A completed session: quoted and started at an instant, with its exact energy amount before surge and tax.

    Raises PricingError: INSTANT for a naive start, HISTORY for less than nothing.
    """

    starts_at: datetime
    energy_wh: int
    energy_amount: Decimal

    def __post_init__(self) -> None:
        check_aware(self.starts_at, "the start of a session")
        if self.energy_wh < 0 or self.energy_amount < 0:
            raise PricingError("HISTORY", "Give sessions whose energy and amount are 0 or more.")

    @property
    def base_rate(self) -> Decimal:
        """Return what a kWh cost on average; 0 where there was no energy."""
        return self.energy_amount * 1000 / self.energy_wh if self.energy_wh else Decimal(0)


@dataclass(frozen=True, slots=True)
class LocationHistory:
    """What a location went through from `starts_at` until before `ends_at`: observations and sessions by instant.

    The observations are read once, so they may come from a cursor. Raises PricingError: INSTANT for naive edges,
    HISTORY for an end that is not after the start and for a session outside.
    """

    location_id: str
    time_zone: str
    currency: str
    starts_at: datetime
    ends_at: datetime
    observations: Iterable[Observation]
    sessions: Sequence[PastSession]

    def __post_init__(self) -> None:
        check_aware(self.starts_at, "the start of a history")
        check_aware(self.ends_at, "the end of a history")
        if self.ends_at <= self.starts_at:
            raise PricingError("HISTORY", "End the history after its start.")
        for session in self.sessions:
            if not self.starts_at <= session.starts_at < self.ends_at:
                raise PricingError("HISTORY", f"Leave out the session of {session.starts_at.isoformat()}.")


@dataclass(frozen=True, slots=True)
class StaticSurge:
    """A percentage of the energy amount in weekly windows of the location's local time; no windows are all the time.

    In a replay it is judged as demand levels are, at a session's start, though a scheduled surge follows the meter.
    """

    windows: tuple[WeeklyWindow, ...]
    percent: Decimal

    def __post_init__(self) -> None:
        if not (self.percent.is_finite() and self.percent >= 0):
            raise PricingError("HISTORY", "Set the percentage of the weekly surcharge to 0 or more.")
