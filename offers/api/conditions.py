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
    nth_session = serializers.IntegerField(
        required=False,
        allow_null=True,
        help_text="Only this session of a customer with you; 1 is the first. Published with uses_per_customer 1 alone.",
    )
    max_busy_percent = serializers.IntegerField(
        required=False, allow_null=True, help_text="While less than this share of the location's chargers is busy."
    )
    stock_product_id = serializers.CharField(
        max_length=100, required=False, allow_blank=True, help_text="With stock_at_least: while so many are left."
    )
    stock_at_least = serializers.IntegerField(required=False, allow_null=True)
