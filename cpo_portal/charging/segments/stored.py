"""Segments as rows and as rules: compiling, saving, deleting, and how many customers are in one now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer, NamedList, Segment
from cpo_portal.charging.segments import rules
from cpo_portal.charging.segments.conditions import condition_from, normal_conditions
from cpo_portal.charging.segments.deciding import is_in
from cpo_portal.charging.segments.facts import facts_by_customer
from cpo_portal.charging.segments.past import (
    MOST_KEPT,
    concerned,
    kept_until,
    lists_named,
    reached,
    said_by,
    segments_named,
    with_former,
    worlds_before,
)

#: Rooms above say here what uses a segment: functions of the row that return names such as "the offer weekend".
USERS: list[Callable[[Segment], list[str]]] = []
#: Counting looks at every customer; above so many, a page would wait for it.
MOST_COUNTED = 50_000
_TOO_OFTEN = (
    f"It was changed {MOST_KEPT} times while your surges still let off whom it was for before: change it once the "
    "notice of your surges is over."
)


def rules_of(rows: Sequence[Segment] | None = None) -> dict[str, rules.Rule]:
    """Return the rules of these segments, or of all in the active scope, by segment id."""
    found = Segment.objects.all() if rows is None else rows
    return {
        row.segment_id: rules.Rule(
            row.segment_id, row.name, row.match_all, tuple(condition_from(each) for each in row.conditions)
        )
        for row in found
    }


def compiled(known: Mapping[str, rules.Rule], wanted: Iterable[str] | None = None) -> dict[str, rules.Segment]:
    """Return each segment, or each of those wanted that there is, with all rules that it stands on; what is missing or
    circular has nobody in it."""
    return {
        key: rules.Segment(key, known[key].name, tuple(known[name] for name in _in_order(key, known)))
        for key in (known if wanted is None else wanted)
        if key in known
    }


def announced(wanted: Iterable[str], at: datetime) -> dict[str, tuple[rules.Segment, ...]]:
    """Return those wanted of the active scope's segments by id, each compiled as it is and as it was before the changes
    that what was announced does not go by yet, for sessions that are planned to start at an instant: one query."""
    ids = sorted(set(wanted))
    rows = reached(Segment.objects.all(), ids, at)
    found = [compiled(x, ids) for x in (rules_of(rows), *worlds_before(rows, at))]
    return {key: tuple(dict.fromkeys(x[key] for x in found)) for key in found[0]}


def circle_in(segment_id: str, known: Mapping[str, rules.Rule]) -> list[str]:
    """Return the ids by which a segment comes back to itself, [] for none: ["a", "b", "a"]."""
    ways = [[segment_id]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for name in _named(known.get(way[-1])):
            if name == segment_id:
                return [*way, name]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []


def _in_order(segment_id: str, known: Mapping[str, rules.Rule]) -> list[str]:
    """Return the rules that a segment stands on, each after those that it names; its own is the last."""
    done: list[str] = []
    open_: list[tuple[str, bool]] = [(segment_id, False)]
    begun: set[str] = set()
    while open_:
        name, entered = open_.pop()
        if entered:
            done.append(name)
        elif name in known and name not in begun:
            begun.add(name)
            open_.append((name, True))
            open_ += [(inner, False) for inner in _named(known[name])]
    return done


def _named(rule: rules.Rule | None) -> list[str]:
    if rule is None:
        return []
    return [value for x in rule.conditions if x.fact is rules.Fact.SEGMENT for value in x.values]


@dataclass(frozen=True, slots=True)
class SegmentContent:
    """What staff write into a segment; `conditions` in the form of `segment_conditions`."""

    segment_id: str
    name: str
    conditions: tuple[Mapping[str, Any], ...]
    match_all: bool = True


def checked(content: SegmentContent, row: Segment) -> tuple[dict[str, Any], ...]:
    """Return the conditions in their normal form, or raise ValidationError by field; inside the CPO's scope."""
    errors: dict[str, list[str]] = {}
    probe = Segment(cpo=row.cpo, segment_id=content.segment_id, name=content.name, match_all=content.match_all)
    try:
        probe.clean_fields(exclude={"cpo", "conditions"})
    except ValidationError as refusal:
        errors |= refusal.message_dict
    if row.pk is not None and content.segment_id != row.segment_id:
        errors.setdefault("segment_id", []).append("This id cannot be changed: make a new segment instead.")
    if row.pk is None and Segment.objects.filter(segment_id=content.segment_id).exists():
        errors.setdefault("segment_id", []).append(_taken(content.segment_id))
    normal: tuple[dict[str, Any], ...] = ()
    try:
        known = rules_of()
        lists = set(NamedList.objects.values_list("list_id", flat=True))
        normal = normal_conditions(content.conditions, lists=lists, segments={*known, content.segment_id})
        conditions = tuple(condition_from(each) for each in normal)
        known[content.segment_id] = rules.Rule(content.segment_id, content.name, content.match_all, conditions)
        if circle := circle_in(content.segment_id, known):
            raise ValidationError(_circular([known[each].name for each in circle]))
    except ValidationError as refusal:
        errors["conditions"] = refusal.messages
    if errors:
        raise ValidationError(errors)  # type: ignore[arg-type]
    return normal


