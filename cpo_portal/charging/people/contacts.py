"""One spelling per phone number and e-mail address, so that a driver is recognised however they were typed."""

from __future__ import annotations

import re
import unicodedata

#: Country (ISO 3166-1 alpha-3) → calling code and the length of a national number without its trunk zero.
NUMBERING = {
    "IND": ("91", 10),
    "NPL": ("977", 10),
    "LKA": ("94", 9),
    "BGD": ("880", 10),
    "ARE": ("971", 9),
    "SGP": ("65", 8),
    "GBR": ("44", 10),
    "USA": ("1", 10),
    "CAN": ("1", 10),
}
SHORTEST, LONGEST = 7, 15
#: What is dialled behind a number, which has at least ten digits of its own: "#99999" may as well be its end.
_EXTENSION = re.compile(r"\(?(?:;\s*ext\s*=|(?<![a-z])ext(?:ension|n)?\.?:?|x|#)\s*\d{1,7}\)?\s*$", re.IGNORECASE)
_WHOLE = 10


def normalise_phone(text: str, country: str) -> str:
    """Return "+919876543210" for every spelling of that number in its country; "" for what is no phone number.

    What is dialled behind a number ("ext 5") is no part of it. A number of a country that is not listed keeps its
    digits behind the country's name unless it begins with + or 00.
    """
    alone = _EXTENSION.sub("", text)
    digits = _digits(alone) if len(_digits(alone)) >= _WHOLE else _digits(text)
    international = text.strip().startswith("+") or digits.startswith("00")
    if international:
        digits = digits.lstrip("0")
    if not SHORTEST <= len(digits) <= LONGEST or not digits.strip("0"):
        return ""
    if country not in NUMBERING:
        return f"+{digits}" if international else f"{country}:{digits.lstrip('0')}"
    code, length = NUMBERING[country]
    national = digits.removeprefix("0") if not international else digits
    if len(national) == length and not international:
        return f"+{code}{national}"
    # "+91 (0) 98765 43210": the trunk zero is not dialled behind the calling code.
    behind = national[len(code) :]
    if national.startswith(code) and len(behind.removeprefix("0")) == length:
        return f"+{code}{behind.removeprefix('0')}"
    return f"+{national}" if international else f"{country}:{national}"


def _digits(text: str) -> str:
    return "".join(str(unicodedata.digit(char)) for char in text if unicodedata.digit(char, None) is not None)


def normalise_email(text: str) -> str:
    """Return the address in small letters, or "" for what is none."""
    address = text.strip().casefold()
    name, at, host = address.rpartition("@")
    return address if name and at and "." in host and not any(char.isspace() for char in address) else ""
