"""What names a version as it reads now: whoever changes a draft tells by it what they have read."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from pricing.engine.codec import canonical_hash

#: The number of the version, and what is peculiar to its content.
PATTERN = r"^[1-9]\d{0,9}-[0-9a-f]{16}$"
#: The number of a version that somebody started from, or its revision, which a change of the draft in place moves too.
Expected = int | str | None


def revision_of(number: int, content: Any) -> str:
    """Return "3-0123456789abcdef" of a version that is stored, by its content."""
    return f"{number}-{canonical_hash(content)[:16]}"


def refuse_another(expected: Expected, number: int, content: Any, noun: str) -> None:
    """Raise ValidationError where the latest version is not the one that was read, or says something else by now."""
    if expected is None:
        return
    if str(expected).partition("-")[0] != str(number):
        raise ValidationError(f"Someone else has published this {noun} since you opened it: reload and try again.")
    if isinstance(expected, str) and expected != revision_of(number, content):
        raise ValidationError(f"Someone else has changed this {noun}'s draft since you read it: reload and try again.")
