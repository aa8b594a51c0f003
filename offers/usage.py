"""What is used of the candidates' limits, in one query."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from cpo_portal.charging.facts import OF_ONE, fact_values, facts_from
from cpo_portal.charging.segment_rules import CustomerFacts, needs_facts
from offers.engine.values import OfferTerms, Usage

_NOW = """
SELECT o.offer_id, COALESCE(c.uses_reserved + c.uses_committed, 0),
       COALESCE(c.budget_reserved + c.budget_committed, 0), COALESCE(k.uses, 0)
FROM offers_offer o
LEFT JOIN offers_offercounter c ON c.offer_id = o.id
LEFT JOIN offers_customercounter k ON k.offer_id = o.id AND k.customer_id = %(customer)s
WHERE o.cpo_id = %(cpo)s AND o.offer_id = ANY(%(offers)s)
"""

# What the ledger said at an instant: a redemption counts as committed, else as reserved, unless released.
_AS_OF = """
SELECT o.offer_id, COALESCE(SUM(r.uses), 0), COALESCE(SUM(r.amount), 0),
       COALESCE(SUM(r.uses) FILTER (WHERE r.customer_id = %(customer)s), 0)
FROM offers_offer o
LEFT JOIN LATERAL (
    SELECT d.customer_id, SUM(e.uses) AS uses,
           CASE WHEN bool_or(e.kind = 'COMMIT')
                THEN SUM(e.amount) FILTER (WHERE e.kind = 'COMMIT')
                   - COALESCE(SUM(e.amount) FILTER (WHERE e.kind = 'REVERSE'), 0)
                WHEN bool_or(e.kind = 'RELEASE') THEN 0
                ELSE SUM(e.amount) FILTER (WHERE e.kind = 'RESERVE') END AS amount
    FROM offers_redemption d JOIN offers_ledgerentry e ON e.redemption_id = d.id
    WHERE d.offer_id = o.id AND d.cpo_id = o.cpo_id AND NOT d.sandbox AND e.at <= %(as_of)s
    GROUP BY d.id, d.customer_id
) r ON true
WHERE o.cpo_id = %(cpo)s AND o.offer_id = ANY(%(offers)s) GROUP BY o.offer_id
"""


def has_limit(terms: OfferTerms) -> bool:
    """Return whether judging this offer needs its usage."""
    limits = terms.limits
    return limits.total_uses is not None or limits.uses_per_customer is not None or limits.budget is not None


# The customer's facts ride along, also where no candidate has a limit.
_WITH_FACTS = "SELECT u.*, f.facts FROM (SELECT {facts} AS facts) f LEFT JOIN ({usage}) u ON true"


@dataclass(frozen=True, slots=True)
class Person:
    """Whose usage and facts are asked for; `hashes` are those of the contacts given with the purchase."""

    customer_id: UUID | None = None
    hashes: tuple[bytes, ...] = ()
    vehicle_make: str = ""


def usage_and_facts(
    cpo_id: int, offers: Collection[OfferTerms], person: Person, *, at: datetime, now: datetime, past: bool = False
) -> tuple[Mapping[str, Usage], CustomerFacts | None]:
    """Return the usage of the limited offers, and the customer's facts where one of the offers asks for them.

    Rules look back from `at`, and nothing after `now` counts; `past` asks for the usage as of `now`, too. Both come
    from one query; there is none where nothing is asked for.
    """
    as_of = now if past else None
    segments = {x.segment_id: x for terms in offers for x in terms.segments if needs_facts(x)}
    if not segments or person.customer_id is None:
        return usage_of(cpo_id, offers, person.customer_id, as_of=as_of), None
    values = fact_values(segments.values(), at=at, until=now) | {"hashes": list(person.hashes)}
    limited = [terms.offer_id for terms in offers if has_limit(terms)]
    values |= {"cpo": cpo_id, "offers": limited, "customer": person.customer_id, "as_of": as_of}
    statement = _WITH_FACTS.format(facts=OF_ONE, usage=_NOW if as_of is None else _AS_OF)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    usage = {row[0]: _usage(row[:-1], known=True) for row in rows if row[0] is not None}
    return usage, facts_from(rows[0][-1], vehicle_make=person.vehicle_make)


def usage_of(
    cpo_id: int, offers: Collection[OfferTerms], customer_id: UUID | None, *, as_of: datetime | None = None
) -> Mapping[str, Usage]:
    """Return the usage of the limited ones among these offers; the rest need none and cost no query."""
    limited = [terms.offer_id for terms in offers if has_limit(terms)]
    if not limited:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _NOW if as_of is None else _AS_OF,
            {"cpo": cpo_id, "offers": limited, "customer": customer_id, "as_of": as_of},
        )
        rows = cursor.fetchall()
    return {row[0]: _usage(row, known=customer_id is not None) for row in rows}


def _usage(row: Sequence[Any], *, known: bool) -> Usage:
    _, uses, budget, own = row
    return Usage(uses=int(uses), budget_used=Decimal(budget), customer_uses=int(own) if known else None)


def without(usage: Mapping[str, Usage], own: Mapping[str, Usage]) -> dict[str, Usage]:
    """Return the usage of everybody else: what an order itself holds is not counted against it."""
    return {
        offer_id: Usage(
            uses=found.uses - own[offer_id].uses,
            budget_used=found.budget_used - own[offer_id].budget_used,
            customer_uses=None
            if found.customer_uses is None
            else found.customer_uses - (own[offer_id].customer_uses or 0),
        )
        if offer_id in own
        else found
        for offer_id, found in usage.items()
    }
