"""Where an offer applies beyond named locations and items, as the API reads and writes it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from cpo_portal.network.api_fields import BoundedListField, OneOfField
from cpo_portal.network.serializers import CoordinateField
from offers.authoring.places import STRONGEST_W
from offers.models.where import CurrentChoice


def _names(length: int, help_text: str) -> BoundedListField:
    child = serializers.CharField(max_length=length)
    return BoundedListField(child=child, max_length=200, required=False, help_text=help_text)


def _watts(help_text: str) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=1, max_value=STRONGEST_W, required=False, allow_null=True, help_text=help_text
    )


class WhereSerializer(serializers.Serializer[Any]):
    """Limits of the place; all that are given must hold, and of several names one."""

    location_tags = _names(30, "Tags of locations, such as highway or new-station.")
    cities = _names(100, "Names or codes of cities of your locations.")
    states = _names(100, "States of your locations.")
    near_latitude = CoordinateField(9, 6, required=False, allow_null=True, help_text="The centre of a circle.")
    near_longitude = CoordinateField(9, 6, required=False, allow_null=True)
    radius_km = serializers.DecimalField(8, 3, required=False, allow_null=True, help_text="With both coordinates.")
    charger_ids = _names(100, "EVSE ids of your chargers.")
    connector_types = _names(20, "Connector types as connectors have them, such as CCS2.")
    currents = BoundedListField(child=OneOfField(CurrentChoice.choices), max_length=2, required=False)
    min_power_w = _watts("The connector's rating in W, this one included.")
    max_power_w = _watts("The connector's rating in W, this one included.")
