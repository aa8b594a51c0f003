"""A CPO's own calendars of named days, such as the public holidays of its state."""

from __future__ import annotations

from django.db import models

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.network.models import BECKN_ID
from pricing.holidays import check_days


class HolidayCalendar(TenantModel):
    """Named days; `days` is [{"date": "2026-11-08", "name": "Diwali"}, …] in order, each date once.

    Offers name a calendar by its id, so that it is emptied but never deleted.
    """

    calendar_id = models.CharField("calendar id", max_length=60, validators=[BECKN_ID])
    name = models.CharField(max_length=100)
    days = models.JSONField(default=list, blank=True, validators=[check_days])
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["cpo", "calendar_id"], name="holiday_calendar_id_per_cpo")]

    def __str__(self) -> str:
        return self.name
