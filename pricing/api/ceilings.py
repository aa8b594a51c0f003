"""The staff API of price ceilings, by ceiling id."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view

from cpo_portal.network.api import OwnViewSet
from cpo_portal.network.serializers import OwnSerializer
from pricing.api.parts import WindowsField
from pricing.models import PriceCeiling


class PriceCeilingSerializer(OwnSerializer):
    """At most so much per kWh, before tax, at some connectors in some hours."""

    own_id = "ceiling_id"
    weekly_windows = WindowsField(required=False)

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
