"""Which words of a message are people's own, so that they can be kept out of what is logged about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cpo_portal.database.scrubbing import SHORTEST_NUMBER, SHORTEST_WORD

#: Beckn's objects that say who somebody is, what they drive and what lets them charge.
OBJECTS = frozenset({"billing", "customer", "person", "contact", "authorization", "vehicle"})
#: Inside of them these are the same for everybody.
GENERAL = frozenset({"type", "status", "country", "state", "city", "make", "code"})


def words_of(raw: bytes | None) -> frozenset[str]:
    """Return the personal texts of a body and their single words; none where it is no JSON."""
    try:
        body = json.loads(raw or b"null")
    except (ValueError, RecursionError):
        return frozenset()
    found: set[str] = set()
    for text in _texts(body, False):
        found |= {part for part in (text.strip(), *text.split()) if len(part) >= _shortest(part)}
    return frozenset(found)


def _shortest(word: str) -> int:
    """Return how long a word must be to be one person's: a house number is a status code elsewhere."""
    return SHORTEST_NUMBER if word.isdigit() else SHORTEST_WORD


def _texts(value: Any, personal: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if not (personal and key in GENERAL):
                yield from _texts(item, personal or key in OBJECTS)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, personal)
    elif personal and isinstance(value, str | int) and not isinstance(value, bool):
        yield str(value)
