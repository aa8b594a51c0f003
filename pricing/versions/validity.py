"""When versions hold: the one that was published last, of those that hold at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Generic, Protocol, TypeVar

_EVER = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)


class Bounded(Protocol):
    """What holds in [valid_from, valid_until); None is without bound."""

    @property
    def valid_from(self) -> datetime | None: ...

    @property
    def valid_until(self) -> datetime | None: ...


_Version = TypeVar("_Version", bound=Bounded)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time [valid_from, valid_until); None is without bound."""

    valid_from: datetime | None = None
    valid_until: datetime | None = None

    @property
    def is_bounded(self) -> bool:
        return self.valid_from is not None or self.valid_until is not None

    @property
    def begins(self) -> datetime:
        return _from(self)

    def is_over(self, now: datetime) -> bool:
        return _until(self) <= now


ALWAYS = Period()


@dataclass(frozen=True, slots=True)
class Span(Generic[_Version]):
    """A version and the stretch of time in which it is the one that holds."""

    period: Period
    version: _Version


def in_effect(newest_first: Iterable[_Version], at: datetime) -> _Version | None:
    """Return the version that holds at an instant: a newer one goes before an older one."""
    return next((x for x in newest_first if _from(x) <= at < _until(x)), None)


def overlap(one: Bounded, other: Bounded) -> bool:
    """Tell whether two stretches of time have an instant in common."""
    return _from(one) < _until(other) and _from(other) < _until(one)


def covers(outer: Bounded, inner: Bounded) -> bool:
    """Tell whether one stretch of time holds all of another."""
    return _from(outer) <= _from(inner) and _until(inner) <= _until(outer)


def spans_of(newest_first: Sequence[_Version]) -> tuple[Span[_Version], ...]:
    """Return which version holds when, in order of time; times at which none holds are left out."""
    edges = sorted({_EVER, _NEVER, *(edge for x in newest_first for edge in (_from(x), _until(x)))})
    found: list[tuple[datetime, datetime, _Version]] = []
    for start, end in pairwise(edges):
        version = in_effect(newest_first, start)
        if version is None:
            continue
        if found and found[-1][1] == start and found[-1][2] is version:
            found[-1] = found[-1][0], end, version
        else:
            found.append((start, end, version))
    return tuple(
        Span(Period(None if start == _EVER else start, None if end == _NEVER else end), version)
        for start, end, version in found
    )


def _from(version: Bounded) -> datetime:
    return version.valid_from or _EVER


def _until(version: Bounded) -> datetime:
    return version.valid_until or _NEVER
