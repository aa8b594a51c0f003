"""Reads what the metrics tell, by queries whose cost does not grow with what is stored: each stops at a bound."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

#: Rows of one kind, or callbacks of one buyer app, that are counted; a figure of this size means "at least".
MOST_ROWS = 10_000
#: Buyer apps that are named: those whose callbacks wait longest.
MOST_BAPS = 20
#: A scrape that takes longer is given up, so that it cannot stand in the way of messages.
MOST_MS = 2_000

QUEUES = """
SELECT extract(epoch FROM statement_timestamp() - min(received_at)), count(*)
FROM (SELECT received_at FROM beckn_inboundmessage WHERE state = 'RECEIVED' LIMIT %(rows)s) AS waiting
"""
TROUBLE = """
SELECT (SELECT count(*) FROM (SELECT FROM beckn_inboundmessage WHERE state = 'DEAD' LIMIT %(rows)s) AS x),
    (SELECT count(*) FROM (SELECT FROM beckn_outboundcallback WHERE state = 'DEAD' LIMIT %(rows)s) AS x),
    (SELECT count(*) FROM (SELECT FROM beckn_outboundcallback WHERE state = 'EXPIRED'
        AND finished_at > statement_timestamp() - interval '1 hour' LIMIT %(rows)s) AS x),
    (SELECT count(*) FROM (SELECT FROM charging_orderevent WHERE announced_at IS NULL LIMIT %(rows)s) AS x),
    (SELECT count(*) FROM (SELECT FROM charging_orderevent WHERE settled_at IS NULL
        AND kind IN ('CHARGING_STOPPED', 'PAYMENT_REPORTED', 'PAYMENT_UNASKED') LIMIT %(rows)s) AS x),
    EXISTS (SELECT FROM beckn_deliveryhold)
"""
BY_BAP = """
SELECT s.subscriber_id, extract(epoch FROM statement_timestamp() - waiting.oldest), waiting.callbacks
FROM beckn_subscriber s CROSS JOIN LATERAL (
    SELECT min(created_at) AS oldest, count(*) AS callbacks FROM (
        SELECT c.created_at FROM beckn_outboundcallback c WHERE c.state = 'PENDING' AND c.bap_id = s.subscriber_id
        ORDER BY c.next_attempt_at LIMIT %(rows)s) AS first
) AS waiting
WHERE waiting.callbacks > 0 ORDER BY 2 DESC
"""
WORKERS = (
    "SELECT name, extract(epoch FROM statement_timestamp() - at), book_lag FROM beckn_workerheartbeat ORDER BY name"
)
LEDGER = """
SELECT extract(epoch FROM statement_timestamp() - at), counters, drifting, amount
FROM offers_ledgercheck ORDER BY id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Callbacks of one buyer app that were not delivered yet; the age in seconds."""

    bap_id: str
    oldest: float
    callbacks: int


@dataclass(frozen=True, slots=True)
class LedgerState:
    """The last comparison of counters and ledger; its age in seconds."""

    age: float
    counters: int
    drifting: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that one scrape tells, apart from this process' own. Ages are seconds, None where nothing waits."""

    inbox_age: float | None
    inbox_received: int
    inbox_dead: int
    outbox: tuple[Waiting, ...]
    outbox_dead: int
    outbox_expired: int
    unannounced: int
    unsettled: int
    held: bool
    workers: tuple[tuple[str, float, int], ...]
    ledger: LedgerState | None


def read() -> Figures:
    """Ask the database; raises its errors."""
    values = {"rows": MOST_ROWS}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {MOST_MS}")
        ((inbox_age, received),) = _rows(cursor, QUEUES, values)
        ((inbox_dead, outbox_dead, expired, unannounced, unsettled, held),) = _rows(cursor, TROUBLE, values)
        outbox = tuple(Waiting(bap, float(age), count) for bap, age, count in _rows(cursor, BY_BAP, values))
        workers = tuple((name, float(age), lag) for name, age, lag in _rows(cursor, WORKERS))
        ledger = _rows(cursor, LEDGER)
    return Figures(
        inbox_age=None if inbox_age is None else float(inbox_age),
        inbox_received=received,
        inbox_dead=inbox_dead,
        outbox=outbox,
        outbox_dead=outbox_dead,
        outbox_expired=expired,
        unannounced=unannounced,
        unsettled=unsettled,
        held=held,
        workers=workers,
        ledger=LedgerState(float(ledger[0][0]), *ledger[0][1:]) if ledger else None,
    )


def _rows(cursor: Any, sql: str, values: dict[str, int] | None = None) -> list[tuple[Any, ...]]:
    cursor.execute(sql, values)
    return list(cursor.fetchall())
