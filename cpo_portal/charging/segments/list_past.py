"""Who was on a named list, or not yet, before staff filled it anew, for as long as what was announced goes by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db import connection
from django.db.models import Max

from cpo_portal.charging.models import NamedList, NamedListChange, NamedListEntry, Segment
from cpo_portal.charging.segments.past import concerned, kept_until, lists_named, said_by

_BATCH = 2000


def note_changes(named_list: NamedList, digests: Mapping[bytes, str], *, replaces: bool, now: datetime) -> int:
    """Keep who is about to be taken off a list, or put on it, by these hashes with their key ids; return how many.

    Nobody is kept whom no surge lets off by the list. Inside the CPO's scope, before the list is filled.
    """
    rows = list(Segment.objects.all())
    by_it = concerned(rows, now, lambda rule: named_list.list_id in lists_named([rule]))
    until = kept_until(named_list.cpo_id, by_it, now) if by_it else None
    if until is None:
        return 0
    # Only where something is negated can it be worse to be on a list.
    negated = any(x.negated for row in rows if row.segment_id in by_it for y in said_by(row, now) for x in y.conditions)
    entries = NamedListEntry.objects.filter(named_list=named_list).values_list("hmac", "hmac_key_id")
    there = {bytes(hmac): key_id for hmac, key_id in entries} if replaces or negated else {}
    left = {x: there[x] for x in there.keys() - digests.keys()} if replaces else {}
    joined = {x: digests[x] for x in digests.keys() - there.keys()} if negated else {}
    found = [*_changes(named_list, left, until, was_on=True), *_changes(named_list, joined, until, was_on=False)]
    NamedListChange.objects.bulk_create(
        found,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["named_list", "hmac", "was_on"],
        update_fields=["until"],
    )
    return len(found)


def changes_until(named_list: NamedList, now: datetime) -> datetime | None:
    """Return until when surges go by who was on a list before it was filled anew, None where they do not."""
    found = NamedListChange.objects.filter(named_list=named_list, until__gt=now).aggregate(last=Max("until"))
    until: datetime | None = found["last"]
    return until


def drop_past(now: datetime) -> int:
    """Delete what no longer counts, of all CPOs; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM charging_namedlistchange WHERE until <= %s", [now])
        return int(cursor.rowcount)


def _changes(
    named_list: NamedList, hashes: Mapping[bytes, str], until: datetime, *, was_on: bool
) -> Iterator[NamedListChange]:
    for hmac, key_id in hashes.items():
        named = {"named_list": named_list, "hmac_key_id": key_id, "hmac": hmac}
        yield NamedListChange(cpo_id=named_list.cpo_id, **named, was_on=was_on, until=until)
