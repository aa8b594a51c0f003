"""Several discounts on the same lines: how much each can take, and from where, when no line may go below zero."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from operator import gt
from typing import Protocol

from offers.engine.allocation import divide


class Claim(Protocol):
    """So much is to be taken (`saving`) from these lines (positions in the cart): what an offer is to its lines."""

    @property
    def saving(self) -> Decimal: ...

    @property
    def lines(self) -> tuple[int, ...]: ...


#: What is taken of which lines, in their order.
Shares = dict[int, Decimal]
_Lines = tuple[int, ...]
_Units = dict[int, int]


def joint_amount(claims: Sequence[Claim], amounts: Sequence[Decimal], unit: Decimal) -> Decimal:
    """Return the most that the claims can take together; it does not depend on their order."""
    return sum([sum(shares.values(), Decimal(0)) for shares in spread(claims, amounts, unit)], Decimal(0))


def spread(
    claims: Sequence[Claim], amounts: Sequence[Decimal], unit: Decimal, *, most: Decimal | None = None
) -> tuple[Shares, ...]:
    """Give each claim in turn as much as it can have without taking anything away from those before it.

    A share is proportional to the line where there is room; earlier shares move to other lines of their own
    scope where that makes room for a later claim, which makes the sum the largest possible, but never above `most`.
    All amounts are whole multiples of `unit`, and worked with as so many of it.
    """
    if not claims:
        return ()
    # Nearly always the claims are on the same lines, and then there is nowhere else to move a share to.
    lines = claims[0].lines
    for claim in claims:
        if claim.lines != lines:
            break
    else:
        return (_of_same if len(lines) > 1 else _of_one_line)(claims, amounts, unit, most)
    held = [int(amount / unit) for amount in amounts]
    wanted = [int(claim.saving / unit) for claim in claims]
    taken = _spread([x.lines for x in claims], wanted, held, None if most is None else int(most / unit))
    return tuple([{n: share * unit for n, share in sorted(shares.items())} for shares in taken])


def _of_one_line(
    claims: Sequence[Claim], amounts: Sequence[Decimal], _unit: Decimal, most: Decimal | None
) -> tuple[Shares, ...]:
    """Do the same where all claims are on the one line that they name, if they name any: first come, first served."""
    if not claims[0].lines:
        return tuple([{} for _ in claims])
    line = claims[0].lines[0]
    room = amounts[line] if most is None else min(amounts[line], most)
    taken = []
    for claim in claims:
        share = min(claim.saving, room)
        room -= share
        taken.append({line: share})
    return tuple(taken)


def _of_same(
    claims: Sequence[Claim], amounts: Sequence[Decimal], unit: Decimal, most: Decimal | None
) -> tuple[Shares, ...]:
    """Do the same where all claims are on the same lines: in proportion to them, else to what is left of them."""
    lines = claims[0].lines
    held, whole = [], 0
    for n in lines:
        units = int(amounts[n] / unit)
        whole += units
        held.append(units)
    left = whole
    if most is not None:
        left = min(left, int(most / unit))
    wanted = []
    for claim in claims:
        asked = int(claim.saving / unit)
        units = left if left < asked else asked
        left -= units
        wanted.append(units)
    # A claim takes less than one unit above its proportion of a line: most often all of them leave that much there.
    roomy = left * min(held) >= len(claims) * whole
    found = []
    for shares in [divide(units, held) for units in wanted] if roomy else _in_turn(wanted, held):
        parts = {}
        for n, share in zip(lines, shares):  # noqa: B905  as many by construction, and asking takes its time
            parts[n] = share * unit
        found.append(parts)
    return tuple(found)


def _in_turn(wanted: Sequence[int], held: Sequence[int]) -> list[list[int]]:
    """Divide one after the other: in proportion to the lines where all have room, else to what is left of them."""
    room = list(held)
    found = []
    for units in wanted:
        shares = divide(units, held)
        if any(map(gt, shares, room)):
            shares = divide(units, room)
        room = [free - share for free, share in zip(room, shares, strict=True)]
        found.append(shares)
    return found


def _spread(scopes: Sequence[_Lines], amounts: Sequence[int], held: Sequence[int], most: int | None) -> list[_Units]:
    room = list(held)
    taken: list[_Units] = []
    for lines, amount in zip(scopes, amounts, strict=True):
        wanted = amount if most is None else min(amount, most)
        shares = _take(wanted, lines, held, room)
        taken.append(shares)
        given = sum(shares.values())
        while given < wanted:
            moved = _augment(len(taken) - 1, scopes, taken, room, wanted - given)
            if not moved:
                break
            given += moved
        if most is not None:
            most -= given
    return taken


def _take(amount: int, lines: _Lines, held: Sequence[int], room: list[int]) -> _Units:
    if len(lines) == 1:
        share = min(amount, room[lines[0]])
        room[lines[0]] -= share
        return {lines[0]: share}
    available = [room[n] for n in lines]
    amount = min(amount, sum(available))
    shares = divide(amount, [held[n] for n in lines])
    if any(map(gt, shares, available)):
        shares = divide(amount, available)
    taken = dict(zip(lines, shares, strict=True))
    for n in lines:
        room[n] -= taken[n]
    return taken


def _augment(last: int, scopes: Sequence[_Lines], taken: list[_Units], room: list[int], missing: int) -> int:
    """Move earlier shares along the shortest chain of lines that ends in one with room; return how much moved."""
    came_from: dict[int, tuple[int, int] | None] = dict.fromkeys(scopes[last])
    queue = list(scopes[last])
    for line in queue:
        if room[line] > 0:
            return _shift(last, line, came_from, taken, (room, missing))
        for owner in range(last):
            if taken[owner].get(line, 0):
                for other in scopes[owner]:
                    if other not in came_from:
                        came_from[other] = (owner, line)
                        queue.append(other)
    return 0


def _shift(
    last: int, end: int, came_from: dict[int, tuple[int, int] | None], taken: list[_Units], free: tuple[list[int], int]
) -> int:
    room, missing = free
    moves = []
    line = end
    while (step := came_from[line]) is not None:
        moves.append((step[0], step[1], line))
        line = step[1]
    amount = min([missing, room[end], *(taken[owner][source] for owner, source, _ in moves)])
    for owner, source, target in moves:
        taken[owner][source] -= amount
        taken[owner][target] += amount
    taken[last][line] += amount
    room[end] -= amount
    return amount
