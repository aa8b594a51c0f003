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
    whole = sum(held)
    if units > whole:
        raise ValueError(f"cannot take {amount} from lines that hold {whole * unit}")
    if not units:
        return tuple(amount * 0 for _ in held)
    if len(held) == 1:
        return (amount,)
    shares = [units * weight // whole for weight in held]
    remainders = [units * weight % whole for weight in held]
    by_remainder = sorted(range(len(held)), key=lambda n: -remainders[n])
    for n in by_remainder[: units - sum(shares)]:
        shares[n] += 1
    return tuple(share * unit for share in shares)
