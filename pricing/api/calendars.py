"""The staff API of holiday calendars: their days are written as a whole, by calendar id."""

from __future__ import annotations

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from cpo_portal.network.api import KeptViewSet
from cpo_portal.network.api_fields import BoundedListField
from cpo_portal.network.api_strict import StrictSerializer
from cpo_portal.network.serializers import OwnSerializer
from pricing.holidays import MOST_DAYS, normal_days
from pricing.models import HolidayCalendar


class HolidaySerializer(StrictSerializer):
    """A named day."""

    date = serializers.CharField(max_length=10, help_text="Such as 2026-11-08.")
    name = serializers.CharField(max_length=100)


class HolidayCalendarSerializer(OwnSerializer):
    """A calendar with all its days."""

    own_id = "calendar_id"
    days = BoundedListField(child=HolidaySerializer(), max_length=MOST_DAYS, required=False)

    class Meta:
        model = HolidayCalendar
        fields = ["calendar_id", "name", "days"]

    def validate_days(self, value: list[dict[str, str]]) -> list[dict[str, str]]:
        try:
            return normal_days([dict(entry) for entry in value])
        except DjangoValidationError as refusal:
            raise serializers.ValidationError(refusal.messages) from refusal


@extend_schema_view(
    list=extend_schema(summary="List holiday calendars"),
    retrieve=extend_schema(summary="Read a holiday calendar"),
    create=extend_schema(summary="Make a holiday calendar"),
    update=extend_schema(summary="Write a holiday calendar"),
    partial_update=extend_schema(summary="Change a holiday calendar"),
)
class HolidayCalendarViewSet(KeptViewSet):
    """Calendars that offers name; published offers follow a change at once. They are emptied, never deleted."""

    model = HolidayCalendar
    serializer_class = HolidayCalendarSerializer
    lookup_field = "calendar_id"
    longest_body = 131_072

    def rows(self) -> QuerySet[HolidayCalendar]:
        return HolidayCalendar.objects.order_by("calendar_id")
