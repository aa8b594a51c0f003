"""The `discount` kind: a percentage or an amount off the lines in scope, up to a cap."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from offers.engine.values import DiscountBase, OfferTerms, ValueType
from pricing.engine.money import round_amount
from pricing.engine.values import ITEM_KINDS, LineKind
from pricing.engine.wording import money_text, plain_number

_WITH_SURGE = ITEM_KINDS | {LineKind.SURGE}
_NOTHING = Decimal(0)
_HUNDRED = Decimal(100)


def base_kinds(offer: OfferTerms) -> Collection[LineKind]:
    return _WITH_SURGE if offer.benefit.base is DiscountBase.ITEMS_AND_SURGE else ITEM_KINDS


def saving(offer: OfferTerms, base: Decimal) -> Decimal:
    benefit = offer.benefit
    exact = base * benefit.value / _HUNDRED if benefit.value_type is ValueType.PERCENT else benefit.value
    limit = maximum(offer)
    if limit is not None and limit < exact:
        exact = limit
    rounded = round_amount(exact, offer.currency)
    return max(_NOTHING, base if base < rounded else rounded)


def slope(offer: OfferTerms, base: Decimal) -> Decimal:
    limit = maximum(offer)
    percent = offer.benefit.value if offer.benefit.value_type is ValueType.PERCENT else _HUNDRED
    return _NOTHING if limit is not None and base * percent >= limit * _HUNDRED else percent


def maximum(offer: OfferTerms) -> Decimal | None:
    amount = offer.benefit.value if offer.benefit.value_type is ValueType.AMOUNT else None
    least = offer.benefit.value_cap
    for limit in (offer.limits.redemption_cap, amount):
        if limit is not None and (least is None or limit < least):
            least = limit
    return least


def thresholds(offer: OfferTerms) -> tuple[Decimal, ...]:
    found = []
    if offer.qualifier.min_value is not None:
        found.append(offer.qualifier.min_value)
    limit = maximum(offer)
    percent = offer.benefit.value if offer.benefit.value_type is ValueType.PERCENT else _HUNDRED
    if limit is not None and percent > 0:
        found.append(limit * _HUNDRED / percent)
    return tuple(found)


def title(offer: OfferTerms) -> str:
    benefit = offer.benefit
    if benefit.value_type is ValueType.PERCENT:
        return f"{plain_number(benefit.value)}% off"
    return f"{money_text(benefit.value, offer.currency)} off"


def words(offer: OfferTerms) -> str:
    benefit = offer.benefit
    scope = "energy, add-ons and surge" if benefit.base is DiscountBase.ITEMS_AND_SURGE else "energy and add-ons"
    if benefit.value_type is ValueType.PERCENT:
        text = f"{plain_number(benefit.value)} % off {scope}"
    else:
        text = f"{money_text(benefit.value, offer.currency)} off {scope}"
    caps = [x for x in (benefit.value_cap, offer.limits.redemption_cap) if x is not None]
    return f"{text}, at most {money_text(min(caps), offer.currency)}" if caps else text
