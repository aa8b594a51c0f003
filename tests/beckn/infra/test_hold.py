"""While callbacks are held nothing is sent to anybody; released, everything goes out in order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from beckn import tasks
from beckn.hold import hold_callbacks, release_callbacks
from beckn.models import DeliveryHold, OutboundCallback
from beckn.outbox import claim_due_callbacks
from tests.beckn.infra.support import BuyerApp, Sink, queue

pytestmark = pytest.mark.django_db


def test_a_hold_stops_every_claim_until_it_is_released(bap: BuyerApp, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = queue("t-1"), queue("t-2")
    call_command("hold_callbacks", reason="The buyer apps are being told.")
    assert claim_due_callbacks(5) == []
    assert set(OutboundCallback.objects.values_list("state", "attempts")) == {("PENDING", 0)}
    call_command("release_callbacks")
    assert capsys.readouterr().out == "Callbacks are held.\nCallbacks go out again.\n"
    assert [claimed.id for claimed in claim_due_callbacks(5)] == [first.id, second.id]


def test_released_callbacks_are_delivered_with_the_bytes_that_were_queued(sink: Sink) -> None:
    queue("t-1", number=7)
    hold_callbacks("restore", "restored")
    assert tasks.deliver_due() == 0
    assert sink.received == []
    assert release_callbacks() == 1
    assert tasks.deliver_due() == 1
    assert [body for _, body, _ in sink.received] == [b'{"number":7}']


def test_what_a_hold_kept_back_for_days_is_not_given_up_but_sent(sink: Sink) -> None:
    queue("t-1")
    OutboundCallback.objects.update(queued_at=timezone.now() - timedelta(days=30))
    hold_callbacks("restore", "restored from a backup of last month")
    assert tasks.bury_old() == 0
    release_callbacks()
    assert tasks.bury_old() == 0
    assert tasks.deliver_due() == 1
    assert OutboundCallback.objects.get().state == "DELIVERED"


def test_a_held_portal_is_ready_and_says_that_it_holds(client: Any, bap: BuyerApp) -> None:
    tasks.sweep()
    queue("t-1")
    OutboundCallback.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=90))
    DeliveryHold.objects.create(name="restore", reason="restored")
    DeliveryHold.objects.update(since="2026-05-01T10:00Z")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["outbox"]) == (200, "ok")
    assert answer.json()["held"] == (
        "callbacks are held since 2026-05-01 10:00 UTC: `./portal manage release_callbacks` sends them"
    )
