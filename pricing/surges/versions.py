"""What a surge schedule says now: the version that prices sessions, those announced to follow it, and the draft."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pricing.authoring.validity import ALWAYS, Period, spans_of
from pricing.models import SurgeSchedule, SurgeState, SurgeVersion
from pricing.surges.layers import InTime, layers_of


@dataclass(frozen=True, slots=True)
class Versions:
    """`live` prices sessions planned to start now, `coming` those of later on, in order of time: each in the stretch of
    time in which it is the one that holds.

    Where none does either, `live` is the version that was published last, without any bounds if the schedule is not
    published.
    """

    live: InTime | None
    coming: tuple[InTime, ...]
    draft: SurgeVersion | None

    def all(self) -> list[SurgeVersion]:
        """Return all of them."""
        held = [*([self.live] if self.live else []), *self.coming]
        return [*(x.version for x in held), *([self.draft] if self.draft else [])]


def versions_of(schedules: Collection[SurgeSchedule], now: datetime) -> dict[int, Versions]:
    """Return the versions of schedules of one CPO, their live version loaded, at an instant, by key, in two queries."""
    layers = layers_of(schedules)
    drafts = SurgeVersion.objects.filter(schedule__in=[x.pk for x in schedules], published_at=None)
    draft_of = {x.schedule_id: x for x in drafts}
    return {x.pk: _versions(x, layers.get(x.pk, []), draft_of.get(x.pk), now) for x in schedules}


def _versions(schedule: SurgeSchedule, layers: Sequence[InTime], draft: SurgeVersion | None, now: datetime) -> Versions:
    published = schedule.state == SurgeState.APPROVED
    spans = spans_of(layers) if published else ()
    held = [_within(x.version, x.period) for x in spans if x.period.begins <= now and not x.period.is_over(now)]
    coming = tuple(_within(x.version, x.period) for x in spans if x.period.begins > now)
    newest = schedule.live_version
    if held or coming or newest is None:
        return Versions(held[0] if held else None, coming, draft)
    over = [_within(x.version, x.period) for x in spans if x.version.version == newest]
    return Versions(over[-1] if over else _within(InTime.of(newest, None), ALWAYS), coming, draft)


def _within(layer: InTime, period: Period) -> InTime:
    return replace(layer, valid_from=period.valid_from, valid_until=period.valid_until)
