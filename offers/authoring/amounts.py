"""What an amount of an offer is, the one test of contents, slabs, prices and limits; and the faults of its amounts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from offers.authoring.unread import Finding, partly, readable, told

if TYPE_CHECKING:
    from offers.authoring.content import OfferContent

_HUNDRED = Decimal(100)


def is_amount(value: Decimal) -> bool:
    """Tell whether a number is finite, below a trillion and has at most two decimals."""
    # In this order: rounding what has more than 28 digits raises.
    return value.is_finite() and abs(value) < 10**12 and value == round(value, 2)


def check_amounts(offer: Any, content: OfferContent) -> Iterator[Finding]:
    """Yield each fault of the value, its cap and the minimum as (field, sentence)."""
    given = {name: getattr(content, name) for name in readable(content, ("value", "value_cap", "min_value"))}
    none = [name for name, amount in given.items() if amount is not None and not is_amount(amount)]
    yield from ((name, "Use a number with at most two decimals.") for name in none)
    # What is no amount cannot be compared with one.
    yield from told((_value, _cap, _minimum), partly(content, none))


def _value(content: OfferContent) -> Iterator[Finding]:
    if content.value is None:
        return
    percent = content.value_type == "percent"
    if content.value <= 0:
        yield "value", "Give a percentage above 0." if percent else "Give an amount above 0."
    elif percent and content.value > _HUNDRED:
        yield "value", "A percentage is at most 100: lower it, or choose an amount."


def _cap(content: OfferContent) -> Iterator[Finding]:
    cap = content.value_cap
    if cap is None:
        return
    if cap <= 0:
        yield "value_cap", "The cap is the most the driver saves: write it without a minus, or leave it empty."
    elif content.value_type == "amount" and content.value is not None and cap < content.value:
        yield "value_cap", "The cap is below the amount: raise it or leave it empty."


def _minimum(content: OfferContent) -> Iterator[Finding]:
    if content.min_value is not None and content.min_value < 0:
        yield "min_value", "A minimum cannot be negative: write 0 or leave it empty."
