"""What stands beside the order and leaves its value as it is: the answers that such types share."""

from __future__ import annotations

from decimal import Decimal

from offers.engine.situation import Situation
from offers.engine.values import OfferTerms

_NOTHING = Decimal(0)


def reduces(offer: OfferTerms) -> bool:
    return False


def lines(offer: OfferTerms, situation: Situation) -> tuple[int, ...]:
    return ()


def saving(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
    return _NOTHING


def slope(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
    return _NOTHING


def maximum(offer: OfferTerms) -> Decimal | None:
    return _NOTHING
