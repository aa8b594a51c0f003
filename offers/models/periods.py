"""What is taken of the limits that begin anew with each day, week or month of the CPO's calendar."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from cpo_portal.charging.models import Customer
from offers.engine.periods import Period
from offers.models.columns import MONEY
from offers.models.definitions import Offer


class PeriodChoice(models.TextChoices):
    DAY = Period.DAY.value, "Day"
    WEEK = Period.WEEK.value, "Week"
    MONTH = Period.MONTH.value, "Month"


class CustomerPeriodCounter(models.Model):
    """How often one customer holds or has used a limited offer in the period that begins on `starts_on`."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="period_counters")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(max_length=5, choices=PeriodChoice)
    starts_on = models.DateField()
    uses = models.PositiveIntegerField(default=0)
    limit_uses = models.PositiveIntegerField()

    objects = ScopedManager(cpo="offer__cpo")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "customer", "period", "starts_on"], name="one_counter_per_customer_and_period"
            ),
            models.CheckConstraint(condition=Q(uses__lte=F("limit_uses")), name="period_uses_within_limit"),
        ]

    def __str__(self) -> str:
        return f"{self.uses}/{self.limit_uses} {self.get_period_display().lower()} from {self.starts_on}"


class DayCounter(models.Model):
    """What is reserved and spent of an offer's budget per day, by the day of the reservation."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="day_counters")
    day = models.DateField()
    limit_budget = models.DecimalField(**MONEY)
    paused = models.BooleanField(default=False)
    budget_reserved = models.DecimalField(**MONEY, default=0)
    budget_committed = models.DecimalField(**MONEY, default=0)

    objects = ScopedManager(cpo="offer__cpo")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["offer", "day"], name="one_counter_per_offer_and_day"),
            models.CheckConstraint(
                condition=Q(limit_budget__gte=F("budget_reserved") + F("budget_committed")),
                name="day_budget_within_limit",
            ),
            models.CheckConstraint(
                condition=Q(budget_reserved__gte=0, budget_committed__gte=0), name="day_budget_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.budget_reserved + self.budget_committed}/{self.limit_budget} on {self.day}"
