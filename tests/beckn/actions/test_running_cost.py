"""What a session costs so far: the same for the buyer app and on the order's page, up to its bill or its review."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import ChargingSession, MeterReading, Order, OrderEvent
from cpo_portal.charging.sessions import reports as sessions
from tests.beckn.actions.conversation import Conversation, amounts
from tests.people import make_member, signed_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(talk: Conversation) -> Page:
    return Page(talk)


class Page:
    """The order's page as a manager reads it, as plain words."""

    def __init__(self, talk: Conversation) -> None:
        self._world = talk.world
        self._client = signed_in(make_member(talk.world.cpo, "manager", Role.MANAGER))

    def html(self) -> str:
        with cpo_scope(self._world.cpo):
            order = Order.objects.get()
        return self._client.get(f"/admin/charging/order/{order.pk}/change/").content.decode()

    def words(self) -> str:
        return " ".join(re.sub(r"<[^>]+>", " ", self.html()).split())


def test_the_page_says_what_the_buyer_app_is_told_and_asks_again_by_itself(talk: Conversation, page: Page) -> None:
    otp = talk.confirmed()
    assert "Cost so far" not in page.words()
    talk.update("start-charging", otp)
    talk.charge(5200, stop=False)
    with cpo_scope(talk.world.cpo):
        order_id = str(Order.objects.get().pk)
    told = talk.say("status", {"order_id": order_id})["message"]["order"]
    assert amounts(told) == ["46.80", "10.00", "10.22"]
    text = page.words()
    assert (
        "Charging session cost (2.6 kWh @ ₹18.00/kWh) ₹46.80 Service Fee ₹10.00 GST (18%) ₹10.22 Total ₹67.02" in text
    )
    assert "2.6 kWh ₹18.00/kWh one price throughout" in text
    [live] = re.findall(r'<div id="cost-so-far"[^>]*>', page.html())
    assert 'hx-get=""' in live
    assert 'hx-select="#cost-so-far"' in live
    assert 'hx-trigger="every 15s"' in live


def test_after_the_bill_the_energy_stands_by_time(talk: Conversation, page: Page) -> None:
    talk.update("start-charging", talk.confirmed())
    talk.charge(5200, stop=True)
    text = page.words()
    assert "Cost so far" not in text
    assert "Energy by time" in text
    assert "5.2 kWh ₹18.00/kWh one price throughout" in text


def test_a_session_that_is_held_shows_why_and_what_would_be_billed(talk: Conversation, page: Page) -> None:
    talk.update("start-charging", talk.confirmed())
    talk.charge(60_000, stop=True)
    text = page.words()
    assert "To be looked at: more power was metered than the connector gives." in text
    assert "Charging session cost (60 kWh @ ₹18.00/kWh) ₹1,080.00" in text


def test_what_is_odd_about_the_readings_is_kept_with_the_bill(talk: Conversation, page: Page) -> None:
    talk.update("start-charging", talk.confirmed())
    talk.charge(5200, stop=False)
    with cpo_scope(talk.world.cpo):
        session = ChargingSession.objects.get()
        before = session.started_at - timedelta(minutes=5)
        MeterReading.objects.create(session=session, measured_at=before, register_wh=500_000)
        end = sessions.SessionStop(session.started_at + timedelta(minutes=20), 505_200, "Remote")
        sessions.stop_session(talk.world.system, session.session_id, end, now=timezone.now())
    talk.work()
    with cpo_scope(talk.world.cpo):
        settled = OrderEvent.objects.get(kind="SETTLED")
    assert settled.detail["flags"] == ["READINGS_OUTSIDE_SESSION"]
    assert "readings lie before the start or after the stop" in page.words()
