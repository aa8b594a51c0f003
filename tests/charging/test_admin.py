"""The sales pages: members look at what machines wrote, nobody edits it, an outsider sees nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse
from django.utils.html import format_html

from cpo_portal.accounts.sealing import unseal
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import (
    GatewayNotice,
    Order,
    OrderContact,
    OrderLine,
    PaymentGateway,
    Refund,
    RefundTerm,
)
from cpo_portal.charging.panels import ORDER_PANELS, Panel, table
from cpo_portal.charging.payments.reports import create_gateway
from cpo_portal.charging.people.customers import find_or_make_customer
from cpo_portal.charging.sessions.readings import Reading, record_readings
from cpo_portal.charging.sessions.reports import SessionStop, stop_session
from cpo_portal.network.models import Charger
from tests.charging.sales import Sale, everything
from tests.network.places import Net

pytestmark = pytest.mark.django_db

MACHINE_PAGES = ["order", "customer", "payment", "refund"]


@pytest.fixture
def told(sale: Sale) -> Sale:
    """The sale with everything that an order's page can show."""
    sale.begin()
    with cpo_scope(sale.net.cpo):
        end = sale.now + timedelta(minutes=20)
        stop_session(sale.net.system, "s-1", SessionStop(end, 6_200, "Remote"), now=end)
        for stage, amount in (("QUOTED", "91.45"), ("BILLED", "94.64")):
            OrderLine.objects.create(
                order=sale.order,
                stage=stage,
                position=1,
                line_id="1",
                kind="ENERGY",
                title="Charging <b>5.2</b> kWh",
                amount=Decimal(amount),
                currency="INR",
                quantity=Decimal("5.2000"),
                unit="kWh",
            )
        Refund.objects.create(
            cpo=sale.net.cpo, order=sale.order, reason="SETTLEMENT", amount=Decimal("3.19"), currency="INR"
        )
        OrderContact.objects.create(order=sale.order, billing={"name": "Asha Rao", "phone": "+919876543210"})
        Order.objects.filter(pk=sale.order.pk).update(billed_amount=Decimal("94.64"))
    return sale


def page_of(sale: Sale, room: str) -> str:
    with cpo_scope(sale.net.cpo):
        row = {
            "order": sale.order,
            "customer": sale.order.customer,
            "payment": sale.payment,
            "refund": sale.order.refunds.first(),
        }[room]
    assert row is not None
    return f"/admin/charging/{room}/{row.pk}/"


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_an_orders_page_tells_its_story(told: Sale) -> None:
    answer = told.net.sign_in("MANAGER").get(page_of(told, "order") + "change/")
    text = text_of(answer)
    for part in (
        "Charging &lt;b&gt;5.2&lt;/b&gt; kWh Energy 5.2 kWh ₹91.45",
        "Total ₹94.64",
        "Paid more than billed Due ₹3.19",
        "s-1 of CSMS",
        "5.200 kWh",
        "Readings 2, the last",
        "Charging stopped",
        "Asha Rao, +919876543210",
        "Before charging Not paid ₹91.45 –",
    ):
        assert part in text, part


def test_an_order_that_nobody_can_start_says_so(sale: Sale) -> None:
    sentence = "The charger has no charging system any more: give it one, or cancel the order."
    client, page = sale.net.sign_in("MANAGER"), f"/admin/charging/order/{sale.order.pk}/change/"
    assert sentence not in text_of(client.get(page))
    with cpo_scope(sale.net.cpo):
        Charger.objects.update(system=None)
    assert f"Cannot be started {sentence}" in text_of(client.get(page))
    with cpo_scope(sale.net.cpo):
        Order.objects.update(state="CANCELLED")
    assert sentence not in text_of(client.get(page))


def test_staff_see_the_money_that_did_not_match(told: Sale) -> None:
    with cpo_scope(told.net.cpo):
        GatewayNotice.objects.create(
            cpo=told.net.cpo,
            event_id="evt-9",
            body_hash=b"",
            payment=told.payment,
            outcome="WRONG_AMOUNT",
            received_amount=Decimal("9145"),
            received_currency="INR",
            reference="upi-99",
        )
    client = told.net.sign_in("ANALYST")
    order = text_of(client.get(page_of(told, "order") + "change/"))
    assert "Wrong amount ₹9,145.00 upi-99 evt-9" in order
    assert "evt-9: Wrong amount, ₹9,145.00 upi-99" in text_of(client.get(page_of(told, "payment") + "change/"))


