"""What a dialect is to the rest of the platform: one object that reads requests and writes callbacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from beckn.protocol.order_views import View
from beckn.protocol.values import Dialect, Request


class RenderError(Protocol):
    """Writes the `error` of a callback."""

    def __call__(self, code: str, message: str, paths: tuple[str, ...] = ()) -> dict[str, Any]: ...


class RenderRefusal(Protocol):
    """Writes all of a callback with an error but its context: the error, and a message where core demands one."""

    def __call__(self, action: str, code: str, message: str, paths: tuple[str, ...] = ()) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Codec:
    """`parse(action, body)` returns a request or raises ProtocolFault; `render(action, view)` returns the message."""

    name: Dialect
    parse: Callable[[str, Mapping[str, Any]], Request]
    render: Callable[[str, View], dict[str, Any]]
    render_error: RenderError
    render_refusal: RenderRefusal
