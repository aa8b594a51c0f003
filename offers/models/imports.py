"""Files of offers that were taken in, with how far they are and what is wrong in them."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models.functions import Now

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import TenantModel


class OfferImportState(models.TextChoices):
    QUEUED = "QUEUED", "Waiting"
    RUNNING = "RUNNING", "Running"
    CHECKED = "CHECKED", "Checked"
    DONE = "DONE", "Imported"
    REFUSED = "REFUSED", "Refused"
    FAILED = "FAILED", "Failed"


class OfferImport(TenantModel):
    """One file, checked alone (`dry_run`) or imported: all of it or nothing.

    `file` is the file, compressed, until it is imported; a checked one is kept until the next file comes. `faults` are
    the first of `fault_count`, each {"row", "column", "message"}.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=10, choices=OfferImportState, default=OfferImportState.QUEUED)
    dry_run = models.BooleanField("checked only", default=False)
    file = models.BinaryField(null=True)
    done = models.PositiveIntegerField("rows checked", default=0)
    total = models.PositiveIntegerField("rows")
    faults = models.JSONField(default=list)
    fault_count = models.PositiveIntegerField("faults", default=0)
    reason = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    by_token = models.CharField(max_length=12, blank=True)
    created_at = models.DateTimeField("taken in", db_default=Now())
    finished_at = models.DateTimeField("finished", null=True)

    class Meta:
        verbose_name = "import of offers"
        verbose_name_plural = "imports of offers"
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["created_at"],
                name="offer_import_to_run",
                condition=models.Q(state__in=["QUEUED", "RUNNING"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.total} offers"
