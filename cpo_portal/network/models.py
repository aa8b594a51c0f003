"""Where charging is sold: locations, chargers, connectors, products, and what changes about them by the minute."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import available_timezones

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django_scopes import ScopedManager

from cpo_portal.accounts.models import ApiToken
from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.network import addresses
from cpo_portal.network.fields import PointField

BECKN_ID = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._:-]*$", "Use letters, digits, dots, colons and hyphens.")

#: The category of every connector; products name their own.
CHARGING_CATEGORY = "ev-charging"

NO_LATITUDE = "A latitude lies between -90 and 90: is it the longitude?"
NO_LONGITUDE = "A longitude lies between -180 and 180."
LEAST_WATTS = 500
TOO_WEAK = "Give the power in watts, 500 or more: 60 kW is 60000."


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
        super().save(*args, **kwargs)

    @property
    def gps(self) -> str:
        """Return "latitude,longitude" as Beckn writes it."""
        return f"{self.latitude},{self.longitude}"


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


_NOT_STARTABLE = (
    "Its charger has no charging system, so nobody could start a session: give the charger a system first, or leave "
    "this unticked."
)
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
        faults = plugs.faults_of(self)
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


class ProductKind(models.TextChoices):
    GOOD = "GOOD", "Goods"
    SERVICE = "SERVICE", "Service"


class Product(TenantModel):
    """A good or service that a driver may add: coffee, a car wash, valet, priority access."""

    product_id = models.CharField("product id", max_length=100, validators=[BECKN_ID])
    name = models.CharField(max_length=200)
    short_desc = models.CharField("short description", max_length=300, blank=True)
    kind = models.CharField(max_length=10, choices=ProductKind, default=ProductKind.GOOD)
    category = models.CharField(max_length=60, blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=2, validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3, default="INR")
    locations = models.ManyToManyField(
        Location, blank=True, related_name="products", help_text="Where it is sold; none means everywhere."
    )
    is_published = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["cpo", "product_id"], name="product_id_per_cpo"),
            models.CheckConstraint(condition=models.Q(price__gte=0), name="product_price_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a currency in which no session of the CPO is sold: the product could never be added to one."""
        super().clean()
        if self.cpo_id is not None and self.currency != self.cpo.currency:
            raise ValidationError({"currency": f"Sessions are sold in {self.cpo.currency}: give the price in it."})


class ProductStock(models.Model):
    """How many units are on the shelf, and how many of them orders hold; no row means that nobody counts them."""

    product = models.OneToOneField(Product, on_delete=models.CASCADE, primary_key=True, related_name="stock_row")
    units = models.PositiveIntegerField()
    reserved = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    objects = ScopedManager(cpo="product__cpo")

    def __str__(self) -> str:
        return f"{self.left} left"

    def save(self, **kwargs: Any) -> None:
        """Save what staff count; what orders hold has moved on since the row was read, and is moved by them alone."""
        if not self._state.adding and kwargs.get("update_fields") is None:
            kwargs["update_fields"] = ["units", "changed_at"]
        super().save(**kwargs)

    @property
    def left(self) -> int:
        """Return how many can still be sold; fewer may be on the shelf than were promised."""
        return max(0, self.units - self.reserved)
