"""Reads what follows an order: status, track, update, cancel, rating, support."""

from __future__ import annotations

from decimal import Decimal

from beckn.protocol.reading import (
    MAX_TEXT,
    Json,
    child,
    children,
    fault,
    need_child,
    need_decimal,
    need_text,
    only_numbers,
    text,
)
from beckn.protocol.values import (
    CancelRequest,
    Rating,
    RatingRequest,
    SessionChange,
    StatusRequest,
    SupportRequest,
    TrackRequest,
    UpdateRequest,
)

MESSAGE = "$.message"

_CHANGES = {
    "start-charging": SessionChange.START,
    "start": SessionChange.START,
    "stop-charging": SessionChange.STOP,
    "end-charging": SessionChange.STOP,
    "stop": SessionChange.STOP,
    "end": SessionChange.STOP,
}
#: Core's rating categories; DEG v1's example rates a "charger", which is an item.
_CATEGORIES = {word.casefold(): word for word in ("Item", "Order", "Fulfillment", "Provider", "Agent", "Support")} | {
    "charger": "Item"
}
_MAX_RATING = Decimal(100)


def parse_status(body: Json) -> StatusRequest:
    """Read the order id, which may be absent; raises ProtocolFault."""
    return StatusRequest(text(body["message"], "order_id", MESSAGE))


def parse_track(body: Json) -> TrackRequest:
    """Read the order id, which may be absent; raises ProtocolFault."""
    return TrackRequest(text(body["message"], "order_id", MESSAGE))


def parse_update(body: Json) -> UpdateRequest:
    """Read which change of the session is asked for, and the one-time password; raises ProtocolFault."""
    message = body["message"]
    order = need_child(message, "order", MESSAGE)
    path = f"{MESSAGE}.order"
    sessions = children(order, "fulfillments", path)
    if not sessions:
        fault(f"{path}.fulfillments", "No fulfillment is updated.")
    session = sessions[0]
    path = f"{path}.fulfillments[0]"
    descriptor = need_child(need_child(session, "state", path), "descriptor", f"{path}.state")
    code = need_text(descriptor, "code", f"{path}.state.descriptor")
    change = _CHANGES.get(code.lower().replace("_", "-"))
    if change is None:
        fault(f"{path}.state.descriptor.code", "The state is neither start-charging nor stop-charging.")
    return UpdateRequest(
        change=change,
        order_id=text(order, "id", f"{MESSAGE}.order"),
        fulfillment_id=text(session, "id", path),
        otp=_token(session, path),
        update_target=text(message, "update_target", MESSAGE),
    )


def parse_cancel(body: Json) -> CancelRequest:
    """Read the order id, the reason and its description, each of which may be absent; raises ProtocolFault."""
    message = body["message"]
    reason = message.get("cancellation_reason_id")
    if only_numbers(reason):
        message = {**message, "cancellation_reason_id": str(reason)}
    descriptor = child(message, "descriptor", MESSAGE)
    words = [text(descriptor, key, f"{MESSAGE}.descriptor", limit=MAX_TEXT) for key in ("short_desc", "name")]
    return CancelRequest(
        order_id=text(message, "order_id", MESSAGE),
        reason_id=text(message, "cancellation_reason_id", MESSAGE),
        description=next((word for word in words if word), ""),
    )


def parse_rating(body: Json) -> RatingRequest:
    """Read one rating or more; raises ProtocolFault."""
    ratings = children(body["message"], "ratings", MESSAGE)
    if not ratings:
        fault(f"{MESSAGE}.ratings", "Nothing is rated.")
    return RatingRequest(tuple(_rating(entry, f"{MESSAGE}.ratings[{index}]") for index, entry in enumerate(ratings)))


def parse_support(body: Json) -> SupportRequest:
    """Read what help is wanted with, and how to call back; raises ProtocolFault."""
    support = child(body["message"], "support", MESSAGE)
    path = f"{MESSAGE}.support"
    return SupportRequest(
        ref_id=text(support, "ref_id", path) or text(body["message"], "ref_id", MESSAGE),
        phone=text(support, "phone", path) or text(support, "callback_phone", path),
        email=text(support, "email", path),
    )


def _token(session: Json, path: str) -> str:
    """Return the first token: of a stop's authorization (DEG), else of the fulfillment's (as UEI puts it in init)."""
    for index, stop in enumerate(children(session, "stops", path)):
        stop_path = f"{path}.stops[{index}]"
        token = text(child(stop, "authorization", stop_path), "token", f"{stop_path}.authorization")
        if token:
            return token
    return text(child(session, "authorization", path), "token", f"{path}.authorization")


def _rating(rating: Json, path: str) -> Rating:
    category = need_text(rating, "rating_category", path)
    if category.casefold() not in _CATEGORIES:
        fault(f"{path}.rating_category", "The rating category is not known.")
    value = need_decimal(rating, "value", path)
    if not 0 <= value <= _MAX_RATING:
        fault(f"{path}.value", "The rating is not from 0 to 100.")
    return Rating(_CATEGORIES[category.casefold()], need_text(rating, "id", path), value)
