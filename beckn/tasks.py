"""What workers run. A task is a hint that there may be work; the rows say what the work is."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

import structlog
from celery import shared_task
from celery.signals import worker_ready
from django.db import connection, transaction

from beckn import delivery, inbox, key_rotation, nudge, outbox, retention, subscriber_health, upkeep
from beckn.announcer import announce_events
from beckn.couriers import Couriers
from beckn.pacemaker import Pacemaker
from cpo_portal.charging.models import FOLLOWED
from offers.book import loaded_revisions
from offers.tasks import settle_stopped

log = structlog.get_logger(__name__)

#: Messages per claim: few, so that idle threads find some left; another thread's claim takes the next.
BATCH = 4
#: A task ends after this long although there is work left, so that a stopping worker is not kept waiting.
TASK_SECONDS = 20.0
#: Fewer than a worker's threads: couriers that wait for slow buyer apps leave some for the inbox.
MAX_COURIERS = 12

_couriers = Couriers(MAX_COURIERS)

SWEEP = """
WITH beat AS (
    INSERT INTO beckn_workerheartbeat (name, at, book_lag) SELECT 'messages', statement_timestamp(), coalesce((
        SELECT max(r.revision - loaded.revision) FROM unnest(%(cpos)s::bigint[], %(revisions)s::bigint[])
            AS loaded (cpo_id, revision) JOIN offers_bookrevision r USING (cpo_id)), 0)
    ON CONFLICT (name) DO UPDATE SET at = excluded.at, book_lag = excluded.book_lag
)
SELECT EXISTS (SELECT FROM beckn_inboundmessage WHERE state = 'RECEIVED' AND next_attempt_at <= statement_timestamp()
        AND (leased_until IS NULL OR leased_until <= statement_timestamp())),
    EXISTS (SELECT FROM beckn_subscriber s
        LEFT JOIN beckn_subscriberhealth h ON h.subscriber_id = s.id AND s.is_active
        CROSS JOIN LATERAL (
            SELECT FROM beckn_outboundcallback c
            WHERE c.state = 'PENDING' AND c.bap_id = s.subscriber_id AND c.next_attempt_at <= statement_timestamp()
              AND (c.leased_until IS NULL OR c.leased_until <= statement_timestamp())
            ORDER BY c.next_attempt_at LIMIT 1
        ) due
        WHERE s.role = 'BAP' AND (h.open_until IS NULL OR h.open_until <= statement_timestamp())),
    EXISTS (SELECT FROM charging_orderevent WHERE announced_at IS NULL)
        OR EXISTS (SELECT FROM charging_orderevent WHERE settled_at IS NULL
            AND kind = ANY(%(followed)s)),
    EXISTS (SELECT FROM beckn_outboundcallback
        WHERE CASE WHEN state = 'PENDING' THEN expires_at END <= statement_timestamp()),
    EXISTS (SELECT FROM beckn_replay WHERE finished_at IS NULL)
"""


@shared_task
def drain_inbox() -> int:
    """Work off what came in, and deliver the answers; return how many messages were done."""
    done, end = 0, time.monotonic() + TASK_SECONDS
    while time.monotonic() < end and (claimed := inbox.claim_inbound(BATCH)):
        subscriber_health.heard_from(message.bap_id for message in claimed)
        with nudge.delivering_next():
            done += sum(inbox.process(message) for message in claimed)
        deliver_callbacks(end, share=len(claimed) > 1, ours={message.bap_id for message in claimed})
    return done


@shared_task
def deliver_due() -> int:
    """Deliver what is due; return how many callbacks were tried."""
    return deliver_callbacks(time.monotonic() + TASK_SECONDS, share=True)


@shared_task
def follow_events() -> int:
    """Bill what has stopped, announce what has happened, and deliver it; return how many events were followed."""
    with nudge.delivering_next():
        followed = settle_stopped() + announce_events()
    deliver_callbacks(time.monotonic() + TASK_SECONDS, share=False)
    return followed


@shared_task
def sweep() -> None:
    """Once a second: show that the worker lives, and wake threads for whatever no nudge has woken them for."""
    pacemaker.hear()
    inbound, outbound, events, late, replays = _look()
    upkeep.bury_orphans()
    if late:
        upkeep.expire_late()
    if inbound:
        nudge.inbox()
    if outbound:
        nudge.outbox()
    if replays:
        nudge.replays()
    if events:
        follow_events()


def look_without_broker() -> list[Callable[[], object]]:
    """Show that the worker lives, and return the tasks for which there is work."""
    inbound, outbound, events, late, _ = _look()
    jobs = ((drain_inbox, inbound), (follow_events, events), (deliver_due, outbound), (upkeep.expire_late, late))
    return [job for job, due in jobs if due]


def _look() -> tuple[bool, bool, bool, bool, bool]:
    """Return whether anything is due of the inbox, the outbox, the orders' events, what is too late, and replays."""
    loaded = loaded_revisions()
    values: dict[str, Any] = {
        "cpos": list(loaded.keys()),
        "revisions": list(loaded.values()),
        "followed": list(FOLLOWED),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        # The planner takes most events to be followed, of which nearly none are, and would read them all each second.
        cursor.execute(outbox.BY_INDEX)
        cursor.execute(SWEEP, values)
        found: tuple[bool, bool, bool, bool, bool] = cursor.fetchone()
    return found


pacemaker = Pacemaker(look_without_broker)


@worker_ready.connect
def start_pacemaker(sender: Any, **_: object) -> None:
    """The worker for long work has no part in this."""
    if sender.hostname.startswith("messages@"):
        pacemaker.start()


@shared_task
def drop_old_bodies() -> int:
    """Drop the bodies that nobody may keep any longer; return how many."""
    dropped = retention.drop_old_bodies()
    if dropped.bodies or dropped.months:
        log.info("bodies_dropped", bodies=dropped.bodies, months=[month.isoformat() for month in dropped.months])
    return dropped.bodies


@shared_task
def retire_own_keys() -> int:
    """End the signing keys of ours that others have followed; return how many."""
    retired = key_rotation.retire_own_keys()
    if retired:
        log.info("own_keys_retired", keys=retired)
    return retired


@shared_task
def replay_dead() -> int:
    """Send dead callbacks again as operators have ordered; return how many."""
    return upkeep.replay_dead()


@shared_task
def bury_old() -> int:
    """Give up what waited for days for a buyer app that is left alone; return how many callbacks."""
    return upkeep.bury_old()


def deliver_callbacks(end: float, *, share: bool, ours: Collection[str] = ()) -> int:
    """Deliver one due callback after the other until none is left; return how many were tried.

    Each claim is one callback, so that nothing waits behind a buyer app that does not answer; those of `ours`, whom
    this thread has just answered, come first. With `share`, from the
    second callback on, and for a buyer app that is none of `ours`, another thread is woken to look for the next
    meanwhile.
    """
    tried = 0
    with _couriers.on_duty() as free:
        while free and time.monotonic() < end and (claimed := _claim(ours)):
            callback = claimed[0]
            if share or tried or (ours and callback.bap_id not in ours):
                nudge.outbox()
            with _couriers.away_for(callback.bap_id):
                delivery.deliver(callback)
            tried += 1
    return tried


def _claim(ours: Collection[str]) -> list[outbox.ClaimedCallback]:
    return outbox.claim_due_callbacks(1, full=_couriers.full(), first=ours)
