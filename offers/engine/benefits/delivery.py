"""The `delivery` kind: off the fee of the session, and never more than the fee."""

from __future__ import annotations

from decimal import Decimal

from offers.engine.benefits import plain
from offers.engine.benefits.plain import (
    added,
    checks,
    energy_edges,
    giving,
    maximum,
    most_between,
    qualifying,
    reduces,
    saving,
    slack,
)
from offers.engine.situation import Situation
from offers.engine.values import OfferTerms
from pricing.engine.values import LineKind

__all__ = [
    "added",
    "checks",
    "energy_edges",
    "giving",
    "lines",
    "maximum",
    "most_between",
    "qualifying",
    "reduces",
    "saving",
    "slack",
    "slope",
    "thresholds",
    "title",
    "words",
]


def lines(offer: OfferTerms, situation: Situation) -> tuple[int, ...]:
    """Return the FEE lines: items and categories say to which sessions the offer belongs, not what it is taken of."""
    return tuple(n for n, line in enumerate(situation.cart.lines) if line.kind is LineKind.FEE)


def slope(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
    # A fee does not grow with the session.
    return Decimal(0)


def thresholds(offer: OfferTerms) -> tuple[Decimal, ...]:
    return plain.least_value(offer)


def title(offer: OfferTerms, situation: Situation | None) -> str:
    return f"{plain.value_title(offer)} the fee"


def words(offer: OfferTerms) -> str:
    return plain.capped_words(f"{plain.value_words(offer)} the fees", offer, offer.benefit.value_cap)
