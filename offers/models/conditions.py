"""Conditions of a version on the session, as columns."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

UPSIDE_DOWN_ENERGY = "The highest energy is below the lowest: swap them."


class Conditions(models.Model):
    """The energy of the session in Wh, both bounds included."""

    min_energy_wh = models.PositiveIntegerField("from this energy", null=True, blank=True)
    max_energy_wh = models.PositiveIntegerField("up to this energy", null=True, blank=True)

    class Meta:
        abstract = True


CONDITION_CONSTRAINTS = (
    models.CheckConstraint(
        condition=Q(min_energy_wh=None) | Q(max_energy_wh=None) | Q(min_energy_wh__lte=F("max_energy_wh")),
        name="offer_energy_range_upright",
        violation_error_message=UPSIDE_DOWN_ENERGY,
    ),
)
