"""The outbox: callbacks are written with what they tell, claimed under a lease, and settled once."""

from __future__ import annotations

import os
import socket
import threading
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from beckn import bodies, nudge, subscriber_health
from beckn.models import InboundMessage, OutboundState
from beckn.protocol.jsontext import write_json
from beckn.retry import GiveUp, Outcome, RetryAt
from cpo_portal.accounts.models import Cpo
from cpo_portal.database.queries import run_at_once

#: Longer than any delivery may take (see `delivery`), so that a live courier never loses its lease.
LEASE_SECONDS = 30
CLAIM_LOCK = 0x4F7574  # serialises claims, so that no buyer app gets more callbacks at a time than its cap


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of one attempt."""

    outcome: Outcome
    duration_ms: int
    http_status: int | None = None
    response: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class ClaimedCallback:
    """A callback in the hands of a courier; `attempts` counts the coming one, `claimed_at` is the database's clock,
    `pauses` is how often in a row its buyer app was left alone."""

    id: uuid.UUID
    bap_id: str
    transaction_id: str
    message_id: str
    action: str
    attempts: int
    expires_at: datetime | None
    owner: str
    claimed_at: datetime
    callback_url: str
    is_active: bool
    pauses: int
    packed: bodies.Packed | None

    def open_body(self) -> bytes | None:
        """Return the bytes to sign and send, None once they have been dropped; raises what `bodies.unpack` does."""
        return None if self.packed is None else bodies.unpack(self.id, self.packed)


INSERT = """
WITH callback AS (
    INSERT INTO beckn_outboundcallback (id, bap_id, transaction_id, message_id, action, inbound_id, dedup_key,
        body_hash, body_id, body_at, expires_at, cpo_id, order_ref)
    VALUES (%(id)s, %(bap_id)s, %(transaction_id)s, %(message_id)s, %(action)s, %(inbound)s, %(dedup_key)s,
        %(hash)s, %(id)s, statement_timestamp(), %(expires_at)s, %(cpo)s, %(order_ref)s)
    ON CONFLICT DO NOTHING RETURNING body_id, body_at
), body AS (
    INSERT INTO beckn_messagebody (id, created_at, direction, codec, key_id, body)
    SELECT body_id, body_at, 'OUT', %(codec)s, %(key_id)s, %(body)s FROM callback
)
SELECT body_id FROM callback
"""


def enqueue_callback(  # noqa: PLR0913  one row's columns, all named
    *,
    bap_id: str,
    transaction_id: str,
    message_id: str,
    action: str,
    body: Mapping[str, Any],
    expires_at: datetime | None,
    inbound: InboundMessage | None = None,
    cpo: Cpo | None = None,
    order_ref: uuid.UUID | None = None,
    dedup_key: str | None = None,
) -> uuid.UUID | None:
    """Queue a callback (`action` is `on_…`) in the caller's transaction; return its id, or None if it was there.

    Safe to run twice: there is one callback per (inbound, action) and one per `dedup_key`. Within one
    transaction_id callbacks go out in the order of these calls, so a caller holds its order's lock.
    """
    raw, new_id = write_json(body), uuid.uuid4()
    values: dict[str, Any] = {
        "id": new_id,
        "bap_id": bap_id,
        "transaction_id": transaction_id,
        "message_id": message_id,
        "action": action,
        "inbound": inbound.pk if inbound else None,
        "dedup_key": dedup_key,
        "hash": bodies.hash_of(raw),
        "expires_at": expires_at,
        "cpo": cpo.pk if cpo else None,
        "order_ref": order_ref,
        **bodies.pack(new_id, raw)._asdict(),
    }
    with connection.cursor() as cursor:
        cursor.execute(INSERT, values)
        row = cursor.fetchone()
    if row is None:
        return None
    transaction.on_commit(nudge.outbox)
    callback_id: uuid.UUID = row[0]
    return callback_id


# Four statements in one round trip; each sees what was committed before it began, hence the exact cap. As in the
# inbox, a claim need not reach the disk: a callback may then be sent twice, which its receiver must expect anyway.
# The subscribers come first, and each one's callbacks by its own index: what waits for a buyer app that is left alone
# is not even looked at, be it 200,000 rows. That it is the first of its transaction is asked of one callback after the
# other, in their order, until there are enough: as a join (which NOT EXISTS becomes) it would be asked of all.
LOCK = "SELECT pg_advisory_xact_lock(%(lock)s)"
# Prepared statements keep the plan that they were given; one made while the outbox was nearly empty must do as well
# when it is not. To such a plan all partial indexes that fit cost the same, so each question fits one: only what is due
# is asked for by its state; what is too late by an expression, what is unfinished by `finished_at`, and what is on its
# way by `leased_until`. Rows are named by an array, which is looked up; a join may read the whole table. A state that
# is only checked again is spelt so that no partial index fits.
BY_INDEX = "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)"
CLAIM = (
    LOCK,
    BY_INDEX,
    """
