"""Drops the bodies of finished messages once nobody may keep them longer; hash, ids and states stay."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min

from cpo_portal.accounts.models import Cpo
from cpo_portal.database.partitions import drop_month, months_past

BATCH = 500
_BODIES = "beckn_messagebody"
FINAL = {
    "beckn_inboundmessage": "state IN ('DONE', 'DEAD')",
    "beckn_outboundcallback": "state IN ('DELIVERED', 'EXPIRED', 'DEAD')",
}

# One statement marks and deletes. Bodies of months that go as a whole are only marked: their table is dropped.
DROP = """
WITH due AS (
    SELECT m.id FROM {table} m LEFT JOIN accounts_cpo c ON c.id = m.cpo_id
    WHERE m.body_dropped_at IS NULL AND m.{final} AND {which}
    ORDER BY m.body_at LIMIT %(limit)s FOR UPDATE OF m SKIP LOCKED
), dropped AS (
    UPDATE {table} m SET body_dropped_at = statement_timestamp() FROM due WHERE m.id = due.id
    RETURNING m.body_id, m.body_at
), deleted AS (
    DELETE FROM beckn_messagebody b USING dropped d WHERE b.id = d.body_id AND b.created_at = d.body_at
        AND date_trunc('month', d.body_at AT TIME ZONE 'UTC')::date <> ALL(%(whole)s::date[])
)
SELECT count(*), max(body_at) FROM dropped
"""
PAST = """m.body_at <= statement_timestamp() - make_interval(days => %(shortest)s) AND m.body_at >= %(since)s
      AND m.body_at <= statement_timestamp()
          - make_interval(days => coalesce(c.message_retention_days, %(platform)s))"""
OF_TRANSACTIONS = """(m.cpo_id IS NULL OR m.cpo_id = %(cpo)s) AND (m.bap_id, m.transaction_id) IN
        (SELECT * FROM unnest(%(baps)s::text[], %(transactions)s::text[]))"""
LEFT = "SELECT count(*) FROM {table} m WHERE m.body_dropped_at IS NULL AND {which}"
UNFINISHED = """
SELECT EXISTS (SELECT FROM {table} m WHERE m.body_dropped_at IS NULL AND {which}
    AND m.body_at >= %(month)s::date AT TIME ZONE 'UTC'
    AND m.body_at < (%(month)s::date + interval '1 month') AT TIME ZONE 'UTC')
"""


@dataclass(frozen=True, slots=True)
class Dropped:
    """How many bodies went, and the months whose whole table went with them."""

    bodies: int
    months: tuple[date, ...]


def drop_old_bodies() -> Dropped:
    """Drop what is past its CPO's retention, or the platform's where none or several CPOs are concerned.

    Safe to run twice, at once, and to be killed: each batch is one statement.
    """
    figures = Cpo.objects.aggregate(shortest=Min("message_retention_days"), longest=Max("message_retention_days"))
    platform: int = settings.MESSAGE_RETENTION_DAYS
    months = list(months_past(_BODIES, max(platform, figures["longest"] or 0)))
    whole = [month for month in months if not _any(month, "NOT m.{final}")]
    values = {"shortest": min(platform, figures["shortest"] or platform), "platform": platform, "whole": whole}
    count = sum(_drop_in_batches(table, PAST, values) for table in FINAL)
    gone = tuple(month for month in whole if not _any(month, "true") and drop_month(_BODIES, month))
    return Dropped(count, gone)


def drop_bodies_of(cpo: Cpo, transactions: Collection[tuple[str, str]]) -> int:
    """Drop now what is final of these (bap_id, transaction_id) and no other CPO's; return how many bodies."""
    values = _of_transactions(cpo, transactions) | {"whole": []}
    return sum(_drop_in_batches(table, OF_TRANSACTIONS, values) for table in FINAL)


def bodies_left_of(cpo: Cpo, transactions: Collection[tuple[str, str]]) -> int:
    """Return how many bodies of these are still there."""
    left = 0
    with connection.cursor() as cursor:
        for table in FINAL:
            cursor.execute(LEFT.format(table=table, which=OF_TRANSACTIONS), _of_transactions(cpo, transactions))
            left += cursor.fetchone()[0]
    return left


def _of_transactions(cpo: Cpo, transactions: Collection[tuple[str, str]]) -> dict[str, Any]:
    baps, ids = [bap for bap, _ in transactions], [transaction_id for _, transaction_id in transactions]
    return {"cpo": cpo.pk, "baps": baps, "transactions": ids}


def _drop_in_batches(table: str, which: str, values: dict[str, Any]) -> int:
    statement = DROP.format(table=table, final=FINAL[table], which=which)
    total, since = 0, datetime.min.replace(tzinfo=UTC)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, {**values, "since": since, "limit": BATCH})
            count, latest = cursor.fetchone()
        if not count:
            return total
        total, since = total + count, latest


def _any(month: date, which: str) -> bool:
    """Tell whether a message of this month has its body still, of all or of those that `which` names."""
    with connection.cursor() as cursor:
        for table, final in FINAL.items():
            condition = which.format(final=final)
            cursor.execute(UNFINISHED.format(table=table, which=condition), {"month": month})
            if cursor.fetchone()[0]:
                return True
    return False
