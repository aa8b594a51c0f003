"""The error codes of each dialect, by meaning."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from beckn.protocol.values import Dialect


class ErrorKind(Enum):
    """What went wrong; each dialect has its own code for it."""

    INVALID_REQUEST = auto()
    PROVIDER_NOT_FOUND = auto()
    LOCATION_NOT_FOUND = auto()
    ITEM_NOT_FOUND = auto()
    OFFER_NOT_VALID = auto()
    OFFER_NOT_FULFILLABLE = auto()
    PRODUCT_NOT_FOUND = auto()
    ORDER_NOT_FOUND = auto()
    BAD_CANCELLATION_REASON = auto()
    BAD_UPDATE_TARGET = auto()
    RATED_NOT_FOUND = auto()
    BAD_RATING = auto()
    STALE_REQUEST = auto()
    CONSENT_MISSING = auto()
    BUSINESS_RULE = auto()
    ACTION_NOT_APPLICABLE = auto()
    QUANTITY_UNAVAILABLE = auto()
    QUOTE_UNAVAILABLE = auto()
    TRACKING_UNAVAILABLE = auto()
    QUOTE_CHANGED = auto()
    CANCELLATION_NOT_POSSIBLE = auto()
    UPDATE_NOT_POSSIBLE = auto()
    INVALID_SIGNATURE = auto()


#: BECKN-005, with the product's readings where BECKN-005 has no word for the case (stale, changed, consent).
#: A bad signature is told by HTTP 401; the NACK repeats the number.
_DEG_V1: Mapping[ErrorKind, str] = {
    ErrorKind.INVALID_REQUEST: "30000",
    ErrorKind.PROVIDER_NOT_FOUND: "30001",
    ErrorKind.LOCATION_NOT_FOUND: "30002",
    ErrorKind.ITEM_NOT_FOUND: "30004",
    ErrorKind.OFFER_NOT_VALID: "30006",
    ErrorKind.OFFER_NOT_FULFILLABLE: "30006",
    ErrorKind.PRODUCT_NOT_FOUND: "30007",
    ErrorKind.ORDER_NOT_FOUND: "30010",
    ErrorKind.BAD_CANCELLATION_REASON: "30011",
    ErrorKind.BAD_UPDATE_TARGET: "30012",
    ErrorKind.RATED_NOT_FOUND: "30014",
    ErrorKind.BAD_RATING: "30015",
    ErrorKind.STALE_REQUEST: "40000",
    ErrorKind.CONSENT_MISSING: "40000",
    ErrorKind.BUSINESS_RULE: "40000",
    ErrorKind.ACTION_NOT_APPLICABLE: "40001",
    ErrorKind.QUANTITY_UNAVAILABLE: "40002",
    ErrorKind.QUOTE_UNAVAILABLE: "40003",
    ErrorKind.TRACKING_UNAVAILABLE: "40005",
    ErrorKind.QUOTE_CHANGED: "40008",
    ErrorKind.CANCELLATION_NOT_POSSIBLE: "50001",
    ErrorKind.UPDATE_NOT_POSSIBLE: "50002",
    ErrorKind.INVALID_SIGNATURE: "401",
}

_CODES: Mapping[Dialect, Mapping[ErrorKind, str]] = {Dialect.DEG_V1: _DEG_V1}

#: What a CPO whose profile says `OFFER_CODES = ondc` sends for an offer that cannot be fulfilled.
ONDC_OFFER_NOT_FULFILLABLE = "30007"

#: Shape faults carry the same code in every dialect, also before the dialect is known.
INVALID_REQUEST = "30000"


def code_for(dialect: Dialect, kind: ErrorKind, *, ondc_offer_codes: bool = False) -> str:
    """Return the dialect's code; `ondc_offer_codes` tells an unfulfillable offer (30007) from an invalid one."""
    if ondc_offer_codes and kind is ErrorKind.OFFER_NOT_FULFILLABLE:
        return ONDC_OFFER_NOT_FULFILLABLE
    return _CODES[dialect][kind]
