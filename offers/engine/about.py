"""What a sentence of a check needs beside its figures: the ids that it names, and what cannot be compared."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from pricing.engine.making import quickly_made


class Lack(StrEnum):
    """Why there is no figure to compare: nobody is known, or nobody has counted."""

    CUSTOMER = "CUSTOMER"
    FIGURE = "FIGURE"


@quickly_made
@dataclass(frozen=True, slots=True)
class About:
    """What a failing check names, for words. It follows from the check's rule, and is no part of what is re-proven.

    `ids` are those of what the check names: the one place or thing it is for, the products that are missing, the list,
    the chosen offers in its way. `count` is how many it is for where it names none. `there` is what was found instead.
    `note` is the part of the margin that names nothing. `theirs` says that the terms of the chosen offer are in the
    way, not its own.
    """

    ids: tuple[str, ...] = ()
    count: int = 0
    there: tuple[str, ...] = ()
    note: str = ""
    theirs: bool = False
    lack: Lack | None = None


NOBODY = About(lack=Lack.CUSTOMER)
NOT_COUNTED = About(lack=Lack.FIGURE)


def one_of(allowed: frozenset[str], there: tuple[str, ...] = ()) -> tuple[str, About]:
    """Return the only one that is allowed, or "one of 3", and the same for words."""
    if len(allowed) == 1:
        return _only(next(iter(allowed)), there)
    # Not remembered: a set that was read again is equal to the one before, and is compared to it id by id.
    return f"one of {len(allowed)}", About(count=len(allowed), there=there)


@lru_cache(maxsize=8192)
def _only(allowed: str, there: tuple[str, ...]) -> tuple[str, About]:
    only = str(allowed)
    return only, About(ids=(only,), there=there)