def test_a_meter_that_began_anew_has_delivered_what_it_showed_before(sale: Sale) -> None:
    sale.begin()
    end = sale.now + timedelta(minutes=20)
    with cpo_scope(sale.net.cpo):
        record_readings(sale.net.system, "s-1", [Reading(sale.now + timedelta(minutes=10), 6_200)], now=end)
        stop_session(sale.net.system, "s-1", SessionStop(end, 0, "PowerLoss"), now=end)
    text = text_of(sale.net.sign_in("ANALYST").get(page_of(sale, "order") + "change/"))
    assert "5.200 kWh" in text
    assert "5.200 kWh delivered; meter at 0.000 kWh; PowerLoss; the register went backwards" in text


def test_an_analyst_sees_no_contact(told: Sale) -> None:
    with cpo_scope(told.net.cpo):
        customer = find_or_make_customer(told.net.cpo, billing={"phone": "9876543210", "name": "Asha"}, contact={})
        Order.objects.update(customer=customer)
    client, manager = told.net.sign_in("ANALYST"), told.net.sign_in("MANAGER")
    assert "Asha" not in text_of(client.get(page_of(told, "order") + "change/"))
    assert customer is not None
    address = f"/admin/charging/customer/{customer.pk}/change/"
    assert "9876543210" not in text_of(client.get(address))
    assert "9876543210" in text_of(manager.get(address))


def test_rooms_above_add_panels(told: Sale, monkeypatch: pytest.MonkeyPatch) -> None:
    def trace(request: Any, order: Order) -> Panel:
        return Panel("Why this price", table(("Offer", "Reason"), [("WEEKEND25", f"<{order.bap_id}>")]))

    monkeypatch.setattr("cpo_portal.charging.panels.ORDER_PANELS", [trace, lambda request, order: None])
    answer = told.net.sign_in("ANALYST").get(page_of(told, "order") + "change/")
    assert "Why this price Offer Reason WEEKEND25 &lt;bap.example&gt;" in text_of(answer)
    assert isinstance(ORDER_PANELS, list)


@pytest.mark.parametrize("room", MACHINE_PAGES)
@pytest.mark.parametrize("role", ["OWNER", "ANALYST"])
def test_machine_tables_are_looked_at(told: Sale, room: str, role: str) -> None:
    client, before = told.net.sign_in(role), everything()
    assert client.get(f"/admin/charging/{room}/").status_code == 200
    assert client.get(page_of(told, room) + "change/").status_code == 200
    assert client.get(f"/admin/charging/{room}/add/").status_code == 403
    assert client.post(page_of(told, room) + "change/", {"state": "CANCELLED"}).status_code == 403
    assert client.post(page_of(told, room) + "delete/", {"post": "yes"}).status_code == 403
    assert everything() == before


@pytest.mark.parametrize("room", MACHINE_PAGES)
def test_an_outsider_sees_nothing(told: Sale, other: Net, room: str) -> None:
    client = other.sign_in("OWNER")
    listed = client.get(f"/admin/charging/{room}/").content.decode()
    assert str(told.order.pk) not in listed
    assert client.get(page_of(told, room) + "change/").status_code == 302
    address = f"/admin/charging/{room}/?q={told.order.pk}"
    assert page_of(told, room) not in client.get(address).content.decode()


def test_a_search_takes_a_whole_id(told: Sale) -> None:
    client = told.net.sign_in("ANALYST")
    for text in (str(told.order.pk), told.order.transaction_id, "item-1"):
        assert page_of(told, "order") in client.get("/admin/charging/order/", {"q": text}).content.decode()
    for text in ("nothing", "'\"%", "9" * 300):
        assert page_of(told, "order") not in client.get("/admin/charging/order/", {"q": text}).content.decode()


