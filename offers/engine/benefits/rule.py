"""What every benefit kind must be able to answer; a kind is a module with these functions."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from offers.engine.benefits.gifts import Giving
from offers.engine.situation import Situation
from offers.engine.values import Check, OfferTerms


class BenefitRule(Protocol):
    """The functions of a benefit kind; amounts are in the offer's currency, lines are positions in the cart.

    A kind whose answer is the plain one takes it from `plain`.
    """

    def reduces(self, offer: OfferTerms) -> bool:
        """Say whether the benefit is taken off the price; else it stands beside the order and saves 0."""

    def lines(self, offer: OfferTerms, situation: Situation) -> tuple[int, ...]:
        """Return the lines that the benefit may be taken of."""

    def checks(self, offer: OfferTerms, situation: Situation) -> tuple[Check, ...]:
        """Return the kind's own conditions, beside the least value, with their numbers."""

    def qualifying(self, offer: OfferTerms, situation: Situation) -> Decimal:
        """Return the cart value that counts towards the least one: without what the offer itself gives."""

    def saving(self, offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
        """Return the rounded saving on its lines: never negative or above their sum."""

    def giving(self, offer: OfferTerms, situation: Situation) -> Giving | None:
        """Return what is given: lines at their list price, and by how much each is reduced.

        None where the offer gives nothing but a discount.
        """

    def added(self, offer: OfferTerms, situation: Situation) -> Decimal:
        """Return what the driver pays for what is given on top of the cart."""

    def most_between(self, offer: OfferTerms, low: Situation, high: Situation) -> Decimal | None:
        """Return the most that the offer saves on a cart between two, line by line.

        None says that its saving and its checks only rise with the lines, by no more than they do.
        """

    def slope(self, offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
        """Return the most, in percent, by which the saving follows the lines from here on."""

    def slack(self, offer: OfferTerms, lines: tuple[int, ...]) -> int:
        """Return by how many of the smallest unit the saving may outgrow the lines by rounding; 0 if taken of them."""

    def maximum(self, offer: OfferTerms) -> Decimal | None:
        """Return the most that one redemption can cost, None where only the cart limits it."""

    def thresholds(self, offer: OfferTerms) -> tuple[Decimal, ...]:
        """Return the cart values at which the saving jumps or bends."""

    def energy_edges(self, offer: OfferTerms) -> tuple[int, ...]:
        """Return the energies (Wh) from which on the saving is another."""

    def title(self, offer: OfferTerms, situation: Situation | None) -> str | None:
        """Return the benefit as a price line shows it: "25% off"; without a cart None where it depends on the cart."""

    def words(self, offer: OfferTerms) -> str:
        """Return the benefit for a reader: "25 % off energy and add-ons, at most ₹100.00"."""
