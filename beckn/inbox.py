"""The inbox: requests are claimed under a lease, in order within a transaction, and worked off exactly once."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone
from structlog.contextvars import bind_contextvars, bound_contextvars, unbind_contextvars

from beckn import bodies, outbox
from beckn.dialects import dialect_of
from beckn.models import InboundMessage, InboundState
from beckn.personal import words_of
from beckn.protocol import envelope
from beckn.protocol.errors import ErrorKind, code_for
from beckn.protocol.jsontext import read_json
from beckn.protocol.values import Request
from beckn.retry import expiry_of
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.sealing import SealBroken
from cpo_portal.database.errors import describe
from cpo_portal.database.scrubbing import scrub

log = structlog.get_logger(__name__)

#: What a handler is: it works in the inbox's transaction and queues its callbacks there.
Handler = Callable[[InboundMessage, Request, datetime], None]

LEASE_SECONDS = 30
MAX_ATTEMPTS = 5
#: What fails for the same message in the same way every time: once more, in case it was another message's doing.
FAULTS = (IntegrityError, ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
#: The pause after the first failure; each further one is four times as long.
FIRST_DELAY = timedelta(milliseconds=500)

# A claim need not reach the disk: one that a crash of the database takes back is made again, and whoever held it finds
# its lease lost. What is done under the lease is written before anybody hears of it.
CLAIM = """
WITH due AS MATERIALIZED (
    SELECT c.id FROM beckn_inboundmessage c
    WHERE c.state = 'RECEIVED' AND c.next_attempt_at <= statement_timestamp()
      AND (c.leased_until IS NULL OR c.leased_until <= statement_timestamp())
      AND NOT EXISTS (
          SELECT FROM beckn_inboundmessage earlier
          WHERE earlier.state = 'RECEIVED' AND earlier.bap_id = c.bap_id
            AND earlier.transaction_id = c.transaction_id AND earlier.id < c.id)
    ORDER BY c.next_attempt_at, c.id LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE beckn_inboundmessage c
    SET attempts = c.attempts + 1, lease_owner = %(owner)s,
        leased_until = statement_timestamp() + make_interval(secs => %(lease)s)
    WHERE c.id = ANY (ARRAY(SELECT id FROM due))
    RETURNING c.*
)
SELECT c.*, body.codec AS body_codec, body.key_id AS body_key_id, body.body AS body_stored,
    set_config('synchronous_commit', 'off', true)
FROM claimed c LEFT JOIN beckn_messagebody body ON body.id = c.body_id AND body.created_at = c.body_at
ORDER BY c.next_attempt_at, c.id
"""


class LeaseLost(Exception):
    """Another worker has this message, or has finished it."""


def claim_inbound(limit: int) -> list[InboundMessage]:
    """Lease up to `limit` messages; one waits while an earlier one of its (bap_id, transaction_id) is unfinished.

    Attempts are counted here, so that a message that kills its worker is given up as well.
    """
    values = {"limit": limit, "owner": outbox.lease_owner(), "lease": LEASE_SECONDS}
    return list(InboundMessage.objects.raw(CLAIM, values))


def process(message: InboundMessage) -> bool:
    """Run the handler of a claimed message in one transaction with its DONE; False when it failed or was lost."""
    with bound_contextvars(
        action=message.action,
        transaction_id=message.transaction_id,
        message_id=message.message_id,
        bap_id=message.bap_id,
    ):
        try:
            return _process(message)
        finally:
            unbind_contextvars("cpo_id", "order_id")


def _process(message: InboundMessage) -> bool:
    if message.attempts > MAX_ATTEMPTS:
        _bury(message, message.error or "the worker died while it worked on this message")
        return False
    try:
        with transaction.atomic():
            _finish(message, InboundState.DONE)
            handle(message, timezone.now())
    except LeaseLost:
        return False
    except Exception as error:  # noqa: BLE001  whatever it was, the message stays and the worker goes on
        _postpone(message, _say(message, error), tries_worth(error))
        return False
    return True


def handle(message: InboundMessage, now: datetime) -> None:
    """Parse the stored body, set `message.context`, and call the action's handler."""
    from beckn.actions import HANDLERS  # the actions import this module's neighbours

    body = open_body(message)
    request = dialect_of(message.dialect).parse(message.action, body)
    HANDLERS[message.action](message, request, now)


