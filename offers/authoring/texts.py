"""Whether the texts that drivers read can be read: a name that is one, and no sign that nobody sees."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from offers.authoring.unread import Finding, readable

#: What turns the direction of the text behind it; joiners, of which Indian scripts have need, are none.
_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: A soft hyphen, a space without width, a joiner of words, and a byte order mark.
_WITHOUT_WIDTH = frozenset("\u00ad\u200b\u2060\ufeff")
#: Unicode's categories of controls, surrogates, private use and ends of lines and paragraphs; what is not assigned yet
#: may be a newer emoji.
_UNSEEN = frozenset({"Cc", "Cs", "Co", "Zl", "Zp"})
_UNASSIGNED = "Cn"
#: And the first letters of those of letters, numbers, punctuation and symbols.
_SEEN = frozenset("LNPS")
#: Letters and symbols that stand for nothing: the fillers of Hangul and the empty pattern of Braille.
_EMPTY = frozenset("\u115f\u1160\u3164\uffa0\u2800")
#: Marks without a shape of their own, of which texts have need and codes have none: joiners of graphemes, vowels of
#: Khmer that are not written, and what chooses the shape of the sign before it.
_SHAPELESS = frozenset(
    map(chr, (0x34F, 0x17B4, 0x17B5, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
)
_LAYOUT = str.maketrans("", "", "\r\n\t")
#: Those that are one line.
_ONE_LINE = frozenset({"name", "short_desc"})
_TEXTS = {"name": "name", "short_desc": "short description", "long_desc": "long description", "terms_text": "terms"}
#: In characters. A short description too long is refused by its column, in words that are as good.
LONGEST = {"name": 200, "long_desc": 5000, "terms_text": 5000}


def check_texts(content: Any) -> Iterator[Finding]:
    """Yield what is wrong with the texts of an offer's content, by field."""
    for field in readable(content, _TEXTS):
        text = getattr(content, field)
        text = text if field in _ONE_LINE else text.translate(_LAYOUT)
        if any(not is_readable(x) for x in text) and (field != "name" or can_be_seen(text)):
            yield field, f"The {_TEXTS[field]} holds a sign that nobody sees: type it anew."
    if not can_be_seen(content.name):
        yield "name", "Give the offer a name."
    for field, longest in LONGEST.items():
        if (length := len(getattr(content, field))) > longest:
            yield field, f"Shorten the {_TEXTS[field]} from {length:,} to {longest:,} characters."


def with_plain_lines(text: str) -> str:
    """Return a text whose lines end as everywhere here; browsers send two signs for each."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def can_be_seen(text: str) -> bool:
    """Tell whether a text has anything but spaces, joiners and marks."""
    return any(x not in _EMPTY and (unicodedata.category(x)[0] in _SEEN or _is_new(x)) for x in text)


def is_readable(sign: str) -> bool:
    """Tell whether a sign is none of those that nobody sees, or that turn others."""
    return sign not in _TURNING and sign not in _WITHOUT_WIDTH and unicodedata.category(sign) not in _UNSEEN


def shows_each_sign(code: str) -> bool:
    """Tell whether every sign of a code can be told from none, so that no two codes look alike for it."""
    return not any(x in _EMPTY or x in _SHAPELESS or not is_readable(x) for x in code)


def _is_new(sign: str) -> bool:
    """Tell whether Unicode's table here does not know the sign yet; the last two of each plane never will be any."""
    code = ord(sign)
    is_none = 0xFDD0 <= code <= 0xFDEF or code & 0xFFFE == 0xFFFE
    return unicodedata.category(sign) == _UNASSIGNED and not is_none
