"""What a CPO charges: tariffs with immutable versions, where they apply, and the tax on top."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.network.models import BECKN_ID, Connector, ConnectorType, Location
from pricing.engine.values import PricingModel as Model
from pricing.gstin import check_gstin


class TaxProfile(TenantModel):
    """The one tax line of a CPO; a rate of 0 prints no line."""

    label = models.CharField(max_length=40, default="GST")
    rate = models.DecimalField(
        "rate (%)",
        max_digits=5,
        decimal_places=2,
        default=18,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    sac_code = models.CharField("SAC", max_length=10, blank=True, default="998714")
    gstin = models.CharField("GSTIN", max_length=15, blank=True, validators=[check_gstin])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cpo"], name="one_tax_profile_per_cpo")]

    def __str__(self) -> str:
        return f"{self.label} {self.rate.normalize():f} %"


class TariffState(models.TextChoices):
    DRAFT = "DRAFT", "Draft"
    APPROVED = "APPROVED", "Published"
    ENDED = "ENDED", "Ended"


class Tariff(TenantModel):
    """A named price list; what it says stands in its versions."""

    tariff_id = models.CharField("tariff id", max_length=60, validators=[BECKN_ID])
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=TariffState, default=TariffState.DRAFT, editable=False)
    live_version = models.ForeignKey(
        "TariffVersion", on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["cpo", "tariff_id"], name="tariff_id_per_cpo")]

    def __str__(self) -> str:
        return self.name


class PricingModelChoice(models.TextChoices):
    """The models of `pricing.engine` that can be authored."""

    PER_KWH = Model.PER_KWH.value, "Per kWh"
    TIME_OF_DAY = Model.TIME_OF_DAY.value, "By time of day"
    FIXED = Model.FIXED.value, "Fixed price per session"
    SUBSCRIPTION = Model.SUBSCRIPTION.value, "Subscription"


class TariffVersion(TenantModel):
    """What a tariff says from one publication to the next; immutable once published (a trigger sees to it).

    `components`, `fees` and `wheeling` are in the form of `pricing.engine.codec`. `places` says where it applies, in
    the form of `pricing.authoring.Place`; None is a version from before versions said so. It holds for sessions that
    are planned to start in [valid_from, valid_until), where a version published later does not; None is no bound.
    """

    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    model = models.CharField(max_length=12, choices=PricingModelChoice, default=PricingModelChoice.PER_KWH)
    currency = models.CharField(max_length=3, default="INR")
    components = models.JSONField(default=list)
    fees = models.JSONField(default=list)
    minimum_wh = models.PositiveIntegerField(null=True, blank=True)
    maximum_wh = models.PositiveIntegerField(null=True, blank=True)
    minimum_price = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    maximum_price = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    wheeling = models.JSONField(null=True, blank=True)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    places = models.JSONField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    #: The first characters of the token that wrote the draft last; "" where a person did, or the platform itself.
    created_by_token = models.CharField(max_length=12, default="", db_default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["tariff", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["tariff", "number"], name="tariff_version_number"),
            models.UniqueConstraint(
                fields=["tariff"], condition=Q(published_at=None), name="one_tariff_draft_per_tariff"
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_from__lt=F("valid_until")),
                name="tariff_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(minimum_price=None) | Q(maximum_price=None) | Q(minimum_price__lte=F("maximum_price")),
                name="tariff_least_price_up_to_highest",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tariff} v{self.number}"


class TariffStateChange(models.Model):
    """Who moved a tariff from which state to which, and which version was live then; append-only."""

    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="state_changes")
    from_state = models.CharField(max_length=10)
    to_state = models.CharField(max_length=10)
    version = models.ForeignKey(TariffVersion, on_delete=models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    by_token = models.CharField(max_length=12, blank=True)
    at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)
    #: What was done: "publish", "end" or "edit"; "" in entries from before it was kept.
    move = models.CharField(max_length=10, default="", db_default="")

    objects = ScopedManager(cpo="tariff__cpo")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class TariffAssignment(TenantModel):
    """Where a tariff applies, and to sessions that start when: a connector, else a location (and connector type), else
    the whole CPO.

    Publishing a version makes these rows from what the versions say; nothing else writes them. Without a `version` the
    tariff's live one holds at all times.
    """

    tariff = models.ForeignKey(Tariff, on_delete=models.CASCADE, related_name="assignments")
    location = models.ForeignKey(Location, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    connector_type = models.CharField(max_length=20, choices=ConnectorType, blank=True)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    version = models.ForeignKey(TariffVersion, on_delete=models.CASCADE, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cpo", "location", "connector", "connector_type", "valid_from"],
                nulls_distinct=False,
                name="one_tariff_per_place_and_time",
                violation_error_message="Another tariff is already assigned there.",
            ),
            models.CheckConstraint(
                condition=Q(connector=None) | Q(location=None, connector_type=""),
                name="assignment_connector_alone",
                violation_error_message="Name either one connector, or a location and a connector type.",
            ),
        ]

    def __str__(self) -> str:
        parts = [str(x) for x in (self.connector, self.location, self.get_connector_type_display()) if x]
        return " · ".join(parts) or "everywhere"
