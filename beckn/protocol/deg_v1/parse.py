"""Reads a request of DEG v1 by its action."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from beckn.protocol.deg_v1 import parse_order, parse_search, parse_session
from beckn.protocol.errors import INVALID_REQUEST
from beckn.protocol.reading import Json
from beckn.protocol.values import Action, ProtocolFault, Request

_PARSERS: Mapping[str, Callable[[Json], Request]] = {
    Action.SEARCH: parse_search.parse_search,
    Action.SELECT: parse_order.parse_select,
    Action.INIT: parse_order.parse_init,
    Action.CONFIRM: parse_order.parse_confirm,
    Action.STATUS: parse_session.parse_status,
    Action.TRACK: parse_session.parse_track,
    Action.UPDATE: parse_session.parse_update,
    Action.CANCEL: parse_session.parse_cancel,
    Action.RATING: parse_session.parse_rating,
    Action.SUPPORT: parse_session.parse_support,
}


def parse_request(action: str, body: Json) -> Request:
    """Return the typed request in `body.message`; raises ProtocolFault with the path at fault."""
    parser = _PARSERS.get(action)
    if parser is None:
        raise ProtocolFault(INVALID_REQUEST, "This action is not known.", ("$.context.action",))
    if not isinstance(body.get("message"), dict):
        raise ProtocolFault(INVALID_REQUEST, "The message is missing or no object.", ("$.message",))
    return parser(body)
