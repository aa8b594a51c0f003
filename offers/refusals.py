"""Why an order cannot go on: a kind that each network has its own code for, and one sentence for people."""

from __future__ import annotations

from enum import StrEnum


class RefusalKind(StrEnum):
    """What went wrong; `beckn` maps it to a dialect's code."""

    INVALID_REQUEST = "INVALID_REQUEST"
    PROVIDER_NOT_FOUND = "PROVIDER_NOT_FOUND"
    ITEM_NOT_FOUND = "ITEM_NOT_FOUND"
    PRODUCT_NOT_FOUND = "PRODUCT_NOT_FOUND"
    OFFER_NOT_VALID = "OFFER_NOT_VALID"
    OFFER_NOT_FULFILLABLE = "OFFER_NOT_FULFILLABLE"
    ORDER_NOT_FOUND = "ORDER_NOT_FOUND"
    QUANTITY_UNAVAILABLE = "QUANTITY_UNAVAILABLE"
    QUOTE_UNAVAILABLE = "QUOTE_UNAVAILABLE"
    QUOTE_CHANGED = "QUOTE_CHANGED"
    CONSENT_MISSING = "CONSENT_MISSING"
    BUSINESS_RULE = "BUSINESS_RULE"
    TRACKING_UNAVAILABLE = "TRACKING_UNAVAILABLE"
    BAD_RATING = "BAD_RATING"
    ACTION_NOT_APPLICABLE = "ACTION_NOT_APPLICABLE"
    CANCELLATION_NOT_POSSIBLE = "CANCELLATION_NOT_POSSIBLE"
    UPDATE_NOT_POSSIBLE = "UPDATE_NOT_POSSIBLE"


class Refusal(Exception):
    """The request is refused. Whatever the raising function changed before it still holds (a cancelled order)."""

    def __init__(self, kind: RefusalKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
