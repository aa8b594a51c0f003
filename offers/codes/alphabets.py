"""What single-use codes are made of: characters that nobody mistakes for each other, and enough of them."""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping

from offers.models import CodeAlphabet

#: Without 0 O Q, 1 I L, 2 Z, 5 S, 8 B, U V: who reads a code off paper types it right.
CHARACTERS: Mapping[str, str] = {
    CodeAlphabet.MIXED: "34679ACDEFGHJKMNPRTWXY",
    CodeAlphabet.LETTERS: "ABCDEFGHJKMNPRSTWXYZ",
    CodeAlphabet.DIGITS: "0123456789",
}
#: Of a million codes, one in 2^40 guesses finds one.
LEAST_BITS = 60


def least_length(alphabet: str) -> int:
    """Return how many random characters it takes that nobody guesses a code."""
    return math.ceil(LEAST_BITS / math.log2(len(CHARACTERS[alphabet])))


def make_code(prefix: str, length: int, alphabet: str) -> str:
    """Return a new code from the system's source of randomness."""
    characters = CHARACTERS[alphabet]
    return prefix + "".join([secrets.choice(characters) for _ in range(length)])
