"""Products that an offer gives: units beside the cart at their list price, and what they cost the driver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from offers.engine.about import About
from offers.engine.benefits.gifts import GIVEN
from offers.engine.facts import Good
from offers.engine.situation import Situation
from offers.engine.values import Check, OfferTerms, ReasonCode, Usage
from pricing.engine.listing import product_line
from pricing.engine.money import round_amount
from pricing.engine.values import ProductPrice, QuoteLine
from pricing.engine.wording import money_text

_NOTHING = Decimal(0)
_UNUSED = Usage()


@dataclass(frozen=True, slots=True)
class Gift:
    """So many units of a product."""

    product_id: str
    units: int


def saving_of(offer: OfferTerms, situation: Situation, gifts: tuple[Gift, ...]) -> Decimal:
    """Return what the units cost less than by their list price; of what is not sold there nothing."""
    return sum((listed - cost for listed, cost in _amounts(offer, situation, gifts)), _NOTHING)


def cost_of(offer: OfferTerms, situation: Situation, gifts: tuple[Gift, ...]) -> Decimal:
    """Return what the driver pays for the units."""
    return sum((cost for _, cost in _amounts(offer, situation, gifts)), _NOTHING)


def checks_of(offer: OfferTerms, situation: Situation, gifts: tuple[Gift, ...]) -> tuple[Check, ...]:
    """Check that each product is sold there and in stock, and that a redemption may cost as much: no part is given."""
    checks = []
    for gift in gifts:
        good = situation.context.goods.get(gift.product_id)
        if good is None:
            field = "benefit.item_id"
            about = About(ids=(gift.product_id,))
            checks.append(Check(ReasonCode.ITEM_NOT_SOLD, field, gift.product_id, "not sold there", False, about=about))
        else:
            checks.append(_stock(offer, situation, gift, good))
    cap = offer.limits.redemption_cap
    if cap is not None and gifts:
        saving = saving_of(offer, situation, gifts)
        margin = "" if saving <= cap else f"{money_text(saving - cap, offer.currency)} above it"
        found = Check(ReasonCode.REDEMPTION_CAP, "limits.redemption_cap", f"{cap:f}", f"{saving:f}", not margin, margin)
        checks.append(found)
    return tuple(checks)


def given_lines(
    offer: OfferTerms, situation: Situation, gifts: tuple[Gift, ...]
) -> tuple[tuple[QuoteLine, Decimal], ...]:
    """Return a line at the list price for each product, and what the offer takes off it.

    Whoever puts them into a quote numbers them.
    """
    found = []
    for gift in gifts:
        good = situation.context.goods.get(gift.product_id)
        if good is not None:
            product = ProductPrice(gift.product_id, good.title, good.price, good.category)
            line = product_line("", product, gift.units, offer.currency)
            listed, cost = worth(offer, good, gift.units)
            found.append((replace(line, title=f"{line.title}{GIVEN}", code=offer.offer_id), listed - cost))
    return tuple(found)


def price_words(offer: OfferTerms) -> str:
    """Return "free", or "at ₹5.00 each"."""
    value = offer.benefit.item_value
    return f"at {money_text(value, offer.currency)} each" if value else "free"


def worth(offer: OfferTerms, good: Good, units: int) -> tuple[Decimal, Decimal]:
    """Return list price and cost of so many units; an item value above the list price takes nothing off."""
    listed = round_amount(good.price * units, offer.currency)
    return listed, min(listed, round_amount((offer.benefit.item_value or _NOTHING) * units, offer.currency))


def _amounts(offer: OfferTerms, situation: Situation, gifts: tuple[Gift, ...]) -> Iterator[tuple[Decimal, Decimal]]:
    """Yield list price and cost of each gift that is sold there."""
    for gift in gifts:
        good = situation.context.goods.get(gift.product_id)
        if good is not None:
            yield worth(offer, good, gift.units)


def _stock(offer: OfferTerms, situation: Situation, gift: Gift, good: Good) -> Check:
    field = f"stock.{gift.product_id}"
    refused = situation.context.usage.get(offer.offer_id, _UNUSED).refused
    if good.units is None and not refused:
        return Check(ReasonCode.ITEM_STOCK, field, str(gift.units), "not counted", True)
    left = 0 if refused else max(good.units or 0, 0)
    if left >= gift.units:
        return Check(ReasonCode.ITEM_STOCK, field, str(gift.units), str(left), True)
    margin, about = f"{gift.units - left} short", About(ids=(gift.product_id,))
    return Check(ReasonCode.ITEM_STOCK, field, str(gift.units), str(left), False, margin, about)
