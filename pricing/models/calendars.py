"""A CPO's own calendars of named days, such as the public holidays of its state."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils import timezone

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.network.models import BECKN_ID
from pricing.holidays import check_days
from pricing.models.surge_policy import SurgePolicy


class HolidayCalendar(TenantModel):
    """Named days; `days` is [{"date": "2026-11-08", "name": "Diwali"}, …] in order, each date once.

    Offers name a calendar by its id, so that it is emptied but never deleted. `counts_from` says of dates when a surge
    may first go by them: the notice of a rise after they came into the calendar; of others, at all times.
    """

    calendar_id = models.CharField("calendar id", max_length=60, validators=[BECKN_ID])
    name = models.CharField(max_length=100)
    days = models.JSONField(default=list, blank=True, validators=[check_days])
    counts_from = models.JSONField(default=dict, db_default={}, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["cpo", "calendar_id"], name="holiday_calendar_id_per_cpo")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        before = HolidayCalendar.objects.filter(pk=self.pk).first() if self.pk else None
        there = {x["date"]: before.counts_from.get(x["date"], "") for x in before.days} if before is not None else {}
        policy = SurgePolicy.objects.filter(cpo=self.cpo).first() or SurgePolicy()
        now = timezone.now()
        announced = (now + policy.notice.at(now)).isoformat()
        found = {x["date"]: there.get(x["date"], announced) for x in self.days}
        self.counts_from = {day: instant for day, instant in found.items() if instant}
        if (fields := kwargs.get("update_fields")) is not None and "days" in fields:
            kwargs["update_fields"] = {*fields, "counts_from"}
        super().save(*args, **kwargs)
