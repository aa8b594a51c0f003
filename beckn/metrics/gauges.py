"""The portal's metrics: their names, what they mean, and their values."""

from __future__ import annotations

import platform
import tomllib
from functools import cache
from pathlib import Path

import django

from beckn.metrics.reading import MOST_BAPS, Figures
from beckn.metrics.text import Gauge, Sample, gauge


def gauges(found: Figures, *, book_lag: int) -> list[Gauge]:
    """Return every metric; `book_lag` is of the process that answers."""
    return [*inbox(found), *outbox(found), *work(found, book_lag), *ledger(found), build_info()]


def inbox(found: Figures) -> list[Gauge]:
    states = (Sample(found.inbox_received, {"state": "RECEIVED"}), Sample(found.inbox_dead, {"state": "DEAD"}))
    return [
        gauge(
            "cpo_portal_inbox_oldest_age_seconds",
            "Age of the oldest message that is not worked off yet; 0 when none waits.",
            found.inbox_age or 0,
        ),
        gauge("cpo_portal_inbox_messages", "Messages by state, at most 10000 counted of each.", *states),
    ]


def outbox(found: Figures) -> list[Gauge]:
    named = found.outbox[:MOST_BAPS]
    states = (
        Sample(sum(bap.callbacks for bap in found.outbox), {"state": "PENDING"}),
        Sample(found.outbox_dead, {"state": "DEAD"}),
    )
    return [
        gauge(
            "cpo_portal_outbox_oldest_age_seconds",
            "Age of the oldest callback that is not delivered yet; 0 when none waits.",
            max((bap.oldest for bap in found.outbox), default=0),
        ),
        gauge(
            "cpo_portal_outbox_oldest_by_bap_age_seconds",
            "The same by buyer app, of the 20 whose callbacks wait longest.",
            *(Sample(bap.oldest, {"bap": bap.bap_id}) for bap in named),
        ),
        gauge(
            "cpo_portal_outbox_pending_by_bap",
            "Callbacks that wait by buyer app, of the same 20, at most 10000 counted of each.",
            *(Sample(bap.callbacks, {"bap": bap.bap_id}) for bap in named),
        ),
        gauge("cpo_portal_outbox_callbacks", "Callbacks by state, at most 10000 counted of a buyer app.", *states),
        gauge(
            "cpo_portal_outbox_expired_last_hour",
            "Callbacks whose time ran out in the last hour, at most 10000 counted.",
            found.outbox_expired,
        ),
        gauge(
            "cpo_portal_callbacks_held",
            "1 while nothing is sent to anybody, as after a restore, until release_callbacks.",
            int(found.held),
        ),
    ]


def work(found: Figures, book_lag: int) -> list[Gauge]:
    lags = (Sample(lag, {"process": name}) for name, _, lag in found.workers)
    return [
        gauge("cpo_portal_events_unannounced", "Order events that no callback has told yet.", found.unannounced),
        gauge("cpo_portal_events_unsettled", "Stops and payments that nobody has billed yet.", found.unsettled),
        gauge(
            "cpo_portal_worker_heartbeat_age_seconds",
            "Seconds since a worker of this name swept last; no sample when none ever has.",
            *(Sample(age, {"worker": name}) for name, age, _ in found.workers),
        ),
        gauge(
            "cpo_portal_book_revision_lag",
            "Revisions that offer books in memory are behind, at most of any CPO; a book catches up when it is used.",
            Sample(book_lag, {"process": "web"}),
            *lags,
        ),
    ]


def ledger(found: Figures) -> list[Gauge]:
    last = found.ledger
    return [
        gauge(
            "cpo_portal_ledger_check_age_seconds",
            "Seconds since counters were last compared with the ledger; no sample when they never were.",
            last.age if last else None,
        ),
        gauge("cpo_portal_ledger_counters", "Counters that were compared.", last.counters if last else None),
        gauge(
            "cpo_portal_ledger_drift_counters", "Counters that differ from the ledger.", last.drifting if last else None
        ),
        gauge(
            "cpo_portal_ledger_drift_amount",
            "Sum of the differences of budgets, in the CPOs' currencies.",
            float(last.amount) if last else None,
        ),
    ]


@cache
def build_info() -> Gauge:
    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())["project"]
    labels = {"version": str(project["version"]), "python": platform.python_version(), "django": django.__version__}
    return gauge("cpo_portal_build_info", "Always 1; the labels say what runs.", Sample(1, labels))
