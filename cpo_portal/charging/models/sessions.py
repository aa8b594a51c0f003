"""Charging sessions and the readings of their meter."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django_scopes import ScopedManager

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.charging.models.orders import Order
from cpo_portal.network.models import ChargingSystem, Connector


class SessionState(models.TextChoices):
    ACTIVE = "ACTIVE", "Charging"
    INTERRUPTED = "INTERRUPTED", "Interrupted"
    STOPPED = "STOPPED", "Stopped"


class ChargingSession(TenantModel):
    """What a charging system reported of one order: times as the session counts them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="session")
    system = models.ForeignKey(ChargingSystem, on_delete=models.PROTECT, related_name="sessions")
    connector = models.ForeignKey(Connector, on_delete=models.PROTECT, related_name="sessions")
    session_id = models.CharField(max_length=100, help_text="The charging system's own id.")
    state = models.CharField(max_length=12, choices=SessionState, default=SessionState.ACTIVE)
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    stop_requested_at = models.DateTimeField(null=True)
    stop_reason = models.CharField(max_length=60, blank=True)
    start_register_wh = models.PositiveBigIntegerField()
    last_register_wh = models.PositiveBigIntegerField()
    last_reading_at = models.DateTimeField()
    heard_at = models.DateTimeField(
        default=timezone.now, db_default=Now(), help_text="When the charging system last spoke of it."
    )
    given_up_at = models.DateTimeField(null=True, help_text="When it was ended here, without a stop of the charger.")
    late_stop_at = models.DateTimeField(null=True, help_text="The stop reported after it was given up.")
    late_register_wh = models.PositiveBigIntegerField(null=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(fields=["system", "session_id"], name="session_id_per_system"),
            models.UniqueConstraint(
                fields=["connector"], condition=~Q(state="STOPPED"), name="one_session_per_connector"
            ),
        ]

    def __str__(self) -> str:
        return self.session_id


class MeterReading(models.Model):
    """The meter's cumulative register at an instant; partitioned by month of `measured_at`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(ChargingSession, on_delete=models.PROTECT, related_name="readings")
    measured_at = models.DateTimeField()
    register_wh = models.PositiveBigIntegerField()
    power_w = models.PositiveIntegerField(null=True)
    soc_percent = models.PositiveSmallIntegerField(null=True)
    received_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(cpo="session__cpo")

    class Meta:
        ordering = ["measured_at", "received_at"]
        indexes = [models.Index(fields=["session", "measured_at"], name="reading_session_time")]

    def __str__(self) -> str:
        return f"{self.register_wh} Wh"
