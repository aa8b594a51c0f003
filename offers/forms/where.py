"""The form's fields for where an offer applies beyond named locations and items."""

from __future__ import annotations

from typing import Any

from django import forms

from cpo_portal.adminkit.widgets import DecimalInput
from cpo_portal.network.admin_forms import CoordinateField
from cpo_portal.network.models import Charger, ConnectorType, Location
from offers.authoring.places import known_cities, known_tags
from offers.models.where import CurrentChoice
from offers.names import city_names
from pricing.forms.rows import IdsField, ThousandsField

WHERE_FIELDSET: Any = (
    "Which locations and connectors",
    {
        "fields": (
            "location_tags",
            ("cities", "states"),
            ("near_latitude", "near_longitude"),
            "radius_km",
            "charger_ids",
            ("connector_types", "currents"),
            ("min_power_w", "max_power_w"),
        ),
        "description": "Every line that is filled in must hold; of several names in one field, one is enough.",
    },
)


def _ids(label: str, help_text: str = "") -> IdsField:
    return IdsField(label=label, required=False, help_text=help_text)


def _degrees(label: str) -> CoordinateField:
    return CoordinateField(max_digits=9, decimal_places=6, required=False, label=label, widget=DecimalInput())


class WhereFields(forms.Form):
    """Fields of OfferContent that limit the place; `fit_where` fills their choices."""

    location_tags = _ids("Location tags", "Only at locations with one of these tags, such as highway or new-station.")
    cities = _ids(
        "Cities",
        "Only in one of these cities: by name, or by the network's code, which towns around may share.",
    )
    states = _ids("States", "Only in one of these states.")
    near_latitude = _degrees("Near this latitude")
    near_longitude = _degrees("Near this longitude")
    radius_km = forms.DecimalField(
        max_digits=8, decimal_places=3, required=False, label="Within (km)", widget=DecimalInput
    )
    charger_ids = _ids("Chargers", "None means every charger.")
    connector_types = _ids("Connector types", "None means every type.")
    currents = _ids("AC or DC", "None means both.")
    min_power_w = ThousandsField(label="From a power of (kW)", help_text="The connector's rating; empty is no limit.")
    max_power_w = ThousandsField(label="Up to a power of (kW)")

    def fit_where(self) -> None:
        """Let the CPO's own places be chosen."""
        chargers = Charger.objects.select_related("location").order_by("location__name", "name")
        choices = {
            "location_tags": _plain(known_tags()),
            "cities": _cities(),
            "states": _plain(Location.objects.values_list("state", flat=True)),
            "charger_ids": [(x.evse_id, f"{x.name}, {x.location} ({x.evse_id})") for x in chargers],
            "connector_types": list(ConnectorType.choices),
            "currents": list(CurrentChoice.choices),
        }
        fields: Any = self.fields
        for name, offered in choices.items():
            fields[name].offer(offered, tuple(self.initial.get(name) or ()))


def _cities() -> list[tuple[str, str]]:
    """Offer the cities by name first, then their codes, each with the city that it stands for."""
    codes = city_names()
    names = [(name, name) for name in sorted(known_cities() - set(codes))]
    return names + sorted(((code, f"{city} ({code})") for code, city in codes.items()), key=lambda choice: choice[1])


def _plain(names: Any) -> list[tuple[str, str]]:
    return [(name, name) for name in sorted({name for name in names if name})]
