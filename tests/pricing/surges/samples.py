"""Surge schedules for tests: written, published, and moved to where their notice is over."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from pricing.engine.values import SurgeBasis
from pricing.models import SurgePolicy, SurgeSchedule
from pricing.surges import schedules
from pricing.surges.content import SurgeContent
from pricing.surges.kinds import SurgeKind

EVENING: dict[str, Any] = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "18:00", "end": "21:00"}
RUPEE = SurgeContent(basis=SurgeBasis.PER_KWH, value=Decimal(1))
FIFTH = SurgeContent(basis=SurgeBasis.PERCENT, value=Decimal(20))


def make_schedule(cpo: Cpo, content: SurgeContent = RUPEE, **changes: Any) -> SurgeSchedule:
    """Return a new schedule with a draft."""
    named = {"schedule_id": "congestion", "name": "Congestion fee", "kind": SurgeKind.RUSH_HOURS.value} | changes
    return schedules.create_schedule(SurgeSchedule(cpo=cpo, **named), content)


def publish(schedule: SurgeSchedule, content: SurgeContent | None = None) -> SurgeSchedule:
    """Publish the draft, or this content in its place."""
    if content is not None:
        schedules.save_draft(schedule, content)
    return schedules.publish(schedule)


def no_notice(cpo: Cpo) -> None:
    """Let rises of this CPO take effect at once."""
    with cpo_scope(cpo):
        SurgePolicy.objects.get_or_create(cpo=cpo)
        # As if it had never promised anything else: a shorter notice that is saved waits for the longer one.
        SurgePolicy.objects.filter(cpo=cpo).update(notice_hours=0, signal_notice_minutes=0)


DAY = timedelta(hours=24)
#: A Tuesday, 17:30 in Kolkata.
NOW = datetime(2027, 3, 2, 12, 0, tzinfo=UTC)


def seen(html: str) -> str:
    """Return the words of a page."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
