"""Back-tests that staff asked for, with how far they are and what they found."""

from __future__ import annotations

from django.db import models

from cpo_portal.accounts.runs import BackgroundRun
from offers.models.definitions import Offer


class BacktestRun(BackgroundRun):
    """One replay of an offer's latest version, frozen in `terms` when it was asked for, on the sessions billed from
    `since` until `until`; `result` is an `offers.engine.backtest.BacktestResult` as JSON."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="backtests")
    version_number = models.PositiveIntegerField("version")
    terms = models.JSONField()
    done = models.PositiveIntegerField("sessions replayed", default=0)
    total = models.PositiveIntegerField("sessions to replay", default=0)
    by_token = models.CharField(max_length=12, blank=True)

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
