"""The envelope of a message: which dialect it speaks, its context, the answer at once, the callback's context."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from beckn.protocol import times
from beckn.protocol.errors import INVALID_REQUEST, ErrorKind, code_for
from beckn.protocol.values import Action, Context, Dialect, ProtocolFault

#: How far a sender's clock and the way to us may be off, beyond the message's ttl.
CLOCK_WINDOW = timedelta(seconds=30)
#: The ttl of a message that names none.
DEFAULT_TTL = timedelta(seconds=30)

_DEG_V1_VERSION = "1.1.0"
_DEG_V1_DOMAIN = re.compile(r"deg:ev-charging|ev-charging:uei|dent:ev-charging(?::.{1,40})?")
_REQUIRED = ("domain", "action", "version", "bap_id", "bap_uri", "transaction_id", "message_id", "timestamp")
_WITH_SELLER = (*_REQUIRED, "bpp_id", "bpp_uri")
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]{1,255}")
_URI = re.compile(r"https?://[^\s\x00-\x1f\x7f]{1,2040}", re.IGNORECASE)
_OBJECTS = ("context", "message")


def recognise(context: Mapping[str, Any]) -> Dialect:
    """Return the dialect that a context speaks; raises ProtocolFault where none of ours does."""
    version, domain = context.get("version"), context.get("domain")
    if version != _DEG_V1_VERSION:
        raise ProtocolFault(INVALID_REQUEST, "This version of the protocol is not spoken here.", ("$.context.version",))
    if not isinstance(domain, str) or not _DEG_V1_DOMAIN.fullmatch(domain):
        raise ProtocolFault(INVALID_REQUEST, "This domain is not served here.", ("$.context.domain",))
    return Dialect.DEG_V1


def parse_context(
    body: Mapping[str, Any], action: str, now: datetime, *, default_ttl: timedelta = DEFAULT_TTL
) -> Context:
    """Read the context of a request that came to `action`'s URL, and refuse one that is stale at `now`.

    Raises ProtocolFault: 30000 for what is missing, wrong or meant for another URL (all missing fields at once),
    the dialect's stale code for a timestamp too far from `now`.
    """
    for name in _OBJECTS:
        if not isinstance(body.get(name), dict):
            raise ProtocolFault(INVALID_REQUEST, f"The {name} is missing or no object.", (f"$.{name}",))
    context = read_context(body["context"])
    if context.action != action:
        raise ProtocolFault(
            INVALID_REQUEST, f"The action is not {action}, to whose address it was sent.", ("$.context.action",)
        )
    _refuse_stale(context, now, context.ttl if context.ttl is not None else default_ttl)
    return context


def read_context(raw: Mapping[str, Any]) -> Context:
    """Read a context without judging its age or its address, as when it comes back from storage.

    Raises ProtocolFault.
    """
    required = _REQUIRED if raw.get("action") == Action.SEARCH else _WITH_SELLER
    missing = tuple(f"$.context.{name}" for name in required if raw.get(name) in (None, ""))
    if missing:
        raise ProtocolFault(INVALID_REQUEST, "The context lacks required fields.", missing)
    dialect = recognise(raw)
    fields = {name: _text(raw, name) for name in ("domain", "action", "version", "bap_id", "bpp_id")}
    fields |= {name: _text(raw, name) for name in ("transaction_id", "message_id")}
    fields |= {name: _uri(raw, name) for name in ("bap_uri", "bpp_uri")}
    return Context(
        dialect=dialect,
        **fields,
        timestamp=_timestamp(raw),
        ttl=_ttl(raw),
        city=_place(raw, "city"),
        country=_place(raw, "country"),
        raw=raw,
    )


def ack() -> dict[str, Any]:
    """Return the answer that promises a callback."""
    return {"message": {"ack": {"status": "ACK"}}}


def nack(code: str, message: str, paths: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the answer that refuses a message; core knows one string of paths, so several are joined by commas."""
    error = {"code": code, "message": message}
    if paths:
        error["paths"] = ",".join(paths)
    return {"message": {"ack": {"status": "NACK"}}, "error": error}


def callback_context(
    context: Context, *, bpp_id: str, bpp_uri: str, timestamp: datetime, ttl: timedelta | None = None
) -> dict[str, Any]:
    """Return the context of the callback: the request's ids exactly, our own address, our time.

    `ttl` says how long the content holds (a catalogue, a quote) and is left out where None.
    """
    result: dict[str, Any] = {"domain": context.domain, "action": f"on_{context.action}"}
    location = {name: {"code": code} for name, code in (("country", context.country), ("city", context.city)) if code}
    if location:
        result["location"] = location
    result |= {
        "version": context.version,
        "bap_id": context.bap_id,
        "bap_uri": context.bap_uri,
        "bpp_id": bpp_id,
        "bpp_uri": bpp_uri,
        "transaction_id": context.transaction_id,
        "message_id": context.message_id,
        "timestamp": times.format_time(timestamp),
    }
    if ttl is not None:
        result["ttl"] = times.format_duration(ttl)
    return result


def _refuse_stale(context: Context, now: datetime, ttl: timedelta) -> None:
    """Judge the standard form only; of the others the signature's own window is the judge."""
    if context.timestamp is None or not times.is_rfc3339(context.raw["timestamp"]):
        return
    code = code_for(context.dialect, ErrorKind.STALE_REQUEST)
    if context.timestamp > now + CLOCK_WINDOW:
        raise ProtocolFault(code, "The timestamp lies in the future.", ("$.context.timestamp",))
    # Subtracted, because a ttl of centuries added to a timestamp may pass the last year.
    if now - context.timestamp > ttl + CLOCK_WINDOW:
        raise ProtocolFault(code, "The message is older than its ttl.", ("$.context.timestamp",))


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or not _PRINTABLE.fullmatch(value):
        raise ProtocolFault(INVALID_REQUEST, f"{name} is not a short line of text.", (f"$.context.{name}",))
    return value


def _uri(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or not _URI.fullmatch(value):
        raise ProtocolFault(INVALID_REQUEST, f"{name} is not an http address.", (f"$.context.{name}",))
    return value


def _timestamp(raw: Mapping[str, Any]) -> datetime | None:
    value = raw["timestamp"]
    try:
        moment = times.parse_time(value)
    except (TypeError, ValueError):
        raise ProtocolFault(INVALID_REQUEST, "timestamp is not a time.", ("$.context.timestamp",)) from None
    return moment if moment.tzinfo else None


def _ttl(raw: Mapping[str, Any]) -> timedelta | None:
    value = raw.get("ttl")
    if value is None:
        return None
    try:
        return times.parse_duration(value)
    except (TypeError, ValueError, OverflowError):
        raise ProtocolFault(INVALID_REQUEST, "ttl is not a duration.", ("$.context.ttl",)) from None


def _place(raw: Mapping[str, Any], name: str) -> str:
    """Return `location.<name>.code`, "" where any part is absent."""
    path = "$.context.location"
    value: Any = raw.get("location")
    for key in (name, "code"):
        if value is None:
            return ""
        if not isinstance(value, dict):
            raise ProtocolFault(INVALID_REQUEST, "A place in the context is not an object.", (path,))
        value, path = value.get(key), f"{path}.{key}"
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or not _PRINTABLE.fullmatch(value):
        raise ProtocolFault(INVALID_REQUEST, "A place in the context has no code of text.", (path,))
    return value
