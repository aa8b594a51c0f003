"""The staff API of price ceilings, by ceiling id."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from cpo_portal.network.api import OwnViewSet
from cpo_portal.network.api_fields import BoundedListField
from cpo_portal.network.serializers import OwnSerializer
from pricing.api.serializers import WindowSerializer
from pricing.models import PriceCeiling
from pricing.windows import normal_windows


class PriceCeilingSerializer(OwnSerializer):
    """At most so much per kWh, before tax, at some connectors in some hours."""

    own_id = "ceiling_id"
    weekly_windows = BoundedListField(child=WindowSerializer(), max_length=50, required=False)

    class Meta:
        model = PriceCeiling
        fields = [
            "ceiling_id",
            "name",
            "source",
            "state",
            "connector_type",
            "min_power_w",
            "max_power_w",
            "weekly_windows",
            "maximum_rate",
            "mode",
        ]

    def validate_weekly_windows(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        try:
            return list(normal_windows([dict(entry) for entry in value]))
        except DjangoValidationError as refusal:
            raise serializers.ValidationError(refusal.messages) from refusal

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        least, most = (attrs.get(x, getattr(self.instance, x, None)) for x in ("min_power_w", "max_power_w"))
        if least is not None and most is not None and least > most:
            raise serializers.ValidationError({"max_power_w": "The most is below the least: raise it or leave it out."})
        return attrs


@extend_schema_view(
    list=extend_schema(summary="List price ceilings"),
    retrieve=extend_schema(summary="Read a price ceiling"),
    create=extend_schema(summary="Make a price ceiling"),
    update=extend_schema(summary="Write a price ceiling"),
    partial_update=extend_schema(summary="Change a price ceiling"),
    destroy=extend_schema(summary="Delete a price ceiling"),
)
class PriceCeilingViewSet(OwnViewSet):
    """Ceilings that tariffs are compared with when they are written and published."""

    model = PriceCeiling
    serializer_class = PriceCeilingSerializer
    lookup_field = "ceiling_id"

    def rows(self) -> QuerySet[PriceCeiling]:
        return PriceCeiling.objects.order_by("ceiling_id")
