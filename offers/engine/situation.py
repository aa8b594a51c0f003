"""What every offer of one evaluation looks at, worked out once: the cart, the buyer's choices, the item value."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from offers.engine.benefits import rule_of
from offers.engine.values import OfferContext, OfferTerms
from pricing.engine.values import ITEM_KINDS, Cart, LineKind, QuoteLine


@dataclass(frozen=True, slots=True)
class Situation:
    """A cart in its context.

    `item_lines` are the positions of the ITEM lines and `item_value` is their sum, the cart value of the offers
    construct. `codes` are the codes the buyer sent, `wanted` and `declined` what it chose by id or code; codes are
    compared case-folded.
    """

    cart: Cart
    context: OfferContext
    amounts: tuple[Decimal, ...]
    item_lines: tuple[int, ...]
    item_value: Decimal
    codes: frozenset[str]
    wanted: frozenset[str]
    declined: frozenset[str]
    #: The energy by which an upper bound is judged: the cart's own, or the least of a stretch that ends with it.
    least_wh: int


def situation_of(cart: Cart, context: OfferContext, *, least_wh: int | None = None) -> Situation:
    """Look at a cart once, on behalf of all the offers."""
    amounts = tuple(line.amount.amount for line in cart.lines)
    item_lines = tuple(n for n, line in enumerate(cart.lines) if line.kind in ITEM_KINDS)
    item_value = sum([amounts[n] for n in item_lines], Decimal(0))
    codes = _folded(context.codes)
    wanted = codes | context.opted_in | _folded(context.opted_in)
    declined = context.declined | _folded(context.declined)
    least = cart.energy_wh if least_wh is None else least_wh
    return Situation(cart, context, amounts, item_lines, item_value, codes, wanted, declined, least)


def lines_in_scope(offer: OfferTerms, situation: Situation) -> tuple[int, ...]:
    """Return the positions of the cart's lines that the benefit is taken of."""
    kinds = rule_of(offer).base_kinds(offer)
    scope = offer.applicability
    unrestricted = not scope.item_ids and not scope.categories
    if unrestricted and kinds is ITEM_KINDS:
        return situation.item_lines
    lines = enumerate(situation.cart.lines)
    if unrestricted:
        return tuple(n for n, line in lines if line.kind in kinds)
    return tuple(n for n, line in lines if line.kind in kinds and _matches(offer, line, situation.context.category))


def _matches(offer: OfferTerms, line: QuoteLine, category: str) -> bool:
    scope = offer.applicability
    if scope.item_ids and line.item_id not in scope.item_ids:
        return False
    own_category = line.category if line.kind is LineKind.PRODUCT else category
    # A locked bill does not know the connector's category; the offer was found to fit when it was locked.
    unknown = line.kind is not LineKind.PRODUCT and not category
    return not scope.categories or unknown or own_category in scope.categories


def is_named(offer: OfferTerms, names: frozenset[str]) -> bool:
    """Say whether ids and case-folded codes name this offer."""
    if not names:
        return False
    return offer.offer_id in names or (bool(offer.display_code) and offer.display_code.casefold() in names)


def _folded(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name.casefold() for name in names) if names else names
