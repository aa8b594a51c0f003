"""The admin pages of price ceilings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from cpo_portal.adminkit.bases import TenantAdmin
from cpo_portal.adminkit.display import Tone, chip, column
from cpo_portal.adminkit.rows import WindowsField
from pricing.engine.week import windows_in_words
from pricing.engine.wording import money_text, power_text
from pricing.models import CeilingMode, PriceCeiling
from pricing.windows import normal_windows, read_window


class CeilingWindowsField(WindowsField):
    """Weekly windows in their normal form."""

    def clean(self, value: Any) -> list[dict[str, Any]]:  # type: ignore[override]
        return list(normal_windows(super().clean(value)))


class PriceCeilingForm(forms.ModelForm):  # type: ignore[type-arg]
    """A ceiling with its hours."""

    weekly_windows = CeilingWindowsField(
        required=False, label="Hours", help_text="On the clock of each location; none is at all times."
    )

    class Meta:
        model = PriceCeiling
        fields = [
            "name",
            "ceiling_id",
            "source",
            "state",
            "connector_type",
            "min_power_w",
            "max_power_w",
            "weekly_windows",
            "maximum_rate",
            "mode",
        ]


@admin.register(PriceCeiling)
class PriceCeilingAdmin(TenantAdmin):
    """Ceilings that tariffs are compared with."""

    form = PriceCeilingForm
    list_display = ("name", "limit", "where", "hours", "mode_chip")
    search_fields = ("name", "ceiling_id", "source")
    fieldsets = (
        (None, {"fields": (("name", "ceiling_id"), "source")}),
        ("At most", {"fields": (("maximum_rate", "mode"),)}),
        ("Where and when", {"fields": ("state", "connector_type", ("min_power_w", "max_power_w"), "weekly_windows")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("ceiling_id",) if obj is not None else ()

    @column(description="At most", ordering="maximum_rate")
    def limit(self, obj: PriceCeiling) -> str:
        return f"{money_text(obj.maximum_rate, obj.cpo.currency)}/kWh"

    @column(description="Where")
    def where(self, obj: PriceCeiling) -> str:
        least, most = obj.min_power_w, obj.max_power_w
        parts = [obj.state, obj.get_connector_type_display() if obj.connector_type else ""]
        parts.append(f"from {power_text(least)}" if least is not None else "")
        parts.append(f"up to {power_text(most)}" if most is not None else "")
        return ", ".join(x for x in parts if x) or "everywhere"

    @column(description="When")
    def hours(self, obj: PriceCeiling) -> str:
        return windows_in_words(map(read_window, obj.weekly_windows)) or "at all times"

    @column(description="A tariff above it", ordering="mode")
    def mode_chip(self, obj: PriceCeiling) -> Any:
        blocks = obj.mode == CeilingMode.BLOCK
        return chip("Is not published" if blocks else "Is warned of", Tone.BAD if blocks else Tone.WARN)
