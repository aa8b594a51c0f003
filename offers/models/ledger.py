"""What offers hold and have given: redemptions, the append-only ledger, and the counters that are derived from it."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django_scopes import ScopedManager

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.charging.models import Customer, Order
from offers.models.columns import MONEY, NO_ROWS
from offers.models.definitions import Offer, OfferVersion


class OfferCounter(models.Model):
    """What is reserved and used of a limited offer: a cache of the ledger that the guarded UPDATE tests."""

    offer = models.OneToOneField(Offer, on_delete=models.PROTECT, primary_key=True, related_name="counter")
    limit_uses = models.PositiveIntegerField(null=True)
    limit_budget = models.DecimalField(**MONEY, null=True)
    paused = models.BooleanField(default=False)
    uses_reserved = models.PositiveIntegerField(default=0)
    uses_committed = models.PositiveIntegerField(default=0)
    budget_reserved = models.DecimalField(**MONEY, default=0)
    budget_committed = models.DecimalField(**MONEY, default=0)

    objects = ScopedManager(cpo="offer__cpo")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(limit_uses=None) | Q(limit_uses__gte=F("uses_reserved") + F("uses_committed")),
                name="uses_within_limit",
            ),
            models.CheckConstraint(
                condition=Q(limit_budget=None) | Q(limit_budget__gte=F("budget_reserved") + F("budget_committed")),
                name="budget_within_limit",
            ),
            models.CheckConstraint(
                condition=Q(budget_reserved__gte=0, budget_committed__gte=0), name="budget_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.uses_reserved + self.uses_committed}/{self.limit_uses or '∞'}"


class CustomerCounter(models.Model):
    """How often one customer holds or has used a limited offer."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="customer_counters")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    uses = models.PositiveIntegerField(default=0)
    limit_uses = models.PositiveIntegerField()

    objects = ScopedManager(cpo="offer__cpo")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer", "customer"], name="one_counter_per_customer"),
            models.CheckConstraint(condition=Q(uses__lte=F("limit_uses")), name="customer_uses_within_limit"),
        ]

    def __str__(self) -> str:
        return f"{self.uses}/{self.limit_uses}"


class RedemptionState(models.TextChoices):
    RESERVED = "RESERVED", "Reserved"
    COMMITTED = "COMMITTED", "Used"
    RELEASED = "RELEASED", "Released"
    REVERSED = "REVERSED", "Reversed"


class Redemption(TenantModel):
    """One offer held by one order, from init to settlement; `terms` is the version as it was priced."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="redemptions")
    version = models.ForeignKey(OfferVersion, on_delete=models.PROTECT, related_name="redemptions")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="redemptions")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="redemptions")
    state = models.CharField(max_length=10, choices=RedemptionState, default=RedemptionState.RESERVED)
    reserved = models.DecimalField(**MONEY)
    committed = models.DecimalField(**MONEY, default=0)
    reversed = models.DecimalField(**MONEY, default=0)
    currency = models.CharField(max_length=3)
    counted = models.BooleanField(default=False, help_text="Whether the counter row holds it.")
    counted_customer = models.BooleanField(default=False)
    sandbox = models.BooleanField(default=False)
    reserved_until = models.DateTimeField()
    terms = models.JSONField()
    reserved_on = models.DateField(null=True, help_text="The day of the reservation on the CPO's calendar.")
    counted_day = models.BooleanField(default=False, db_default=False)
    #: Of which periods' counters a use is held, by `offers.engine.periods.Period`.
    counted_periods = ArrayField(models.CharField(max_length=5), default=list, db_default=[])
    #: The products that it gives, as `offers.stock` writes them: id, units, and whether they are held in stock.
    items = models.JSONField(default=list, db_default=NO_ROWS)
    #: The customer's groups when it was reserved, where the offer's limits were shared then; None is not asked.
    groups = ArrayField(models.BigIntegerField(), null=True)
    counted_groups = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "offer"], condition=~Q(state="RELEASED"), name="one_redemption_per_order"
            ),
            models.CheckConstraint(
                condition=Q(reversed__gte=0) & Q(reversed__lte=F("committed")), name="reversed_within_committed"
            ),
            models.CheckConstraint(condition=Q(reserved__gte=0, committed__gte=0), name="redemption_not_negative"),
        ]
        indexes = [
            models.Index(fields=["reserved_until"], condition=Q(state="RESERVED"), name="redemption_due"),
            models.Index(fields=["offer", "state"], name="redemption_offer_state"),
        ]

    def __str__(self) -> str:
        return f"{self.offer} {self.get_state_display()}"


class LedgerKind(models.TextChoices):
    RESERVE = "RESERVE", "Reserve"
    COMMIT = "COMMIT", "Commit"
    RELEASE = "RELEASE", "Release"
    REVERSE = "REVERSE", "Reverse"


class LedgerEntry(models.Model):
    """One movement of an offer's money and uses; append-only, the truth that counters are derived from."""

    redemption = models.ForeignKey(Redemption, on_delete=models.PROTECT, related_name="entries")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="entries")
    version_number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=LedgerKind)
    reference = models.CharField(max_length=100, default="", blank=True)
    amount = models.DecimalField(**MONEY)
    uses = models.SmallIntegerField()
    currency = models.CharField(max_length=3)
    sandbox = models.BooleanField(default=False)
    at = models.DateTimeField()

    objects = ScopedManager(cpo="offer__cpo")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["redemption", "kind", "reference"], name="ledger_entry_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="ledger_amount_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency}"


class LedgerCheck(models.Model):
    """What one comparison of all counters with the ledger found; `drifted` names the first of them."""

    at = models.DateTimeField(db_default=Now())
    counters = models.PositiveIntegerField()
    drifting = models.PositiveIntegerField()
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    drifted = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.drifting} of {self.counters} drifting"
