"""Where charging is sold."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import available_timezones

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.network import addresses
from cpo_portal.network.fields import PointField
from cpo_portal.network.models.columns import BECKN_ID

NO_LATITUDE = "A latitude lies between -90 and 90: is it the longitude?"
NO_LONGITUDE = "A longitude lies between -180 and 180."


def check_time_zone(name: str) -> None:
    """Refuse a name that the zone database does not know."""
    if name not in available_timezones():
        raise ValidationError(f"“{name}” is no IANA time zone; use a name such as Asia/Kolkata.")


def check_opening_hours(hours: Any) -> None:
    """Refuse anything but a list of {"weekday": 1-7, "from": "HH:MM", "to": "HH:MM"}; empty is always open."""
    clock = re.compile(r"^([01]\d|2[0-3]):[0-5]\d$")
    valid = isinstance(hours, list) and all(
        isinstance(entry, dict)
        and set(entry) == {"weekday", "from", "to"}
        and entry["weekday"] in range(1, 8)
        and all(isinstance(entry[key], str) and clock.match(entry[key]) for key in ("from", "to"))
        for entry in hours
    )
    if not valid:
        raise ValidationError(
            'Write opening hours as [{"weekday": 1, "from": "08:00", "to": "20:00"}, …]; [] is always.'
        )


class Location(TenantModel):
    """A site with chargers, in one time zone."""

    location_id = models.CharField("location id", max_length=100, validators=[BECKN_ID])
    name = models.CharField(max_length=200)
    address = models.CharField(max_length=300)
    city = models.CharField(max_length=100)
    city_code = models.CharField(max_length=20, blank=True, help_text="Beckn's city code, for example std:080.")
    state = models.CharField(max_length=100, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=3, default="IND")
    latitude = models.DecimalField(
        max_digits=9,
        decimal_places=6,
        validators=[MinValueValidator(-90, NO_LATITUDE), MaxValueValidator(90, NO_LATITUDE)],
    )
    longitude = models.DecimalField(
        max_digits=9,
        decimal_places=6,
        validators=[MinValueValidator(-180, NO_LONGITUDE), MaxValueValidator(180, NO_LONGITUDE)],
    )
    position = PointField(editable=False)
    time_zone = models.CharField(max_length=64, default="Asia/Kolkata", validators=[check_time_zone])
    instructions = models.CharField(max_length=300, blank=True, help_text="How to find the charger on the site.")
    opening_hours = models.JSONField(default=list, blank=True, validators=[check_opening_hours])
    opened_on = models.DateField(null=True, blank=True)
    tags = ArrayField(
        models.CharField(max_length=30), default=list, blank=True, help_text="Such as highway, airport, urban."
    )
    #: Since when the location has those of its tags that were added to it, by the tag in small letters.
    tags_since = models.JSONField(default=dict, db_default={}, editable=False)
    image_url = models.URLField(blank=True)
    is_published = models.BooleanField(default=True, help_text="Shown to buyer apps.")

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["cpo", "location_id"], name="location_id_per_cpo")]
        indexes = [
            GistIndex(fields=["position"], name="location_position"),
            GinIndex(fields=["tags"], name="location_tags"),
            models.Index(fields=["city_code"], name="location_city_code"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        faults = addresses.faults_of(
            addresses.Address(self.country, self.city_code, self.postal_code, self.latitude, self.longitude)
        )
        if faults:
            raise ValidationError(faults)

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.position = (float(self.longitude), float(self.latitude))
        fields = kwargs.get("update_fields")
        if fields is None or "tags" in fields:
            self.tags_since = self._tags_since()
            kwargs |= {} if fields is None else {"update_fields": {*fields, "tags_since"}}
        super().save(*args, **kwargs)

    def _tags_since(self) -> dict[str, str]:
        # The row's own past, whoever saves it.
        rows = type(self)._base_manager.filter(pk=self.pk).values_list("tags", "tags_since")
        before = rows.first() if self.pk else None
        if before is None:
            return {}
        had, since = {tag.casefold() for tag in before[0]}, before[1]
        added = timezone.now().isoformat()
        found = {tag: since.get(tag, "") if tag in had else added for tag in map(str.casefold, self.tags)}
        return {tag: instant for tag, instant in found.items() if instant}

    @property
    def gps(self) -> str:
        """Return "latitude,longitude" as Beckn writes it."""
        return f"{self.latitude},{self.longitude}"
