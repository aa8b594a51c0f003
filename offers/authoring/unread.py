"""What a form or a file says of an offer while some of its fields could not be read: all the rest is checked.

A check that asks for an unread field ends there, and what it found before it asked holds.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, TypeVar, cast

from django.core.exceptions import ValidationError

#: A fault: the field, and one sentence.
Finding = tuple[str, str]
_Said = TypeVar("_Said")


class NotRead(Exception):
    """A check asked for a field that could not be read."""


class _Partly:
    """Stands for a value some of whose fields were not read; what it works out of them was not read either."""

    __slots__ = ("said", "unread")

    def __init__(self, said: Any, unread: frozenset[str]) -> None:
        self.said = said
        self.unread = unread

    def __getattr__(self, name: str) -> Any:
        if name in self.unread:
            raise NotRead(name)
        worked_out = getattr(type(self.said), name, None)
        if isinstance(worked_out, property) and worked_out.fget is not None:
            return worked_out.fget(self)
        return getattr(self.said, name)


def partly(said: _Said, unread: Collection[str]) -> _Said:
    """Return what was said with these fields unread too, and nothing else changed."""
    if not unread:
        return said
    if isinstance(said, _Partly):
        return cast(_Said, _Partly(said.said, said.unread | frozenset(unread)))
    return cast(_Said, _Partly(said, frozenset(unread)))


def unread_of(said: Any) -> frozenset[str]:
    """Return the fields that were not read."""
    return said.unread if isinstance(said, _Partly) else frozenset()


def readable(said: Any, names: Iterable[str]) -> list[str]:
    """Return those of these fields that were read."""
    unread = unread_of(said)
    return [name for name in names if name not in unread]


def told(checks: Iterable[Callable[..., Iterable[Finding]]], *said: Any) -> Iterator[Finding]:
    """Yield what each check finds in what was read."""
    for check in checks:
        try:
            yield from check(*said)
        except NotRead:
            continue


def refused_by(*checks: Callable[[], object]) -> dict[str, list[str]]:
    """Run checks that raise ValidationError by field, and return what all of them refuse in what was read."""
    errors: dict[str, list[str]] = {}
    for check in checks:
        try:
            check()
        except ValidationError as refusal:
            for name, sentences in refusal.message_dict.items():
                known = errors.setdefault(name, [])
                known += [sentence for sentence in sentences if sentence not in known]
        except NotRead:
            continue
    return errors
