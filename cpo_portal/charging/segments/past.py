"""What segments were before staff changed them, for as long as something that was announced goes by it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cpo_portal.charging.models import Segment
from cpo_portal.charging.segments import rules
from cpo_portal.charging.segments.conditions import condition_from

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
    changes = {_instant(x["replaced_at"]) for row in rows for x in row.former if _instant(x["until"]) > at}
    if not changes:
        return []
    former = {row.segment_id: [(_instant(x["replaced_at"]), _rule(row, x)) for x in row.former] for row in rows}
    said = {row.segment_id: (_present(row), former[row.segment_id]) for row in rows}
    return [
        {key: _as_before(*found, change) for key, found in said.items()} for change in sorted(changes, reverse=True)
    ]


def reached(rows: Iterable[Segment], wanted: Iterable[str], at: datetime) -> list[Segment]:
    """Return of these segments those wanted and those that they stand on, by what they say or said that counts yet."""
    known = {row.segment_id: row for row in rows}
    ids = [key for key in dict.fromkeys(wanted) if key in known]
    for key in ids:
        named = segments_named(said_by(known[key], at))
        ids += sorted(name for name in named if name in known and name not in ids)
    return [known[key] for key in ids]


def said_by(row: Segment, now: datetime) -> list[rules.Rule]:
    """Return the rule of a segment, and the former ones that still count at an instant."""
    return [_present(row), *former_rules(row, now)]


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


def _as_before(present: rules.Rule, former: Iterable[tuple[datetime, rules.Rule]], change: datetime) -> rules.Rule:
    """Return what a segment said just before an instant: the first that was replaced since, else what it says."""
    return min((x for x in former if x[0] >= change), key=lambda x: x[0], default=(change, present))[1]


def _present(row: Segment) -> rules.Rule:
    return _rule(row, {"match_all": row.match_all, "conditions": row.conditions})


def _rule(row: Segment, said: Mapping[str, Any]) -> rules.Rule:
    conditions = tuple(condition_from(each) for each in said["conditions"])
    return rules.Rule(row.segment_id, row.name, said["match_all"], conditions)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
