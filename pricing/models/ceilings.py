"""The most that a kWh may cost, as rules of a state or a contract have it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.network.models import BECKN_ID, ConnectorType
from pricing.windows import check_windows


class CeilingMode(models.TextChoices):
    """What a tariff above a ceiling meets: a warning, or no publication."""

    WARN = "WARN", "Warn"
    BLOCK = "BLOCK", "Do not publish"


class PriceCeiling(TenantModel):
    """At most `maximum_rate` per kWh, before tax, at some connectors in some hours; `weekly_windows` is in the form of
    `pricing.windows`, on the clock of each location."""

    ceiling_id = models.CharField("ceiling id", max_length=60, validators=[BECKN_ID])
    name = models.CharField(max_length=100)
    source = models.CharField(max_length=300, blank=True, help_text="The order, notification or contract that says so.")
    state = models.CharField(max_length=100, blank=True, help_text="Of the location; empty is everywhere.")
    connector_type = models.CharField(max_length=20, choices=ConnectorType, blank=True)
    min_power_w = models.PositiveIntegerField("from a power of (W)", null=True, blank=True)
    max_power_w = models.PositiveIntegerField("up to a power of (W)", null=True, blank=True)
    weekly_windows = models.JSONField(default=list, blank=True, validators=[check_windows])
    maximum_rate = models.DecimalField(
        "highest price per kWh", max_digits=14, decimal_places=4, validators=[MinValueValidator(0)]
    )
    mode = models.CharField("a tariff above it", max_length=5, choices=CeilingMode, default=CeilingMode.WARN)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["cpo", "ceiling_id"], name="price_ceiling_id_per_cpo")]

    def clean(self) -> None:
        super().clean()
        least, most = self.min_power_w, self.max_power_w
        if least is not None and most is not None and least > most:
            raise ValidationError({"max_power_w": "The most is below the least: raise it or leave it empty."})

    def __str__(self) -> str:
        return self.name
