"""A bill after offers were taken back: their lines shrink by the stored shares, and the tax follows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from types import MappingProxyType

from offers.engine.allocation import allocate
from offers.engine.giving import given_again
from pricing.engine.money import Money, smallest_unit, total_of
from pricing.engine.taxes import tax_on
from pricing.engine.values import LineKind, QuoteLine, Tax

#: Units that are taken back of what offers gave: by the offer's id, then by the product's.
Units = Mapping[str, Mapping[str, int]]
NO_UNITS: Units = MappingProxyType({})
_NOTHING = Decimal(0)


def with_less(
    lines: Iterable[QuoteLine],
    taken: Mapping[str, Decimal],
    tax: Tax | None,
    currency: str,
    units: Units = NO_UNITS,
) -> tuple[QuoteLine, ...]:
    """Return a bill's lines after so much was taken back of each offer, by its id: an amount, or units.

    An offer that was taken back whole keeps its lines, at 0.00. Raises ValueError where more is taken than was given.
    """
    lines = _with_fewer(tuple(lines), units)
    net = tuple(_net(x, taken.get(x.code, _NOTHING)) if x.kind is LineKind.DISCOUNT else x for x in lines)
    taxable = sum((x.amount.amount for x in net if x.kind is not LineKind.TAX), _NOTHING)
    amount = Money(tax_on(taxable, tax, currency), currency)
    return tuple(replace(x, amount=amount) if x.kind is LineKind.TAX else x for x in net)


def total(lines: Iterable[QuoteLine], currency: str) -> Money:
    """Return what the lines come to."""
    return total_of((x.amount for x in lines), currency)


def worth_of(lines: Iterable[QuoteLine], offer_id: str, units: Mapping[str, int]) -> Decimal:
    """Return what an offer saved on so many of the units that it gave, by product."""
    lines = tuple(lines)
    back = _returned(lines, {offer_id: units})
    shares = (share for x in lines if x.kind is LineKind.DISCOUNT and x.code == offer_id for share in x.shares)
    return sum((back[name].part_of(share).amount for name, share in shares if name in back), _NOTHING)


@dataclass(frozen=True, slots=True)
class _Returned:
    """So many of the units of a given line are back."""

    given: int
    back: int

    def part_of(self, share: Money) -> Money:
        """Return which part of a line's share goes with the units, in the end all of it."""
        return Money(share.amount * self.back / self.given, share.currency).rounded()


def _returned(lines: Iterable[QuoteLine], units: Units) -> dict[str, _Returned]:
    """Return what is back of each given line, by its id."""
    found: dict[str, _Returned] = {}
    for line in lines:
        back = units.get(line.code, {}).get(line.item_id, 0)
        if back and line.is_given and line.kind is LineKind.PRODUCT:
            found[line.line_id] = _Returned(int(line.quantity or 0), back)
            if found[line.line_id].given < back:
                raise ValueError(f"{back} units of {line.item_id} are more than {line.code} gave")
    return found


def _with_fewer(lines: tuple[QuoteLine, ...], units: Units) -> tuple[QuoteLine, ...]:
    """Return the lines with fewer given units; what an offer saved on them goes with them."""
    back = _returned(lines, units) if units else {}
    return tuple(_fewer(x, back) for x in lines) if back else lines


def _fewer(line: QuoteLine, back: Mapping[str, _Returned]) -> QuoteLine:
    if line.line_id in back:
        count = back[line.line_id].given - back[line.line_id].back
        return given_again(line, count)
    if line.kind is not LineKind.DISCOUNT or not any(name in back for name, _ in line.shares):
        return line
    left = [(name, share - back[name].part_of(share) if name in back else share) for name, share in line.shares]
    less = sum((share.amount for _, share in line.shares), _NOTHING) - sum((x.amount for _, x in left), _NOTHING)
    amount = Money(line.amount.amount + less, line.amount.currency).rounded()
    return replace(line, amount=amount, shares=tuple((name, share) for name, share in left if share))


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
