"""Reads what an order says in tags: the buyer app's commission, the driver's consent, the charge of the car."""

from __future__ import annotations

import re
from decimal import ROUND_FLOOR, Decimal

from beckn.protocol.deg_v1 import tags
from beckn.protocol.reading import Json, fault, need_decimal, yes_or_no
from beckn.protocol.values import BuyerFinderFee, ProtocolFault, SurchargeAcknowledgement

#: What an order keeps of it; a test sends it at its limit and one beyond.
MAX_FEE = Decimal("99999999.9999")
_FEE_TYPES = {"PERCENTAGE": "PERCENTAGE", "PERCENT": "PERCENTAGE", "AMOUNT": "AMOUNT", "FIXED": "AMOUNT"}
_PERCENT = re.compile(r"\d{1,3}(\.\d{1,20})?", re.ASCII)


def read_fee(groups: tags.Groups, path: str) -> BuyerFinderFee | None:
    """Return the tag group `buyer-finder-fee`, None where it is absent; `path` is that of the tags."""
    group = tags.find_group(groups, "buyer-finder-fee")
    if group is None:
        return None
    kind, kind_path = group.get("type", ("", path))
    if kind.upper() not in _FEE_TYPES:
        fault(kind_path, "The type of the buyer finder fee is neither PERCENTAGE nor AMOUNT.")
    given, value_path = group.get("value", ("", path))
    value = need_decimal({"value": given}, "value", value_path.removesuffix(".value"))
    if value < 0:
        fault(value_path, "The buyer finder fee is negative.")
    if value > MAX_FEE:
        fault(value_path, f"The buyer finder fee is more than {MAX_FEE}.")
    return BuyerFinderFee(_FEE_TYPES[kind.upper()], value)


def read_acknowledgement(groups: tags.Groups, path: str) -> SurchargeAcknowledgement | None:
    """Return the tag group `surcharge-acknowledgement`, None where it is absent; `path` is that of the tags."""
    group = tags.find_group(groups, "surcharge-acknowledgement")
    if group is None:
        return None
    accepted, accepted_path = group.get("accepted", ("", path))
    quote_id, _ = group.get("quote-id", ("", ""))
    return SurchargeAcknowledgement(yes_or_no(accepted, accepted_path), quote_id)


def read_charge(session: Json) -> int | None:
    """Return how full the battery is, in whole percent, rounded down; None where nobody says so in a form we know.

    It is the entry `state-of-charge` of a tag group `vehicle-state`, of the fulfillment or of its vehicle. What is
    malformed is left out like any other field that we do not know.
    """
    for holder in (session, session.get("vehicle")):
        value = _said_of_vehicle(holder) if isinstance(holder, dict) else ""
        if _PERCENT.fullmatch(value) and Decimal(value) <= 100:
            return int(Decimal(value).to_integral_value(ROUND_FLOOR))
    return None


def _said_of_vehicle(holder: Json) -> str:
    try:
        group = tags.find_group(tags.read_groups(holder, "$"), "vehicle-state")
    except ProtocolFault:
        return ""
    value, _ = (group or {}).get("state-of-charge", ("", ""))
    return value
