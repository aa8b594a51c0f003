"""What groups of customers, such as families, take together of the limits per customer that their members share."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from cpo_portal.charging.models import CustomerGroup
from offers.models.definitions import Offer
from offers.models.periods import PeriodChoice


class GroupCounter(models.Model):
    """How often the members of one group together hold or have used an offer whose limits they share."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="group_counters")
    group = models.ForeignKey(CustomerGroup, on_delete=models.PROTECT, related_name="+")
    uses = models.PositiveIntegerField(default=0)
    limit_uses = models.PositiveIntegerField()

    objects = ScopedManager(cpo="offer__cpo")

    class Meta:
        verbose_name = "shared uses"
        verbose_name_plural = "shared uses"
        constraints = [
            models.UniqueConstraint(fields=["offer", "group"], name="one_counter_per_group"),
            models.CheckConstraint(condition=Q(uses__lte=F("limit_uses")), name="group_uses_within_limit"),
        ]

    def __str__(self) -> str:
        return f"{self.uses}/{self.limit_uses} of {self.offer}"


class GroupPeriodCounter(models.Model):
    """How often the members of one group together hold or have used an offer in the period from `starts_on` on."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="group_period_counters")
    group = models.ForeignKey(CustomerGroup, on_delete=models.PROTECT, related_name="+")
    period = models.CharField(max_length=5, choices=PeriodChoice)
    starts_on = models.DateField()
    uses = models.PositiveIntegerField(default=0)
    limit_uses = models.PositiveIntegerField()

    objects = ScopedManager(cpo="offer__cpo")

    class Meta:
        verbose_name = "shared uses of a period"
        verbose_name_plural = "shared uses of periods"
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "group", "period", "starts_on"], name="one_counter_per_group_and_period"
            ),
            models.CheckConstraint(condition=Q(uses__lte=F("limit_uses")), name="group_period_uses_within_limit"),
        ]

    def __str__(self) -> str:
        span = f"{self.get_period_display().lower()} from {self.starts_on}"
        return f"{self.uses}/{self.limit_uses} of {self.offer}, {span}"
