"""What workers run. A task is a hint that there may be work; the rows say what the work is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import structlog
from celery import shared_task
from celery.signals import worker_ready
from django.db import connection

from beckn import delivery, inbox, nudge, outbox, retention
from beckn.announcer import announce_events
from beckn.pacemaker import Pacemaker
from offers.book import loaded_revisions
from offers.tasks import settle_stopped

log = structlog.get_logger(__name__)

#: Messages per claim: few, so that idle threads find some left; another thread's claim takes the next.
BATCH = 4
#: A task ends after this long although there is work left, so that a stopping worker is not kept waiting.
TASK_SECONDS = 20.0
#: Fewer than a worker's threads: couriers that wait for slow buyer apps leave some for the inbox.
MAX_COURIERS = 12

_couriers = threading.BoundedSemaphore(MAX_COURIERS)

SWEEP = """
WITH beat AS (
    INSERT INTO beckn_workerheartbeat (name, at, book_lag) SELECT 'messages', statement_timestamp(), coalesce((
        SELECT max(r.revision - loaded.revision) FROM unnest(%(cpos)s::bigint[], %(revisions)s::bigint[])
            AS loaded (cpo_id, revision) JOIN offers_bookrevision r USING (cpo_id)), 0)
    ON CONFLICT (name) DO UPDATE SET at = excluded.at, book_lag = excluded.book_lag
)
SELECT EXISTS (SELECT FROM beckn_inboundmessage WHERE state = 'RECEIVED' AND next_attempt_at <= statement_timestamp()
        AND (leased_until IS NULL OR leased_until <= statement_timestamp())),
    EXISTS (SELECT FROM beckn_outboundcallback WHERE state = 'PENDING' AND next_attempt_at <= statement_timestamp()
        AND (leased_until IS NULL OR leased_until <= statement_timestamp())),
    EXISTS (SELECT FROM charging_orderevent WHERE announced_at IS NULL)
        OR EXISTS (SELECT FROM charging_orderevent WHERE settled_at IS NULL
            AND kind IN ('CHARGING_STOPPED', 'PAYMENT_REPORTED'))
"""


@shared_task
def drain_inbox() -> int:
    """Work off what came in, and deliver the answers; return how many messages were done."""
    done, end = 0, time.monotonic() + TASK_SECONDS
    while time.monotonic() < end and (claimed := inbox.claim_inbound(BATCH)):
        with nudge.delivering_next():
            done += sum(inbox.process(message) for message in claimed)
        deliver_callbacks(end, share=len(claimed) > 1)
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
    inbound, outbound, events = _look()
    if inbound:
        nudge.inbox()
    if outbound:
        outbox.bury_orphans()
        nudge.outbox()
    if events:
        follow_events()


def look_without_broker() -> list[Callable[[], object]]:
    """Show that the worker lives, and return the tasks for which there is work."""
    inbound, outbound, events = _look()
    return [task for task, due in ((drain_inbox, inbound), (follow_events, events), (deliver_due, outbound)) if due]


def _look() -> tuple[bool, bool, bool]:
    """Return whether the inbox, the outbox and the orders' events have anything due."""
    loaded = loaded_revisions()
    with connection.cursor() as cursor:
        cursor.execute(SWEEP, {"cpos": list(loaded.keys()), "revisions": list(loaded.values())})
        found: tuple[bool, bool, bool] = cursor.fetchone()
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


def deliver_callbacks(end: float, *, share: bool) -> int:
    """Deliver one due callback after the other until none is left; return how many were tried.

    Each claim is one callback, so that nothing waits behind a buyer app that does not answer. With `share`, and from
    the second callback on, another thread is woken to look for the next meanwhile.
    """
    tried = 0
    if not _couriers.acquire(blocking=False):
        return tried
    try:
        while time.monotonic() < end and (claimed := outbox.claim_due_callbacks(1)):
            if share or tried:
                nudge.outbox()
            delivery.deliver(claimed[0])
            tried += 1
    finally:
        _couriers.release()
    return tried
