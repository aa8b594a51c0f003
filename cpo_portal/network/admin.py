"""The pages of locations, chargers, connectors and charging systems; those of products register beside them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpResponse
from django.utils.safestring import SafeString

from cpo_portal.adminkit.accounts_admin import shown_once
from cpo_portal.adminkit.actions import object_action
from cpo_portal.adminkit.bases import TenantAdmin, TenantExportMixin, TenantTabularInline
from cpo_portal.adminkit.display import EMPTY, Tone, chip, column, when, words
from cpo_portal.adminkit.filters import BooleanRadioFilter, ChoicesDropdownFilter, RelatedDropdownFilter
from cpo_portal.adminkit.rows import HoursField
from cpo_portal.adminkit.widgets import TextInput
from cpo_portal.network import admin_products
from cpo_portal.network.admin_forms import (
    ConnectorFormMixin,
    CoordinateField,
    FixedIdForm,
    FixedIdMixin,
    KeepUsedMixin,
    TagsField,
    published_chip,
)
from cpo_portal.network.catalogue import status_of
from cpo_portal.network.models import (
    Charger,
    ChargingSystem,
    ChargingSystemToken,
    Connector,
    Location,
    StatusChoice,
)
from cpo_portal.network.systems import create_system_token

__all__ = ["admin_products"]

STATUS_TONES = {
    StatusChoice.AVAILABLE: Tone.GOOD,
    StatusChoice.CHARGING: Tone.INFO,
    StatusChoice.RESERVED: Tone.INFO,
    StatusChoice.BLOCKED: Tone.WARN,
    StatusChoice.INOPERATIVE: Tone.BAD,
    StatusChoice.OUT_OF_ORDER: Tone.BAD,
    StatusChoice.UNKNOWN: Tone.NEUTRAL,
}

HOURS_HELP = (
    "On the site's own clock; none means always open. Leave both times empty for the whole day; hours that end before "
    "they start go on after midnight, and 00:00 ends the day."
)


class ChargerInline(TenantTabularInline):
    """The location's chargers; connectors stand on the charger's own page."""

    model = Charger
    form = FixedIdForm
    fields = ("evse_id", "name", "system")
    show_change_link = True


class ConnectorInline(ConnectorFormMixin, TenantTabularInline):
    """The charger's connectors."""

    model = Connector
    form = FixedIdForm
    fields = (
        "item_id",
        "connector_id",
        "connector_type",
        "connector_format",
        "power_type",
        "max_power_w",
        "charging_speed",
        "is_published",
    )
    show_change_link = True


@admin.register(Location)
class LocationAdmin(KeepUsedMixin, FixedIdMixin, TenantExportMixin, TenantAdmin):
    """Sites."""

    fixed_id = "location_id"
    list_display = ("name", "location_id", "city", "tag_words", "shown")
    list_filter = (("is_published", BooleanRadioFilter),)
    search_fields = ("name", "location_id", "city", "address")
    inlines = (ChargerInline,)
    export_fields = {
        "location_id": "Location id",
        "name": "Name",
        "address": "Address",
        "city": "City",
        "city_code": "City code",
        "state": "State",
        "postal_code": "Postal code",
        "latitude": "Latitude",
        "longitude": "Longitude",
        "time_zone": "Time zone",
        "is_published": "Shown to buyer apps",
    }
    fieldsets = (
        (None, {"fields": (("location_id", "name"), ("is_published", "opened_on"), "tags")}),
        ("Address", {"fields": ("address", ("city", "city_code"), ("state", "postal_code", "country"))}),
        ("On the map", {"fields": (("latitude", "longitude"), "instructions", "image_url")}),
        ("Opening", {"fields": ("time_zone", "opening_hours")}),
    )

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name == "opening_hours":
            return HoursField(required=False, label="Opening hours", help_text=HOURS_HELP)
        if db_field.name == "tags":
            kwargs["form_class"] = TagsField
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name in {"latitude", "longitude"}:
            field = CoordinateField(
                max_digits=9, decimal_places=6, label=field.label, widget=field.widget, help_text="In degrees."
            )
        if db_field.name == "tags":
            field.widget = TextInput()
            field.help_text = "Separated by commas, such as highway,airport,urban."
        return field

    @column(description="Tags")
    def tag_words(self, obj: Location) -> SafeString:
        return words(obj.tags)

    @column(description="Shown to buyer apps", ordering="is_published")
    def shown(self, obj: Location) -> SafeString:
        return published_chip(obj.is_published)


