"""The admin pages of holiday calendars."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from cpo_portal.adminkit.bases import TenantAdmin
from cpo_portal.adminkit.display import column
from pricing.forms.calendars import HolidayCalendarForm
from pricing.models import HolidayCalendar


@admin.register(HolidayCalendar)
class HolidayCalendarAdmin(TenantAdmin):
    """Calendars that offers are limited to, or leave out."""

    form = HolidayCalendarForm
    list_display = ("name", "calendar_id", "number_of_days", "last_day")
    search_fields = ("name", "calendar_id")
    fieldsets = (
        (None, {"fields": (("name", "calendar_id"),)}),
        ("Days", {"fields": ("days", "file")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("calendar_id",) if obj is not None else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Published versions name it; without its days they would hold always, or never.
        return False

    @column(description="Days")
    def number_of_days(self, obj: HolidayCalendar) -> int:
        return len(obj.days)

    @column(description="Last day")
    def last_day(self, obj: HolidayCalendar) -> str:
        return obj.days[-1]["date"] if obj.days else ""
