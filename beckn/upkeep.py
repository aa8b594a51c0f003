"""Ends what can go out no more, in batches that hold up no claim, and sends the dead ones of a buyer app again."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from beckn import nudge
from beckn.models import OutboundCallback, OutboundState, Replay, Subscriber

log = structlog.get_logger(__name__)

BATCH = 1000
#: Longer than all attempts of a callback together: what was never tried, its buyer app being left alone, ends too.
LONGEST_WAIT = timedelta(days=4)
#: So many of a replay wait at a time: what the buyer app is told today does not queue behind all of them.
REPLAY_AHEAD = 500
#: A replay that has nothing to wait for takes a breath after so long.
REPLAY_SECONDS = 5.0

# SKIP LOCKED: whoever has a row now decides about it, and nobody who waits for ours can have what we wait for.
_END = """
WITH chosen AS MATERIALIZED (
    SELECT c.id FROM beckn_outboundcallback c
    WHERE c.state = 'PENDING' AND (c.leased_until IS NULL OR c.leased_until <= statement_timestamp()) AND {which}
    LIMIT {batch} FOR UPDATE SKIP LOCKED
)
UPDATE beckn_outboundcallback c
SET state = '{state}', finished_at = statement_timestamp(), leased_until = NULL, lease_owner = '',
    wanted_again = FALSE, last_error = left('{reason} ' || c.last_error, 500)
WHERE c.id = ANY (ARRAY(SELECT id FROM chosen))
"""
EXPIRE = _END.format(
    which="CASE WHEN c.state = 'PENDING' THEN c.expires_at END <= statement_timestamp()",
    state="EXPIRED",
    reason="the request''s ttl is over",
    batch=BATCH,
)
_IS_BUYER_APP = "EXISTS (SELECT FROM beckn_subscriber s WHERE s.subscriber_id = {} AND s.role = 'BAP')"
# From one buyer app to the next along the index, for most of them have thousands of rows. Asked by itself, once a
# second: as a condition on the rows it may be put to each of 200,000.
ORPHANS = f"""
WITH RECURSIVE bap AS (
    SELECT (SELECT bap_id FROM beckn_outboundcallback WHERE state = 'PENDING' ORDER BY bap_id LIMIT 1) AS id
    UNION ALL
    SELECT (SELECT bap_id FROM beckn_outboundcallback WHERE state = 'PENDING' AND bap_id > bap.id
        ORDER BY bap_id LIMIT 1)
    FROM bap WHERE bap.id IS NOT NULL
)
SELECT bap.id FROM bap WHERE bap.id IS NOT NULL AND NOT {_IS_BUYER_APP.format("bap.id")}
"""  # noqa: S608
BURY_ORPHANS = _END.format(
    # One that was registered just now keeps what is its own.
    which=f"c.bap_id = ANY (%(baps)s) AND NOT {_IS_BUYER_APP.format('c.bap_id')}",
    state="DEAD",
    reason="no buyer app of this id is registered",
    batch=BATCH,
)
BURY_OLD = _END.format(
    which=f"c.queued_at <= statement_timestamp() - interval '{LONGEST_WAIT.days} days' "
    "AND NOT EXISTS (SELECT FROM beckn_deliveryhold)",
    state="DEAD",
    reason=f"the buyer app could not be reached for {LONGEST_WAIT.days} days",
    batch=BATCH,
)


def expire_late() -> int:
    """Mark what comes too late; return how many callbacks."""
    return _end_all(EXPIRE)


def bury_orphans() -> int:
    """Give up what waits for a buyer app that is registered no more; return how many callbacks.

    Those of one that is switched off are claimed, found FORBIDDEN and given up by the courier.
    """
    with connection.cursor() as cursor:
        cursor.execute(ORPHANS)
        baps = [bap for (bap,) in cursor.fetchall()]
    buried = _end_all(BURY_ORPHANS, {"baps": baps}) if baps else 0
    if buried:
        log.error("callbacks_without_buyer_app", callbacks=buried)
    return buried


def bury_old() -> int:
    """Give up what has waited longer than all attempts would take, but nothing that we hold; return how many."""
    buried = _end_all(BURY_OLD)
    if buried:
        log.error("callbacks_given_up_unsent", callbacks=buried)
    return buried


def _end_all(statement: str, values: dict[str, Any] | None = None) -> int:
    ended = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            ended += cursor.rowcount
            if cursor.rowcount < BATCH:
                return ended


def request_replay(subscriber: Subscriber, *, by: str) -> Replay | None:
    """Order that all callbacks that are dead now be sent again; None where there are none, or one is under way."""
    dead = OutboundCallback.objects.filter(
        bap_id=subscriber.subscriber_id, state=OutboundState.DEAD, body_dropped_at=None
    ).count()
    if not dead:
        return None
    with transaction.atomic():
        # The participant's row makes two operators who press at once one after the other.
        Subscriber.objects.select_for_update().get(pk=subscriber.pk)
        if Replay.objects.filter(subscriber=subscriber, finished_at=None).exists():
            return None
        replay = Replay.objects.create(subscriber=subscriber, requested_by=by, total=dead)
        transaction.on_commit(nudge.replays)
    return replay


SEND_BATCH = """
WITH chosen AS MATERIALIZED (
    SELECT c.id FROM beckn_outboundcallback c
    WHERE c.state = 'DEAD' AND c.bap_id = %(bap)s AND c.finished_at <= %(before)s AND c.body_dropped_at IS NULL
    ORDER BY c.sequence LIMIT %(limit)s FOR UPDATE
)
UPDATE beckn_outboundcallback c
SET state = 'PENDING', attempts = 0, next_attempt_at = statement_timestamp(), queued_at = statement_timestamp(),
    expires_at = NULL, finished_at = NULL, lease_owner = '', wanted_again = FALSE, replay_id = %(replay)s
