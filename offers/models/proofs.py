"""What stored quotes are proven with: the terms of every offer that they looked at, kept once per content."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from cpo_portal.accounts.tenancy import TenantModel


class OfferSnapshot(TenantModel):
    """An offer's terms as some quote met them, by the SHA-256 of their JSON; append-only.

    Two transactions may keep the same terms at the same moment: a unique key would let one wait for the other while
    it holds counters (ADR 0026). The index finds either; they say the same.
    """

    hash = models.CharField(max_length=64)
    terms = models.JSONField()
    kept_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["cpo", "hash"], name="offer_snapshot_hash")]

    def __str__(self) -> str:
        return self.hash[:12]
