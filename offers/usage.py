"""What an evaluation must know of the moment: what is used of the candidates' limits, what single-use codes open, the
customer's facts and the levels of the site, in one query."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from cpo_portal.charging.segments.facts import OF_ONE, fact_values, facts_from
from cpo_portal.charging.segments.rules import CustomerFacts, Segment, needs_facts
from cpo_portal.database.queries import rows_of
from offers.engine.limits import has_limit, is_personal_only
from offers.engine.periods import Period, Today
from offers.engine.values import CodeStanding, OfferTerms, SentCode, Usage
from offers.observing import (
    LEVELS,
    NOTHING_OBSERVED,
    NOTHING_WANTED,
    Observed,
    Sight,
    observed_from,
    parameters,
    wanted_by,
)
from offers.shared_limits import SHARED_AS_OF, SHARED_NOW

_NOW = """
SELECT o.offer_id, COALESCE(c.uses_reserved + c.uses_committed, 0),
       COALESCE(c.budget_reserved + c.budget_committed, 0)::text, COALESCE(k.uses, 0),
       COALESCE(d.budget_reserved + d.budget_committed, 0)::text,
       COALESCE(kd.uses, 0), COALESCE(kw.uses, 0), COALESCE(km.uses, 0), {shared}
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
WHERE o.cpo_id = %(cpo)s AND o.offer_id = ANY({offers})
"""

# What the ledger said at an instant: a redemption counts as committed, else as reserved, unless released. One from
# before days were written down counts for the day of its reservation on the calendar of today. Of offers that limit
# nobody but each customer, the others' redemptions are not summed.
_AS_OF = """
SELECT o.offer_id, COALESCE(SUM(r.uses), 0), COALESCE(SUM(r.amount), 0)::text,
       COALESCE(SUM(r.uses) FILTER (WHERE r.customer_id = %(customer)s), 0),
       COALESCE(SUM(r.amount) FILTER (WHERE r.reserved_on = %(day)s), 0)::text,
       COALESCE(SUM(r.uses) FILTER (WHERE r.customer_id = %(customer)s AND r.reserved_on = %(day)s), 0),
       COALESCE(SUM(r.uses) FILTER (WHERE r.customer_id = %(customer)s AND r.reserved_on >= %(week)s), 0),
       COALESCE(SUM(r.uses) FILTER (WHERE r.customer_id = %(customer)s AND r.reserved_on >= %(month)s), 0), {shared}
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
        AND (d.customer_id = %(customer)s OR o.offer_id <> ALL(%(personal)s::text[]))
    GROUP BY d.id, d.customer_id
) r ON true
WHERE o.cpo_id = %(cpo)s AND o.offer_id = ANY({offers}) GROUP BY o.id
"""


_PERIODS = (Period.DAY, Period.WEEK, Period.MONTH)
_OF_OFFERS = "%(offers)s::text[]"
# The offers that the codes open join the candidates, so that one statement answers for both. A code taken later than
# the instant that is asked about was free then.
_SENT = """
WITH sent AS MATERIALIZED (
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
"""
_OF_OFFERS_AND_SENT = "(%(offers)s::text[] || ARRAY(SELECT offer_id::text FROM sent))"
_CODES = "(SELECT jsonb_agg(jsonb_build_array(code, offer_id, id, standing)) FROM sent)"
_REFERRALS = """(SELECT jsonb_object_agg(r.code, r.id) FROM offers_referralcode r
    WHERE r.cpo_id = %(cpo)s AND r.code = ANY(%(codes)s))"""
_NOTHING = "NULL::jsonb"
#: Each answer is one value, so that nothing is repeated for each row of another.
_WHOLE = (
    "{sent} SELECT (SELECT jsonb_agg(to_jsonb(u)) FROM ({usage}) u({columns})), {codes}, {facts}, {levels}, {referrals}"
)
_COLUMNS = "offer_id, uses, budget, own, budget_today, own_day, own_week, own_month, shared"


@dataclass(frozen=True, slots=True)
class Person:
    """Whose usage and facts are asked for; `hashes` are those of the contacts given with the purchase."""

    customer_id: UUID | None = None
    hashes: tuple[bytes, ...] = ()
    vehicle_make: str = ""


@dataclass(frozen=True, slots=True)
class CodesSent:
    """Words that may be single-use codes, in capitals, and the order for which they are asked."""

    words: tuple[str, ...] = ()
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class FoundCode:
    """A sent code that is a single-use code of the CPO: the Beckn id of its offer, and what it is to the order."""

    offer_id: str
    sent: SentCode


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: of these offers, for this person, by these codes.

    Segments, those of the offers and `segments` besides, look back from `at` and count nothing after `now`. `today`
    says which day, week and month run: on the CPO's calendar, of the evaluation's instant. Without a `sight` nothing is
    observed. `past` asks for everything as of `now`.
    """

    cpo_id: int
    offers: Collection[OfferTerms]
    today: Today
    at: datetime
    now: datetime
    person: Person = Person()
    codes: CodesSent = CodesSent()
    sight: Sight | None = None
    past: bool = False
    segments: Collection[Segment] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The usage of limited offers by id, the codes by word, and the facts and levels that offers ask for."""

    usage: Mapping[str, Usage] = field(default_factory=dict)
    codes: Mapping[str, FoundCode] = field(default_factory=dict)
    facts: CustomerFacts | None = None
    observed: Observed = NOTHING_OBSERVED
    #: The keys of referral codes, by the word that was sent.
    referrals: Mapping[str, int] = field(default_factory=dict)


def look_up(asked: Asked) -> Found:
    """Return what is known of the moment; where nothing is asked for there is no query."""
    customer_id, words = asked.person.customer_id, asked.codes.words
    limited = [terms.offer_id for terms in asked.offers if has_limit(terms.limits)]
    rules = [x for x in (*asked.segments, *_segments(asked.offers)) if needs_facts(x)]
    wanted = NOTHING_WANTED
    if asked.sight is not None:
        wanted = wanted_by(asked.offers, asked.sight, customer_id=customer_id, past=asked.past)
    with_facts, with_levels = bool(rules) and customer_id is not None, wanted != NOTHING_WANTED
    # What a code opens is not known beforehand.
    shared = customer_id is not None and (bool(words) or any(x.limits.shared_in_groups for x in asked.offers))
    if not limited and not words and not with_facts and not with_levels:
        return Found()
    values: dict[str, Any] = {period.value.lower(): asked.today.start_of(period) for period in Period}
    values |= {"cpo": asked.cpo_id, "offers": limited, "customer": customer_id, "zone": asked.today.zone}
    values["personal"] = [x.offer_id for x in asked.offers if is_personal_only(x.limits)]
    values |= {"as_of": asked.now if asked.past else None, "codes": list(words), "order": asked.codes.order_id}
    if with_facts:
        values |= fact_values(rules, at=asked.at, until=asked.now) | {"hashes": list(asked.person.hashes)}
    if with_levels:
        values |= parameters(wanted)
    parts = _Parts(asked.past, bool(words), with_facts, with_levels, shared)
    usage, codes, facts, levels, referrals = map(_read, rows_of(_statement(parts), values)[0])
    return Found(
        {row["offer_id"]: _usage(row, known=customer_id is not None) for row in usage or ()},
        {word: FoundCode(offer, SentCode(key, CodeStanding(how))) for word, offer, key, how in codes or ()},
        facts_from(facts, vehicle_make=asked.person.vehicle_make) if with_facts else None,
        observed_from(levels) if with_levels else NOTHING_OBSERVED,
        referrals or {},
    )


def _segments(offers: Iterable[OfferTerms]) -> Iterable[Segment]:
    return {x.segment_id: x for terms in offers for x in terms.segments}.values()


def usage_of(
    cpo_id: int,
    offers: Collection[OfferTerms],
    customer_id: UUID | None,
    *,
    today: Today,
    as_of: datetime | None = None,
) -> Mapping[str, Usage]:
    """Return the usage of the limited ones among these offers, and nothing else of the moment."""
    limited = [replace(terms, segments=()) for terms in offers if has_limit(terms.limits)]
    if not limited:
        return {}
    instant = as_of or datetime.min.replace(tzinfo=UTC)
    asked = Asked(cpo_id, limited, today, instant, instant, Person(customer_id), past=as_of is not None)
    return look_up(asked).usage


class _Parts(NamedTuple):
    """What a statement is made of."""

    past: bool
    codes: bool
    facts: bool
    levels: bool
    shared: bool


@lru_cache
def _statement(parts: _Parts) -> str:
    shared = SHARED_AS_OF if parts.past else SHARED_NOW
    usage = (_AS_OF if parts.past else _NOW).format(
        offers=_OF_OFFERS_AND_SENT if parts.codes else _OF_OFFERS, shared=shared if parts.shared else _NOTHING
    )
    return _WHOLE.format(
        sent=_SENT if parts.codes else "",
        usage=usage,
        columns=_COLUMNS,
        codes=_CODES if parts.codes else _NOTHING,
        facts=OF_ONE if parts.facts else _NOTHING,
        levels=LEVELS if parts.levels else _NOTHING,
        referrals=_REFERRALS if parts.codes else _NOTHING,
    )


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _usage(row: Mapping[str, Any], *, known: bool) -> Usage:
    together, *of_periods = row["shared"] or (None,)
    return Usage(
        uses=row["uses"],
        budget_used=Decimal(row["budget"]),
        customer_uses=row["own"] if known else None,
        budget_used_today=Decimal(row["budget_today"]),
        customer_period_uses={
            Period.DAY: row["own_day"],
            Period.WEEK: row["own_week"],
            Period.MONTH: row["own_month"],
        },
        group_uses=together,
        group_period_uses={} if together is None else dict(zip(_PERIODS, of_periods, strict=True)),
    )


def without(usage: Mapping[str, Usage], own: Mapping[str, Usage]) -> dict[str, Usage]:
    """Return the usage of everybody else: what an order itself holds is not counted against it."""
    return {offer_id: _less(found, own[offer_id]) if offer_id in own else found for offer_id, found in usage.items()}


def _less(found: Usage, own: Usage) -> Usage:
    """Take its own from what is used; what the order holds of its groups' uses was left out when it was looked up."""
    by_period = found.customer_period_uses
    return replace(
        found,
        uses=found.uses - own.uses,
        budget_used=found.budget_used - own.budget_used,
        customer_uses=None if found.customer_uses is None else found.customer_uses - (own.customer_uses or 0),
        budget_used_today=found.budget_used_today - own.budget_used_today,
        customer_period_uses={x: uses - own.customer_period_uses.get(x, 0) for x, uses in by_period.items()},
    )
