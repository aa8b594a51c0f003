"""The facts of customers that segments are decided by, as one expression of SQL: for a price, and for a whole CPO."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet

from cpo_portal.accounts.models import Cpo
from cpo_portal.charging.models import ChargingSession, CustomerContact, NamedListEntry, SessionState
from cpo_portal.charging.people.contact_hashes import contact_hashes
from cpo_portal.charging.segments.facts_in_time import with_former_lists
from cpo_portal.charging.segments.facts_then import History, Stop
from cpo_portal.charging.segments.rules import CustomerFacts, Segment, lists_of, windows_of

# A session counts once it has stopped and gave energy; tests of buyer apps (sandbox) never count. The keys of a
# customer and the contacts that are given with a purchase (`hashes`) find them on named lists.
FACTS = """
(WITH done AS MATERIALIZED (
    SELECT x.stopped_at, x.last_register_wh - x.start_register_wh AS energy, o.vehicle_make
    FROM charging_order o JOIN charging_chargingsession x ON x.order_id = o.id
    WHERE o.customer_id = {customer} AND o.cpo_id = %(cpo)s AND NOT o.sandbox AND x.state = 'STOPPED'
        AND x.stopped_at <= %(until)s AND x.last_register_wh > x.start_register_wh
)
SELECT jsonb_build_object(
    'record', (SELECT jsonb_build_array(r.tier, r.organisation, r.joined_on, r.vehicle_make)
        FROM charging_customerrecord r WHERE r.customer_id = {customer} AND r.cpo_id = %(cpo)s),
    'done', (SELECT jsonb_build_array(count(*), max(stopped_at), coalesce(sum(energy), 0)) FROM done),
    'makes', (SELECT jsonb_agg(DISTINCT vehicle_make) FROM done WHERE vehicle_make <> ''),
    'within', (SELECT jsonb_agg(jsonb_build_array(w.days, (SELECT count(*) FROM done
            WHERE done.stopped_at > %(at)s::timestamptz - w.days * interval '24 hours')))
        FROM unnest(%(windows)s::int[]) AS w(days)),
    'lists', (SELECT jsonb_agg(l.list_id) FROM charging_namedlist l
        WHERE l.cpo_id = %(cpo)s AND l.list_id = ANY(%(lists)s::text[]) AND EXISTS (
            SELECT FROM charging_namedlistentry e WHERE e.named_list_id = l.id AND e.hmac = ANY({keys}))),
    'changes', (SELECT jsonb_agg(DISTINCT jsonb_build_array(l.list_id, g.was_on)) FROM charging_namedlistchange g
        JOIN charging_namedlist l ON l.id = g.named_list_id
        WHERE g.cpo_id = %(cpo)s AND l.list_id = ANY(%(lists)s::text[]) AND g.until > %(at)s::timestamptz
            AND g.hmac = ANY({keys}))
))"""
# One array, for which the tables have an index, as they have not for one thing or the other.
_KEYS = "%(hashes)s::bytea[] || ARRAY(SELECT k.hmac FROM charging_customerkey k WHERE k.customer_id = {customer})"


def _facts_of(customer: str) -> str:
    return FACTS.format(customer=customer, keys=_KEYS.format(customer=customer))


OF_ONE = _facts_of("%(customer)s")

_OF_MANY = """
SELECT c.id, {facts} FROM charging_customer c
WHERE c.cpo_id = %(cpo)s AND c.id > %(after)s AND c.forgotten_at IS NULL ORDER BY c.id LIMIT %(limit)s
""".format(facts=_facts_of("c.id"))
BATCH = 2000
_FIRST = UUID(int=0)


def fact_values(segments: Iterable[Segment], *, at: datetime, until: datetime) -> dict[str, Any]:
    """Return what FACTS asks for besides the CPO and the customer: rules look back from `at`, nothing after `until`."""
    found = tuple(segments)
    return {
        "at": at,
        "until": until,
        "windows": sorted(windows_of(found)),
        "lists": sorted(lists_of(found)),
        "hashes": [],
    }


def facts_from(data: Mapping[str, Any] | str, *, vehicle_make: str = "") -> CustomerFacts:
    """Read what FACTS returned; `vehicle_make` is the one that the buyer app names now."""
    found: Mapping[str, Any] = json.loads(data) if isinstance(data, str) else data
    tier, organisation, joined_on, kept_make = found["record"] or ("", "", None, "")
    sessions, last, energy = found["done"]
    makes = {make for make in (*(found["makes"] or ()), kept_make, vehicle_make) if make}
    known = CustomerFacts(
        tier=tier,
        organisation=organisation,
        joined_on=date.fromisoformat(joined_on) if joined_on else None,
        vehicle_makes=tuple(sorted(makes)),
        sessions=sessions,
        last_session=datetime.fromisoformat(last) if last else None,
        energy_wh=energy,
        sessions_within=tuple((days, count) for days, count in found["within"] or ()),
        lists=frozenset(found["lists"] or ()),
    )
    changes = found.get("changes")
    return with_former_lists(known, changes) if changes else known


def facts_by_customer(
    cpo: Cpo, segments: Iterable[Segment], *, at: datetime, until: datetime | None = None
) -> Iterator[tuple[UUID, CustomerFacts]]:
    """Yield each of the CPO's customers, by key, with its facts, in batches; inside the CPO's scope.

    No session counts that stopped after `until`, which is `at` where it is not said.
    """
    rules = tuple(segments)
    values = fact_values(rules, at=at, until=until or at) | {"cpo": cpo.pk, "limit": BATCH, "after": _FIRST}
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_OF_MANY, values)
            rows = cursor.fetchall()
        also = _lists_by_contact(cpo, [key for key, _ in rows], values["lists"])
        for key, data in rows:
            found = json.loads(data) if isinstance(data, str) else data
            yield key, facts_from({**found, "lists": [*(found["lists"] or ()), *also.get(key, ())]})
        if len(rows) < BATCH:
            return
        values["after"] = rows[-1][0]


def histories(
    cpo: Cpo, segments: Iterable[Segment], *, at: datetime, since: datetime
) -> Iterator[tuple[UUID, History]]:
    """Yield each of the CPO's customers, by key, with what was known of them from `since` to `at`, session by session.

    Inside the CPO's scope; all of the sessions in between are held in memory.
    """
    stops: defaultdict[UUID, list[Stop]] = defaultdict(list)
    for customer, *stop in _stops(since, at):
        stops[customer].append(Stop(*stop))
    for key, facts in facts_by_customer(cpo, segments, at=at, until=since):
        yield key, History(facts, stops.get(key, ()))


def _stops(after: datetime, until: datetime) -> QuerySet[ChargingSession, tuple[Any, ...]]:
    """Return what FACTS counts and when it stopped, in that order."""
    rows = ChargingSession.objects.filter(state=SessionState.STOPPED, stopped_at__gt=after, stopped_at__lte=until)
    rows = rows.filter(last_register_wh__gt=F("start_register_wh"), order__sandbox=False)
    energy = F("last_register_wh") - F("start_register_wh")
    counted = rows.exclude(order__customer=None).order_by("stopped_at")
    return counted.values_list("order__customer_id", "stopped_at", energy, "order__vehicle_make")


def _lists_by_contact(cpo: Cpo, customers: list[UUID], lists: list[str]) -> dict[UUID, set[str]]:
    """Return on which of these lists a kept phone number or address stands that is not the customer's key."""
    if not lists or not customers:
        return {}
    whose: dict[bytes, set[UUID]] = {}
    for contact in CustomerContact.objects.filter(customer__in=customers):
        for digest in contact_hashes(cpo, {"phone": contact.phone, "email": contact.email}):
            whose.setdefault(digest, set()).add(contact.customer_id)
    found: dict[UUID, set[str]] = {}
    entries = NamedListEntry.objects.filter(named_list__list_id__in=lists, hmac__in=list(whose))
    for hmac, list_id in entries.values_list("hmac", "named_list__list_id"):
        for customer in whose[bytes(hmac)]:
            found.setdefault(customer, set()).add(list_id)
    return found
