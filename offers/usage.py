"""What is used of the candidates' limits, and what the single-use codes that were sent open, in one query."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from offers.engine.values import CodeStanding, OfferTerms, SentCode, Usage

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

_OF_OFFERS = "o.offer_id = ANY(%(offers)s)"

# The offers that the codes open join the candidates, so that one statement answers for both. A code taken later than
# the instant that is asked about was free then.
_WITH_CODES = """
WITH sent AS (
    SELECT s.id, s.code, o.offer_id,
           CASE WHEN s.order_id IS NULL OR s.taken_at > %(as_of)s THEN 'FREE'
                WHEN s.state = 'HELD' AND s.order_id = %(order)s THEN 'HELD' ELSE 'USED' END AS standing
    FROM offers_singleusecode s
    JOIN offers_codebatch b ON b.id = s.batch_id
    JOIN offers_offer o ON o.id = b.offer_id
    WHERE s.cpo_id = %(cpo)s AND s.code = ANY(%(codes)s) AND s.state <> 'CANCELLED'
      AND (b.cancelled_at IS NULL OR b.cancelled_at > %(as_of)s OR s.order_id IS NOT NULL)
      AND (%(as_of)s::timestamptz IS NULL OR b.created_at <= %(as_of)s)
)
SELECT used.*, sent.id, sent.code, sent.standing
FROM ({usage}) AS used LEFT JOIN sent ON sent.offer_id = used.offer_id
"""
_OF_OFFERS_AND_CODES = "o.offer_id = ANY(%(offers)s::text[] || ARRAY(SELECT offer_id::text FROM sent))"


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A sent code that is a single-use code of the CPO: the Beckn id of its offer, and what it is to the order."""

    offer_id: str
    sent: SentCode


@dataclass(frozen=True, slots=True)
class CodesSent:
    """Words that may be single-use codes, in capitals, and the order for which they are asked."""

    words: tuple[str, ...] = ()
    order_id: UUID | None = None


NO_CODES = CodesSent()


def has_limit(terms: OfferTerms) -> bool:
    """Return whether judging this offer needs its usage."""
    limits = terms.limits
    return limits.total_uses is not None or limits.uses_per_customer is not None or limits.budget is not None


def usage_of(
    cpo_id: int, offers: Collection[OfferTerms], customer_id: UUID | None, *, as_of: datetime | None = None
) -> Mapping[str, Usage]:
    """Return the usage of the limited ones among these offers; the rest need none and cost no query."""
    return usage_and_codes(cpo_id, offers, customer_id, as_of=as_of)[0]


def usage_and_codes(
    cpo_id: int,
    offers: Collection[OfferTerms],
    customer_id: UUID | None,
    *,
    as_of: datetime | None = None,
    codes: CodesSent = NO_CODES,
) -> tuple[Mapping[str, Usage], Mapping[str, FoundCode]]:
    """Return the usage of the limited ones among these offers and of those that the words open, and the codes by word.

    Where no offer is limited and no word was sent there is no query.
    """
    limited = [terms.offer_id for terms in offers if has_limit(terms)]
    if not limited and not codes.words:
        return {}, {}
    usage = _NOW if as_of is None else _AS_OF
    if codes.words:
        usage = _WITH_CODES.format(usage=usage.replace(_OF_OFFERS, _OF_OFFERS_AND_CODES))
    values: dict[str, Any] = {"cpo": cpo_id, "offers": limited, "customer": customer_id, "as_of": as_of}
    values |= {"codes": list(codes.words), "order": codes.order_id}
    with connection.cursor() as cursor:
        cursor.execute(usage, values)
        rows = cursor.fetchall()
    used = {
        offer_id: Usage(
            uses=int(uses), budget_used=Decimal(budget), customer_uses=int(own) if customer_id is not None else None
        )
        for offer_id, uses, budget, own, *_ in rows
    }
    if not codes.words:
        return used, {}
    return used, {
        code: FoundCode(offer_id, SentCode(key, CodeStanding(standing)))
        for offer_id, *_, key, code, standing in rows
        if code is not None
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