@admin.register(Charger)
class ChargerAdmin(KeepUsedMixin, FixedIdMixin, TenantAdmin):
    """EVSEs."""

    instead = "Hide or move its connectors instead."
    fixed_id = "evse_id"
    list_display = ("name", "evse_id", "location", "system")
    list_filter = (("location", RelatedDropdownFilter), ("system", RelatedDropdownFilter))
    list_select_related = ("location", "system")
    search_fields = ("name", "evse_id", "location__name")
    autocomplete_fields = ("location",)
    inlines = (ConnectorInline,)
    fields = (("evse_id", "name"), "location", "system", "short_desc")


@admin.register(Connector)
class ConnectorAdmin(KeepUsedMixin, ConnectorFormMixin, FixedIdMixin, TenantExportMixin, TenantAdmin):
    """What is sold."""

    fixed_id = "item_id"
    list_display = ("item_id", "charger", "connector_type", "power", "status", "shown")
    list_filter = (
        ("connector_type", ChoicesDropdownFilter),
        ("power_type", ChoicesDropdownFilter),
        ("status_row__status", ChoicesDropdownFilter),
        ("is_published", BooleanRadioFilter),
    )
    list_select_related = ("charger__location", "status_row")
    search_fields = ("item_id", "charger__name", "charger__evse_id", "charger__location__name")
    autocomplete_fields = ("charger",)
    export_fields = {
        "item_id": "Item id",
        "connector_type": "Connector type",
        "connector_format": "Connector format",
        "power_type": "Power type",
        "max_power_w": "Power rating (W)",
        "is_published": "Shown to buyer apps",
    }
    readonly_fields = ("status", "reported")
    fields = (
        ("item_id", "connector_id"),
        "charger",
        ("connector_type", "connector_format"),
        ("power_type", "max_power_w", "charging_speed"),
        "is_published",
        ("status", "reported"),
    )

    @column(description="Power", ordering="max_power_w")
    def power(self, obj: Connector) -> str:
        return f"{obj.max_power_w / 1000:g} kW"

    @column(description="Status", ordering="status_row__status")
    def status(self, obj: Connector) -> SafeString:
        state = status_of(obj)
        return chip(state.label, STATUS_TONES[state])

    @column(description="Reported")
    def reported(self, obj: Connector) -> str:
        row = getattr(obj, "status_row", None)
        return EMPTY if row is None else when(row.reported_at, obj.charger.location.time_zone)

    @column(description="Shown to buyer apps", ordering="is_published")
    def shown(self, obj: Connector) -> SafeString:
        return for_sale_chip(obj)


@admin.register(ChargingSystem)
class ChargingSystemAdmin(TenantAdmin):
    """Systems that report status and sessions."""

    list_display = ("name", "kind")
    search_fields = ("name",)
    fields = ("name", "is_simulated", "tokens")
    readonly_fields = ("tokens",)
    actions_detail = ("make_token",)

    @object_action(
        description="Make a token",
        confirm="The token lets this system report for its chargers. It is shown once.",
        icon="key",
    )
    def make_token(self, request: Any, obj: ChargingSystem) -> HttpResponse:
        text = create_system_token(obj, created_by=request.user)
        advice = "Copy the token into the charging system. Only its hash is kept: it is shown only now."
        return shown_once(self, request, f"Token of “{obj.name}”", text, advice)

    @column(description="Kind", ordering="is_simulated")
    def kind(self, obj: ChargingSystem) -> SafeString:
        return chip("Simulated", Tone.WARN) if obj.is_simulated else chip("Real", Tone.GOOD)

    @column(description="Tokens")
    def tokens(self, obj: ChargingSystem) -> SafeString:
        links = ChargingSystemToken.objects.filter(system=obj).select_related("token") if obj.pk else ()
        return words(
            f"cpo_{link.token.prefix}_… ({'revoked' if link.token.revoked_at else 'made'} "
            f"{when(link.token.revoked_at or link.token.created_at, obj.cpo.time_zone)})"
            for link in links
        )


def for_sale_chip(connector: Connector) -> SafeString:
    """Return whether buyer apps see the connector; one that nobody can start is not sold."""
    if connector.is_published and connector.charger.system_id is None:
        return chip("Not sold: no system", Tone.WARN)
    return published_chip(connector.is_published)
