"""Background jobs that are rows: a worker leases the one that waits longest, and writes only while it has the lease.

Such a row has `state` (QUEUED, RUNNING and what it ends in), `done`, `attempts`, `lease_owner` and `leased_until`.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from cpo_portal.accounts.tenancy import TenantModel, every_cpo

Job = TypeVar("Job", bound=TenantModel)
_QUEUED, _RUNNING = "QUEUED", "RUNNING"


def claim(kind: type[Job], lease: timedelta, *, longest: str, related: str) -> Job | None:
    """Lease the job of any CPO that waits longest, or that a worker has died over; None where there is none.

    `longest` is the field that says since when, `related` what comes with the job beside its CPO.
    """
    lapsed = Q(state=_RUNNING, leased_until__lt=Now())
    with every_cpo(), transaction.atomic():
        waiting = kind.objects.filter(Q(state=_QUEUED) | lapsed).order_by(longest).select_related("cpo", related)
        job: Any = waiting.select_for_update(of=("self",), skip_locked=True).first()
        if job is None:
            return None
        job.lease_owner, job.state, job.attempts = uuid.uuid4(), _RUNNING, job.attempts + 1
        kind.objects.filter(pk=job.pk).update(
            lease_owner=job.lease_owner,
            state=job.state,
            attempts=job.attempts,
            leased_until=Now() + lease,
            done=0,
        )
    found: Job = job
    return found


def held(job: Any) -> QuerySet[Any]:
    """Return the job's row as long as this worker has its lease, and no row after that."""
    rows: QuerySet[Any] = type(job).objects.filter(pk=job.pk, lease_owner=job.lease_owner, state=_RUNNING)
    return rows


def go_on(job: Any, lease: timedelta, done: int) -> bool:
    """Tell the progress and renew the lease; False where it was lost."""
    return bool(held(job).update(leased_until=Now() + lease, done=done))
