"""A bill after offers were taken back: their lines shrink by the stored shares, and the tax follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from offers.engine.allocation import allocate
from pricing.engine.money import Money, smallest_unit, total_of
from pricing.engine.taxes import tax_on
from pricing.engine.values import LineKind, QuoteLine, Tax

_NOTHING = Decimal(0)


def with_less(
    lines: Iterable[QuoteLine], taken: Mapping[str, Decimal], tax: Tax | None, currency: str
) -> tuple[QuoteLine, ...]:
    """Return a bill's lines after so much was taken back of each offer, by its id.

    An offer that was taken back whole keeps its line, at 0.00. Raises ValueError where more is taken than was given.
    """
    net = tuple(_net(x, taken.get(x.code, _NOTHING)) if x.kind is LineKind.DISCOUNT else x for x in lines)
    taxable = sum((x.amount.amount for x in net if x.kind is not LineKind.TAX), _NOTHING)
    amount = Money(tax_on(taxable, tax, currency), currency)
    return tuple(replace(x, amount=amount) if x.kind is LineKind.TAX else x for x in net)


def total(lines: Iterable[QuoteLine], currency: str) -> Money:
    """Return what the lines come to."""
    return total_of((x.amount for x in lines), currency)


def _net(line: QuoteLine, taken: Decimal) -> QuoteLine:
    if not taken:
        return line
    currency = line.amount.currency
    parts = allocate(taken, [share.amount for _, share in line.shares], unit=smallest_unit(currency))
    shares = (
        (name, Money(share.amount - part, currency)) for (name, share), part in zip(line.shares, parts, strict=True)
    )
    return replace(
        line,
        amount=Money(line.amount.amount + taken, currency).rounded(),
        shares=tuple((name, share) for name, share in shares if share),
    )
