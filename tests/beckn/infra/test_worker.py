"""Real worker processes and a real broker: threads share the work, and a killed worker loses nothing."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from beckn.models import DeliveryAttempt, InboundMessage, OutboundCallback, WorkerHeartbeat
from tests.beckn.infra.support import BuyerApp, Sink, acknowledge, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def test_workers_threads_share_the_inbox_and_deliver_each_answer_once(
    post: Any, bap: BuyerApp, sink: Sink, start_worker: Any, broker: Any
) -> None:
    start_worker()
    for number in range(40):
        post("select", bap.body("select", transaction_id=f"t-{number % 20}", message_id=f"m-{number:02}"), by=bap)
        broker("drain_inbox")
    broker("sweep")
    wait_until(lambda: OutboundCallback.objects.filter(state="DELIVERED").count() == 40, 60)
    received = [json.loads(raw)["context"]["message_id"] for _, raw, _ in sink.received]
    assert sorted(received) == [f"m-{number:02}" for number in range(40)]
    assert all(received.index(f"m-{n:02}") < received.index(f"m-{n + 20:02}") for n in range(20))
    assert set(InboundMessage.objects.values_list("state", "attempts")) == {("DONE", 1)}
    assert DeliveryAttempt.objects.count() == 40
    assert sink.most_at_once <= 4
    wait_until(lambda: WorkerHeartbeat.objects.filter(name="messages").exists())


def test_killed_worker_loses_neither_a_message_nor_a_callback(
    post: Any, bap: BuyerApp, sink: Sink, start_worker: Any, broker: Any, tmp_path: Path
) -> None:
    """It dies in the midst of a handler, and while a buyer app has a callback but has not answered yet."""
    release = threading.Event()
    sink.behave = lambda request, raw: (len(sink.received) == 1 and release.wait(60), acknowledge(request, raw))[1]
    worker = start_worker()
    post("select", bap.body("select", transaction_id="t-2", message_id="m-0"), by=bap)
    broker("drain_inbox")
    wait_until(lambda: len(sink.received) == 1, 60)
    post("cancel", bap.body("cancel", transaction_id="t-1", message_id="m-1"), by=bap)
    post("status", bap.body("status", transaction_id="t-1", message_id="m-2"), by=bap)
    broker("drain_inbox")
    wait_until((tmp_path / "mark").exists, 60)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    release.set()
    assert OutboundCallback.objects.count() == 1  # the handler's transaction went with it
    start_worker()

    def swept() -> bool:
        broker("sweep")
        return OutboundCallback.objects.filter(state="DELIVERED").count() == 3

    wait_until(swept, 60)
    ids = [json.loads(raw)["context"]["message_id"] for _, raw, _ in sink.received]
    assert sorted(ids) == ["m-0", "m-0", "m-1", "m-2"]
    assert ids.index("m-1") < ids.index("m-2")
    assert len({raw for _, raw, _ in sink.received if b"m-0" in raw}) == 1
    done = InboundMessage.objects.order_by("message_id").values_list("message_id", "state", "attempts")
    assert list(done) == [("m-0", "DONE", 1), ("m-1", "DONE", 2), ("m-2", "DONE", 1)]
    assert OutboundCallback.objects.get(message_id="m-0").attempts == 2
