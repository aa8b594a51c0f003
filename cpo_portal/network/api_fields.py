"""What the APIs of several rooms share: instants with an offset, relations within the CPO, the shape of a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import Enum
from typing import Any

from rest_framework import serializers
from rest_framework.relations import ManyRelatedField

from cpo_portal.database.instants import FIRST_YEAR, LAST_YEAR

#: How many of a list's faults are told at once.
MOST_FAULTS = 10
NO_SUCH_WORD = "There is no “{input}”: use one of {choices}."


class InstantField(serializers.DateTimeField):
    """An instant: read with its offset, written in UTC."""

    default_error_messages = {
        "naive": 'Send the time with its offset, such as "2025-01-04T18:30:00+05:30".',
        "far": f"Send a time in the years {FIRST_YEAR} to {LAST_YEAR}.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.tzinfo is None:
            self.fail("naive")
        if not FIRST_YEAR <= value.year <= LAST_YEAR:
            self.fail("far")
        return super().enforce_timezone(value)


def closest(name: str, names: Sequence[str]) -> str | None:
    """Return the name that is meant by a misspelt one; None where none is near."""
    return next(iter(get_close_matches(name[:100], names, n=1, cutoff=0.75)), None)


class OneOfField(serializers.ChoiceField):
    """One of a few words; what is none of them is refused with all that are."""

    default_error_messages = {"invalid_choice": NO_SUCH_WORD}

    def to_internal_value(self, data: Any) -> Any:
        if data == "" and self.allow_blank:
            return ""
        word = data.value if isinstance(data, Enum) else data
        known = self.choice_strings_to_values if isinstance(word, str | int) else {}
        if str(word) not in known:
            self.fail("invalid_choice", input=str(data)[:60], choices=", ".join(map(str, self.choices)))
        return known[str(word)]


def refuse_long_list(data: Any, most: int) -> None:
    """Refuse a list by its length, before anything in it is looked at."""
    if isinstance(data, list) and len(data) > most:
        raise serializers.ValidationError(f"Send at most {most} entries at once, not {len(data)}.", "max_length")


class BoundedListField(serializers.ListField):
    """A list of at most `max_length` entries; its faults are told by index, the first ten of them."""

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, **kwargs)

    def to_internal_value(self, data: Any) -> list[Any]:
        refuse_long_list(data, self.max_length or 0)
        return super().to_internal_value(data)

    def run_child_validation(self, data: list[Any]) -> list[Any]:
        values: list[Any] = []
        faults: dict[str, Any] = {}
        for index, entry in enumerate(data):
            try:
                values.append(self.child.run_validation(entry))
            except serializers.ValidationError as fault:
                faults[str(index)] = fault.detail
                if len(faults) == MOST_FAULTS:
                    break
        if faults:
            raise serializers.ValidationError(faults)
        return values


class BoundedRelations(ManyRelatedField):
    """Relations to at most a hundred rows: each one named is a look-up."""

    most = 100

    def to_internal_value(self, data: Any) -> list[Any]:
        refuse_long_list(data, self.most)
        return list(super().to_internal_value(data))


class OwnRelatedField(serializers.SlugRelatedField[Any]):
    """A row of the same CPO, by the id that people know; the scope is asked at every request."""

    def __init__(self, model: Any, **kwargs: Any) -> None:
        self.model = model
        super().__init__(queryset=model.objects.none(), **kwargs)

    @classmethod
    def many_init(cls, *args: Any, **kwargs: Any) -> BoundedRelations:
        shared = {key: kwargs[key] for key in ("required", "help_text") if key in kwargs}
        return BoundedRelations(child_relation=cls(*args, **kwargs), **shared)

    def get_queryset(self) -> Any:
        return self.model.objects.all()

    def to_internal_value(self, data: Any) -> Any:
        # PostgreSQL takes no NUL in a text, so no row has such an id; asking it would be a fault.
        if isinstance(data, str) and "\0" in data:
            self.fail("does_not_exist", slug_name=self.slug_field, value=data.replace("\0", "\ufffd"))
        return super().to_internal_value(data)


class ProblemSerializer(serializers.Serializer[Any]):
    """A refusal: a code, one sentence, and the fields at fault where there are any."""

    code = serializers.CharField()
    message = serializers.CharField()
    fields = serializers.JSONField(required=False)  # type: ignore[assignment]


class RefusedSerializer(serializers.Serializer[Any]):
    """Every refusal has this shape."""

    error = ProblemSerializer()
