"""The versions of surge schedules that matter now: what prices sessions, what is announced to follow, and the draft."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from pricing.models import SurgeSchedule, SurgeState, SurgeVersion
from pricing.surges.layers import InTime, layers_of
from pricing.surges.timeline import timeline_of
from pricing.versions.validity import ALWAYS, Span, spans_of


@dataclass(frozen=True, slots=True)
class Versions:
    """`live` prices sessions planned to start now, `coming` those of later on, in order of time.

    Where none does either, `live` is the version that was published last, without any bounds if the schedule is not
    published.
    """

    live: Span[InTime] | None
    coming: tuple[Span[InTime], ...]
    draft: SurgeVersion | None

    def all(self) -> list[SurgeVersion]:
        """Return all of them."""
        held = [*([self.live] if self.live else []), *self.coming]
        return [*(x.version.version for x in held), *([self.draft] if self.draft else [])]


def versions_of(schedules: Collection[SurgeSchedule], now: datetime) -> dict[int, Versions]:
    """Return the versions of schedules of one CPO, their live version loaded, at an instant, by key, in two queries."""
    layers = layers_of(schedules)
    drafts = SurgeVersion.objects.filter(schedule__in=[x.pk for x in schedules], published_at=None)
    draft_of = {x.schedule_id: x for x in drafts}
    found = {}
    for schedule in schedules:
        newest_first = layers.get(schedule.pk, [])
        timeline, draft = timeline_of(schedule, newest_first, now), draft_of.get(schedule.pk)
        live = timeline.now if timeline.now or timeline.coming else _last(schedule, newest_first)
        found[schedule.pk] = Versions(live, timeline.coming, draft)
    return found


def _last(schedule: SurgeSchedule, newest_first: Sequence[InTime]) -> Span[InTime] | None:
    """Return the version that was published last, with when it was the one that held if the schedule is published."""
    newest = schedule.live_version
    if newest is None:
        return None
    spans = spans_of(newest_first) if schedule.state == SurgeState.APPROVED else ()
    held = [x for x in spans if x.version.version == newest]
    return held[-1] if held else Span(ALWAYS, InTime.of(newest, None))
