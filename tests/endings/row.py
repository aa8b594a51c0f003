"""One row of the table of endings: what had happened, what happens, and exactly what follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """What followed, in the words of the table; each part is compared exactly."""

    message: str
    state: str
    ledger: str
    refund: str


@dataclass(frozen=True, slots=True)
class Row:
    """`arrange` brings the sale to where the event finds it, `act` is the event; `expected` is what follows."""

    id: str
    before: str
    event: str
    arrange: Callable[[Any], Any]
    act: Callable[[Any], Any]
    expected: Outcome