def save_segment(cpo: Cpo, content: SegmentContent, row: Segment | None = None) -> Segment:
    """Make or change a segment; raises ValidationError by field. Two changes cannot close a circle between them."""
    with cpo_scope(cpo), transaction.atomic():
        lock_segments(cpo)
        row = Segment(cpo=cpo) if row is None else Segment.objects.select_for_update(of=("self",)).get(pk=row.pk)
        conditions = list(checked(content, row))
        if row.pk is not None and (row.conditions, row.match_all) != (conditions, content.match_all):
            row.former = _with_former(row, timezone.now())
        row.conditions, row.match_all = conditions, content.match_all
        row.segment_id, row.name = content.segment_id, content.name
        try:
            with transaction.atomic():
                row.save()
        except IntegrityError as race:
            raise ValidationError({"segment_id": _taken(content.segment_id)}) from race
        return row


def _with_former(row: Segment, now: datetime) -> list[dict[str, Any]]:
    """Return the former rules to keep of a row that is about to be changed; raises ValidationError for too many."""
    by_it = concerned(list(Segment.objects.all()), now, lambda rule: rule.segment_id == row.segment_id)
    until = kept_until(row.cpo_id, by_it, now)
    found = with_former(row, until, now)
    if len(found) > MOST_KEPT:
        raise ValidationError({"conditions": [_TOO_OFTEN]})
    return found


def delete_segment(row: Segment) -> None:
    """Delete a segment that nothing names; raises ValidationError with what does."""
    with cpo_scope(row.cpo), transaction.atomic():
        lock_segments(row.cpo)
        if not Segment.objects.select_for_update(of=("self",)).filter(pk=row.pk):
            raise ValidationError("Somebody else has just deleted this segment.")
        refuse_used(row)
        row.delete()


def refuse_used(row: Segment) -> None:
    """Raise ValidationError where an offer or another segment names this one; inside the CPO's scope."""
    users = [f"the segment {x}" for x in _names_naming(lambda rule: row.segment_id in segments_named([rule]))]
    users += [name for find in USERS for name in find(row)]
    if users:
        more = f" and {len(users) - 3} more" if len(users) > 3 else ""
        raise ValidationError(
            f"“{row.name}” is used by {', '.join(users[:3])}{more}: take it out there before you delete it."
        )


def segments_naming(named_list: NamedList) -> list[str]:
    """Return the names of the segments that ask for this list; inside the CPO's scope."""
    return _names_naming(lambda rule: named_list.list_id in lists_named([rule]))


def _names_naming(names: Callable[[rules.Rule], bool]) -> list[str]:
    """Return the names of the segments one of whose rules does, also of former ones that still count."""
    now = timezone.now()
    return [row.name for row in Segment.objects.all() if any(map(names, said_by(row, now)))]


def delete_list(row: NamedList) -> None:
    """Delete a list with its contacts; raises ValidationError where a segment asks for it."""
    with cpo_scope(row.cpo), transaction.atomic():
        lock_segments(row.cpo)
        if users := segments_naming(row):
            raise ValidationError(f"“{row.name}” is used by the segment {users[0]}: take it out there first.")
        NamedList.objects.filter(pk=row.pk).delete()


@dataclass(frozen=True, slots=True)
class Membership:
    """How many of a CPO's customers are in a segment at an instant; None where there are too many to count."""

    inside: int | None
    customers: int


def count_members(row: Segment, now: datetime) -> Membership:
    """Count who is in a segment now, through whichever buyer app where it names none; inside the CPO's scope."""
    customers = Customer.objects.filter(forgotten_at=None).count()
    if customers > MOST_COUNTED:
        return Membership(None, customers)
    segment = compiled(rules_of())[row.segment_id]
    moment = rules.Moment(now, now.astimezone(ZoneInfo(row.cpo.time_zone)).date())
    everybody = facts_by_customer(row.cpo, (segment,), at=now)
    inside = sum(1 for _, facts in everybody if is_in(segment, facts, moment))
    return Membership(inside, customers)


def lock_segments(cpo: Cpo) -> None:
    """Keep others from changing the CPO's segments until the transaction ends; the rows are locked behind it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('charging.segments'), %s)", [cpo.pk])


def _circular(names: list[str]) -> str:
    if len(names) == 2:
        return f"“{names[0]}” refers to itself: take it out of its own conditions."
    through = ", ".join(f"“{name}”" for name in names[1:-1])
    return f"“{names[0]}” refers to itself through {through}: take one of them out."


def _taken(segment_id: str) -> str:
    return f"You already have a segment “{segment_id}”: choose another id."
