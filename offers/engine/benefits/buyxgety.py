"""The `buyXgetY` kind: for every X that are bought Y more at the item value; kWh, sessions or products."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from offers.engine.benefits import blocks, items
from offers.engine.benefits.gifts import Giving, beside_the_cart
from offers.engine.benefits.items import Gift, price_words
from offers.engine.benefits.plain import energy_edges, least_of, least_value, reduces, within
from offers.engine.situation import Situation, base_of, is_limited, lines_of
from offers.engine.values import Check, ItemUnit, OfferTerms, ReasonCode
from pricing.engine.included import of_included
from pricing.engine.money import smallest_unit
from pricing.engine.values import LineKind
from pricing.engine.wording import energy_text, money_text

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

_NOTHING = Decimal(0)
_HUNDRED = Decimal(100)
_ENERGY = frozenset({LineKind.ENERGY})
_PRODUCTS = frozenset({LineKind.PRODUCT})
_SESSION = frozenset({LineKind.ENERGY, LineKind.TIME, LineKind.FLAT})


def lines(offer: OfferTerms, situation: Situation) -> tuple[int, ...]:
    """Return the lines that the given part comes out of; products come on top of the cart.

    What is included in a subscription is not bought here: it neither counts nor is given.
    """
    if offer.benefit.item_unit is ItemUnit.PRODUCT:
        return ()
    found = lines_of(offer, situation, _ENERGY if offer.benefit.item_unit is ItemUnit.KWH else _SESSION)
    return found if of_included(situation.cart.lines) is None else tuple(n for n in found if n)


def saving(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
    if offer.benefit.item_unit is ItemUnit.PRODUCT:
        return items.saving_of(offer, situation, _gifts(offer, situation))
    if offer.benefit.item_unit is ItemUnit.KWH:
        parts = blocks.parts_of(offer, situation, lines)
        listed, cost = blocks.listed_of(parts), blocks.cost_of(offer, parts)
    else:
        listed, cost = base_of(situation, lines), _session_value(offer)
    return within(max(listed - cost, _NOTHING), listed, maximum(offer), offer.currency)


def added(offer: OfferTerms, situation: Situation) -> Decimal:
    if offer.benefit.item_unit is not ItemUnit.PRODUCT:
        return _NOTHING
    return items.cost_of(offer, situation, _gifts(offer, situation))


def giving(offer: OfferTerms, situation: Situation) -> Giving | None:
    if offer.benefit.item_unit is ItemUnit.PRODUCT:
        return beside_the_cart(items.given_lines(offer, situation, _gifts(offer, situation)))
    found = lines(offer, situation)
    if offer.benefit.item_unit is ItemUnit.KWH:
        return blocks.giving_of(offer, blocks.parts_of(offer, situation, found))
    # The whole session is given: its lines stay as they are, and say by whom. Its one value lies on all of them.
    marked = tuple(replace(situation.cart.lines[n], code=offer.offer_id) for n in found)
    return Giving(marked, tuple(x.amount.amount for x in marked), dict.fromkeys(found)) if marked else None


def qualifying(offer: OfferTerms, situation: Situation) -> Decimal:
    """Return the cart value without the energy that would be given; a session that is given counts whole."""
    if offer.benefit.item_unit is not ItemUnit.KWH:
        return situation.item_value
    parts = blocks.parts_of(offer, situation, lines(offer, situation))
    whole = sum((situation.amounts[x.position] for x in parts), _NOTHING)
    paid = sum((x.paid.amount.amount for x in parts if x.paid is not None), _NOTHING)
    return situation.item_value - whole + paid


def checks(offer: OfferTerms, situation: Situation) -> tuple[Check, ...]:
    """Check that enough is bought; which session of the customer it is, is asked for with the demand."""
    wanted = offer.qualifier.item_count or 0
    if offer.benefit.item_unit is ItemUnit.KWH:
        energy_wh = blocks.energy_of(situation, lines(offer, situation))
        missing = blocks.missing_wh(offer, energy_wh)
        margin = f"{energy_text(missing)} short" if missing else ""
        return (_count(f"above {wanted} kWh", energy_text(energy_wh), margin),)
    if offer.benefit.item_unit is not ItemUnit.PRODUCT:
        return ()
    most = _most_bought(offer, situation)
    margin = "" if most >= wanted else f"{wanted - most} short"
    return (_count(str(wanted), str(most), margin), *items.checks_of(offer, situation, _gifts(offer, situation)))


def most_between(offer: OfferTerms, low: Situation, high: Situation) -> Decimal | None:
    """Return the largest part that is given where a limit of the price holds: with more energy a kWh comes to less."""
    if offer.benefit.item_unit is not ItemUnit.KWH or not is_limited(high):
        return None
    base, unit = base_of(high, lines(offer, high)), smallest_unit(offer.currency)
    # What is paid, what is given and its cost are rounded apart from the line.
    least = offer.qualifier.min_value
    if least is not None and _most_qualifying(offer, low, high) + 2 * unit < least:
        return None
    bought, more = offer.qualifier.item_count or 0, offer.benefit.item_count or 0
    return within(base * more / (bought + more) + 2 * unit, base, maximum(offer), offer.currency)


def _most_qualifying(offer: OfferTerms, low: Situation, high: Situation) -> Decimal:
    """Return the largest cart value of any energy between, where a limit of the price holds at the far end."""
    if not is_limited(low):
        return high.item_value
    found = lines(offer, high)
    base, first = base_of(high, found), blocks.energy_of(low, lines(offer, low))
    if not first:
        return high.item_value
    return high.item_value - base + base * blocks.most_paid(offer, first, blocks.energy_of(high, found))


def slope(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
    if offer.benefit.item_unit is ItemUnit.PRODUCT:
        return _NOTHING
    return _NOTHING if saving(offer, situation, lines) == maximum(offer) else _HUNDRED


def slack(offer: OfferTerms, lines: tuple[int, ...]) -> int:
    # The paid and the given part of a line are rounded apart from each other, and so is what the given part costs.
    return 2 * len(lines) + 2 if offer.benefit.item_unit is ItemUnit.KWH else 0


def maximum(offer: OfferTerms) -> Decimal | None:
    return least_of(offer.limits.redemption_cap)


def title(offer: OfferTerms, situation: Situation | None) -> str:
    # The given line beside it has the product's name, which may be long.
    return words(replace(offer, benefit=replace(offer.benefit, item_id="")))


def words(offer: OfferTerms) -> str:
    bought, more, price = offer.qualifier.item_count, offer.benefit.item_count, price_words(offer)
    if offer.benefit.item_unit is ItemUnit.KWH:
        return _capped(f"{more} kWh {price} after every {bought} kWh", offer)
    if offer.benefit.item_unit is ItemUnit.SESSION:
        sessions = f"{more} session{'' if more == 1 else 's'}"
        return _capped(f"{sessions} {price} after every {bought}", offer)
    what = f"{more} × {offer.benefit.item_id}" if offer.benefit.item_id else f"{more} more"
    return f"{what} {price} for every {bought} bought"


def _capped(text: str, offer: OfferTerms) -> str:
    cap = offer.limits.redemption_cap
    return text if cap is None else f"{text}, at most {money_text(cap, offer.currency)}"


def _session_value(offer: OfferTerms) -> Decimal:
    return offer.benefit.item_value or _NOTHING


def _count(expected: str, actual: str, margin: str) -> Check:
    return Check(ReasonCode.ITEM_COUNT, "qualifier.item_count", expected, actual, not margin, margin)


def _bought(offer: OfferTerms, situation: Situation) -> list[tuple[str, int]]:
    """Return the products of the cart that count, each with its units."""
    found = [situation.cart.lines[n] for n in lines_of(offer, situation, _PRODUCTS)]
    return [(line.item_id, int(line.quantity or 0)) for line in found]


def _most_bought(offer: OfferTerms, situation: Situation) -> int:
    """Return how many are bought of what counts together: of one product, or of all where another one is given."""
    counts = [units for _, units in _bought(offer, situation)]
    return sum(counts) if offer.benefit.item_id else max(counts, default=0)


def _gifts(offer: OfferTerms, situation: Situation) -> tuple[Gift, ...]:
    bought, more = offer.qualifier.item_count or 1, offer.benefit.item_count or 0
    counted = _bought(offer, situation)
    if offer.benefit.item_id:
        counted = [(offer.benefit.item_id, sum(units for _, units in counted))]
    gifts = (Gift(product_id, units // bought * more) for product_id, units in counted)
    return tuple(x for x in gifts if x.units)
