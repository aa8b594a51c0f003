"""What is known of how each buyer app takes its callbacks: kept as attempts end, overruled by operators."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from beckn import nudge
from beckn.circuit import FAILURES, FIRST_PAUSE, OUR_OWN, SILENCE, pause_after
from beckn.models import Subscriber
from beckn.retry import Outcome

# A failure of what was claimed before the pause says nothing new: only the one that tried after it prolongs it.
FAILED = """
INSERT INTO beckn_subscriberhealth AS h (subscriber_id, failures, last_failure_at, last_error)
SELECT s.id, 1, statement_timestamp(), %(health_error)s FROM beckn_subscriber s WHERE s.subscriber_id = %(bap)s
ON CONFLICT (subscriber_id) DO UPDATE
SET failures = h.failures + 1, last_failure_at = excluded.last_failure_at, last_error = excluded.last_error,
    open_until = CASE
        WHEN h.open_until IS NULL AND h.failures + 1 >= %(threshold)s OR h.open_until <= %(claimed_at)s
        THEN statement_timestamp() + %(pause)s ELSE h.open_until END,
    pauses = CASE
        WHEN h.open_until IS NULL AND h.failures + 1 >= %(threshold)s OR h.open_until <= %(claimed_at)s
        THEN least(h.pauses + 1, 1000) ELSE h.pauses END,
    since = CASE
        WHEN h.open_until IS NULL AND h.failures + 1 >= %(threshold)s
        THEN statement_timestamp() ELSE h.since END
"""

# Nearly always there is nothing to write: a row that all couriers of a buyer app locked would hold them up.
ANSWERED = """
WITH noted AS (
    UPDATE beckn_subscriberhealth h
    SET failures = 0, pauses = 0, open_until = NULL,
        since = CASE WHEN h.open_until IS NULL THEN h.since ELSE statement_timestamp() END,
        last_success_at = CASE WHEN %(delivered)s THEN statement_timestamp() ELSE h.last_success_at END
    FROM beckn_subscriber s
    WHERE s.subscriber_id = %(bap)s AND h.subscriber_id = s.id AND (h.failures > 0 OR %(delivered)s
        AND (h.last_success_at IS NULL OR h.last_success_at < statement_timestamp() - interval '10 seconds'))
)
INSERT INTO beckn_subscriberhealth (subscriber_id, last_success_at)
SELECT s.id, CASE WHEN %(delivered)s THEN statement_timestamp() END FROM beckn_subscriber s
WHERE s.subscriber_id = %(bap)s AND NOT EXISTS (SELECT FROM beckn_subscriberhealth h WHERE h.subscriber_id = s.id)
ON CONFLICT DO NOTHING
"""


def noting(
    outcome: Outcome, error: str, *, bap: str, claimed_at: datetime, pauses: int
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the statements that note what an attempt says of its buyer app, and their values by name."""
    if outcome in OUR_OWN:
        return (), {}
    values: dict[str, Any] = {"bap": bap, "delivered": outcome is Outcome.DELIVERED}
    if outcome not in SILENCE:
        return (ANSWERED,), values
    pause = pause_after(pauses, f"{bap}/{claimed_at.timestamp()}")
    return (FAILED,), values | {
        "health_error": error,
        "claimed_at": claimed_at,
        "threshold": FAILURES,
        "pause": pause,
    }


PROBE = """
WITH health AS (
    UPDATE beckn_subscriberhealth SET open_until = statement_timestamp()
    WHERE subscriber_id = %(pk)s AND open_until > statement_timestamp()
), head AS MATERIALIZED (
    SELECT c.id FROM beckn_outboundcallback c
    WHERE c.state = 'PENDING' AND c.bap_id = %(bap)s AND c.leased_until IS NULL
      AND (EXISTS (
          SELECT FROM beckn_outboundcallback earlier
          WHERE earlier.finished_at IS NULL AND earlier.bap_id = c.bap_id
            AND earlier.transaction_id = c.transaction_id AND earlier.sequence < c.sequence)) IS FALSE
    ORDER BY c.next_attempt_at, c.sequence LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE beckn_outboundcallback c
SET next_attempt_at = least(c.next_attempt_at, statement_timestamp())
WHERE c.id = ANY (ARRAY(SELECT id FROM head))
"""


def probe_now(subscriber: Subscriber) -> bool:
    """End the pause of a buyer app, and let its next callback go out at once; False where none waits."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(PROBE, {"pk": subscriber.pk, "bap": subscriber.subscriber_id})
        transaction.on_commit(nudge.outbox)
        return bool(cursor.rowcount)


# Rows that somebody else has are being decided on anyway; without a wait there is no order of locks to keep.
HEARD = """
UPDATE beckn_subscriberhealth SET open_until = statement_timestamp()
WHERE subscriber_id IN (
    SELECT h.subscriber_id FROM beckn_subscriberhealth h JOIN beckn_subscriber s ON s.id = h.subscriber_id
    WHERE s.subscriber_id = ANY (%(baps)s) AND h.open_until > statement_timestamp()
      AND (h.last_failure_at IS NULL OR h.last_failure_at < statement_timestamp() - %(pause)s)
    FOR UPDATE OF h SKIP LOCKED)
"""


def heard_from(bap_ids: Iterable[str]) -> int:
    """End the pause of buyer apps that speak to us, for they are there again; return how many were tried again.

    One whose last callback failed within the shortest pause stays alone: who only talks costs no more than that.
    """
    values: dict[str, Any] = {"baps": sorted(set(bap_ids)), "pause": FIRST_PAUSE}
    with connection.cursor() as cursor:
        cursor.execute(HEARD, values)
        return cursor.rowcount


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a buyer app is owed: waiting callbacks, since when the oldest waits, and how many were given up."""

    pending: int = 0
    oldest: datetime | None = None
    dead: int = 0


BACKLOG = """
SELECT s.subscriber_id, waiting.pending, waiting.oldest, gone.dead
FROM beckn_subscriber s
CROSS JOIN LATERAL (
    SELECT count(*) AS pending, min(queued_at) AS oldest FROM beckn_outboundcallback c
    WHERE c.state = 'PENDING' AND c.bap_id = s.subscriber_id
) waiting
CROSS JOIN LATERAL (
    SELECT count(*) AS dead FROM beckn_outboundcallback c WHERE c.state = 'DEAD' AND c.bap_id = s.subscriber_id
) gone
WHERE s.subscriber_id = ANY (%s)
"""


def backlogs(subscriber_ids: Iterable[str]) -> dict[str, Backlog]:
    """Return what these are owed, by subscriber id."""
    with connection.cursor() as cursor:
        cursor.execute(BACKLOG, [list(subscriber_ids)])
        return {name: Backlog(*figures) for name, *figures in cursor.fetchall()}
