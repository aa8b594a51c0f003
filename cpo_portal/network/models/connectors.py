"""Connectors, which are what is sold, and what changes about them by the minute."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django_scopes import ScopedManager

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.network.item_ids import id_fault
from cpo_portal.network.models.chargers import Charger
from cpo_portal.network.models.columns import BECKN_ID

LEAST_WATTS = 500
TOO_WEAK = "Give the power in watts, 500 or more: 60 kW is 60000."
_NOT_STARTABLE = (
    "Its charger has no charging system, so nobody could start a session: give the charger a system first, or leave "
    "this unticked."
)


class ConnectorType(models.TextChoices):
    CCS2 = "CCS2", "CCS2"
    CHADEMO = "CHADEMO", "CHAdeMO"
    TYPE2 = "TYPE2", "Type 2"
    TYPE1 = "TYPE1", "Type 1"
    GB_T = "GB_T", "GB/T"
    BHARAT_AC = "BHARAT_AC_001", "Bharat AC-001"
    BHARAT_DC = "BHARAT_DC_001", "Bharat DC-001"
    LEV_AC = "IS_17017_2_6", "IS 17017-2-6 (light EV)"


class ConnectorFormat(models.TextChoices):
    SOCKET = "SOCKET", "Socket"
    CABLE = "CABLE", "Cable"


class PowerType(models.TextChoices):
    AC_1_PHASE = "AC_1_PHASE", "AC, one phase"
    AC_3_PHASE = "AC_3_PHASE", "AC, three phases"
    DC = "DC", "DC"


class ChargingSpeed(models.TextChoices):
    SLOW = "SLOW", "Slow"
    FAST = "FAST", "Fast"
    ULTRA_FAST = "ULTRA_FAST", "Ultra-fast"


class Connector(TenantModel):
    """What is sold: the Beckn item."""

    charger = models.ForeignKey(Charger, on_delete=models.PROTECT, related_name="connectors")
    item_id = models.CharField("item id", max_length=100, validators=[BECKN_ID])
    connector_id = models.CharField("connector id", max_length=20, default="1")
    connector_type = models.CharField(max_length=20, choices=ConnectorType)
    connector_format = models.CharField(max_length=10, choices=ConnectorFormat, default=ConnectorFormat.CABLE)
    power_type = models.CharField(max_length=12, choices=PowerType)
    max_power_w = models.PositiveIntegerField(
        "power rating (W)", validators=[MinValueValidator(LEAST_WATTS, TOO_WEAK)], help_text="In watts: 60 kW is 60000."
    )
    charging_speed = models.CharField(max_length=12, choices=ChargingSpeed)
    is_published = models.BooleanField(default=True, help_text="Shown to buyer apps.")

    class Meta:
        ordering = ["item_id"]
        constraints = [models.UniqueConstraint(fields=["cpo", "item_id"], name="item_id_per_cpo")]

    def clean(self) -> None:
        from cpo_portal.network import plugs

        super().clean()
        faults = plugs.faults_of(self) | id_fault(self)
        # On the page of a new charger the charger is not saved yet, but known.
        charger = getattr(self, "charger", None)
        if self.is_published and charger is not None and charger.system_id is None:
            faults["is_published"] = _NOT_STARTABLE
        if faults:
            raise ValidationError(faults)

    def __str__(self) -> str:
        return f"{self.item_id} ({self.get_connector_type_display()}, {self.max_power_w / 1000:g} kW)"


class StatusChoice(models.TextChoices):
    """OCPI's connector states that a driver can act on."""

    AVAILABLE = "AVAILABLE", "Available"
    CHARGING = "CHARGING", "Charging"
    RESERVED = "RESERVED", "Reserved"
    BLOCKED = "BLOCKED", "Blocked"
    INOPERATIVE = "INOPERATIVE", "Inoperative"
    OUT_OF_ORDER = "OUTOFORDER", "Out of order"
    UNKNOWN = "UNKNOWN", "Unknown"


class ConnectorStatus(models.Model):
    """The last reported state; a table of its own because it changes all the time and prices nothing."""

    connector = models.OneToOneField(Connector, on_delete=models.CASCADE, primary_key=True, related_name="status_row")
    status = models.CharField(max_length=12, choices=StatusChoice, default=StatusChoice.UNKNOWN)
    reported_at = models.DateTimeField()

    objects = ScopedManager(cpo="connector__cpo")

    def __str__(self) -> str:
        return self.get_status_display()
