"""Typed reading of parsed JSON: each reader returns a value or raises a ProtocolFault that names the path.

`null` counts as absent, unknown keys are ignored, and no text is turned into a number or back, except that a
decimal may come as a string or as a number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from beckn.protocol import times
from beckn.protocol.errors import INVALID_REQUEST
from beckn.protocol.values import ProtocolFault

Json = Mapping[str, Any]

MAX_ID = 255
MAX_TEXT = 1024
MAX_ENTRIES = 100

_EMPTY: Json = {}
_DECIMAL = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{0,9})?|\.\d{1,9})", re.ASCII)
_LARGEST = Decimal(10) ** 12


def fault(path: str, sentence: str) -> NoReturn:
    """Refuse the message as an invalid request."""
    raise ProtocolFault(INVALID_REQUEST, sentence, (path,))


def child(parent: Json, key: str, path: str) -> Json:
    """Return the object under `key`, an empty one where it is absent."""
    value = parent.get(key)
    if value is None:
        return _EMPTY
    if not isinstance(value, dict):
        fault(f"{path}.{key}", f"{key} is not an object.")
    return value


def need_child(parent: Json, key: str, path: str) -> Json:
    """Return the object under `key`, which must be there."""
    if parent.get(key) is None:
        fault(f"{path}.{key}", f"{key} is missing.")
    return child(parent, key, path)


def children(parent: Json, key: str, path: str) -> list[Json]:
    """Return the objects in the array under `key`, none where it is absent."""
    value = parent.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        fault(f"{path}.{key}", f"{key} is not an array.")
    if len(value) > MAX_ENTRIES:
        fault(f"{path}.{key}", f"{key} has more than {MAX_ENTRIES} entries.")
    for index, entry in enumerate(value):
        if not isinstance(entry, dict):
            fault(f"{path}.{key}[{index}]", f"An entry of {key} is not an object.")
    return value


def text(parent: Json, key: str, path: str, *, limit: int = MAX_ID) -> str:
    """Return the text under `key` without the blanks around it, "" where it is absent."""
    value = parent.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        fault(f"{path}.{key}", f"{key} is not text.")
    if len(value) > limit:
        fault(f"{path}.{key}", f"{key} is longer than {limit} characters.")
    return value.strip()


def need_text(parent: Json, key: str, path: str, *, limit: int = MAX_ID) -> str:
    """Return the text under `key`, which must be there and not blank."""
    value = text(parent, key, path, limit=limit)
    if not value:
        fault(f"{path}.{key}", f"{key} is missing.")
    return value


def decimal(parent: Json, key: str, path: str) -> Decimal | None:
    """Return the number under `key` (string or number, below 10^12, no exponent in a string), None where absent."""
    value = parent.get(key)
    if value is None:
        return None
    if isinstance(value, str) and _DECIMAL.fullmatch(value.strip()):
        return Decimal(value.strip())
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        number = Decimal(value)
        if number.is_finite() and abs(number) < _LARGEST:
            return number
    fault(f"{path}.{key}", f"{key} is not a decimal number below 10^12 with at most 9 decimals.")


def need_decimal(parent: Json, key: str, path: str) -> Decimal:
    """Return the number under `key`, which must be there."""
    value = decimal(parent, key, path)
    if value is None:
        fault(f"{path}.{key}", f"{key} is missing.")
    return value


#: No session is planned beyond these; a zone's offset added to them is still a date.
FIRST_YEAR, LAST_YEAR = 2000, 2100


def moment(parent: Json, key: str, path: str) -> datetime | None:
    """Return the time under `key` (aware UTC, or naive for local time), None where absent."""
    value = parent.get(key)
    if value is None:
        return None
    try:
        found = times.parse_time(value)
    except (TypeError, ValueError):
        fault(f"{path}.{key}", f"{key} is not a time.")
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        fault(f"{path}.{key}", f"{key} lies outside the years {FIRST_YEAR} to {LAST_YEAR}.")
    return found


def yes_or_no(value: str, path: str) -> bool:
    """Return what a tag's yes/no (or true/false) says."""
    word = value.casefold()
    if word in {"yes", "true"}:
        return True
    if word in {"no", "false"}:
        return False
    fault(path, "The value is neither yes nor no.")


def only_numbers(value: object) -> bool:
    """Tell whether JSON gave a whole number (a boolean is none)."""
    return isinstance(value, int) and not isinstance(value, bool)
