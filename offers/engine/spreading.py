"""Several discounts on the same lines: how much each can take, and from where, when no line may go below zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from offers.engine.allocation import allocate


@dataclass(frozen=True, slots=True)
class Claim:
    """So much, to be taken from these lines (positions in the cart)."""

    amount: Decimal
    lines: tuple[int, ...]


Shares = dict[int, Decimal]


def joint_amount(claims: Sequence[Claim], amounts: Sequence[Decimal], unit: Decimal) -> Decimal:
    """Return the most that the claims can take together; it does not depend on their order."""
    return sum((sum(shares.values(), Decimal(0)) for shares in spread(claims, amounts, unit)), Decimal(0))


def spread(
    claims: Sequence[Claim], amounts: Sequence[Decimal], unit: Decimal, *, most: Decimal | None = None
) -> tuple[Shares, ...]:
    """Give each claim in turn as much as it can have without taking anything away from those before it.

    A share is proportional to the line where there is room; earlier shares move to other lines of their own
    scope where that makes room for a later claim, which makes the sum the largest possible, but never above `most`.
    """
    room = {n: amounts[n] for claim in claims for n in claim.lines}
    taken: list[Shares] = []
    for claim in claims:
        wanted = claim if most is None else Claim(min(claim.amount, most), claim.lines)
        shares = _take(wanted, amounts, room, unit)
        taken.append(shares)
        missing = wanted.amount - sum(shares.values())
        while missing > 0:
            moved = _augment(len(taken) - 1, [*claims[: len(taken)]], taken, room, missing)
            if not moved:
                break
            missing -= moved
        if most is not None:
            most -= sum(shares.values(), Decimal(0))
    return tuple(taken)


def _take(claim: Claim, amounts: Sequence[Decimal], room: Shares, unit: Decimal) -> Shares:
    if len(claim.lines) == 1:
        only = claim.lines[0]
        share = min(claim.amount, room[only])
        room[only] -= share
        return {only: share}
    available = [room[n] for n in claim.lines]
    amount = min(claim.amount, sum(available, Decimal(0)))
    shares = allocate(amount, [amounts[n] for n in claim.lines], unit=unit)
    if any(share > left for share, left in zip(shares, available, strict=True)):
        shares = allocate(amount, available, unit=unit)
    for n, share in zip(claim.lines, shares, strict=True):
        room[n] -= share
    return dict(zip(claim.lines, shares, strict=True))


def _augment(last: int, claims: list[Claim], taken: list[Shares], room: Shares, missing: Decimal) -> Decimal:
    """Move earlier shares along the shortest chain of lines that ends in one with room; return how much moved."""
    came_from: dict[int, tuple[int, int] | None] = dict.fromkeys(claims[last].lines)
    queue = list(claims[last].lines)
    for line in queue:
        if room[line] > 0:
            return _shift(last, line, came_from, taken, (room, missing))
        for owner in range(last):
            if taken[owner].get(line, 0):
                for other in claims[owner].lines:
                    if other not in came_from:
                        came_from[other] = (owner, line)
                        queue.append(other)
    return Decimal(0)


def _shift(
    last: int,
    end: int,
    came_from: dict[int, tuple[int, int] | None],
    taken: list[Shares],
    free: tuple[Shares, Decimal],
) -> Decimal:
    room, missing = free
    moves = []
    line = end
    while (step := came_from[line]) is not None:
        moves.append((step[0], step[1], line))
        line = step[1]
    amount = min([missing, room[end], *(taken[owner][source] for owner, source, _ in moves)])
    for owner, source, target in moves:
        taken[owner][source] -= amount
        taken[owner][target] = taken[owner].get(target, Decimal(0)) + amount
    taken[last][line] = taken[last].get(line, Decimal(0)) + amount
    room[end] -= amount
    return amount
