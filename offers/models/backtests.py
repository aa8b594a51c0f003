"""Back-tests that staff asked for, with how far they are and what they found."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import TenantModel
from offers.models.definitions import Offer


class BacktestState(models.TextChoices):
    QUEUED = "QUEUED", "Waiting"
    RUNNING = "RUNNING", "Running"
    DONE = "DONE", "Done"
    FAILED = "FAILED", "Failed"


class BacktestRun(TenantModel):
    """One replay of an offer's latest version, frozen in `terms` when it was asked for, on the sessions billed from
    `since` until `until`; `result` is an `offers.engine.backtest.BacktestResult` as JSON."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="backtests")
    version_number = models.PositiveIntegerField("version")
    terms = models.JSONField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(max_length=10, choices=BacktestState, default=BacktestState.QUEUED)
    done = models.PositiveIntegerField("sessions replayed", default=0)
    total = models.PositiveIntegerField("sessions to replay", default=0)
    result = models.JSONField(null=True)
    error = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    requested_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    by_token = models.CharField(max_length=12, blank=True)
    requested_at = models.DateTimeField("asked for", db_default=Now())
    finished_at = models.DateTimeField("finished", null=True)

    class Meta:
        verbose_name = "back-test"
        ordering = ["-requested_at"]
        indexes = [
            models.Index(
                fields=["requested_at"],
                name="backtest_to_run",
                condition=models.Q(state__in=["QUEUED", "RUNNING"]),
            ),
            models.Index(fields=["offer", "-requested_at"], name="backtest_of_offer"),
        ]

    def __str__(self) -> str:
        return f"{self.offer} v{self.version_number}"
