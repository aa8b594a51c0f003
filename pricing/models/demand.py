"""Surcharges that follow demand: what a CPO lets them do, where each location stands, and what was decided and why."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from cpo_portal.accounts.models import User
from cpo_portal.accounts.runs import BackgroundRun
from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.network.models import BECKN_ID, Location
from pricing.engine.demand import DemandReason

PERCENT: dict[str, Any] = {"max_digits": 8, "decimal_places": 4}


class DemandPolicy(TenantModel):
    """A surcharge in levels that rise and fall with the demand at each location in its scope.

    `rules` are a `pricing.engine.demand.DemandPolicy` in the form of `pricing.engine.codec`. Each change of what it
    charges and each switching raises `number`; a state of an earlier number prices nothing. Its id and its number are
    those of the surge on a quote.
    """

    policy_id = models.CharField("policy id", max_length=60, validators=[BECKN_ID])
    name = models.CharField(max_length=100, help_text="Drivers read it on the bill, for example Busy station fee.")
    explanation = models.CharField(max_length=300, blank=True, help_text="Why it is charged, as buyer apps are told.")
    location_ids = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    location_tags = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    stacking_group = models.CharField(
        max_length=40, blank=True, help_text="Of the surges of one group the largest counts; empty: it is added."
    )
    rules = models.JSONField()
    #: No rise begins before this instant, which a longer notice of the rules had promised.
    notice_kept_until = models.DateTimeField(null=True, editable=False)
    number = models.PositiveIntegerField(default=1, editable=False)
    is_active = models.BooleanField("switched on", default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "demand policies"
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["cpo", "policy_id"], name="demand_policy_id_per_cpo")]

    def __str__(self) -> str:
        return self.name


class DemandPolicyChange(TenantModel):
    """That a policy was switched on or off, or changed while it was on; append-only.

    `rules` are those from then on; None of changes from before they were kept here.
    """

    class Kind(models.TextChoices):
        SWITCHED_ON = "SWITCHED_ON", "Switched on"
        SWITCHED_OFF = "SWITCHED_OFF", "Switched off"
        CHANGED = "CHANGED", "Rules changed"
        PLACES = "PLACES", "Places changed"

    policy = models.ForeignKey(DemandPolicy, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=12, choices=Kind)
    number = models.PositiveIntegerField()
    rules = models.JSONField(null=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    by_token = models.CharField(max_length=12, blank=True)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.policy}: {self.get_kind_display()}"


class DemandState(TenantModel):
    """Where a location stands under a policy, as of `decided_at`.

    `document` is a `pricing.engine.demand.DemandState` in the form of `pricing.engine.codec`; the columns beside it
    say of it what is looked for. `recorded_at` is when a decision was last kept.
    """

    policy = models.ForeignKey(DemandPolicy, on_delete=models.CASCADE, related_name="states")
    location = models.ForeignKey(Location, on_delete=models.CASCADE, related_name="+")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    level = models.PositiveSmallIntegerField(default=0)
    percent = models.DecimalField(**PERCENT, default=0)
    announced_level = models.PositiveSmallIntegerField(null=True)
    announced_percent = models.DecimalField(**PERCENT, null=True)
    decided_at = models.DateTimeField()
    recorded_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["policy", "location"], name="one_demand_state_per_location")]
        indexes = [
            models.Index(fields=["due_at"], name="demand_state_due"),
            models.Index(
                fields=["cpo"], name="demand_state_pricing", condition=~Q(level=0) | Q(announced_level__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy} at {self.location}: level {self.level}"


class DemandReasonChoice(models.TextChoices):
    """The reasons of the engine, and those of people."""

    HOLD = DemandReason.HOLD.value, "Held"
    CAPPED = DemandReason.CAPPED.value, "Held, capped"
    RISE = DemandReason.RISE.value, "Rise decided"
    STARTED = DemandReason.STARTED.value, "Announced rise began"
    NOTICE = DemandReason.NOTICE.value, "Rise announced"
    WITHDRAWN = DemandReason.WITHDRAWN.value, "Announced rise withdrawn"
    DWELL = DemandReason.DWELL.value, "Too soon for a change"
    FALL = DemandReason.FALL.value, "Fell"
    STALE = DemandReason.STALE.value, "Nothing recent is known"
    TOO_FEW = DemandReason.TOO_FEW.value, "Too few connectors report"
    BUDGET_MINUTES = DemandReason.BUDGET_MINUTES.value, "The day's minutes are used"
    BUDGET_CHANGES = DemandReason.BUDGET_CHANGES.value, "The day's changes are used"
    SWITCHED_ON = "SWITCHED_ON", "Switched on"
    SWITCHED_OFF = "SWITCHED_OFF", "Switched off"
    CHANGED = "CHANGED", "Rules changed"
    OUT_OF_SCOPE = "OUT_OF_SCOPE", "Not in the scope any more"


class DemandDecision(TenantModel):
    """A decision that changed something or had another reason, or one in a while; append-only, partitioned by month.

    `load` is smoothed, `busy` of `reporting` connectors are what was observed for it; `numbers` are its other grounds.
    The location is named by its id, since a decision outlives it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    policy = models.ForeignKey(DemandPolicy, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveIntegerField()
    location_id = models.CharField(max_length=100)
    at = models.DateTimeField()
    reason = models.CharField(max_length=14, choices=DemandReasonChoice)
    before = models.PositiveSmallIntegerField()
    level = models.PositiveSmallIntegerField()
    percent = models.DecimalField(**PERCENT)
    announced_level = models.PositiveSmallIntegerField(null=True)
    announced_percent = models.DecimalField(**PERCENT, null=True)
    starts_at = models.DateTimeField(null=True)
    load = models.DecimalField(max_digits=13, decimal_places=12, null=True)
    busy = models.PositiveIntegerField(null=True)
    reporting = models.PositiveIntegerField(null=True)
    numbers = models.JSONField(default=dict)
    words = models.CharField(max_length=500)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["policy", "location_id", "at"], name="demand_decision_course")]

    def __str__(self) -> str:
        return self.words


class DemandReplay(BackgroundRun):
    """One replay of a policy's rules, frozen when it was asked for, on what happened from `since` until `until`.

    `location_ids` are the locations that were in its scope. `static` is a `pricing.engine.demand_history.StaticSurge`
    or None, and `result` a `pricing.engine.demand_replay.Replay`, both in the form of `pricing.engine.codec`.
    """

    policy = models.ForeignKey(DemandPolicy, on_delete=models.PROTECT, related_name="replays")
    rules = models.JSONField()
    location_ids = ArrayField(models.CharField(max_length=100))
    static = models.JSONField(null=True)
    done = models.PositiveIntegerField("locations replayed", default=0)
    total = models.PositiveIntegerField("locations to replay", default=0)

    class Meta:
        verbose_name = "back-test of demand levels"
        verbose_name_plural = "back-tests of demand levels"
        ordering = ["-requested_at"]
        indexes = [
            models.Index(
                fields=["requested_at"], name="demand_replay_to_run", condition=Q(state__in=["QUEUED", "RUNNING"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy}, {self.since:%Y-%m-%d} to {self.until:%Y-%m-%d}"
