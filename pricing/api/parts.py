"""Parts that the APIs of tariffs, surges and offers share: what is written whole, windows, what a change began at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import serializers
from rest_framework.fields import empty

from cpo_portal.network.api_fields import BoundedListField, InstantField
from cpo_portal.network.api_strict import StrictSerializer
from pricing.versions.revisions import PATTERN, Expected
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


class BasedOnRevisionField(serializers.RegexField):
    """The revision of a version that was read."""

    def __init__(self, *, help_text: str) -> None:
        said: dict[str, Any] = {"invalid": "Send the `revision` of the version that you read, as it was."}
        super().__init__(PATTERN, required=False, help_text=help_text, error_messages=said)


class NoteSerializer(StrictSerializer):
    """Why something is done; shown in the history."""

    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class PublishSerializer(NoteSerializer):
    """A publication; with `based_on_revision` of nothing but what was read."""

    based_on_revision = BasedOnRevisionField(
        help_text="The `revision` of the draft as it was read: publish nothing if it says something else by now."
    )


class ApprovalSerializer(NoteSerializer):
    """An approval; with `submitted_at` it is refused where the draft was submitted anew since it was read."""

    submitted_at = InstantField(required=False, allow_null=True)


class BasedOnSerializer(StrictSerializer):
    """A change that says what it started from, so that nothing is overwritten unseen."""

    based_on_version = serializers.IntegerField(
        required=False, min_value=1, help_text="Refuse the content if another version is the latest by now."
    )
    based_on_revision = BasedOnRevisionField(
        help_text="The `revision` of the draft, or of the live version where there is none, as it was read: refuse the "
        "content if it is another by now, also of the same draft. It goes before `based_on_version`."
    )


def expected_of(data: Mapping[str, Any]) -> Expected:
    """Return the revision or the number of the version that a change says it started from."""
    revision: Expected = data.get("based_on_revision")
    return revision or data.get("based_on_version")


class RevisionField(serializers.CharField):
    """The revision of a version in an answer."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"help_text": "What `based_on_revision` names: it changes whenever the content does."} | kwargs
        )


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
