"""An offer's conditions on the session, as the API reads and writes them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from offers.authoring.conditions import MOST_WH


def _wh(help_text: str) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=1, max_value=MOST_WH, required=False, allow_null=True, help_text=help_text
    )


class ConditionsSerializer(serializers.Serializer[Any]):
    """What the session must meet, as planned and again as delivered."""

    min_energy_wh = _wh("The session's energy in Wh, this one included.")
    max_energy_wh = _wh("The session's energy in Wh, this one included.")
