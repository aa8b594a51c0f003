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
from offers.engine.periods import Period, Today
from offers.engine.values import OfferTerms, Usage

_NOW = """
SELECT o.offer_id, COALESCE(c.uses_reserved + c.uses_committed, 0),
       COALESCE(c.budget_reserved + c.budget_committed, 0), COALESCE(k.uses, 0),
       COALESCE(d.budget_reserved + d.budget_committed, 0),
       COALESCE(kd.uses, 0), COALESCE(kw.uses, 0), COALESCE(km.uses, 0)
FROM offers_offer o
LEFT JOIN offers_offercounter c ON c.offer_id = o.id
LEFT JOIN offers_customercounter k ON k.offer_id = o.id AND k.customer_id = %(customer)s
LEFT JOIN offers_daycounter d ON d.offer_id = o.id AND d.day = %(day)s
LEFT JOIN offers_customerperiodcounter kd ON kd.offer_id = o.id AND kd.customer_id = %(customer)s
    AND kd.period = 'DAY' AND kd.starts_on = %(day)s
LEFT JOIN offers_customerperiodcounter kw ON kw.offer_id = o.id AND kw.customer_id = %(customer)s
    AND kw.period = 'WEEK' AND kw.starts_on = %(week)s
LEFT JOIN offers_customerperiodcounter km ON km.offer_id = o.id AND km.customer_id = %(customer)s
    AND km.period = 'MONTH' AND km.starts_on = %(month)s
WHERE o.cpo_id = %(cpo)s AND o.offer_id = ANY(%(offers)s)
"""

# What the ledger said at an instant: a redemption counts as committed, else as reserved, unless released. One from
# before days were written down counts for the day of its reservation on the calendar of today.
_AS_OF = """
SELECT o.offer_id, COALESCE(SUM(r.uses), 0), COALESCE(SUM(r.amount), 0),
       COALESCE(SUM(r.uses) FILTER (WHERE r.customer_id = %(customer)s), 0),
       COALESCE(SUM(r.amount) FILTER (WHERE r.reserved_on = %(day)s), 0),
       COALESCE(SUM(r.uses) FILTER (WHERE r.customer_id = %(customer)s AND r.reserved_on = %(day)s), 0),
       COALESCE(SUM(r.uses) FILTER (WHERE r.customer_id = %(customer)s AND r.reserved_on >= %(week)s), 0),
       COALESCE(SUM(r.uses) FILTER (WHERE r.customer_id = %(customer)s AND r.reserved_on >= %(month)s), 0)
FROM offers_offer o
LEFT JOIN LATERAL (
    SELECT d.customer_id, SUM(e.uses) AS uses,
           COALESCE(d.reserved_on, (MIN(e.at) AT TIME ZONE %(zone)s)::date) AS reserved_on,
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
    return terms.limits.total_uses is not None or terms.limits.has_budget or terms.limits.is_personal


# The customer's facts ride along, also where no candidate has a limit.
_WITH_FACTS = "SELECT u.*, f.facts FROM (SELECT {facts} AS facts) f LEFT JOIN ({usage}) u ON true"


@dataclass(frozen=True, slots=True)
class Person:
    """Whose usage and facts are asked for; `hashes` are those of the contacts given with the purchase."""

    customer_id: UUID | None = None
    hashes: tuple[bytes, ...] = ()
    vehicle_make: str = ""


def usage_and_facts(  # noqa: PLR0913  instants that differ, all named
    cpo_id: int,
    offers: Collection[OfferTerms],
    person: Person,
    *,
    at: datetime,
    now: datetime,
    today: Today,
    past: bool = False,
) -> tuple[Mapping[str, Usage], CustomerFacts | None]:
    """Return the usage of the limited offers, and the customer's facts where one of the offers asks for them.

    Rules look back from `at`, and nothing after `now` counts; `past` asks for the usage as of `now`, too. Both come
    from one query; there is none where nothing is asked for.
    """
    as_of = now if past else None
    segments = {x.segment_id: x for terms in offers for x in terms.segments if needs_facts(x)}
    if not segments or person.customer_id is None:
        return usage_of(cpo_id, offers, person.customer_id, today=today, as_of=as_of), None
    values = fact_values(segments.values(), at=at, until=now) | {"hashes": list(person.hashes)}
    limited = [terms.offer_id for terms in offers if has_limit(terms)]
    values |= _values(cpo_id, limited, person.customer_id, today, as_of)
    statement = _WITH_FACTS.format(facts=OF_ONE, usage=_NOW if as_of is None else _AS_OF)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    usage = {row[0]: _usage(row[:-1], known=True) for row in rows if row[0] is not None}
    return usage, facts_from(rows[0][-1], vehicle_make=person.vehicle_make)


def usage_of(
    cpo_id: int,
    offers: Collection[OfferTerms],
    customer_id: UUID | None,
    *,
    today: Today,
    as_of: datetime | None = None,
) -> Mapping[str, Usage]:
    """Return the usage of the limited ones among these offers; the rest need none and cost no query.

    `today` says which day, week and month run: on the CPO's calendar, of the evaluation's instant.
    """
    limited = [terms.offer_id for terms in offers if has_limit(terms)]
    if not limited:
        return {}
    values = _values(cpo_id, limited, customer_id, today, as_of)
    with connection.cursor() as cursor:
        cursor.execute(_NOW if as_of is None else _AS_OF, values)
        rows = cursor.fetchall()
    return {row[0]: _usage(row, known=customer_id is not None) for row in rows}


def _values(cpo_id: int, limited: list[str], customer_id: UUID | None, today: Today, as_of: datetime | None) -> Any:
    values: dict[str, Any] = {period.value.lower(): today.start_of(period) for period in Period}
    return values | {"cpo": cpo_id, "offers": limited, "customer": customer_id, "as_of": as_of, "zone": today.zone}


def _usage(row: Sequence[Any], *, known: bool) -> Usage:
    _, uses, budget, own, today_budget, *by_period = row
    return Usage(
        uses=int(uses),
        budget_used=Decimal(budget),
        customer_uses=int(own) if known else None,
        budget_used_today=Decimal(today_budget),
        customer_period_uses=dict(zip(Period, map(int, by_period), strict=True)),
    )


def without(usage: Mapping[str, Usage], own: Mapping[str, Usage]) -> dict[str, Usage]:
    """Return the usage of everybody else: what an order itself holds is not counted against it."""
    return {offer_id: _less(found, own[offer_id]) if offer_id in own else found for offer_id, found in usage.items()}


def _less(found: Usage, own: Usage) -> Usage:
    by_period = found.customer_period_uses
    return Usage(
        uses=found.uses - own.uses,
        budget_used=found.budget_used - own.budget_used,
        customer_uses=None if found.customer_uses is None else found.customer_uses - (own.customer_uses or 0),
        budget_used_today=found.budget_used_today - own.budget_used_today,
        customer_period_uses={x: uses - own.customer_period_uses.get(x, 0) for x, uses in by_period.items()},
    )
