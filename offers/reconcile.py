"""Compares every counter, balance and held stock with what it is a cache of, and keeps what was found."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import structlog
from celery import shared_task
from django.db import connection, transaction

from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.charging.balances.check import compare_balances
from offers.models import LedgerCheck
from offers.stock_check import compare_stock

log = structlog.get_logger(__name__)

#: How many of the drifting counters a check names.
NAMED = 50
#: Earlier checks that are kept; an hourly check leaves a month of them.
KEPT = 750

# One statement, hence one snapshot: a counter and its entries change in one transaction. Per redemption: committed once
# there is a COMMIT, else reserved unless released; what is not `counted` was reserved while the offer had no limit.
_COMPARE = """
WITH redemption AS (
    SELECT e.redemption_id, r.offer_id, r.customer_id, r.counted, r.counted_customer, r.counted_day, r.counted_periods,
        r.groups, r.counted_groups, r.reserved_on, sum(e.uses) AS uses, bool_or(e.kind = 'COMMIT') AS committed,
        CASE WHEN bool_or(e.kind = 'COMMIT')
             THEN sum(CASE e.kind WHEN 'COMMIT' THEN e.amount WHEN 'REVERSE' THEN -e.amount ELSE 0 END)
             WHEN bool_or(e.kind = 'RELEASE') THEN 0 ELSE sum(e.amount) END AS amount
    FROM offers_ledgerentry e JOIN offers_redemption r ON r.id = e.redemption_id
    WHERE NOT e.sandbox AND (r.counted OR r.counted_customer OR r.counted_day OR r.counted_periods <> '{}')
    GROUP BY e.redemption_id, r.id
), total AS (
    SELECT offer_id, coalesce(sum(uses) FILTER (WHERE NOT committed), 0) AS uses_reserved,
        coalesce(sum(uses) FILTER (WHERE committed), 0) AS uses_committed,
        coalesce(sum(amount) FILTER (WHERE NOT committed), 0) AS budget_reserved,
        coalesce(sum(amount) FILTER (WHERE committed), 0) AS budget_committed
    FROM redemption WHERE counted GROUP BY offer_id
), personal AS (
    SELECT offer_id, customer_id, sum(uses) AS uses FROM redemption WHERE counted_customer GROUP BY 1, 2
), days AS (
    SELECT offer_id, reserved_on AS day, coalesce(sum(amount) FILTER (WHERE NOT committed), 0) AS budget_reserved,
        coalesce(sum(amount) FILTER (WHERE committed), 0) AS budget_committed
    FROM redemption WHERE counted_day GROUP BY 1, 2
), periods AS (
    SELECT offer_id, customer_id, period, date_trunc(period, reserved_on::timestamp)::date AS starts_on,
        sum(uses) AS uses
    FROM redemption CROSS JOIN unnest(counted_periods) AS period GROUP BY 1, 2, 3, 4
), shared AS (
    SELECT offer_id, g AS group_id, sum(uses) AS uses
    FROM redemption CROSS JOIN unnest(groups) AS g WHERE counted_groups AND counted_customer GROUP BY 1, 2
), shared_periods AS (
    SELECT offer_id, g AS group_id, period, date_trunc(period, reserved_on::timestamp)::date AS starts_on,
        sum(uses) AS uses
    FROM redemption CROSS JOIN unnest(groups) AS g CROSS JOIN unnest(counted_periods) AS period
    WHERE counted_groups GROUP BY 1, 2, 3, 4
), compared AS (
    SELECT c.offer_id, NULL::uuid AS customer_id, NULL::bigint AS group_id, NULL AS period,
        abs(c.uses_reserved - coalesce(t.uses_reserved, 0))
            + abs(c.uses_committed - coalesce(t.uses_committed, 0)) AS uses,
        abs(c.budget_reserved - coalesce(t.budget_reserved, 0))
            + abs(c.budget_committed - coalesce(t.budget_committed, 0)) AS amount
    FROM offers_offercounter c LEFT JOIN total t USING (offer_id)
    UNION ALL
    SELECT offer_id, customer_id, NULL, NULL, abs(coalesce(c.uses, 0) - coalesce(p.uses, 0)), 0
    FROM offers_customercounter c FULL JOIN personal p USING (offer_id, customer_id)
    UNION ALL
    SELECT offer_id, NULL, NULL, 'DAY ' || day, 0,
        abs(coalesce(c.budget_reserved, 0) - coalesce(d.budget_reserved, 0))
            + abs(coalesce(c.budget_committed, 0) - coalesce(d.budget_committed, 0))
    FROM offers_daycounter c FULL JOIN days d USING (offer_id, day)
    UNION ALL
    SELECT offer_id, customer_id, NULL, period || ' ' || starts_on, abs(coalesce(c.uses, 0) - coalesce(p.uses, 0)), 0
    FROM offers_customerperiodcounter c FULL JOIN periods p USING (offer_id, customer_id, period, starts_on)
    UNION ALL
    SELECT offer_id, NULL, group_id, NULL, abs(coalesce(c.uses, 0) - coalesce(p.uses, 0)), 0
    FROM offers_groupcounter c FULL JOIN shared p USING (offer_id, group_id)
    UNION ALL
    SELECT offer_id, NULL, group_id, period || ' ' || starts_on, abs(coalesce(c.uses, 0) - coalesce(p.uses, 0)), 0
    FROM offers_groupperiodcounter c FULL JOIN shared_periods p USING (offer_id, group_id, period, starts_on)
)
SELECT count(*), count(*) FILTER (WHERE uses > 0 OR amount > 0), coalesce(sum(amount), 0),
    coalesce((SELECT jsonb_agg(to_jsonb(first)) FROM (
        SELECT o.offer_id AS offer, customer_id AS customer, group_id AS "group", period, compared.uses::int,
            compared.amount::text
        FROM compared JOIN offers_offer o ON o.id = compared.offer_id
        WHERE compared.uses > 0 OR compared.amount > 0
        ORDER BY o.id, customer_id NULLS FIRST, group_id NULLS FIRST, period NULLS FIRST LIMIT %s
    ) first), '[]')
FROM compared
"""


@shared_task
def check_ledger() -> int:
    """Compare, keep the result, and say so loudly where a counter differs; return how many do."""
    return compare_with_ledger().drifting


def compare_with_ledger() -> LedgerCheck:
    """Return the kept result of one comparison; nothing is repaired, for a difference is a fault to be understood."""
    with every_cpo(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_COMPARE, [NAMED])
        counters, drifting, amount, drifted = _typed(cursor.fetchone())
        for others in (compare_balances(NAMED), compare_stock(NAMED)):
            counters, drifting = counters + others.compared, drifting + others.drifting
            amount, drifted = amount + others.amount, (drifted + others.drifted)[:NAMED]
        check = LedgerCheck.objects.create(counters=counters, drifting=drifting, amount=amount, drifted=drifted)
        LedgerCheck.objects.filter(pk__lte=check.pk - KEPT).delete()
    if drifting:
        log.error("ledger_drift", counters=counters, drifting=drifting, amount=str(amount), drifted=drifted)
    return check


def _typed(row: tuple[Any, ...]) -> tuple[int, int, Decimal, list[dict[str, Any]]]:
    counters, drifting, amount, drifted = row
    return counters, drifting, amount, json.loads(drifted) if isinstance(drifted, str) else drifted
