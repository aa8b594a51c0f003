"""Surge schedules with immutable versions, and the signals that some wait for."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.network.models import BECKN_ID
from pricing.engine.values import SurgeBasis
from pricing.surges.kinds import SignalKind as SignalKind  # noqa: PLC0414  found here beside its model
from pricing.surges.kinds import SurgeKind


class SurgeState(models.TextChoices):
    DRAFT = "DRAFT", "Draft"
    IN_REVIEW = "IN_REVIEW", "In review"
    APPROVED = "APPROVED", "Published"
    PAUSED = "PAUSED", "Paused"
    ENDED = "ENDED", "Ended"
    ARCHIVED = "ARCHIVED", "Archived"


class SurgeKindChoice(models.TextChoices):
    """The kinds of `pricing.surges.kinds`, with their names."""

    RUSH_HOURS = SurgeKind.RUSH_HOURS.value, "Rush hours"
    GRID_STRESS = SurgeKind.GRID_STRESS.value, "Grid stress"
    WEATHER = SurgeKind.WEATHER.value, "Weather"
    EVENT = SurgeKind.EVENT.value, "Event"
    HOLIDAY_DEMAND = SurgeKind.HOLIDAY_DEMAND.value, "Holiday demand"
    PREMIUM_LOCATION = SurgeKind.PREMIUM_LOCATION.value, "Premium location"
    HIGH_COST_AREA = SurgeKind.HIGH_COST_AREA.value, "High-cost area"
    REMOTE_LOCATION = SurgeKind.REMOTE_LOCATION.value, "Remote location"
    SPECIAL_ZONE = SurgeKind.SPECIAL_ZONE.value, "Special zone"
    PEAK_HOURS = SurgeKind.PEAK_HOURS.value, "Peak hours"
    WEEKEND = SurgeKind.WEEKEND.value, "Weekend"
    HOLIDAY = SurgeKind.HOLIDAY.value, "Holiday"
    NIGHT = SurgeKind.NIGHT.value, "Night"
    FAST_CHARGING = SurgeKind.FAST_CHARGING.value, "Fast charging"
    PRIORITY_ACCESS = SurgeKind.PRIORITY_ACCESS.value, "Priority access"
    ADDED_SERVICE = SurgeKind.ADDED_SERVICE.value, "Valet, cleaning and other services"
    EMERGENCY = SurgeKind.EMERGENCY.value, "Emergency charging"
    CARBON_OFFSET = SurgeKind.CARBON_OFFSET.value, "Carbon offset"
    RENEWABLE_ENERGY = SurgeKind.RENEWABLE_ENERGY.value, "Renewable energy"
    SUSTAINABILITY = SurgeKind.SUSTAINABILITY.value, "Sustainability"


class SurgeBasisChoice(models.TextChoices):
    PERCENT = SurgeBasis.PERCENT.value, "Percent of the energy price"
    PER_KWH = SurgeBasis.PER_KWH.value, "Amount per kWh"
    FIXED = SurgeBasis.FIXED.value, "Amount per session"


class SurgeSchedule(TenantModel):
    """A named surge; what it adds, when, where and for whom stands in its versions.

    `prices_from` is when the notice of its last start or resumption is over; None before it was published.
    """

    schedule_id = models.CharField("schedule id", max_length=60, validators=[BECKN_ID])
    name = models.CharField(max_length=100, help_text="Drivers read it on the bill, for example Congestion fee.")
    kind = models.CharField(max_length=20, choices=SurgeKindChoice)
    state = models.CharField(max_length=10, choices=SurgeState, default=SurgeState.DRAFT, editable=False)
    live_version = models.ForeignKey(
        "SurgeVersion", on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    prices_from = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["cpo", "schedule_id"], name="surge_schedule_id_per_cpo")]

    def __str__(self) -> str:
        return self.name


class SurgeVersion(TenantModel):
    """What a schedule says from one publication to the next; immutable once published (a trigger sees to it).

    `scope` and `exemptions` are in the form of `pricing.engine.codec`, of `pricing.surges.content.Scope` and
    `Exemptions`; `weekly_windows` in that of `pricing.windows`, on the clock of each location. It takes effect
    from `effective_from` on, when its notice is over; a session keeps the version that holds at its planned start.
    """

    schedule = models.ForeignKey(SurgeSchedule, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    basis = models.CharField(max_length=7, choices=SurgeBasisChoice)
    value = models.DecimalField(max_digits=14, decimal_places=4)
    maximum_amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    stacking_group = models.CharField(max_length=40, blank=True)
    explanation = models.CharField(max_length=300, blank=True)
    weekly_windows = models.JSONField(default=list)
    holiday_calendar = models.CharField(max_length=60, blank=True)
    dates = ArrayField(models.DateField(), default=list, blank=True)
    signal_kinds = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    scope = models.JSONField(default=dict)
    exemptions = models.JSONField(default=dict)
    valid_from = models.DateTimeField(null=True, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    #: The first characters of the token that wrote the draft last; "" where a person did, or the platform itself.
    created_by_token = models.CharField(max_length=12, default="", db_default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True)
    effective_from = models.DateTimeField(null=True)
    #: Who wrote the draft, as `pricing.versions.review` names people and tokens.
    authors = ArrayField(models.CharField(max_length=40), null=True, blank=True, editable=False)
    submitted_at = models.DateTimeField(null=True, editable=False)
    submitted_by = models.CharField(max_length=40, default="", db_default="", editable=False)

    class Meta:
        ordering = ["schedule", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "number"], name="surge_version_number"),
            models.UniqueConstraint(
                fields=["schedule"], condition=Q(published_at=None), name="one_surge_draft_per_schedule"
            ),
            models.CheckConstraint(condition=Q(value__gt=0), name="surge_adds_something"),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_from__lt=F("valid_until")),
                name="surge_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(published_at=None, effective_from=None)
                | Q(published_at__isnull=False, effective_from__gte=F("published_at")),
                name="surge_takes_effect_once_published",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.schedule} v{self.number}"


class SurgeStateChange(models.Model):
    """Who moved a schedule from which state to which, with which version, and from when that prices; append-only."""

    schedule = models.ForeignKey(SurgeSchedule, on_delete=models.PROTECT, related_name="state_changes")
    from_state = models.CharField(max_length=10)
    to_state = models.CharField(max_length=10)
    version = models.ForeignKey(SurgeVersion, on_delete=models.PROTECT, null=True, related_name="+")
    prices_from = models.DateTimeField(null=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    by_token = models.CharField(max_length=12, blank=True)
    at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)
    #: What was done: a move of `pricing.surges.schedules`, or "edit"; "" in entries from before it was kept.
    move = models.CharField(max_length=10, default="", db_default="")

    objects = ScopedManager(cpo="schedule__cpo")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class SignalKindChoice(models.TextChoices):
    GRID_STRESS = SignalKind.GRID_STRESS.value, "Grid stress"
    WEATHER = SignalKind.WEATHER.value, "Weather"
    EVENT = SignalKind.EVENT.value, "Event"


class Signal(TenantModel):
    """Something that happens in an area from one instant to another, as a source says; schedules wait for its kind.

    It counts from `counts_from` on, when its notice is over, and never after `stale_after`, by which its source must
    have said it again. An area of no location, tag or state is everywhere.
    """

    signal_id = models.CharField("signal id", max_length=60, validators=[BECKN_ID])
    kind = models.CharField(max_length=12, choices=SignalKindChoice)
    title = models.CharField(max_length=100, help_text="What drivers read, for example Storm over Delhi.")
    source = models.CharField(max_length=100, help_text="Who says so, for example the grid operator.")
    location_ids = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    location_tags = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    states = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    starts_at = models.DateTimeField("from")
    ends_at = models.DateTimeField("until")
    stale_after = models.DateTimeField(
        null=True, blank=True, help_text="It stops counting then, unless it is sent again; empty: when it ends."
    )
    counts_from = models.DateTimeField(editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.UniqueConstraint(fields=["cpo", "signal_id"], name="signal_id_per_cpo"),
            models.CheckConstraint(condition=Q(starts_at__lt=F("ends_at")), name="signal_ends_after_it_begins"),
        ]
        indexes = [models.Index(fields=["cpo", "ends_at"], name="signal_ends")]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        super().clean()
        if self.starts_at and self.ends_at and self.ends_at <= self.starts_at:
            raise ValidationError({"ends_at": "It ends before it begins: give a later end."})
