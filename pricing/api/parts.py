"""Parts that the APIs of tariffs, ceilings and offers share: what is written as a whole, and weekly windows."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import serializers
from rest_framework.fields import empty

from cpo_portal.network.api_fields import BoundedListField
from cpo_portal.network.api_strict import StrictSerializer
from pricing.windows import normal_windows

MOST_WINDOWS = 50


class WholeSerializer(StrictSerializer):
    """A part that is written as a whole, also by a PATCH, which may leave out what is beside it but nothing inside."""

    def run_validation(self, data: Any = empty) -> Any:
        if self.parent is None or data is None or data is empty:
            return super().run_validation(data)
        # As a part of a PATCH every field might be left out; alone it is judged as it would be in a POST.
        alone = type(self)(data=data, context=self.context)
        alone.is_valid(raise_exception=True)
        return alone.validated_data


class WindowSerializer(WholeSerializer):
    """A weekly window on the clock of each location; each instant counts by its own weekday."""

    weekdays = BoundedListField(child=serializers.IntegerField(), max_length=7, help_text="1 is Monday, 7 is Sunday.")
    start = serializers.CharField(max_length=5, help_text="HH:MM.")
    end = serializers.CharField(max_length=5, help_text="HH:MM; 00:00 is the end of the day.")


class WindowsField(BoundedListField):
    """Weekly windows in their normal form."""

    def __init__(self, *, max_length: int = MOST_WINDOWS, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **{"child": WindowSerializer()} | kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        try:
            return list(normal_windows([dict(window) for window in super().to_internal_value(data)]))
        except ValidationError as refusal:
            raise serializers.ValidationError(refusal.messages) from refusal
