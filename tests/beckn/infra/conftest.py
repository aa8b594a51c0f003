"""The actors: a buyer app, a sink for its callbacks, and a record of the nudges."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from django.db import connection

import beckn.actions
from beckn import keys, nudge, rate_limits, registry
from tests.beckn.infra.support import BuyerApp, Sink, echo


class Nudges(list[str]):
    """Stands in for the nudge thread: remembers what would be sent."""

    def nudge(self, task: str) -> None:
        self.append(task.rpartition(".")[2])


@pytest.fixture(autouse=True)
def nudges(monkeypatch: pytest.MonkeyPatch) -> Nudges:
    recorded = Nudges()
    monkeypatch.setattr(nudge, "_nudger", recorded)
    return recorded


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    registry.forget()
    keys.forget()
    rate_limits.forget()
    yield
    registry.forget()
    keys.forget()


@pytest.fixture
def bap() -> BuyerApp:
    """A registered buyer app; its callback address is nowhere."""
    app = BuyerApp("bap.example", seed=b"a" * 32)
    app.register()
    return app


@pytest.fixture
def sink(bap: BuyerApp) -> Iterator[Sink]:
    """The buyer app's callback address."""
    with Sink() as sink:
        bap.register(sink.url)
        yield sink


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The handlers of all actions: each echoes, until a test puts another one in."""
    table = dict.fromkeys(("search", "select", "status", "track", "cancel"), echo)
    monkeypatch.setattr(beckn.actions, "HANDLERS", table)
    return table


@pytest.fixture
def post(client: Any) -> Any:
    """Post bytes to an action; signed by `by` unless headers are given."""

    def send(action: str, raw: bytes, *, by: BuyerApp | None = None, **headers: str) -> Any:
        if by is not None:
            headers = {"Authorization": by.sign(raw), **headers}
        return client.post(f"/beckn/{action}", raw, content_type="application/json", headers=headers)

    return send


@pytest.fixture
def lease_and_threads() -> tuple[int, int]:
    """A short lease, for a killed worker's work to be taken up soon, and a few threads."""
    return 2, 6


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Send a task's name to the workers of this test."""
    for name in ("queue", "control"):
        (tmp_path / "broker" / name).mkdir(parents=True)
    options = {"data_folder_in": str(tmp_path / "broker/queue"), "data_folder_out": str(tmp_path / "broker/queue")}
    app = Celery("sender", broker="filesystem://", set_as_current=False)
    app.conf.broker_transport_options = options | {"control_folder": str(tmp_path / "broker/control")}
    yield lambda task: app.send_task(f"beckn.tasks.{task}", queue="messages", ignore_result=True)
    app.close()


@pytest.fixture
def start_worker(
    tmp_path: Path, broker: Any, lease_and_threads: tuple[int, int]
) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    workers: list[subprocess.Popen[bytes]] = []
    environment = {
        "CELERY_BROKER_URL": "filesystem://",
        "PORTAL_BROKER_DIR": str(tmp_path / "broker"),
        "TEST_LEASE_SECONDS": str(lease_and_threads[0]),
        "TEST_MARK": str(tmp_path / "mark"),
    }

    def start() -> subprocess.Popen[bytes]:
        command = [
            "-m",
            "celery",
            "-A",
            "tests.beckn.infra.worker",
            "worker",
            "-P",
            "threads",
            "-c",
            str(lease_and_threads[1]),
        ]
        with (tmp_path / f"worker{len(workers)}.log").open("wb") as log:
            worker = subprocess.Popen(
                [sys.executable, *command, "-Q", "messages", "--without-gossip", "--without-mingle"],
                env=os.environ | environment,
                stdout=log,
                stderr=log,
            )
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.kill()
        worker.wait()
    connection.close()
