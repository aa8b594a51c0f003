"""What is answered where a request is refused before the application sees it, in the words of its side."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from beckn.protocol import envelope
from beckn.protocol.errors import INVALID_REQUEST


class Fault(Enum):
    """The status, a code for the APIs and the sentence."""

    TOO_LARGE = (413, "too_large", "The body is longer than {} bytes; send less at once.")
    TOO_SLOW = (408, "too_slow", "The body did not arrive within {} seconds; send it again at once.")
    CUT_SHORT = (400, "cut_short", "The body ended before its Content-Length; send it again whole.")
    NO_LENGTH = (411, "no_length", "Send the body with a Content-Length.")
    BAD_LENGTH = (400, "bad_length", "Content-Length is not a number of bytes.")
    ENCODED = (415, "encoded", "Send the body as it is: Content-Encoding {} is not read here.")
    CROWDED_OUT = (503, "busy", "Too many long bodies are coming in; send this one again in a moment.")


class Refused(Exception):
    """The request is answered without the application; `detail` goes into the sentence."""

    def __init__(self, fault: Fault, detail: object = "") -> None:
        self.status, self.code, sentence = fault.value
        super().__init__(sentence.format(detail))


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def reply_to(refused: Refused, path: str) -> Reply:
    """Return a NACK to the network, the APIs' error to them, and plain text to everybody else; then the line ends."""
    if path.startswith("/beckn/"):
        code = INVALID_REQUEST if refused.status < 500 else str(refused.status)
        return _json(refused.status, envelope.nack(code, str(refused), ("$",)))
    if path.startswith("/api/"):
        return _json(refused.status, {"error": {"code": refused.code, "message": str(refused)}})
    return _reply(refused.status, "text/plain; charset=utf-8", str(refused).encode())


def _json(status: int, content: Mapping[str, object]) -> Reply:
    return _reply(status, "application/json", json.dumps(content).encode())


def _reply(status: int, content_type: str, body: bytes) -> Reply:
    # What is left of the body is not waited for, so that the connection serves no second request.
    headers = [("content-type", content_type), ("connection", "close"), ("x-content-type-options", "nosniff")]
    return Reply(status, headers, body)
