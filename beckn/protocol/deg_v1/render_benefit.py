"""Writes what an offer of another type than a discount asks for and gives, beside the offer's details."""

from __future__ import annotations

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
    groups = [write_group("offer-benefit", (("type", offer.kind.value),))]
    if offer.qualifier_item_ids:
        # One tag for each item: an id may hold any separator.
        groups.append(write_group("offer-qualifier", [("item_id", item_id) for item_id in offer.qualifier_item_ids]))
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
