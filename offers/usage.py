"""What is used of the candidates' limits, in one query."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import connection

from offers.engine.limits import has_limit
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


def usage_of(
    cpo_id: int, offers: Collection[OfferTerms], customer_id: UUID | None, *, as_of: datetime | None = None
) -> Mapping[str, Usage]:
    """Return the usage of the limited ones among these offers; the rest need none and cost no query."""
    limited = [terms.offer_id for terms in offers if has_limit(terms.limits)]
    if not limited:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _NOW if as_of is None else _AS_OF,
            {"cpo": cpo_id, "offers": limited, "customer": customer_id, "as_of": as_of},
        )
        rows = cursor.fetchall()
    return {
        offer_id: Usage(
            uses=int(uses), budget_used=Decimal(budget), customer_uses=int(own) if customer_id is not None else None
        )
        for offer_id, uses, budget, own in rows
    }


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
