"""What an applied offer gives, as lines at their list price: beside the cart, or out of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from pricing.engine.values import QuoteLine

#: How the title of a given line ends.
GIVEN = ", given"


@dataclass(frozen=True, slots=True)
class Giving:
    """The given lines, marked with the offer's id; an empty line id is still to be numbered.

    `reduced` says of each by how much its offer reduces it, down to the item value. `left` says, for a position in the
    cart that something is given of, what remains of it to be paid; None is nothing.
    """

    lines: tuple[QuoteLine, ...]
    reduced: tuple[Decimal, ...]
    left: Mapping[int, QuoteLine | None] = field(default_factory=dict)


def beside_the_cart(found: Iterable[tuple[QuoteLine, Decimal]]) -> Giving | None:
    """Return what is given on top of the cart, lines each with what it is reduced by; None where that is nothing."""
    lines = tuple(found)
    return Giving(tuple(line for line, _ in lines), tuple(off for _, off in lines)) if lines else None
