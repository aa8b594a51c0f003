"""On which days a version of an offer applies, as columns."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from offers.engine.facts import HolidayChoice


class HolidaysChoice(models.TextChoices):
    ONLY = HolidayChoice.ONLY.value, "Only on these holidays"
    EXCEPT = HolidayChoice.EXCEPT.value, "Not on these holidays"


class Days(models.Model):
    """Holidays of a calendar of the CPO, by its id, and local dates on which the offer does not apply."""

    holiday_calendar = models.CharField(max_length=60, blank=True, default="", db_default="")
    holidays = models.CharField(max_length=6, choices=HolidaysChoice, blank=True, default="", db_default="")
    blackout_dates = ArrayField(models.DateField(), default=list, db_default=[], blank=True)

    class Meta:
        abstract = True


HALF_A_HOLIDAY_RULE = "Choose a calendar, and whether the offer is for its days or for all others."

DAYS_CONSTRAINTS = (
    models.CheckConstraint(
        condition=Q(holiday_calendar="", holidays="")
        | (~Q(holiday_calendar="") & Q(holidays__in=[choice.value for choice in HolidayChoice])),
        name="offer_holiday_rule_is_whole",
        violation_error_message=HALF_A_HOLIDAY_RULE,
    ),
)
