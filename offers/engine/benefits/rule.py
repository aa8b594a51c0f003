"""What every benefit kind must be able to answer; a kind is a module with these functions."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Protocol

from offers.engine.values import OfferTerms
from pricing.engine.values import LineKind


class BenefitRule(Protocol):
    """The functions of a benefit kind; amounts are in the offer's currency."""

    def base_kinds(self, offer: OfferTerms) -> Collection[LineKind]:
        """Return the kinds of line that the benefit may be taken of."""

    def saving(self, offer: OfferTerms, base: Decimal) -> Decimal:
        """Return the rounded saving on a base: never negative, above the base, or falling while the base rises."""

    def slope(self, offer: OfferTerms, base: Decimal) -> Decimal:
        """Return the most, in percent, by which the saving follows the base from here on."""

    def maximum(self, offer: OfferTerms) -> Decimal | None:
        """Return the most that one redemption can cost, None where only the cart limits it."""

    def thresholds(self, offer: OfferTerms) -> tuple[Decimal, ...]:
        """Return the cart values at which the saving jumps or bends."""

    def title(self, offer: OfferTerms) -> str:
        """Return the benefit as a price line shows it: "25% off"."""

    def words(self, offer: OfferTerms) -> str:
        """Return the benefit for a reader: "25 % off energy and add-ons, at most ₹100.00"."""
