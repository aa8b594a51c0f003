"""Which version of a surge schedule holds when: the newest that has taken effect, as those of tariffs do."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pricing.engine.codec import decode
from pricing.models import SurgeSchedule, SurgeVersion
from pricing.surges.content import Exemptions, Scope
from pricing.versions.published import since_last_ended


@dataclass(frozen=True, slots=True)
class InTime:
    """A published version, read, and the stretch of planned starts in which it may hold; a newer one goes before it."""

    version: SurgeVersion
    valid_from: datetime | None
    valid_until: datetime | None
    scope: Scope
    exemptions: Exemptions

    @classmethod
    def of(cls, version: SurgeVersion, prices_from: datetime | None) -> InTime:
        """Return the version from when it begins."""
        scope, exemptions = decode(Scope, version.scope), decode(Exemptions, version.exemptions)
        return cls(version, begins_of(version, prices_from), version.valid_until, scope, exemptions)


def begins_of(version: SurgeVersion, prices_from: datetime | None) -> datetime | None:
    """Return from when a version holds: as it says, and once its notice and that of its schedule's start or resumption
    are over."""
    return max((x for x in (version.valid_from, version.effective_from, prices_from) if x is not None), default=None)


def layers_of(schedules: Collection[SurgeSchedule]) -> dict[int, list[InTime]]:
    """Return the published versions of schedules since each was last ended, by key, the newest first."""
    versions = SurgeVersion.objects.filter(schedule__in=[x.pk for x in schedules])
    return {
        key: in_time(rows, rows[0].schedule.prices_from) for key, rows in since_last_ended(versions, "schedule").items()
    }


def in_time(versions: Iterable[Any], prices_from: datetime | None) -> list[InTime]:
    """Return versions with their stretches of time, in the same order."""
    return [InTime.of(version, prices_from) for version in versions]
