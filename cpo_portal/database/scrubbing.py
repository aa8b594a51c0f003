"""Masks what may be personal in texts that are kept or logged: addresses, phone numbers, tax ids, given words."""

from __future__ import annotations

import re
from collections.abc import Collection

MASK = "•••"
#: A shorter word would mask half of what a text says, and tells nobody apart.
SHORTEST_WORD, SHORTEST_NUMBER = 3, 6

_PATTERNS = re.compile(
    r"[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+"  # an e-mail address, whose length ends the search in an endless word
    r"|\b\d{2}[A-Z]{5}\d{4}[A-Z][0-9A-Z]Z[0-9A-Z]\b"  # a GSTIN
    # Seven to fifteen digits, however grouped, that are no date and no part of an id, an address or an amount.
    r"|(?<![\w.:-])(?!\d{4}-\d\d-\d\d\b)\(?\+?\(?\d(?:[\s()-]{0,3}\d){6,14}(?![\w:-])"
)


def scrub(text: str, words: Collection[str] = ()) -> str:
    """Return the text with what looks personal masked, and with it these words, whatever their case."""
    folded = _fold(text)
    # A message may bring a hundred thousand words, and a pattern of those that are not there costs as much as any.
    if found := [word for word in words if _fold(word) in folded]:
        longest_first = sorted(found, key=len, reverse=True)
        text = re.sub("|".join(re.escape(word) for word in longest_first), MASK, text, flags=re.IGNORECASE)
    return _PATTERNS.sub(MASK, text)


def _fold(text: str) -> str:
    """Return a text without case, and with one i for all: a pattern that ignores case takes them for the same."""
    return text.casefold().replace("\u0307", "").replace("ı", "i")