WITH late AS MATERIALIZED (
    SELECT id FROM beckn_outboundcallback
    WHERE CASE WHEN state = 'PENDING' THEN expires_at END <= statement_timestamp()
      AND (leased_until IS NULL OR leased_until <= statement_timestamp())
    ORDER BY CASE WHEN state = 'PENDING' THEN expires_at END LIMIT 20 FOR UPDATE SKIP LOCKED
)
UPDATE beckn_outboundcallback c
SET state = 'EXPIRED', finished_at = statement_timestamp(), leased_until = NULL, lease_owner = '',
    wanted_again = FALSE, last_error = left('the request''s ttl is over ' || last_error, 500)
WHERE c.id = ANY (ARRAY(SELECT id FROM late))
    """,
    """
WITH busy AS (
    SELECT bap_id, count(*) AS callbacks FROM beckn_outboundcallback
    WHERE leased_until > statement_timestamp() GROUP BY bap_id
), due AS MATERIALIZED (
    SELECT head.id, s.callback_url, s.is_active, coalesce(h.failures, 0) AS failures, coalesce(h.pauses, 0) AS pauses
    FROM beckn_subscriber s
    LEFT JOIN beckn_subscriberhealth h ON h.subscriber_id = s.id AND s.is_active
    LEFT JOIN busy ON busy.bap_id = s.subscriber_id
    CROSS JOIN LATERAL (
        SELECT c.id, c.next_attempt_at, c.sequence FROM beckn_outboundcallback c
        WHERE c.state = 'PENDING' AND c.bap_id = s.subscriber_id AND c.next_attempt_at <= statement_timestamp()
          AND (c.leased_until IS NULL OR c.leased_until <= statement_timestamp())
          AND (c.expires_at IS NULL OR c.expires_at > statement_timestamp())
          AND (EXISTS (
              SELECT FROM beckn_outboundcallback earlier
              WHERE earlier.finished_at IS NULL AND earlier.bap_id = c.bap_id
                AND earlier.transaction_id = c.transaction_id AND earlier.sequence < c.sequence)) IS FALSE
        ORDER BY c.next_attempt_at, c.sequence
        LIMIT greatest(CASE WHEN h.failures > 0 THEN 1 ELSE s.max_concurrent END - coalesce(busy.callbacks, 0), 0)
    ) head
    WHERE s.role = 'BAP' AND s.subscriber_id <> ALL (%(full)s) AND NOT EXISTS (SELECT FROM beckn_deliveryhold)
      AND (h.open_until IS NULL OR h.open_until <= statement_timestamp())
    ORDER BY coalesce(h.failures, 0) > 0, s.subscriber_id <> ALL (%(first)s), head.next_attempt_at,
        head.sequence LIMIT %(limit)s
), claimed AS (
    UPDATE beckn_outboundcallback c
    SET attempts = c.attempts + 1, lease_owner = %(owner)s,
        leased_until = statement_timestamp() + make_interval(secs => %(lease)s)
    WHERE c.id = ANY (ARRAY(SELECT id FROM due)) AND c.state || '' = 'PENDING'
    RETURNING c.*
)
SELECT c.id, c.bap_id, c.transaction_id, c.message_id, c.action, c.attempts, c.expires_at, c.lease_owner,
    statement_timestamp(), due.callback_url, due.is_active, due.pauses, body.codec, body.key_id, body.body,
    set_config('synchronous_commit', 'off', true)
FROM claimed c JOIN due ON due.id = c.id
    LEFT JOIN beckn_messagebody body ON body.id = c.body_id AND body.created_at = c.body_at
