"""What is written into the ledger: reservations with their first entry, and every later movement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from offers.models import LedgerEntry, LedgerKind, Redemption

# A hot offer's counter stays locked until these rows are written: they go to the server in one statement.
_RESERVE = """
WITH held AS (
    INSERT INTO offers_redemption (id, cpo_id, offer_id, version_id, order_id, customer_id, state, reserved, committed,
        reversed, currency, counted, counted_customer, counted_day, counted_periods, reserved_on, sandbox,
        reserved_until, terms, items, groups, counted_groups, created_at)
    VALUES {rows}
    RETURNING id, offer_id, terms, reserved, currency, sandbox
)
INSERT INTO offers_ledgerentry (redemption_id, offer_id, version_number, kind, reference, amount, uses, currency,
    sandbox, at)
SELECT id, offer_id, (terms ->> 'version')::int, 'RESERVE', '', reserved, 1, currency, sandbox, %s
FROM held ORDER BY offer_id
"""
_ROW = (
    "(%s, %s, %s, %s, %s, %s, %s, %s, 0, 0, %s, %s, %s, %s, %s::varchar[], %s, %s, %s, %s::jsonb, %s::jsonb, "
    "%s::bigint[], %s, %s)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement to be written into the ledger."""

    redemption: Redemption
    kind: LedgerKind
    amount: Decimal
    uses: int


def write_reservations(reserved: Sequence[Redemption], *, now: datetime) -> None:
    """Write new redemptions, each with its RESERVE entry."""
    if not reserved:
        return
    values: list[Any] = []
    made = timezone.now()
    for row in reserved:
        row.created_at = made
        values += [row.pk, row.cpo_id, row.offer_id, row.version_id, row.order_id, row.customer_id, row.state]
        values += [row.reserved, row.currency, row.counted, row.counted_customer, row.counted_day]
        values += [row.counted_periods, row.reserved_on, row.sandbox, row.reserved_until]
        values += [json.dumps(row.terms), json.dumps(row.items), row.groups, row.counted_groups, made]
    statement = _RESERVE.format(rows=", ".join([_ROW] * len(reserved)))
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, now])
    for row in reserved:
        row._state.adding, row._state.db = False, connection.alias


def enter(entries: Sequence[Entry], *, now: datetime, reference: str = "") -> None:
    """Write movements of redemptions that exist."""
    if not entries:
        return
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            redemption=entry.redemption,
            offer_id=entry.redemption.offer_id,
            version_number=entry.redemption.terms["version"],
            kind=entry.kind,
            reference=reference,
            amount=entry.amount,
            uses=entry.uses,
            currency=entry.redemption.currency,
            sandbox=entry.redemption.sandbox,
            at=now,
        )
        for entry in entries
    )
