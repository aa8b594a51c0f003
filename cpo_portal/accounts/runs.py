"""Runs in the background that staff ask for: a row that is leased, worked off once, and says how it ended."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import structlog
from django.conf import settings
from django.db import models
from django.db.models import F
from django.db.models.functions import Now

from cpo_portal.accounts.leases import held
from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.database.errors import describe

log = structlog.get_logger(__name__)

#: Runs of one kind and CPO that may wait or be worked off at a time.
MOST_AT_ONCE = 3
#: Workers that died over one run before it is given up.
ATTEMPTS = 3


class RunState(models.TextChoices):
    QUEUED = "QUEUED", "Waiting"
    RUNNING = "RUNNING", "Running"
    DONE = "DONE", "Done"
    FAILED = "FAILED", "Failed"


class BackgroundRun(TenantModel):
    """A run on what happened from `since` until `until`; who extends it adds `done` and `total`, which count its own.

    Its lease is that of `cpo_portal.accounts.leases`; `result` is JSON once it is done, `error` why it failed.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    since = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(max_length=10, choices=RunState, default=RunState.QUEUED)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    requested_at = models.DateTimeField("asked for", db_default=Now())
    finished_at = models.DateTimeField("finished", null=True)

    class Meta:
        abstract = True


class LeaseLost(Exception):
    """Another worker has taken the run over."""


def too_many(kind: type[BackgroundRun]) -> str:
    """Return why no further run of this kind may be asked for now, "" where it may; inside the CPO's scope.

    The caller has locked a row that makes two people who ask at once one after the other.
    """
    waiting = kind.objects.filter(state__in=[RunState.QUEUED, RunState.RUNNING])
    return (
        f"{MOST_AT_ONCE} back-tests are under way: wait until one is done." if waiting.count() >= MOST_AT_ONCE else ""
    )


def work_off(run: BackgroundRun, find: Callable[[], Any], *, refusal: type[Exception]) -> int:
    """Keep what `find` returns as the result, or why there is none; return how many runs were finished: 1, else 0.

    A `refusal` is told in its own words. A run whose lease was lost is another worker's.
    """
    if run.attempts > ATTEMPTS:
        return _end(run, RunState.FAILED, error=f"It was begun {ATTEMPTS} times and never came to its end.")
    try:
        result = find()
    except LeaseLost:
        return 0
    except refusal as told:
        return _end(run, RunState.FAILED, error=str(told)[:300])
    except Exception as error:  # noqa: BLE001  whatever it was, its page says so and the next one is run
        log.error("background_run_failed", kind=type(run).__name__, run=str(run.pk), error=describe(error))
        return _end(run, RunState.FAILED, error="It failed on our side: ask for it again.")
    return _end(run, RunState.DONE, result=result)


def _end(run: BackgroundRun, state: RunState, *, result: Any = None, error: str = "") -> int:
    done = F("total") if state is RunState.DONE else F("done")
    return held(run).update(state=state, result=result, error=error, finished_at=Now(), leased_until=None, done=done)
