"""What an amount of an offer is: the one test of contents, slabs, prices and limits."""

from __future__ import annotations

from decimal import Decimal


def is_amount(value: Decimal) -> bool:
    """Tell whether a number is finite, below a trillion and has at most two decimals."""
    # In this order: rounding what has more than 28 digits raises.
    return value.is_finite() and abs(value) < 10**12 and value == round(value, 2)
