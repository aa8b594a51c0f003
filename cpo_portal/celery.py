"""The Celery application: an executor and a scheduler; what is to be done stands in database rows."""

from __future__ import annotations

import os
from pathlib import Path

from celery import Celery
from celery.signals import task_prerun

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cpo_portal.settings")

from django.conf import settings
from django.db import close_old_connections

app = Celery("cpo_portal")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_connection_retry_on_startup=True,
    task_ignore_result=True,
    task_default_queue="messages",
    task_create_missing_queues=True,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    task_acks_late=False,
    timezone="UTC",
)
if settings.CELERY_BROKER_URL.startswith("filesystem:"):
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
#: Every beat message expires before the next of its kind: a stopped worker finds one, not a thousand.
app.conf.beat_schedule = {
    "sweep": {"task": "beckn.tasks.sweep", "schedule": 1.0, "options": {"expires": 2, "queue": "messages"}},
    "release-expired": {"task": "offers.tasks.release_expired", "schedule": 15.0, "options": {"expires": 30}},
    "partitions": {
        "task": "cpo_portal.database.tasks.make_partitions",
        "schedule": 6 * 3600.0,
        "options": {"expires": 3600, "queue": "bulk"},
    },
}


@task_prerun.connect
def renew_connection(**_: object) -> None:
    """Drop a connection that broke in an earlier task: Celery keeps it, and outside a request nobody else looks."""
    close_old_connections()
