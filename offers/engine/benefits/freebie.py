"""The `freebie` kind: units of a product for nothing, given whole or not at all."""

from __future__ import annotations

from decimal import Decimal

from offers.engine.benefits import items
from offers.engine.benefits.gifts import Giving, beside_the_cart
from offers.engine.benefits.items import Gift
from offers.engine.benefits.plain import energy_edges, least_value, most_between, qualifying, reduces, slack
from offers.engine.situation import Situation
from offers.engine.values import Check, OfferTerms

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

thresholds = least_value


def lines(offer: OfferTerms, situation: Situation) -> tuple[int, ...]:
    # It is taken of no line of the cart, but of its own.
    return ()


def saving(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
    return items.saving_of(offer, situation, _gifts(offer))


def added(offer: OfferTerms, situation: Situation) -> Decimal:
    return Decimal(0)


def giving(offer: OfferTerms, situation: Situation) -> Giving | None:
    return beside_the_cart(items.given_lines(offer, situation, _gifts(offer)))


def checks(offer: OfferTerms, situation: Situation) -> tuple[Check, ...]:
    return items.checks_of(offer, situation, _gifts(offer))


def slope(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
    return Decimal(0)


def maximum(offer: OfferTerms) -> Decimal | None:
    return offer.limits.redemption_cap


def title(offer: OfferTerms, situation: Situation | None) -> str:
    # The given line beside it has the name, which may be long.
    return f"{offer.benefit.item_count} free"


def words(offer: OfferTerms) -> str:
    return f"{offer.benefit.item_count} × {offer.benefit.item_id} free"


def _gifts(offer: OfferTerms) -> tuple[Gift, ...]:
    return (Gift(offer.benefit.item_id, offer.benefit.item_count or 0),)