ORDER BY due.failures > 0, c.next_attempt_at, c.sequence
    """,
)


def claim_due_callbacks(limit: int, *, full: Iterable[str] = (), first: Iterable[str] = ()) -> list[ClaimedCallback]:
    """Lease up to `limit` callbacks that may go out now, none of the buyer apps in `full`, those of `first` before
    others; too late ones become EXPIRED on the way.

    A callback waits while an earlier one of its transaction is PENDING; no buyer app is sent more at a time than its
    cap, nor anything while its circuit is open. Those that failed last come after all others. Not inside a
    transaction: the lease must be seen by others before the courier sets out.
    """
    values: dict[str, Any] = {"lock": CLAIM_LOCK, "limit": limit, "owner": lease_owner(), "lease": LEASE_SECONDS}
    rows = run_at_once(*CLAIM, values=values | {"full": list(full), "first": list(first)})
    return [
        ClaimedCallback(*(*fields, bodies.Packed(codec, key_id, body) if codec else None))
        for *fields, codec, key_id, body, _ in rows
    ]


# What was asked for once more while it was on its way starts anew, unless its ttl is over.
SETTLE = """
WITH attempt AS (
    INSERT INTO beckn_deliveryattempt (id, at, callback_id, outcome, http_status, duration_ms, response, error)
    VALUES (gen_random_uuid(), statement_timestamp(), %(id)s, %(outcome)s, %(status)s, %(duration)s,
        %(response)s, %(error)s)
), settled AS MATERIALIZED (
    SELECT id, wanted_again AND %(state)s::text <> 'PENDING'
        AND (expires_at IS NULL OR expires_at > statement_timestamp()) AS again
    FROM beckn_outboundcallback
    WHERE id = %(id)s AND (state || '' = 'PENDING' AND lease_owner = %(owner)s OR %(state)s::text = 'DELIVERED')
    FOR UPDATE
)
UPDATE beckn_outboundcallback c
SET state = CASE WHEN again THEN 'PENDING' ELSE %(state)s::text END, leased_until = NULL, lease_owner = '',
    wanted_again = FALSE, last_error = %(last_error)s,
    attempts = CASE WHEN again THEN 0 ELSE c.attempts END,
    queued_at = CASE WHEN again THEN statement_timestamp() ELSE c.queued_at END,
    finished_at = CASE WHEN again OR %(state)s::text = 'PENDING' THEN NULL ELSE statement_timestamp() END,
    next_attempt_at = CASE WHEN again THEN statement_timestamp()
        ELSE coalesce(%(next)s::timestamptz, c.next_attempt_at) END
FROM settled WHERE c.id = settled.id
RETURNING c.id
"""


def settle(callback: ClaimedCallback, delivery: Delivery, decision: RetryAt | GiveUp | None) -> bool:
    """Record the attempt, what follows from it (None: delivered) and what it says of the buyer app; False when the
    lease was lost meanwhile.

    That it was delivered is a fact and is recorded even then.
    """
    state, next_at, reason = OutboundState.DELIVERED.value, None, ""
    if isinstance(decision, RetryAt):
        state, next_at, reason = OutboundState.PENDING.value, decision.at, delivery.error or delivery.outcome
    elif isinstance(decision, GiveUp):
        state, reason = decision.state, f"{decision.reason}: {delivery.error}".removesuffix(": ")
    values: dict[str, Any] = {
        "id": callback.id,
        "owner": callback.owner,
        "state": state,
        "next": next_at,
        "last_error": reason[:500],
        "outcome": delivery.outcome.value,
        "status": delivery.http_status,
        "duration": delivery.duration_ms,
        "response": delivery.response[:500],
        "error": delivery.error[:500],
    }
    statement, health = subscriber_health.noting(
        delivery.outcome,
        values["error"] or values["outcome"],
        bap=callback.bap_id,
        claimed_at=callback.claimed_at,
        pauses=callback.pauses,
    )
    return bool(run_at_once(BY_INDEX, *statement, SETTLE, values=values | health))


def lease_owner() -> str:
    """Return who claims: this thread of this process of this machine, and which claim."""
    return f"{socket.gethostname()[:40]}/{os.getpid()}/{threading.get_native_id()}/{uuid.uuid4().hex[:12]}"
