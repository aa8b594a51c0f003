"""Where a version of an offer applies beyond named locations and items, as columns."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from cpo_portal.network.models import NO_LATITUDE, NO_LONGITUDE, ConnectorType
from offers.engine.facts import Current

_DEGREES: dict[str, Any] = {"max_digits": 9, "decimal_places": 6, "null": True, "blank": True}


class CurrentChoice(models.TextChoices):
    AC = Current.AC.value, "AC"
    DC = Current.DC.value, "DC"


def _names(length: int, **said: Any) -> ArrayField[Any, Any]:
    return ArrayField(models.CharField(max_length=length, **said), default=list, db_default=[], blank=True)


class Where(models.Model):
    """Tags, cities, states, a circle, chargers, connector types, AC or DC, and a band of power in W."""

    location_tags = _names(30)
    cities = _names(100)
    states = _names(100)
    near_latitude = models.DecimalField(
        "near this latitude",
        **_DEGREES,
        validators=[MinValueValidator(-90, NO_LATITUDE), MaxValueValidator(90, NO_LATITUDE)],
    )
    near_longitude = models.DecimalField(
        "and this longitude",
        **_DEGREES,
        validators=[MinValueValidator(-180, NO_LONGITUDE), MaxValueValidator(180, NO_LONGITUDE)],
    )
    radius_km = models.DecimalField("within (km)", max_digits=8, decimal_places=3, null=True, blank=True)
    charger_ids = _names(100)
    connector_types = _names(20, choices=ConnectorType)
    currents = _names(2, choices=CurrentChoice)
    min_power_w = models.PositiveIntegerField("from this power", null=True, blank=True)
    max_power_w = models.PositiveIntegerField("up to this power", null=True, blank=True)

    class Meta:
        abstract = True


HALF_A_CIRCLE = "A circle needs all three: latitude, longitude and kilometres."
UPSIDE_DOWN_POWER = "The highest power is below the lowest: swap them."

WHERE_CONSTRAINTS = (
    models.CheckConstraint(
        condition=Q(near_latitude=None, near_longitude=None, radius_km=None)
        | Q(near_latitude__isnull=False, near_longitude__isnull=False, radius_km__gt=0),
        name="offer_circle_is_whole",
        violation_error_message=HALF_A_CIRCLE,
    ),
    models.CheckConstraint(
        condition=Q(min_power_w=None) | Q(max_power_w=None) | Q(min_power_w__lte=F("max_power_w")),
        name="offer_power_band_upright",
        violation_error_message=UPSIDE_DOWN_POWER,
    ),
)
