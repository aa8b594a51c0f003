"""A session whose charger failed is stopped and billed by what its meter proved."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from cpo_portal.charging.sessions import reports as sessions
from cpo_portal.charging.sessions.readings import Reading, record_readings
from tests.beckn.actions.conversation import Conversation, amounts

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("minutes", "register"),
    [
        pytest.param(20, 0, id="the meter began anew"),
        pytest.param(20, 504_999, id="the register ran backwards"),
        pytest.param(12, 503_000, id="the charger's clock is behind its last reading"),
    ],
)
def test_the_bill_goes_by_the_highest_register(talk: Conversation, minutes: int, register: int) -> None:
    otp = talk.confirmed()
    talk.update("start-charging", otp)
    begin = timezone.now()
    with cpo_scope(talk.world.cpo):
        order = Order.objects.get()
        start = sessions.SessionStart("s-1", order.pk, talk.world.connector.item_id, begin, 500_000)
        sessions.start_session(talk.world.system, start, now=begin)
        readings = [Reading(begin + timedelta(minutes=10 + 5 * n), 502_500 + 2_500 * n) for n in range(2)]
        record_readings(talk.world.system, "s-1", readings, now=begin)
        end = sessions.SessionStop(begin + timedelta(minutes=minutes), register, "PowerLoss")
        sessions.stop_session(talk.world.system, "s-1", end, now=begin)
    talk.work()
    order.refresh_from_db()
    assert (order.state, str(order.billed_amount)) == ("COMPLETE", "91.4500")
    status = talk.say("status", {"order_id": str(order.pk)})["message"]["order"]
    assert amounts(status) == ["90.00", "10.00", "-22.50", "13.95"]
