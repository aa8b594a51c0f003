"""Bodies of the staff API: a property that is not written is refused, so that no misspelt one is taken for left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers

from cpo_portal.network.api_fields import MOST_FAULTS, OneOfField, closest

NO_SUCH = "There is no such property: remove it."


class Strict:
    """A serializer that refuses what it does not write, each with a sentence, beside its other faults."""

    #: What serializers of a model make of a column with choices.
    serializer_choice_field: Any = OneOfField

    def to_internal_value(self, data: Any) -> Any:
        refused = unwritten(self, data) if isinstance(data, Mapping) else {}
        try:
            values = super().to_internal_value(data)  # type: ignore[misc]
        except serializers.ValidationError as fault:
            raise serializers.ValidationError({**refused, **fault.detail}) from fault  # type: ignore[dict-item]
        if refused:
            raise serializers.ValidationError(refused)
        return values


class StrictSerializer(Strict, serializers.Serializer[Any]):
    """A body, or a part of one."""


def unwritten(serializer: Any, data: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return, by property, why it cannot be sent; at most ten of them."""
    written = [name for name, field in serializer.fields.items() if not field.read_only]
    refused: dict[str, list[str]] = {}
    for name in data:
        if name not in written and len(refused) < MOST_FAULTS:
            refused[name] = [_sentence(name, name in serializer.fields, written)]
    return refused


def _sentence(name: str, is_read: bool, written: list[str]) -> str:
    if is_read:
        return "This can be read and not written: leave it out."
    meant = closest(name, written)
    return f"There is no such property: did you mean “{meant}”?" if meant else NO_SUCH


class StrictExtension(OpenApiSerializerExtension):
    """Says in the description of requests that there are no other properties."""

    target_class = Strict
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> Any:
        described = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        if direction == "request" and described.get("type") == "object":
            described["additionalProperties"] = False
        return described
