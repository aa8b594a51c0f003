"""Sends once more what was sent before: finished callbacks, and what answered a message that comes again."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from beckn import nudge
from beckn.models import OutboundCallback, OutboundState


def send_again(callback: OutboundCallback) -> bool:
    """Send a finished callback once more, the same bytes, however late; False if it is not finished or has no body."""
    return send_all_again(OutboundCallback.objects.filter(pk=callback.pk)) == 1


def send_all_again(callbacks: QuerySet[OutboundCallback]) -> int:
    """Do so with all of these that are finished; return how many. At once, so that none overtakes an earlier one."""
    count = (
        callbacks.filter(body_dropped_at=None)
        .exclude(state=OutboundState.PENDING)
        .update(
            state=OutboundState.PENDING,
            attempts=0,
            next_attempt_at=Now(),
            queued_at=Now(),
            finished_at=None,
            expires_at=None,
            lease_owner="",
            replay=None,
        )
    )
    if count:
        transaction.on_commit(nudge.outbox)
    return count


# One statement: the answer is either on its way, whoever settles it then sends it again, or it is not.
REPEAT = """
UPDATE beckn_outboundcallback
SET state = 'PENDING', finished_at = NULL, replay_id = NULL,
    wanted_again = state = 'PENDING' AND leased_until IS NOT NULL,
    attempts = CASE WHEN state = 'PENDING' AND leased_until IS NOT NULL THEN attempts ELSE 0 END,
    queued_at = CASE WHEN state = 'PENDING' THEN queued_at ELSE statement_timestamp() END,
    next_attempt_at = CASE WHEN state = 'PENDING' AND leased_until IS NOT NULL THEN next_attempt_at
        ELSE statement_timestamp() END
WHERE inbound_id = %s AND body_dropped_at IS NULL
"""


def repeat_answer(inbound_id: int) -> bool:
    """Send what answered this message once more: at once where it waits, after its return where it is on its way.

    A ttl that is over stays over.
    """
    with connection.cursor() as cursor:
        cursor.execute(REPEAT, [inbound_id])
        repeated = bool(cursor.rowcount)
    if repeated:
        transaction.on_commit(nudge.outbox)
    return repeated
