"""The buttons on an order's page: the CPO's own cancel, and the bill of a session that was held."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from cpo_portal.accounts.models import Membership, User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import OrderEvent, Refund
from cpo_portal.charging.sessions import reports as sessions
from cpo_portal.charging.sessions.readings import Reading, record_readings
from offers.models import OfferCounter
from offers.tasks import settle_stopped
from pricing import authoring
from pricing.engine.values import Dimension, PriceComponent
from tests.offers.ordering.sale import Sale
from tests.prepaid import credit, customer
from tests.world import make_world

pytestmark = pytest.mark.django_db(transaction=True)


def member(sale: Sale, role: str) -> Client:
    user = User.objects.create_user(f"{role.lower()}@cpo1.example", "a-long-password", is_staff=True)
    with cpo_scope(sale.world.cpo):
        Membership.objects.create(cpo=sale.world.cpo, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def press(client: Client, sale: Sale, button: str, **data: str) -> int:
    return client.post(f"/admin/charging/order/{sale.fresh().pk}/{button}/", data).status_code


def answer(client: Client, sale: Sale, button: str) -> list[str]:
    """Press a button and return what is said."""
    url = f"/admin/charging/order/{sale.fresh().pk}/{button}/"
    page = client.post(url, {"_form_submitted": "1"}, follow=True)
    return [str(message) for message in page.context["messages"]]


def state(sale: Sale) -> str:
    with cpo_scope(sale.world.cpo):
        return sale.fresh().state


def test_a_manager_cancels_and_everything_comes_back(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.confirm()
    manager = member(sale, "MANAGER")
    with cpo_scope(sale.world.cpo):
        assert press(manager, sale, "cancel_order", reason="charger out of order", _form_submitted="1") == 302
    assert state(sale) == "CANCELLED"
    with cpo_scope(sale.world.cpo):
        assert Refund.objects.get().amount == Decimal("91.45")
        assert OfferCounter.objects.get().uses_reserved == 0
        assert OrderEvent.objects.get(kind="CANCELLED").detail["by"] == "PROVIDER"


@pytest.mark.parametrize(
    ("prepaid", "said"),
    [
        pytest.param("200", "₹91.45 went back to the prepaid balance.", id="all of it"),
        pytest.param("50", "₹50.00 went back to the prepaid balance and ₹41.45 comes back to the driver.", id="a part"),
        pytest.param("0", "₹91.45 comes back to the driver.", id="nothing"),
    ],
)
def test_a_cancellation_says_where_the_money_goes(prepaid: str, said: str, sale: Sale) -> None:
    credit(sale.world.cpo, prepaid, customer=customer(sale.world.cpo))
    sale.init()
    rest = Decimal("91.45") - min(Decimal(prepaid), Decimal("91.45"))
    if rest:
        sale.pay(f"{rest}")
    sale.confirm()
    with cpo_scope(sale.world.cpo):
        url = f"/admin/charging/order/{sale.fresh().pk}/cancel_order/"
    page = member(sale, "OWNER").post(url, {"_form_submitted": "1", "reason": "out of order"}, follow=True)
    assert [str(message) for message in page.context["messages"]] == [f"The order is cancelled; {said}"]


def test_an_analyst_and_an_outsider_cannot_cancel(sale: Sale) -> None:
    sale.init()
    analyst = member(sale, "ANALYST")
    stranger = User.objects.create_user("owner@cpo2.example", "a-long-password", is_staff=True)
    other = make_world("cpo2.com", item_id="there-01")
    with cpo_scope(other.cpo):
        Membership.objects.create(cpo=other.cpo, user=stranger, role="OWNER")
    outsider = Client()
    outsider.force_login(stranger)
    with cpo_scope(sale.world.cpo):
        assert press(analyst, sale, "cancel_order", reason="no", _form_submitted="1") == 403
        assert press(outsider, sale, "cancel_order", reason="no", _form_submitted="1") == 302
    assert state(sale) == "INITIALISED"


def test_a_session_of_impossible_power_is_held_until_a_person_bills_it(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(52_000, minutes=20)  # 156 kW on a connector of 30 kW
    settle_stopped()
    assert state(sale) == "ACTIVE"
    assert sale.lines("BILLED") == []
    assert "HELD" in sale.events()
    owner = member(sale, "OWNER")
    with cpo_scope(sale.world.cpo):
        assert press(owner, sale, "bill_held", _form_submitted="1") == 302
    assert state(sale) == "COMPLETE"
    assert sale.lines("BILLED") == ["936.00", "10.00", "-100.00", "152.28"]


def test_a_register_that_leapt_and_came_back_is_held(sale: Sale) -> None:
    """15 kWh would be within the rating of half an hour; the meter gained them in a minute and lost them again."""
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    begin = timezone.now()
    sale.charge(400, minutes=40, stop=False)
    leap = Reading(begin + timedelta(minutes=31), 1_015_000)
    end = sessions.SessionStop(begin + timedelta(minutes=60), 1_000_500, "Remote")
    with cpo_scope(sale.world.cpo):
        record_readings(sale.world.system, "s-1", [leap], now=begin)
        sessions.stop_session(sale.world.system, "s-1", end, now=begin)
    settle_stopped()
    assert (state(sale), sale.lines("BILLED"), "HELD" in sale.events()) == ("ACTIVE", [], True)


def test_standing_without_having_charged_is_held(sale: Sale) -> None:
    """The charger brought no energy and says that the driver stopped it: nobody is charged for that unseen."""
    idle = PriceComponent(Dimension.IDLE, Decimal(2), grace_minutes=10)
    with cpo_scope(sale.world.cpo):
        version = authoring.working_version(sale.world.tariff)
        assert version is not None
        content = authoring.content_of(version)
        authoring.save_draft(sale.world.tariff, replace(content, components=(*content.components, idle)))
        authoring.publish(sale.world.tariff)
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(0, minutes=30)
    settle_stopped()
    assert (state(sale), sale.lines("BILLED"), "HELD" in sale.events()) == ("ACTIVE", [], True)
    owner = member(sale, "OWNER")
    with cpo_scope(sale.world.cpo):
        assert press(owner, sale, "bill_held", _form_submitted="1") == 302
    assert (state(sale), sale.lines("BILLED")) == ("COMPLETE", ["0.00", "40.00", "10.00", "9.00"])


def test_a_session_that_has_not_stopped_is_not_billed(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(1000, stop=False)
    owner = member(sale, "OWNER")
    with cpo_scope(sale.world.cpo):
        said = answer(owner, sale, "bill_held")
    assert said == ["The session has not stopped yet. End it first."]
    assert state(sale) == "ACTIVE"
    assert sale.lines("BILLED") == []


def test_a_session_that_failed_before_any_energy_is_cancelled_where_staff_bill_it(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(0, stop=False)
    owner, now = member(sale, "OWNER"), timezone.now() + timedelta(minutes=20)
    with cpo_scope(sale.world.cpo):
        sessions.stop_session(sale.world.system, "s-1", sessions.SessionStop(now, 1_000_000, "PowerLoss"), now=now)
        said = answer(owner, sale, "bill_held")
    failed = "The charger failed before it delivered anything."
    assert said == [f"There is nothing to bill; the order is cancelled: {failed}"]
    assert state(sale) == "CANCELLED"
