"""What an applied offer gives, as lines at their list price: beside the cart, or out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pricing.engine.values import QuoteLine

#: How the title of a given line ends.
GIVEN = ", given"


@dataclass(frozen=True, slots=True)
class Giving:
    """The given lines, marked with the offer's id; an empty line id is still to be numbered.

    `left` says, for a position in the cart that something is given of, what remains of it to be paid; None is nothing.
    """

    lines: tuple[QuoteLine, ...]
    left: Mapping[int, QuoteLine | None] = field(default_factory=dict)


def beside_the_cart(lines: tuple[QuoteLine, ...]) -> Giving | None:
    """Return what is given on top of the cart, None where that is nothing."""
    return Giving(lines) if lines else None
