"""What happened is told once, whichever worker comes first."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.utils import timezone

from beckn.announcer import announce_events
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order, OrderEvent, Payment
from cpo_portal.charging.payments.notices import signature_of
from cpo_portal.charging.payments.reports import create_gateway, record_notice
from offers.tasks import settle_stopped
from tests.beckn.actions.conversation import Conversation, tag

pytestmark = pytest.mark.django_db


def paid_after_the_cancellation(talk: Conversation) -> None:
    """Leave the report of a payment that nobody has followed yet."""
    talk.init("weekend-discount-25")
    with cpo_scope(talk.world.cpo):
        order = Order.objects.get()
        talk.say("cancel", {"order_id": str(order.pk), "cancellation_reason_id": "5"})
        gateway, secret = create_gateway(talk.world.cpo, name="Pay", pay_url="https://pay.example/$amount")
        notice = {"event_id": "e-1", "payment_id": str(Payment.objects.get().pk), "status": "PAID"}
        raw = json.dumps(notice | {"amount": "91.45", "currency": "INR"}).encode()
        assert record_notice(gateway, raw, signature_of(raw, secret.encode()), now=timezone.now()).outcome == "PAID"


@pytest.mark.parametrize(
    "workers",
    [
        pytest.param([settle_stopped, announce_events], id="owed-back-then-told"),
        pytest.param([announce_events, settle_stopped, announce_events], id="told-before-it-is-owed-back"),
    ],
)
def test_a_payment_after_the_cancellation_is_told_once_with_its_refund(
    talk: Conversation, workers: list[Callable[[], int]]
) -> None:
    paid_after_the_cancellation(talk)
    assert [bool(work()) for work in workers] == [True] * len(workers)
    told = talk.callbacks("on_status")
    assert len(told) == 1
    settlement = tag(told[0]["message"]["order"]["tags"], "settlement")
    assert (settlement["kind"], settlement["amount"], settlement["status"]) == ("REFUND", "91.45", "DUE")
    with cpo_scope(talk.world.cpo):
        assert not OrderEvent.objects.filter(announced_at=None).exists()
