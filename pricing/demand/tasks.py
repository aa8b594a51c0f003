"""Periodic work of demand levels: decisions by the minute, back-tests, and dropping decisions after a year."""

from __future__ import annotations

import structlog
from celery import shared_task

from cpo_portal.database.partitions import drop_month, months_past
from pricing.demand import deciding

log = structlog.get_logger(__name__)

#: Decisions are kept so long, and then until their whole month is as old.
DAYS_KEPT = 365
_DECISIONS = "pricing_demanddecision"


@shared_task
def decide_levels() -> int:
    """Decide on the locations that are due; return how many."""
    return deciding.decide_due()


@shared_task
def drop_old_decisions() -> int:
    """Drop the months of decisions that ended a year ago; return how many."""
    gone = [month for month in list(months_past(_DECISIONS, DAYS_KEPT)) if drop_month(_DECISIONS, month)]
    if gone:
        log.info("demand_decisions_dropped", months=[month.isoformat() for month in gone])
    return len(gone)
