"""What segments were before staff changed them, for as long as something that was announced goes by it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cpo_portal.charging import segment_rules as rules
from cpo_portal.charging.models import Segment
from cpo_portal.charging.segment_conditions import condition_from

#: Rooms above say here how long what these segments were still counts, from an instant on; None: it does not.
KEEPERS: list[Callable[[int, Collection[str], datetime], datetime | None]] = []
#: So many changes are kept; a program that changes a segment more often than that has to wait.
MOST_KEPT = 20


def kept_until(cpo_id: int, segment_ids: Collection[str], now: datetime) -> datetime | None:
    """Return until when what these segments are now counts after a change; inside the CPO's scope."""
    found = [until for keeper in KEEPERS if (until := keeper(cpo_id, segment_ids, now)) is not None and until > now]
    return max(found, default=None)


def with_former(row: Segment, until: datetime | None, now: datetime) -> list[dict[str, Any]]:
    """Return the former rules of a row that is about to be changed, its present ones among them until an instant."""
    found = [x for x in row.former if _instant(x["until"]) > now]
    if until is not None:
        said = {"match_all": row.match_all, "conditions": row.conditions}
        found.append(said | {"replaced_at": now.isoformat(), "until": until.isoformat()})
    return found


def counts_until(row: Segment, now: datetime) -> datetime | None:
    """Return until when former rules of a segment count beside its own, None where they do not."""
    return max((until for x in row.former if (until := _instant(x["until"])) > now), default=None)


def former_rules(row: Segment, now: datetime) -> list[rules.Rule]:
    """Return the former rules of a segment that still count at an instant, in the order of time."""
    return [_rule(row, x) for x in row.former if _instant(x["until"]) > now]


def worlds_before(rows: Sequence[Segment], at: datetime) -> list[dict[str, rules.Rule]]:
    """Return the rules of all these segments, by id, as they were before each change that is still kept at an instant:
    the latest change first."""
    changes = {x["replaced_at"] for row in rows for x in row.former if _instant(x["until"]) > at}
    return [
        {row.segment_id: _rule(row, _as_before(row, change)) for row in rows}
        for change in sorted(map(_instant, changes), reverse=True)
    ]


def said_by(row: Segment, now: datetime) -> list[rules.Rule]:
    """Return the rule of a segment, and the former ones that still count at an instant."""
    return [_rule(row, {"match_all": row.match_all, "conditions": row.conditions}), *former_rules(row, now)]


def concerned(rows: Sequence[Segment], now: datetime, names: Callable[[rules.Rule], bool]) -> set[str]:
    """Return the ids of those of all these segments one of whose rules does, or names one of them; also former rules
    that still count at an instant."""
    said = {row.segment_id: said_by(row, now) for row in rows}
    named = {key: segments_named(each) for key, each in said.items()}
    found = {key for key, each in said.items() if any(map(names, each))}
    while more := {key for key in said if key not in found and not found.isdisjoint(named[key])}:
        found |= more
    return found


def segments_named(found: Iterable[rules.Rule]) -> set[str]:
    """Return the ids of the segments that these rules name."""
    return {value for x in found for y in x.conditions if y.fact is rules.Fact.SEGMENT for value in y.values}


def lists_named(found: Iterable[rules.Rule]) -> set[str]:
    """Return the ids of the named lists that these rules ask for."""
    return {value for x in found for y in x.conditions if y.fact is rules.Fact.LIST for value in y.values}


def _as_before(row: Segment, change: datetime) -> Mapping[str, Any]:
    """Return what a segment said just before an instant: the first that was replaced since, else what it says."""
    since = [x for x in row.former if _instant(x["replaced_at"]) >= change]
    now = {"match_all": row.match_all, "conditions": row.conditions}
    return min(since, key=lambda x: _instant(x["replaced_at"]), default=now)


def _rule(row: Segment, said: Mapping[str, Any]) -> rules.Rule:
    conditions = tuple(condition_from(each) for each in said["conditions"])
    return rules.Rule(row.segment_id, row.name, said["match_all"], conditions)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
