"""The `discount` kind: a percentage or an amount off the lines in scope, or so much per kWh, up to a cap."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from offers.engine.benefits import plain
from offers.engine.benefits.plain import added, checks, energy_edges, giving, maximum, qualifying, reduces
from offers.engine.situation import Situation, base_of, is_limited, lines_of
from offers.engine.values import Applicability, DiscountBase, OfferTerms, ValueType
from pricing.engine.values import ITEM_KINDS, LineKind
from pricing.engine.week import joined
from pricing.engine.wording import money_text

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
    "words_with",
]

_WITH_SURGE = ITEM_KINDS | {LineKind.SURGE}
_ENERGY = frozenset({LineKind.ENERGY})
# An enum's member takes longer to look up than all that is done by it here.
_PER_KWH, _ITEMS = ValueType.PER_KWH, DiscountBase.ITEMS
_NOTHING = Decimal(0)
_HUNDRED = Decimal(100)


def lines(offer: OfferTerms, situation: Situation) -> tuple[int, ...]:
    benefit = offer.benefit
    if benefit.value_type is _PER_KWH:
        return lines_of(offer, situation, _ENERGY)
    return lines_of(offer, situation, ITEM_KINDS if benefit.base is _ITEMS else _WITH_SURGE)


def saving(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
    base = base_of(situation, lines)
    if offer.benefit.value_type is _PER_KWH:
        return plain.within(_of_energy(offer, situation, lines), base, maximum(offer), offer.currency)
    return plain.taken(offer, base)


def _of_energy(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
    """Return so much per kWh, of each line at most what it costs: cheap hours pay nothing towards dear ones."""
    value = offer.benefit.value
    energies = ((situation.amounts[n], situation.cart.lines[n].quantity or _NOTHING) for n in lines)
    return sum((min(amount, value * kwh) for amount, kwh in energies), _NOTHING)


def slope(offer: OfferTerms, situation: Situation, lines: tuple[int, ...]) -> Decimal:
    if offer.benefit.value_type is ValueType.PER_KWH:
        return _NOTHING if saving(offer, situation, lines) == maximum(offer) else _HUNDRED
    return plain.slope(offer, situation, lines)


def slack(offer: OfferTerms, lines: tuple[int, ...]) -> int:
    # The kWh are rounded apart from the lines; each rounding is off by half a unit at either end.
    return len(lines) + 1 if offer.benefit.value_type is ValueType.PER_KWH else 0


def thresholds(offer: OfferTerms) -> tuple[Decimal, ...]:
    return plain.least_value(offer) if offer.benefit.value_type is ValueType.PER_KWH else plain.thresholds(offer)


def most_between(offer: OfferTerms, low: Situation, high: Situation) -> Decimal | None:
    """Return the saving of most energy where a limit of the price holds: it rises, and what energy costs does not."""
    if offer.benefit.value_type is not _PER_KWH or not is_limited(high):
        return None
    return saving(offer, high, lines(offer, high))


def title(offer: OfferTerms, situation: Situation | None) -> str:
    if offer.benefit.value_type is ValueType.PER_KWH:
        return f"{money_text(offer.benefit.value, offer.currency)}/kWh off"
    return plain.value_title(offer)


def words(offer: OfferTerms) -> str:
    return words_with(offer, _base(offer.applicability))


def words_with(offer: OfferTerms, items: Sequence[str]) -> str:
    """Return the benefit with the names of what it is taken of: "25 % off Coffee and Cake, at most ₹100.00"."""
    benefit = offer.benefit
    if benefit.value_type is ValueType.PER_KWH:
        text = f"{money_text(benefit.value, offer.currency)} off each kWh"
    else:
        surge = ["surge"] if benefit.base is DiscountBase.ITEMS_AND_SURGE else []
        text = f"{plain.value_words(offer)} {joined([*items, *surge])}"
    return plain.capped_words(text, offer, benefit.value_cap)


def _base(scope: Applicability) -> tuple[str, ...]:
    """Return what it is taken of as far as the terms have words for that."""
    if scope.item_ids:
        count = len(scope.item_ids)
        return ("the item that it is for" if count == 1 else f"the {count} items that it is for",)
    return tuple(sorted(scope.categories)) or ("energy", "add-ons")
