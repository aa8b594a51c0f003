"""What of a surge schedule prices sessions that are planned to start now, and what will."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pricing.models import SurgeSchedule, SurgeState
from pricing.surges.layers import InTime
from pricing.versions.validity import Span, spans_of


@dataclass(frozen=True, slots=True)
class Timeline:
    """The version that holds now with its stretch of time, and those that follow in order; of stretches with none
    there is nothing."""

    now: Span[InTime] | None = None
    coming: tuple[Span[InTime], ...] = ()


def timeline_of(schedule: SurgeSchedule, newest_first: Sequence[InTime], now: datetime) -> Timeline:
    """Return which published versions of a schedule hold when, from now on; none of one that is not in force."""
    if schedule.state != SurgeState.APPROVED:
        return Timeline()
    ahead = [x for x in spans_of(newest_first) if not x.period.is_over(now)]
    held = ahead[0] if ahead and (ahead[0].period.begins <= now) else None
    return Timeline(held, tuple(x for x in ahead if x is not held))
