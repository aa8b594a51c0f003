"""What an offer may name: looked up for each content, or once for a whole file of contents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from django.db.models import Model, QuerySet

_Found = TypeVar("_Found")
_MEMORY: ContextVar[dict[object, Any] | None] = ContextVar("what_offers_may_name", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Look each thing up once from here on, inside one CPO's scope: what others change meanwhile is not seen."""
    token = _MEMORY.set({})
    try:
        yield
    finally:
        _MEMORY.reset(token)


def is_remembering() -> bool:
    """Tell whether what is asked for is looked up once."""
    return _MEMORY.get() is not None


def recall(key: object, look_up: Callable[[], _Found]) -> _Found:
    """Return what a look-up finds, or found before under this key."""
    memory = _MEMORY.get()
    if memory is None:
        return look_up()
    if key not in memory:
        memory[key] = look_up()
    return cast("_Found", memory[key])


def keep(key: object, found: object) -> None:
    """Remember what was looked up for all contents at once."""
    memory = _MEMORY.get()
    if memory is None:
        raise ValueError("nothing is remembered: a look-up is kept inside remembered()")
    memory[key] = found


def kept(key: object) -> Any:
    """Return what was kept under this key, None where nothing was."""
    return (_MEMORY.get() or {}).get(key)


def names_there(rows: QuerySet[Any], column: str, names: Collection[str]) -> set[str]:
    """Return which of these names the column has; `rows` are all of a model's in the CPO's scope."""
    if not names:
        return set()
    if not is_remembering():
        return set(rows.filter(**{f"{column}__in": names}).values_list(column, flat=True))
    return all_names(rows, column).intersection(names)


def all_names(rows: QuerySet[Any], column: str) -> set[str]:
    """Return all names that the column has, and what was added to them."""
    return recall(_key(rows.model, column), lambda: set(rows.order_by().values_list(column, flat=True)))


def add_names(model: type[Model], column: str, names: Collection[str]) -> None:
    """Take these names for there as well: they are made together with what names them."""
    rows = model._default_manager.order_by()
    keep(_key(model, column), set(rows.values_list(column, flat=True)).union(names))


def _key(model: type[Model], column: str) -> tuple[str, str]:
    return model._meta.label, column