GATEWAY = {"name": "Gateway", "pay_url": "https://pay.example/?t=$transaction_id&a=$amount"}


@pytest.mark.parametrize(("role", "status"), [("OWNER", 200), ("MANAGER", 200), ("ANALYST", 403)])
def test_a_gateways_secret_is_shown_once(net: Net, role: str, status: int) -> None:
    client = net.sign_in(role)
    answer = client.post("/admin/charging/paymentgateway/add/", GATEWAY)
    assert answer.status_code == status
    with cpo_scope(net.cpo):
        kept = PaymentGateway.objects.first()
    if status == 403:
        assert kept is None
        return
    assert kept is not None
    secret = unseal(bytes(kept.sealed_secret)).decode()
    assert secret in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    address = f"/admin/charging/paymentgateway/{kept.pk}/change/"
    assert secret not in client.get(address).content.decode()
    assert client.post(address, GATEWAY | {"name": "Renamed"}).status_code == 302
    new = client.post(reverse("admin:charging_paymentgateway_new_secret", args=[kept.pk]), {"_form_submitted": "on"})
    with cpo_scope(net.cpo):
        kept = PaymentGateway.objects.get()
    fresh = unseal(bytes(kept.sealed_secret)).decode()
    assert (kept.name, fresh != secret, fresh in new.content.decode()) == ("Renamed", True, True)


@pytest.mark.parametrize(
    ("pay_url", "sentence"),
    [
        ("javascript:alert(1)", "Write an address that begins with https://"),
        ("https://pay.example/", "holds $transaction_id"),
    ],
)
def test_a_payment_link_is_checked(net: Net, pay_url: str, sentence: str) -> None:
    answer = net.sign_in("OWNER").post("/admin/charging/paymentgateway/add/", GATEWAY | {"pay_url": pay_url})
    assert sentence in text_of(answer)
    with every_cpo():
        assert PaymentGateway.objects.count() == 0


def test_an_outsider_neither_sees_nor_renews_a_gateway(net: Net, other: Net) -> None:
    gateway, secret = create_gateway(net.cpo, **GATEWAY)
    client = other.sign_in("OWNER")
    assert client.get(f"/admin/charging/paymentgateway/{gateway.pk}/change/").status_code == 302
    client.post(reverse("admin:charging_paymentgateway_new_secret", args=[gateway.pk]), {"_form_submitted": "on"})
    with every_cpo():
        assert unseal(bytes(PaymentGateway.objects.get().sealed_secret)).decode() == secret


TERM = {"fulfillment_state": "PENDING", "notice_minutes": "240", "within_minutes": "120", "refund_eligible": "on"}


def test_refund_terms_are_the_cpos_own(net: Net, other: Net) -> None:
    client = net.sign_in("MANAGER")
    wrong = client.post("/admin/charging/refundterm/add/", TERM | {"percent": "85", "amount": "5"})
    assert "Give a percentage" in text_of(wrong)
    assert client.post("/admin/charging/refundterm/add/", TERM | {"percent": "85"}).status_code == 302
    again = client.post("/admin/charging/refundterm/add/", TERM | {"percent": "50"})
    assert again.context["adminform"].form.non_field_errors() == [
        "A refund term with this fulfillment state and notice (minutes) exists already: change that one."
    ]
    assert net.sign_in("ANALYST").post("/admin/charging/refundterm/add/", TERM).status_code == 403
    with every_cpo():
        term = RefundTerm.objects.get()
    assert (term.cpo, term.percent) == (net.cpo, Decimal(85))
    address = f"/admin/charging/refundterm/{term.pk}/delete/"
    assert other.sign_in("OWNER").post(address, {"post": "yes"}).status_code == 302
    with every_cpo():
        assert RefundTerm.objects.count() == 1
    assert client.post(address, {"post": "yes"}).status_code == 302
    with every_cpo():
        assert RefundTerm.objects.count() == 0


def test_the_html_of_a_table_is_escaped() -> None:
    assert '<td class="" data-label="A">&lt;script&gt;</td>' in table(("A",), [("<script>",)])
    assert "<i>x</i>" in table(("A",), [(format_html("<i>{}</i>", "x"),)])
