"""Writes what an offer of another type than a discount asks for and gives, beside the offer's details."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from beckn.protocol.catalog_views import OfferView
from beckn.protocol.deg_v1.tags import write_group
from beckn.protocol.deg_v1.writing import amount, number
from offers.engine.values import BenefitKind, FinanceTerm, ValueType

DISCOUNT_TYPES = {ValueType.PERCENT: "PERCENTAGE", ValueType.AMOUNT: "AMOUNT", ValueType.PER_KWH: "AMOUNT_PER_KWH"}


def write_value(value_type: ValueType, value: Decimal | None, currency: str) -> str:
    """Return a value as people would write it: a plain percentage, or an amount with its decimals."""
    if value is None:
        return ""
    return number(value) if value_type is ValueType.PERCENT else amount(value, currency)


def write_benefit(offer: OfferView) -> tuple[dict[str, Any], ...]:
    """Return the groups of a type that a discount's details cannot say, in the words of the offers construct."""
    if offer.kind is BenefitKind.DISCOUNT:
        return ()
    groups = [write_group("offer-benefit", (("type", offer.kind.value), *_given(offer)))]
    # One tag for each item: an id may hold any separator.
    asked = [("item_id", item_id) for item_id in offer.qualifier_item_ids]
    if offer.item_count is not None:
        asked.append(("item_count", str(offer.item_count)))
    if asked:
        groups.append(write_group("offer-qualifier", asked))
    for slab in offer.slabs:
        upper = "" if slab.item_count_upper is None else str(slab.item_count_upper)
        groups.append(
            write_group(
                "offer-slab",
                (
                    ("item_count", str(slab.item_count)),
                    ("item_count_upper", upper),
                    ("value_type", slab.value_type.value),
                    ("value", write_value(slab.value_type, slab.value, offer.currency)),
                    ("value_cap", amount(slab.value_cap, offer.currency)),
                ),
            )
        )
    groups.extend(_finance(term) for term in offer.finance)
    return tuple(groups)


def _given(offer: OfferView) -> Iterator[tuple[str, str]]:
    """Yield what is given: how many more, of which item, what one costs, and what is counted."""
    benefit = offer.benefit
    if benefit is None:
        return
    yield "item_count", str(benefit.item_count)
    yield "item_id", benefit.item_id
    yield "item_value", "" if benefit.item_value is None else amount(benefit.item_value, offer.currency)
    yield "item_unit", benefit.item_unit.value if benefit.item_unit is not None else ""


@lru_cache(maxsize=1024)
def published_benefit(offer: OfferView) -> tuple[dict[str, Any], ...]:
    """Return them for a catalogue, in which many items show one offer: the same objects, so nobody changes them."""
    return write_benefit(offer)


def _finance(term: FinanceTerm) -> dict[str, Any]:
    return write_group(
        "offer-finance",
        (
            ("provider", term.provider),
            ("method", term.method.value),
            ("months", str(term.months)),
            ("annual_percent", number(term.annual_percent)),
            ("subvention_percent", number(term.subvention_percent)),
        ),
    )
