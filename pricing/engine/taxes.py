"""The tax on a price: one line on the sum of all the lines before it."""

from __future__ import annotations

from decimal import Decimal

from pricing.engine.money import round_amount
from pricing.engine.values import Tax


def tax_on(taxable: Decimal, tax: Tax | None, currency: str) -> Decimal:
    """Return the tax, rounded half up; nothing where there is no tax."""
    if tax is None or not tax.rate:
        return Decimal(0)
    return round_amount(taxable * tax.rate / 100, currency)
