"""What the APIs of several rooms share: instants with an offset, relations within the CPO, the shape of a refusal."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers


class InstantField(serializers.DateTimeField):
    """An instant: read with its offset, written in UTC."""

    default_error_messages = {"naive": 'Send the time with its offset, such as "2025-01-04T18:30:00+05:30".'}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("naive")
        return super().enforce_timezone(value)


class OwnRelatedField(serializers.SlugRelatedField[Any]):
    """A row of the same CPO, by the id that people know; the scope is asked at every request."""

    def __init__(self, model: Any, **kwargs: Any) -> None:
        self.model = model
        super().__init__(queryset=model.objects.none(), **kwargs)

    def get_queryset(self) -> Any:
        return self.model.objects.all()


class ProblemSerializer(serializers.Serializer[Any]):
    """A refusal: a code, one sentence, and the fields at fault where there are any."""

    code = serializers.CharField()
    message = serializers.CharField()
    fields = serializers.JSONField(required=False)  # type: ignore[assignment]


class RefusedSerializer(serializers.Serializer[Any]):
    """Every refusal has this shape."""

    error = ProblemSerializer()
