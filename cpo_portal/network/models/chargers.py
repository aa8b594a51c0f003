"""Chargers, and the systems that speak for them."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django_scopes import ScopedManager

from cpo_portal.accounts.models import ApiToken
from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.network.models.columns import BECKN_ID
from cpo_portal.network.models.locations import Location


class ChargingSystem(TenantModel):
    """A system (CSMS) that reports status and sessions for a CPO's chargers with its own tokens."""

    name = models.CharField(max_length=100)
    is_simulated = models.BooleanField(
        "simulated",
        default=False,
        help_text="Its own timestamps count, even ahead of the clock; refused in production.",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cpo", "name"], name="charging_system_name_per_cpo")]

    def __str__(self) -> str:
        return f"{self.name} (simulated)" if self.is_simulated else self.name


class ChargingSystemToken(models.Model):
    """Which charging system a token of scope CHARGING_SYSTEM speaks for."""

    token = models.OneToOneField(ApiToken, on_delete=models.CASCADE, primary_key=True, related_name="system_link")
    system = models.ForeignKey(ChargingSystem, on_delete=models.CASCADE, related_name="token_links")

    objects = ScopedManager(cpo="system__cpo")

    def __str__(self) -> str:
        return f"{self.system}: {self.token}"


_STILL_SHOWN = (
    "Without a system nobody could start {items}, which buyer apps see: choose a system, or hide the connectors first."
)


class Charger(TenantModel):
    """An EVSE: one or more connectors, of which one charges at a time."""

    location = models.ForeignKey(Location, on_delete=models.PROTECT, related_name="chargers")
    evse_id = models.CharField("EVSE id", max_length=100, validators=[BECKN_ID])
    name = models.CharField(max_length=200)
    short_desc = models.CharField("short description", max_length=300, blank=True)
    system = models.ForeignKey(ChargingSystem, on_delete=models.PROTECT, null=True, blank=True, related_name="chargers")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["cpo", "evse_id"], name="evse_id_per_cpo")]

    def __str__(self) -> str:
        return f"{self.name} · {self.location}"

    def clean(self) -> None:
        """Refuse to take the system away from connectors that buyer apps see."""
        super().clean()
        if self.pk is not None and self.system_id is None:
            shown = list(self.connectors.filter(is_published=True).values_list("item_id", flat=True)[:4])
            if shown:
                names = ", ".join(shown[:3]) + (" and more" if len(shown) > 3 else "")
                raise ValidationError({"system": _STILL_SHOWN.format(items=names)})
