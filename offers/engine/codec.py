"""Offers and their traces as JSON and back, exactly; stored with every quote and redemption."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from offers.engine.values import OfferTerms, OfferTrace
from pricing.engine.codec import canonical_hash, decode, encode


def offer_to_json(offer: OfferTerms) -> dict[str, Any]:
    data: dict[str, Any] = encode(offer)
    return data


def offer_from_json(data: Mapping[str, Any]) -> OfferTerms:
    """Return the offer; raises ValueError or KeyError for what `offer_to_json` did not write."""
    return decode(OfferTerms, data)


def offer_hash(offer: OfferTerms) -> str:
    """Return the SHA-256 of the canonical JSON of an offer."""
    return canonical_hash(offer)


def exact_hash(offer: OfferTerms) -> str:
    """Return the SHA-256 of the offer's JSON as it is written: 50 and 50.00 are two texts, and a trace prints them."""
    text = json.dumps(encode(offer), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def trace_to_json(trace: OfferTrace) -> dict[str, Any]:
    data: dict[str, Any] = encode(trace)
    return data


def trace_from_json(data: Mapping[str, Any]) -> OfferTrace:
    """Return the trace; raises ValueError or KeyError for what `trace_to_json` did not write."""
    return decode(OfferTrace, data)