WHERE c.id = ANY (ARRAY(SELECT id FROM chosen))
"""
# What is on its way cannot be called back; it is the buyer app's number of callbacks at a time at most.
STOP = (
    _END.format(
        which="c.bap_id = %(bap)s AND c.replay_id IS NOT NULL",
        state="DEAD",
        reason="sending again was stopped",
        batch=BATCH,
    )
    + "RETURNING c.replay_id"
)


def replay_dead() -> int:
    """Go on with the replays that were ordered; return how many callbacks are on their way again.

    The oldest go first, so that those of one transaction keep their order.
    """
    sent, end = 0, time.monotonic() + REPLAY_SECONDS
    for key in list(Replay.objects.filter(finished_at=None).order_by("requested_at").values_list("pk", flat=True)):
        while time.monotonic() < end and (batch := _replay_batch(key)):
            sent += batch
    if sent:
        nudge.outbox()
    return sent


def _replay_batch(key: int) -> int:
    with transaction.atomic():
        replay = (
            Replay.objects.select_related("subscriber")
            .select_for_update(of=("self",), skip_locked=True)
            .filter(pk=key, finished_at=None)
            .first()
        )
        if replay is None:
            return 0
        bap = replay.subscriber.subscriber_id
        waiting = OutboundCallback.objects.filter(bap_id=bap, state=OutboundState.PENDING)[:REPLAY_AHEAD].count()
        room = REPLAY_AHEAD - waiting
        if room <= 0:
            return 0
        with connection.cursor() as cursor:
            values: dict[str, Any] = {"bap": bap, "before": replay.requested_at, "limit": room, "replay": key}
            cursor.execute(SEND_BATCH, values)
            sent: int = cursor.rowcount
        done = {"finished_at": Now()} if sent < room else {}
        Replay.objects.filter(pk=key).update(sent=F("sent") + sent, **done)
    return sent


def is_replaying(subscriber: Subscriber) -> bool:
    """Tell whether dead callbacks of a buyer app are being sent again: some are still to be queued, or wait queued.

    What was on its way when it was stopped, and failed, waits as well.
    """
    waiting = OutboundCallback.objects.filter(
        bap_id=subscriber.subscriber_id, state=OutboundState.PENDING, replay__isnull=False
    )
    return Replay.objects.filter(subscriber=subscriber, finished_at=None).exists() or waiting.exists()


@transaction.atomic
def stop_replay(subscriber: Subscriber, *, by: str) -> int | None:
    """Send no more dead callbacks again; return how many that waited are dead again, None where nothing was sent.

    An unfinished replay is locked first, so that a batch that is being queued is called back with the others.
    """
    unfinished = Replay.objects.select_for_update().filter(subscriber=subscriber, finished_at=None)
    replays = set(unfinished.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(STOP, {"bap": subscriber.subscriber_id})
        back = Counter(key for (key,) in cursor.fetchall())
    for key in sorted(replays | back.keys()):
        Replay.objects.filter(pk=key).update(
            sent=F("sent") - back[key],
            stopped_at=Now(),
            stopped_by=by,
            finished_at=Coalesce("finished_at", Now()),
        )
    return back.total() if replays or back else None
