"""Conditions of a version on the session, as columns."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

HALF_A_STOCK = "Choose a product, and how many must be in stock at least."
UPSIDE_DOWN_ENERGY = "The highest energy is below the lowest: swap them."


class Conditions(models.Model):
    """The energy of the session in Wh, both bounds included, and what else must hold."""

    min_energy_wh = models.PositiveIntegerField("from this energy", null=True, blank=True)
    max_energy_wh = models.PositiveIntegerField("up to this energy", null=True, blank=True)

    nth_session = models.PositiveSmallIntegerField(null=True, blank=True)
    max_busy_percent = models.PositiveSmallIntegerField(null=True, blank=True)
    stock_product_id = models.CharField(max_length=100, blank=True, default="", db_default="")
    stock_at_least = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        abstract = True


CONDITION_CONSTRAINTS = (
    models.CheckConstraint(
        condition=Q(min_energy_wh=None) | Q(max_energy_wh=None) | Q(min_energy_wh__lte=F("max_energy_wh")),
        name="offer_energy_range_upright",
        violation_error_message=UPSIDE_DOWN_ENERGY,
    ),
    models.CheckConstraint(
        condition=Q(stock_product_id="", stock_at_least=None) | (~Q(stock_product_id="") & Q(stock_at_least__gt=0)),
        name="offer_stock_condition_is_whole",
        violation_error_message=HALF_A_STOCK,
    ),
    models.CheckConstraint(
        condition=(Q(nth_session=None) | Q(nth_session__gt=0))
        & (Q(max_busy_percent=None) | Q(max_busy_percent__range=(1, 100))),
        name="offer_conditions_in_range",
        violation_error_message="Give a session from 1 on, and a share from 1 to 100 %.",
    ),
)
