"""Divides a discount over the lines it came from: to the last paisa, and never more than a line has."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

_PAISA = Decimal("0.01")


def allocate(amount: Decimal, weights: Sequence[Decimal], *, unit: Decimal = _PAISA) -> tuple[Decimal, ...]:
    """Divide `amount` in proportion to the lines' eligible amounts (`weights`), by largest remainder.

    Both are non-negative whole multiples of `unit`, the smallest amount of the currency. The shares add up to
    `amount`, none is above its weight, and of equal remainders the earlier line is rounded up. Raises
    ValueError where the lines hold less than `amount`.
    """
    units, held = int(amount / unit), [int(weight / unit) for weight in weights]
    if units > sum(held):
        raise ValueError(f"cannot take {amount} from lines that hold {sum(held) * unit}")
    return tuple([share * unit for share in divide(units, held)])


def divide(units: int, held: Sequence[int]) -> list[int]:
    """Do the same in whole units, of lines that hold as much."""
    if len(held) == 1:
        return [units]
    if not units:
        return [0] * len(held)
    whole = sum(held)
    shares, left = [], units
    for weight in held:
        share = units * weight // whole
        left -= share
        shares.append(share)
    if left:
        remainders = [units * weight % whole for weight in held]
        for _ in range(left):
            # Of equal remainders the earlier line comes first.
            n = remainders.index(max(remainders))
            shares[n] += 1
            remainders[n] = -1
    return shares
