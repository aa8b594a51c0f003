"""The `combo` kind: off the primary items and the secondary ones, when all the secondary ones are in the cart."""

from __future__ import annotations

from collections.abc import Sequence

from offers.engine.about import About
from offers.engine.benefits import plain
from offers.engine.benefits.plain import (
    added,
    energy_edges,
    giving,
    maximum,
    most_between,
    qualifying,
    reduces,
    saving,
    slack,
    slope,
    thresholds,
)
from offers.engine.situation import Situation, matches
from offers.engine.values import Check, OfferTerms, ReasonCode
from pricing.engine.week import joined

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


def lines(offer: OfferTerms, situation: Situation) -> tuple[int, ...]:
    """Return the lines of the offer's own items (primary) and of the listed ones (secondary); no other line."""
    category, secondary = situation.context.category, offer.qualifier.item_ids
    return tuple(
        n
        for n in situation.item_lines
        if (line := situation.cart.lines[n]).item_id in secondary or matches(offer, line, category)
    )


def checks(offer: OfferTerms, situation: Situation) -> tuple[Check, ...]:
    wanted = offer.qualifier.item_ids
    missing = sorted(wanted - {situation.cart.lines[n].item_id for n in situation.item_lines})
    margin = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing" if missing else ""
    expected, actual = f"all of {len(wanted)} items", f"{len(wanted) - len(missing)} of {len(wanted)}"
    about = About(ids=tuple(missing)) if missing else None
    return (Check(ReasonCode.COMBO_ITEMS, "qualifier.item_ids", expected, actual, not missing, margin, about),)


def title(offer: OfferTerms, situation: Situation | None) -> str:
    return f"{plain.value_title(offer)} the combination"


def words(offer: OfferTerms) -> str:
    count = len(offer.qualifier.item_ids)
    return words_with(offer, (f"{count} {'item' if count == 1 else 'items'}",))


def words_with(offer: OfferTerms, items: Sequence[str]) -> str:
    """Return the benefit with the names of its secondary items: "20 % off in combination with Coffee and Cake"."""
    text = f"{plain.value_words(offer)} in combination with {joined(list(items))}"
    return plain.capped_words(text, offer, offer.benefit.value_cap)
