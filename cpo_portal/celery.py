"""The Celery application: an executor and a scheduler; what is to be done stands in database rows."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, task_prerun, worker_process_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cpo_portal.settings")

from django.conf import settings
from django.db import close_old_connections
from structlog.contextvars import bind_contextvars, clear_contextvars

from cpo_portal import file_broker
from cpo_portal.runtime.garbage import collect_seldom

app = Celery("cpo_portal")
# Celery looks for this name in its own settings, and closes the database connection after every task without it.
app.conf["CELERY_DB_REUSE_MAX"] = settings.CELERY_DB_REUSE_MAX
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_ignore_result=True,
    task_default_queue="messages",
    task_default_queue_type="quorum" if settings.CELERY_BROKER_URL.startswith("amqp") else "classic",
    task_create_missing_queue_type="quorum" if settings.CELERY_BROKER_URL.startswith("amqp") else "classic",
    task_create_missing_queues=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    task_acks_late=False,
    timezone="UTC",
)
if settings.CELERY_BROKER_URL.startswith("filesystem:"):
    file_broker.install()
    folder = Path(settings.PORTAL_BROKER_DIR or settings.PORTAL_HOME / "broker")
    (folder / "queue").mkdir(parents=True, exist_ok=True)
    (folder / "control").mkdir(parents=True, exist_ok=True)
    app.conf.update(
        broker_transport_options={
            "data_folder_in": str(folder / "queue"),
            "data_folder_out": str(folder / "queue"),
            "control_folder": str(folder / "control"),
            "polling_interval": 0.01,
        },
        worker_enable_remote_control=False,
    )
app.autodiscover_tasks(["cpo_portal.database", "cpo_portal.charging", "offers", "beckn"])
app.autodiscover_tasks(["offers"], related_name="reconcile")
app.autodiscover_tasks(["cpo_portal.charging"], related_name="imports.jobs")
app.autodiscover_tasks(["pricing.demand"])
app.autodiscover_tasks(["pricing.demand"], related_name="replays")
app.autodiscover_tasks(["offers.codes"])
app.autodiscover_tasks(["offers.referrals"])
app.autodiscover_tasks(["offers"], related_name="backtest.runs")
app.autodiscover_tasks(["offers"], related_name="files.runs")
#: Every beat message expires before the next of its kind: a stopped worker finds one, not a thousand.
app.conf.beat_schedule = {
    "sweep": {"task": "beckn.tasks.sweep", "schedule": 1.0, "options": {"expires": 2, "queue": "messages"}},
    "release-expired": {"task": "offers.tasks.release_expired", "schedule": 15.0, "options": {"expires": 30}},
    "imports": {
        "task": "cpo_portal.charging.imports.jobs.run_imports",
        "schedule": 15.0,
        "options": {"expires": 30, "queue": "bulk"},
    },
    "offer-imports": {
        "task": "offers.files.runs.run_offer_imports",
        "schedule": 15.0,
        "options": {"expires": 12, "queue": "bulk"},
    },
    "check-ledger": {
        "task": "offers.reconcile.check_ledger",
        "schedule": 3600.0,
        "options": {"expires": 3000, "queue": "bulk"},
    },
    "make-codes": {
        "task": "offers.codes.tasks.make_codes",
        "schedule": 15.0,
        "options": {"expires": 10, "queue": "bulk"},
    },
    "reward-referrals": {
        "task": "offers.referrals.tasks.reward_referrals",
        "schedule": 15.0,
        "options": {"expires": 10, "queue": "bulk"},
    },
    "forget-guesses": {
        "task": "offers.codes.tasks.forget_guesses",
        "schedule": 3600.0,
        "options": {"expires": 3000, "queue": "bulk"},
    },
    "expire-balances": {
        "task": "cpo_portal.charging.tasks.expire_balances",
        "schedule": 60.0,
        "options": {"expires": 50, "queue": "bulk"},
    },
    "drop-list-changes": {
        "task": "cpo_portal.charging.tasks.drop_list_changes",
        "schedule": 3600.0,
        "options": {"expires": 3000, "queue": "bulk"},
    },
    "demand-levels": {
        "task": "pricing.demand.tasks.decide_levels",
        "schedule": 20.0,
        "options": {"expires": 18},
    },
    "demand-replays": {
        "task": "pricing.demand.replays.run_replays",
        "schedule": 30.0,
        "options": {"expires": 25, "queue": "bulk"},
    },
    "demand-decisions": {
        "task": "pricing.demand.tasks.drop_old_decisions",
        "schedule": 24 * 3600.0,
        "options": {"expires": 12 * 3600, "queue": "bulk"},
    },
    "backtests": {
        "task": "offers.backtest.runs.run_backtests",
        "schedule": 30.0,
        "options": {"expires": 25, "queue": "bulk"},
    },
    "bury-old": {
        "task": "beckn.tasks.bury_old",
        "schedule": 600.0,
        "options": {"expires": 300, "queue": "bulk"},
    },
    "partitions": {
        "task": "cpo_portal.database.tasks.make_partitions",
        "schedule": 6 * 3600.0,
        "options": {"expires": 3600, "queue": "bulk"},
    },
    "forgotten-customers": {
        "task": "offers.tasks.drop_keys_of_forgotten",
        "schedule": 24 * 3600.0,
        "options": {"expires": 12 * 3600, "queue": "bulk"},
    },
    "own-keys": {
        "task": "beckn.tasks.retire_own_keys",
        "schedule": 3600.0,
        "options": {"expires": 3000, "queue": "bulk"},
    },
    "old-bodies": {
        "task": "beckn.tasks.drop_old_bodies",
        "schedule": 24 * 3600.0,
        "options": {"expires": 12 * 3600, "queue": "bulk"},
    },
}


@celeryd_init.connect
def poll_seldom(sender: str, conf: Any, **_: object) -> None:
    """Let the worker for long work look for files twice a second: a hundred times would cost 1.5 % of a processor."""
    if sender.startswith("bulk@") and conf.broker_transport_options:
        conf.broker_transport_options["polling_interval"] = 0.5


@worker_ready.connect
@worker_process_init.connect
def settle_in(**_: object) -> None:
    """Tune the process once all that it needs is imported."""
    collect_seldom()


@task_prerun.connect
def name_the_task(task_id: str, task: Any, **_: object) -> None:
    """Let every line of a task tell which one; its thread has worked on another before."""
    clear_contextvars()
    bind_contextvars(task=task.name, task_id=task_id)


@task_prerun.connect
def renew_connection(**_: object) -> None:
    """Drop a connection that broke in an earlier task: Celery keeps it, and outside a request nobody else looks."""
    close_old_connections()
