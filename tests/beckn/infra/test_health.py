"""/healthz says that the process runs, /readyz that the portal works."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from beckn import tasks
from beckn.models import InboundMessage, OutboundCallback, WorkerHeartbeat
from tests.beckn.infra.support import BuyerApp, queue


@pytest.fixture
def ready(client: Any) -> Any:
    return lambda: client.get("/readyz")


def test_healthz_answers_without_the_database(client: Any) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
def test_portal_with_a_beating_worker_is_ready(ready: Any) -> None:
    tasks.sweep()
    answer = ready()
    checks = {"database": "ok", "migrations": "ok", "keys": "ok", "worker": "ok", "inbox": "ok", "outbox": "ok"}
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "checks": checks})


@pytest.mark.django_db
def test_portal_without_a_worker_is_not_ready(ready: Any) -> None:
    assert ready().json()["checks"]["worker"] == "no worker has ever swept"
    WorkerHeartbeat.objects.create(name="messages", at=timezone.now() - timedelta(seconds=60))
    answer = ready()
    assert (answer.status_code, answer.json()["checks"]["worker"]) == (503, "the oldest is 60 s old")


@pytest.mark.django_db
def test_callback_that_nobody_fetches_is_told(ready: Any, bap: BuyerApp) -> None:
    tasks.sweep()
    queue("t-1")
    queue("t-1")
    OutboundCallback.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=90))
    answer = ready()
    assert (answer.status_code, answer.json()["checks"]["outbox"]) == (503, "the oldest is 90 s old")


@pytest.mark.django_db
def test_buyer_app_that_is_slow_does_not_make_the_portal_unready(ready: Any, bap: BuyerApp) -> None:
    from beckn.outbox import claim_due_callbacks

    tasks.sweep()
    for number in range(10):
        queue(f"t-{number}")
    OutboundCallback.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=90))
    assert len(claim_due_callbacks(9)) == 4
    assert ready().status_code == 200


@pytest.mark.django_db
def test_message_that_nobody_works_off_is_told(ready: Any, post: Any, bap: BuyerApp) -> None:
    tasks.sweep()
    post("select", bap.body("select"), by=bap)
    InboundMessage.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=90))
    assert ready().json()["checks"]["inbox"] == "the oldest is 90 s old"


@pytest.mark.django_db
def test_missing_migration_is_told(ready: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from beckn import health

    known = health._known_migrations()
    monkeypatch.setattr(health, "_known_migrations", lambda: known | {("beckn", "9999_later")})
    tasks.sweep()
    answer = ready()
    assert (answer.status_code, answer.json()["checks"]["migrations"]) == (503, "1 not applied")


@pytest.mark.django_db
def test_database_that_is_down_is_told(ready: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*args: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", down)
    answer = ready()
    assert (answer.status_code, answer.json()["checks"]["database"]) == (503, "not reachable (OperationalError)")


@pytest.mark.django_db
def test_sweep_wakes_workers_only_for_what_is_due(post: Any, bap: BuyerApp, nudges: list[str]) -> None:
    tasks.sweep()
    assert nudges == []
    queue()
    post("select", bap.body("select"), by=bap)
    nudges.clear()
    tasks.sweep()
    assert nudges == ["drain_inbox", "deliver_due"]
    OutboundCallback.objects.update(next_attempt_at=timezone.now() + timedelta(hours=1))
    InboundMessage.objects.update(leased_until=timezone.now() + timedelta(hours=1))
    nudges.clear()
    tasks.sweep()
    assert nudges == []
