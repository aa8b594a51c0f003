"""Whether the texts that drivers read can be read: a name that is one, and no sign that nobody sees."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from offers.authoring.unread import Finding, readable

#: What turns the direction of the text behind it; joiners, of which Indian scripts have need, are none.
TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Unicode's categories of controls and surrogates; what is not assigned yet may be a newer emoji.
_UNSEEN = frozenset({"Cc", "Cs"})
_UNASSIGNED = "Cn"
#: And the first letters of those of letters, numbers, punctuation and symbols.
_SEEN = frozenset("LNPS")
_LAYOUT = str.maketrans("", "", "\r\n\t")
_TEXTS = {"name": "name", "short_desc": "short description", "long_desc": "long description"}
LONGEST_NAME = 200


def check_texts(content: Any) -> Iterator[Finding]:
    """Yield what is wrong with the texts of an offer's content, by field."""
    for field in readable(content, _TEXTS):
        if any(x in TURNING or unicodedata.category(x) in _UNSEEN for x in getattr(content, field).translate(_LAYOUT)):
            yield field, f"The {_TEXTS[field]} holds a sign that nobody sees: type it anew."
    if not can_be_seen(content.name):
        yield "name", "Give the offer a name."
    if len(content.name) > LONGEST_NAME:
        yield "name", f"Shorten the name to {LONGEST_NAME} characters."


def can_be_seen(text: str) -> bool:
    """Tell whether a text has anything but spaces, joiners and marks."""
    return any(unicodedata.category(x)[0] in _SEEN or unicodedata.category(x) == _UNASSIGNED for x in text)
