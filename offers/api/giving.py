"""What an offer gives for what is bought, as the API reads and writes it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from cpo_portal.network.api_fields import OneOfField
from offers.models import ItemUnitChoice


class GivingSerializer(serializers.Serializer[Any]):
    """A free product (freebie), or for every so many so many more at a price (buyXgetY)."""

    item_unit = OneOfField(
        choices=ItemUnitChoice.choices, required=False, allow_blank=True, help_text="What is counted."
    )
    qualifier_item_count = serializers.IntegerField(
        required=False, allow_null=True, help_text="So many are paid before more are given."
    )
    benefit_item_count = serializers.IntegerField(required=False, allow_null=True, help_text="So many more.")
    benefit_item_id = serializers.CharField(
        max_length=100,
        required=False,
        allow_blank=True,
        help_text="The product that is given; without one, more of what is bought.",
    )
    item_value = serializers.DecimalField(
        max_digits=14,
        decimal_places=2,
        required=False,
        allow_null=True,
        help_text="What one of them costs; 0 is free. Where products cost something, `auto` is false.",
    )
