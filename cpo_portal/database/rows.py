"""Rows that are kept in memory by the version that PostgreSQL gives each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key")
Row = TypeVar("Row")


class KeptRows(Generic[Key, Row]):
    """Rows by a key that changes with every change of the row, so that nothing kept can be out of date.

    Such a key is the primary key with the row's `xmin` and `ctid`. What is kept is shared by all threads: nobody
    changes it.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rows: dict[Key, Row] = {}

    def get(self, keys: Iterable[Key], load: Callable[[list[Key]], Mapping[Key, Row]]) -> dict[Key, Row]:
        """Return the rows of these keys; `load` is asked for those not kept, and may leave out what is gone."""
        wanted = dict.fromkeys(keys)
        kept = self._rows
        found = {key: kept[key] for key in wanted if key in kept}
        missing = [key for key in wanted if key not in found]
        if missing:
            loaded = load(missing)
            found |= loaded
            # A new dict, for other threads read the old one; full, it starts over rather than count who was used last.
            self._rows = {**kept, **loaded} if len(kept) + len(loaded) <= self._limit else dict(loaded)
        return found
