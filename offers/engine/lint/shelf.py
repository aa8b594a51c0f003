"""What stands between an offer that gives products and giving them, by what is sold at a place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum

from offers.engine.benefits.items import worth
from offers.engine.facts import Good
from offers.engine.values import BenefitKind, ItemUnit, OfferTerms
from pricing.engine.values import ProductOrder

#: Baskets that an offer of products is tried with at a place.
_MOST_BASKETS = 3


class Fault(IntEnum):
    """Why nothing is given, from what passes by itself to what never does."""

    NONE = 0
    STOCK = 1
    CAP = 2
    PRICE = 3
    NOT_SOLD = 4
    NOTHING_TO_BUY = 5


@dataclass(frozen=True, slots=True)
class Shelf:
    """The product that is given first at a place, and its fault; `good` is None where it is not sold.

    `saving` is what one redemption takes off it.
    """

    fault: Fault
    product_id: str = ""
    good: Good | None = None
    saving: Decimal = Decimal(0)


FREE_OF_FAULT = Shelf(Fault.NONE)


def gives_products(offer: OfferTerms) -> bool:
    """Say whether what the offer gives is on a shelf."""
    return offer.benefit.kind is BenefitKind.FREEBIE or offer.benefit.item_unit is ItemUnit.PRODUCT


def shelf_at(offer: OfferTerms, goods: Mapping[str, Good]) -> Shelf:
    """Return what the offer gives where these products are sold: of several the one with the least fault."""
    if not gives_products(offer):
        return FREE_OF_FAULT
    bought = _counted(offer, goods)
    if offer.benefit.item_unit is ItemUnit.PRODUCT and not bought:
        return Shelf(Fault.NOTHING_TO_BUY)
    return min((_shelf(offer, x, goods.get(x)) for x in _given(offer, bought)), key=_order)


def baskets_at(offer: OfferTerms, goods: Mapping[str, Good]) -> list[tuple[ProductOrder, ...]]:
    """Return what a driver puts in the basket so that more of products is given: as many as it takes of one of them."""
    shelves = [_shelf(offer, x, goods[x]) for x in _counted(offer, goods)]
    count = offer.qualifier.item_count or 1
    return [(ProductOrder(x.product_id, count),) for x in sorted(shelves, key=_order)[:_MOST_BASKETS]]


def runs_out(offer: OfferTerms, goods: Mapping[str, Good]) -> bool:
    """Say whether somebody counts what the offer gives there."""
    if not gives_products(offer):
        return False
    given = [goods.get(x) for x in _given(offer, _counted(offer, goods))]
    return any(x is not None and x.units is not None for x in given)


def _counted(offer: OfferTerms, goods: Mapping[str, Good]) -> list[str]:
    """Return the products that count as bought: those of the offer's items and categories."""
    return [key for key, good in goods.items() if offer.applicability.covers(key, good.category)]


def _given(offer: OfferTerms, bought: list[str]) -> list[str]:
    return [offer.benefit.item_id] if offer.benefit.item_id else bought


def _shelf(offer: OfferTerms, product_id: str, good: Good | None) -> Shelf:
    if good is None:
        return Shelf(Fault.NOT_SOLD, product_id)
    count = offer.benefit.item_count or 0
    listed, cost = worth(offer, good, count)
    cap = offer.limits.redemption_cap
    if cost >= listed:
        fault = Fault.PRICE
    elif cap is not None and listed - cost > cap:
        fault = Fault.CAP
    elif good.units is not None and good.units < count:
        fault = Fault.STOCK
    else:
        fault = Fault.NONE
    return Shelf(fault, product_id, good, listed - cost)


def _order(shelf: Shelf) -> tuple[Fault, Decimal, Decimal, str]:
    """Order by the fault; below a cap the least saving comes nearest to it, below a price the dearest product."""
    price = shelf.good.price if shelf.good is not None else Decimal(0)
    return shelf.fault, shelf.saving, -price, shelf.product_id
