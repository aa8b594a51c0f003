"""What an error says in a log or a row: a database's message goes on with the values of the row, people's data."""

from __future__ import annotations

import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

from cpo_portal.database.scrubbing import scrub

#: A log line tells the whole way of an error, but not that of an endless recursion.
MOST_FRAMES = 40


def describe(error: BaseException, frames: int = 6) -> str:
    """Return the error's first line and where it arose: a database's further lines quote people's data.

    The first line may quote some too ("invalid input: …"); what looks like it is masked.
    """
    first = scrub((str(error).splitlines() or [""])[0][:500])
    where = "".join(traceback.format_tb(error.__traceback__)[-frames:]) if frames else ""
    return f"{type(error).__name__}: {first}\n{where}"


def without_query(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep what staff searched for out of the log: of an address the path remains; a structlog processor."""
    request = event.get("request")
    if isinstance(request, str):
        event["request"] = request.partition("?")[0]
    return event


def describe_exc_info(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put an error's description in the place of `exc_info`; a processor of structlog."""
    given = event.pop("exc_info", None)
    if isinstance(given, BaseException):
        error: BaseException | None = given
    else:
        error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given else None
    if error is not None:
        event["exception"] = describe(error, MOST_FRAMES)
    return event
