"""Hands a file that was checked back to the page, sealed, so that it is imported without being chosen again.

Nothing is kept for it: who leaves the page leaves nothing behind. Only the person who had it checked can send it in
again, on the same page of the same CPO, for half an hour.
"""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cpo_portal.accounts.sealing import SealBroken, decrypt, encrypt, key_named, newest_key

LASTS = timedelta(minutes=30)
#: Longer ones would not fit into a request beside the rest of the form.
MOST_CHARACTERS = 2_000_000
_MARK_BYTES = 4


class NotTakenBack(ValueError):
    """What came back is not what was handed out; the text says what to do."""


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file with its name, and what else the form said."""

    name: str
    data: bytes
    choices: dict[str, Any]


def hand_back(file: CheckedFile, *, bound_to: str, now: datetime) -> str:
    """Return the file as text for a form, "" where it is too large for one. `bound_to` says who sends it in, where."""
    head = json.dumps({"at": now.timestamp(), "name": file.name, "choices": file.choices})
    key = newest_key()
    sealed = key.mark + encrypt(key, zlib.compress(head.encode() + b"\n" + file.data), bound_to.encode())
    text = urlsafe_b64encode(sealed).decode()
    return text if len(text) <= MOST_CHARACTERS else ""


def take_back(text: str, *, bound_to: str, now: datetime) -> CheckedFile:
    """Return the file that was handed back; raises NotTakenBack where it is too old, altered or somebody else's."""
    try:
        sealed = urlsafe_b64decode(text.encode())
        key = key_named(sealed[:_MARK_BYTES].hex())
        head, _, data = zlib.decompress(decrypt(key, sealed[_MARK_BYTES:], bound_to.encode())).partition(b"\n")
    except (SealBroken, ValueError):
        raise NotTakenBack("This file was not checked here: choose it again.") from None
    said = json.loads(head)
    if not 0 <= now.timestamp() - said["at"] <= LASTS.total_seconds():
        raise NotTakenBack("The check is more than half an hour old: choose the file again.")
    return CheckedFile(said["name"], data, said["choices"])
