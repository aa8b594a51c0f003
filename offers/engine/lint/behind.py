"""What a made-up customer has behind them: sessions, when the last one was and energy, none at odds with another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from cpo_portal.charging.segments.rules import Condition, Fact

_RECENTLY = timedelta(days=10)
_A_SESSION_WH = 20_000
_OF_A_SESSION = frozenset({Fact.NEW, Fact.RETURNING, Fact.LAPSED, Fact.ENERGY})


@dataclass(frozen=True, slots=True)
class Behind:
    """So many sessions, the last one so long ago, None without any; `within` has (days, count), few days first."""

    sessions: int = 0
    away: timedelta | None = None
    energy_wh: int = 0
    within: tuple[tuple[int, int], ...] = ()


def behind(way: Iterable[Condition], windows: Iterable[int], *, least: int, most: int | None = None) -> Behind | None:
    """Return what meets the conditions on what lies behind somebody, None where nothing can.

    As few sessions as that takes, but no fewer than `least`, unless only fewer meet them; `most` bounds them. They are
    counted in these windows of days, each of which holds at least what a shorter one holds.
    """
    conditions = tuple(way)
    counts = _counts(conditions, sorted({*windows, *(x.days for x in _of(conditions, Fact.SESSIONS))}))
    if counts is None or any(x.negated and not x.number for x in _of(conditions, Fact.ENERGY)):
        return None
    fewest = max((low for low, _ in counts.values()), default=0)
    if any(_asks_for_one(x) for x in conditions):
        fewest = max(fewest, 1)
    if any(_asks_for_none(x) for x in conditions):
        most = 0
    sessions = max(least, fewest) if most is None else min(max(least, fewest), most)
    if sessions < fewest:
        return None
    if not sessions:
        return Behind(within=tuple((days, 0) for days in counts))
    away = _away(conditions, counts)
    if away is None:
        return None
    within = tuple((days, max(low, int(away < timedelta(days=days)))) for days, (low, _) in counts.items())
    return Behind(sessions, away, _energy(conditions, sessions), within) if _can_be(conditions) else None


def _of(conditions: Sequence[Condition], fact: Fact) -> list[Condition]:
    return [x for x in conditions if x.fact is fact]


def _asks_for_one(condition: Condition) -> bool:
    """Say whether nobody meets it who never charged."""
    if condition.fact is Fact.NEW:
        return condition.negated
    if condition.fact is Fact.ENERGY:
        return not condition.negated and condition.number > 0
    return condition.fact in _OF_A_SESSION and not condition.negated


def _asks_for_none(condition: Condition) -> bool:
    return condition.fact in {Fact.NEW, Fact.RETURNING} and condition.negated is (condition.fact is Fact.RETURNING)


def _counts(conditions: Sequence[Condition], windows: Sequence[int]) -> Mapping[int, tuple[int, int | None]] | None:
    """Return the fewest and the most sessions in each window, None where these cross."""
    asked = _of(conditions, Fact.SESSIONS)
    found: dict[int, tuple[int, int | None]] = {}
    for days in windows:
        low = max((x.number for x in asked if not x.negated and x.days <= days), default=0)
        high = min((x.number - 1 for x in asked if x.negated and x.days >= days), default=None)
        if high is not None and high < low:
            return None
        found[days] = low, high
    return found


def _away(conditions: Sequence[Condition], counts: Mapping[int, tuple[int, int | None]]) -> timedelta | None:
    """Return how long ago the last session was: as usual where that may be, None where nothing may."""
    lapsed = _of(conditions, Fact.LAPSED)
    least = [x.days for x in lapsed if not x.negated] + [days for days, (_, high) in counts.items() if high == 0]
    below = [x.days for x in lapsed if x.negated] + [days for days, (low, _) in counts.items() if low]
    first, end = timedelta(days=max(least, default=0)), timedelta(days=min(below)) if below else None
    if end is None:
        return max(first, _RECENTLY)
    if first >= end:
        return None
    usual = max(first, _RECENTLY)
    return usual if usual < end else (first + end) / 2


def _energy(conditions: Sequence[Condition], sessions: int) -> int:
    asked = _of(conditions, Fact.ENERGY)
    least = max((x.number * 1000 for x in asked if not x.negated), default=0)
    most = min((x.number * 1000 - 1 for x in asked if x.negated), default=None)
    wanted = max(sessions * _A_SESSION_WH, least)
    return wanted if most is None else min(wanted, most)


def _can_be(conditions: Sequence[Condition]) -> bool:
    """Say whether some energy meets every condition on it."""
    asked = _of(conditions, Fact.ENERGY)
    least = max((x.number for x in asked if not x.negated), default=0)
    return all(least < x.number for x in asked if x.negated)
