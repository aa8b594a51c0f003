"""What every offer of one evaluation looks at, worked out once: the cart, the buyer's choices, the item value."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from offers.engine.values import OfferContext, OfferTerms
from pricing.engine.making import maker, quickly_made
from pricing.engine.price_limits import LIMIT_LINE
from pricing.engine.values import ITEM_KINDS, Cart, LineKind, QuoteLine

_NOTHING = Decimal(0)


@quickly_made
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
    #: The item value as checks print it.
    value_text: str
    #: The energy by which an upper bound is judged: the cart's own, or the least of a stretch that ends with it.
    least_wh: int
    #: Whether nobody reads the conditions that hold, so that they need not be put into words.
    only_failing: bool = False


_situation = maker(Situation)


def situation_of(
    cart: Cart, context: OfferContext, *, least_wh: int | None = None, only_failing: bool = False
) -> Situation:
    """Look at a cart once, on behalf of all the offers."""
    amounts, item_lines, item_value = [], [], _NOTHING
    for n, line in enumerate(cart.lines):
        amount = line.amount.amount
        amounts.append(amount)
        if line.kind in ITEM_KINDS:
            item_lines.append(n)
            item_value += amount
    # A sum of printed amounts, which has no exponent: its text is at hand sooner than a formatted one.
    value_text = str(item_value)
    codes = wanted = _folded(context.codes)
    if context.opted_in:
        wanted = codes | context.opted_in | _folded(context.opted_in)
    declined = context.declined | _folded(context.declined) if context.declined else context.declined
    least = cart.energy_wh if least_wh is None else least_wh
    return _situation(
        cart,
        context,
        tuple(amounts),
        tuple(item_lines),
        item_value,
        codes,
        wanted,
        declined,
        value_text,
        least,
        only_failing,
    )


def lines_of(offer: OfferTerms, situation: Situation, kinds: Collection[LineKind] = ITEM_KINDS) -> tuple[int, ...]:
    """Return the positions of the cart's lines of these kinds that belong to the offer's items and categories."""
    scope = offer.applicability
    unrestricted = not scope.item_ids and not scope.categories
    if unrestricted and kinds is ITEM_KINDS:
        return situation.item_lines
    lines = enumerate(situation.cart.lines)
    if unrestricted:
        return tuple(n for n, line in lines if line.kind in kinds)
    return tuple(n for n, line in lines if line.kind in kinds and matches(offer, line, situation.context.category))


def is_limited(situation: Situation) -> bool:
    """Say whether a least or highest price of the tariff stands for its energy, which then grows at no cost."""
    return any(line.line_id == LIMIT_LINE for line in situation.cart.lines)


def base_of(situation: Situation, lines: tuple[int, ...]) -> Decimal:
    """Return the sum of these lines."""
    if lines is situation.item_lines:
        return situation.item_value
    return sum([situation.amounts[n] for n in lines], _NOTHING)


def matches(offer: OfferTerms, line: QuoteLine, category: str) -> bool:
    """Say whether a line is of the offer's items and categories; `category` is the connector's."""
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
