"""Callbacks of a buyer app that is registered no more are given up, and none of one that is registered."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from beckn import tasks, upkeep
from beckn.models import OutboundCallback, Subscriber
from tests.beckn.infra.support import BuyerApp, Sink, queue

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("change", ["deleted", "a gateway now"])
def test_callback_of_a_buyer_app_that_is_no_more_is_given_up(sink: Sink, nudges: list[str], change: str) -> None:
    lost, kept = queue("t-1", bap_id="gone.example"), queue("t-2")
    gone = BuyerApp("gone.example", seed=b"g" * 32).register()
    if change == "deleted":
        gone.keys.all().delete()
        gone.delete()
    else:
        Subscriber.objects.filter(pk=gone.pk).update(role="BG")
    tasks.sweep()
    lost.refresh_from_db()
    kept.refresh_from_db()
    assert (lost.state, lost.last_error.strip()) == ("DEAD", "no buyer app of this id is registered")
    assert (lost.finished_at is None, kept.state) == (False, "PENDING")


def test_a_buyer_app_that_is_registered_between_the_look_and_the_end_keeps_what_is_its_own(nudges: list[str]) -> None:
    queue("t-1", bap_id="new.example")

    def register_first(execute: Any, sql: str, *rest: Any) -> Any:
        if sql == upkeep.BURY_ORPHANS:
            BuyerApp("new.example", seed=b"n" * 32).register()
        return execute(sql, *rest)

    with connection.execute_wrapper(register_first):
        assert upkeep.bury_orphans() == 0
    assert Subscriber.objects.filter(subscriber_id="new.example").exists()
    assert OutboundCallback.objects.get().state == "PENDING"