def open_body(message: InboundMessage) -> dict[str, Any]:
    """Return the parsed body of a claimed message and set `message.context`."""
    body = read_json(_raw_body(message), refuse_duplicates=False)
    message.context = envelope.read_context(body["context"])
    return body


def _raw_body(message: InboundMessage) -> bytes:
    """Return the bytes of a claimed message; raises LookupError once they are dropped, else as `bodies.unpack`."""
    if message.body_codec is None or message.body_key_id is None or message.body_stored is None:
        raise LookupError("the body of this message has been dropped")
    packed = bodies.Packed(message.body_codec, message.body_key_id, message.body_stored)
    return bodies.unpack(message.body_id, packed)


def assign(message: InboundMessage, *, cpo: Cpo, order_ref: uuid.UUID | None = None) -> None:
    """Say whose message this is, once its handler knows, so that the CPO's staff can see it."""
    bind_contextvars(cpo_id=cpo.pk, **({"order_id": str(order_ref)} if order_ref else {}))
    InboundMessage.objects.filter(pk=message.pk).update(cpo=cpo, order_ref=order_ref)


def tries_worth(error: Exception) -> int:
    """Return how often a message is tried that fails with this error: not at all again where no time can heal it."""
    if isinstance(error, DataError):
        return 1
    return 2 if isinstance(error, FAULTS) else MAX_ATTEMPTS


def _finish(message: InboundMessage, state: InboundState, error: str = "") -> None:
    """Make the row final, and keep it locked until the transaction ends; raises LeaseLost."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE beckn_inboundmessage SET state = %s, error = %s, finished_at = statement_timestamp(), "
            "leased_until = NULL, lease_owner = '' WHERE id = %s AND state = 'RECEIVED' AND lease_owner = %s",
            [state.value, error, message.pk, message.lease_owner],
        )
        if cursor.rowcount != 1:
            raise LeaseLost


def _postpone(message: InboundMessage, error: str, tries: int) -> None:
    """Give the message back for a later attempt, or bury it while its answer is still worth something."""
    if message.attempts >= tries or not _give_back(message, error):
        _bury(message, error)
        return
    log.warning("message_failed", attempts=message.attempts, error=error)


def _give_back(message: InboundMessage, error: str) -> bool:
    """Set the next attempt; False where nobody would wait for its answer any more, or the lease was lost."""
    delay = FIRST_DELAY * 4 ** (message.attempts - 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE beckn_inboundmessage SET error = %s, next_attempt_at = statement_timestamp() + %s, "
            "leased_until = NULL, lease_owner = '' WHERE id = %s AND state = 'RECEIVED' AND lease_owner = %s "
            "AND statement_timestamp() + %s < coalesce(%s, 'infinity'::timestamptz)",
            [error, delay, message.pk, message.lease_owner, delay, expiry_of(message.action, message.ttl_until)],
        )
        return bool(cursor.rowcount)


def _bury(message: InboundMessage, error: str) -> None:
    """Give up: DEAD, and the callback that the ACK promised tells so."""
    try:
        with transaction.atomic():
            _finish(message, InboundState.DEAD, error)
            _answer_with_error(message)
    except LeaseLost:
        return
    log.error("message_dead", error=error)


def _answer_with_error(message: InboundMessage) -> None:
    try:
        open_body(message)
    except (LookupError, ValueError, SealBroken):
        return  # nothing is left that could be answered
    code = code_for(message.context.dialect, ErrorKind.BUSINESS_RULE)
    outbox.enqueue_callback(
        bap_id=message.bap_id,
        transaction_id=message.transaction_id,
        message_id=message.message_id,
        action=f"on_{message.action}",
        body={
            "context": envelope.callback_context(
                message.context,
                bpp_id=settings.BECKN_BPP_ID,
                bpp_uri=settings.BECKN_BPP_URI,
                timestamp=timezone.now(),
            ),
            **dialect_of(message.dialect).render_refusal(message.action, code, "We could not work this request off."),
        },
        expires_at=expiry_of(message.action, message.ttl_until),
        inbound=message,
    )


def _say(message: InboundMessage, error: Exception) -> str:
    """Return what failed and where, without the words of the person whose message it was."""
    try:
        words = words_of(_raw_body(message))
    except (LookupError, ValueError, SealBroken):
        words = frozenset()
    return scrub(describe(error), words)
