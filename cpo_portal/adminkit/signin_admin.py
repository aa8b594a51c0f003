"""The page of failed sign-ins, where an operator opens a locked account again."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString

from cpo_portal.adminkit.actions import go_to, object_action
from cpo_portal.adminkit.bases import PlatformAdmin, ReadOnlyMixin
from cpo_portal.adminkit.display import Tone, chip, column, when
from cpo_portal.adminkit.navigation import list_url


@admin.register(AccessAttempt)
class FailedSignInAdmin(ReadOnlyMixin, PlatformAdmin):
    """Who failed to sign in from where; the browser's form data is not shown."""

    list_display = ("username", "ip_address", "failures", "last_failure", "state")
    search_fields = ("username", "ip_address")
    fields = ("username", "ip_address", "user_agent", "failures", "last_failure", "state")
    readonly_fields = ("failures", "last_failure", "state")
    actions_row = ("unlock",)
    actions_detail = ("unlock",)

    @object_action(description="Unlock", confirm="The failures are forgotten: the person may try again at once.")
    def unlock(self, request: HttpRequest, obj: AccessAttempt) -> Any:
        obj.delete()
        return go_to(request, list_url("axes.accessattempt"))

    @column(description="Failures", ordering="failures_since_start")
    def failures(self, obj: AccessAttempt) -> int:
        return obj.failures_since_start

    @column(description="Last failure", ordering="attempt_time")
    def last_failure(self, obj: AccessAttempt) -> str:
        return when(obj.attempt_time)

    @column(description="State")
    def state(self, obj: AccessAttempt) -> SafeString:
        locked = obj.failures_since_start >= settings.AXES_FAILURE_LIMIT
        return chip("Locked", Tone.BAD) if locked else chip("Open", Tone.NEUTRAL)
