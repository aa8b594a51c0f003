"""After the bill on staff's pages: what a change comes to is told before it, and a refunded order says so."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from cpo_portal.accounts.models import Role, User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import OrderEvent, Payment, Refund
from offers.ordering.owed import NOTHING_OWED, RETURNED, Owed, owe, refund_unasked
from offers.tasks import settle_stopped
from pricing.engine.money import Money
from tests.offers.ordering.sale import Sale
from tests.offers.ordering.test_adjusting import back, billed, go, refund
from tests.offers.ordering.test_exports import download
from tests.offers.ordering.test_returning import free, paid
from tests.people import make_member, signed_in
from tests.prepaid import SARAH, credit

pytestmark = pytest.mark.django_db

OFFERS = (
    " The offers of the session are as if they had not been used. A referral that it earned waits for another session; "
    "one that was rewarded already stays."
)
BASE = (
    "The driver is asked for what the offer gave, with its tax; products that it gave go back to the shelf. The bill "
    "stays as it was printed. "
)


def staff(sale: Sale) -> Client:
    """Return the browser of a manager, who is made where there is none yet."""
    known = User.objects.filter(email="manager@example.com").first()
    return signed_in(known or make_member(sale.world.cpo, "manager", Role.MANAGER))


def dialog(sale: Sale, button: str) -> Any:
    """Return what the dialog says and which fields it asks for."""
    context = staff(sale).get(f"/admin/charging/order/{sale.order.pk}/{button}/").context  # type: ignore[union-attr]
    asked = [field.name for field in context["form"].visible_fields()]
    choices = context["form"].fields["offer"].choices if "offer" in asked else ()
    return context["dialog"]["description"], asked, dict(choices)


def in_money(sale: Sale) -> str:
    billed(sale)
    return "₹91.45 will be due to the driver."


def with_a_shortfall(sale: Sale) -> str:
    billed(sale, 5200)
    return "₹91.45 will be due to the driver. ₹3.19 that nobody has paid yet is not asked for any more."


def after_an_offer_was_taken_back(sale: Sale) -> str:
    billed(sale)
    back(sale, "10")
    return "₹91.45 will be due to the driver. ₹11.80 that nobody has paid yet is not asked for any more."


def by_a_balance(sale: Sale, amount: str = "91.45", *, gone: bool = False) -> str:
    credit(sale.world.cpo, amount)
    sale.init()
    if amount != "91.45":
        sale.pay("51.45")
    sale.start(sale.confirm())
    sale.charge(5000)
    settle_stopped()
    if gone:
        go(sale, SARAH)
    return "₹91.45 goes back to the prepaid balance; nothing was paid in money."


def in_part_by_a_balance(sale: Sale) -> str:
    by_a_balance(sale, "40")
    return "₹51.45 will be due to the driver, and ₹40.00 goes back to the prepaid balance."


def by_a_balance_that_nobody_has(sale: Sale) -> str:
    by_a_balance(sale, gone=True)
    return (
        "₹91.45 will be due to the driver. Of this, ₹91.45 had been paid by a prepaid balance that nobody has any more."
    )


def without_money(sale: Sale) -> str:
    billed(sale)
    with cpo_scope(sale.world.cpo):
        Payment.objects.filter(order=sale.order).update(status="NOT-PAID", paid_amount=0, paid_at=None)
    return (
        "Nothing was paid for this session, so nothing comes back. "
        "₹91.45 that nobody has paid yet is not asked for any more."
    )


BACK_ALREADY = (
    "All that was paid for this session went back already or is due to the driver, so nothing more comes back."
)


def where_all_went_back(sale: Sale) -> str:
    billed(sale)
    pay_all_back(sale)
    return BACK_ALREADY


def where_all_of_a_balance_went_back(sale: Sale) -> str:
    by_a_balance(sale)
    pay_all_back(sale)
    return BACK_ALREADY


def pay_all_back(sale: Sale) -> None:
    now = timezone.now()
    with cpo_scope(sale.world.cpo), transaction.atomic():
        owe(sale.fresh(), Owed(RETURNED, Money(Decimal("91.45"), "INR"), "All came back.", now), now=now)


BEFORE_A_REFUND = [
    in_money,
    with_a_shortfall,
    after_an_offer_was_taken_back,
    by_a_balance,
    in_part_by_a_balance,
    by_a_balance_that_nobody_has,
    without_money,
    where_all_went_back,
    where_all_of_a_balance_went_back,
]


@pytest.mark.parametrize("sell", BEFORE_A_REFUND)
def test_a_refund_says_before_it_what_it_pays_back(sale: Sale, sell: Any) -> None:
    sentence = sell(sale)
    assert dialog(sale, "refund_order")[0] == sentence + OFFERS
    made = refund(sale)
    told = made.refund.amount if made.refund else 0
    assert f"₹{told:.2f} will be due" in sentence or not told


def test_taking_a_discount_back_says_what_the_driver_owes_and_asks_for_no_units(sale: Sale) -> None:
    billed(sale)
    said, asked, choices = dialog(sale, "take_offer_back")
    assert said == f"{BASE}All ₹22.50 of “Weekend Special – 25 % off”: the driver owes ₹26.55 with tax."
    assert asked == ["offer", "amount", "reference", "reason"]
    assert list(choices.values()) == ["Weekend Special – 25 % off: ₹22.50"]


@pytest.mark.parametrize(
    ("sell", "owed"),
    [pytest.param(free, "no money is owed", id="free"), pytest.param(paid, "the driver gets ₹", id="paid-for")],
)
def test_taking_products_back_says_what_is_paid_back_and_asks_for_units_alone(sale: Sale, sell: Any, owed: str) -> None:
    sell(sale)
    said, asked, choices = dialog(sale, "take_offer_back")
    [choice] = choices.values()
    assert said.startswith(f"{BASE}All 2 × ")
    assert owed in said
    assert choice.split(": ")[1].startswith("2 × ")
    assert asked == ["offer", "units", "reference", "reason"]


def page_of(sale: Sale) -> tuple[str, dict[str, str]]:
    """Return the order's page and its panels."""
    answer = staff(sale).get(f"/admin/charging/order/{sale.order.pk}/change/")  # type: ignore[union-attr]
    return answer.content.decode(), {panel.title: panel.body for panel in answer.context["order_panels"]}


def test_what_nobody_paid_of_a_refunded_order_is_not_asked_for_any_more(sale: Sale) -> None:
    billed(sale)
    back(sale, "10")
    _, panels = page_of(sale)
    assert ">₹11.80</td>" in panels["After the bill"]
    refund(sale)
    page, panels = page_of(sale)
    chip = '<span class="portal-chip portal-neutral">Not asked for any more</span>'
    assert chip in panels["Payments"]
    assert "₹0.00" not in panels["Payments"]
    assert "₹11.80" in panels["Payments"]
    assert 'data-label="Driver owes">Nothing any more</td>' in panels["After the bill"]
    assert page.count("Refunded</span>") == 1
    listed = staff_list(sale)
    assert listed.count("Refunded</span>") == 1
    states = {line["State"]: line["Paid"] for line in download(sale, "charging/payment")}
    assert states == {"Paid": "91.45", "Not asked for any more": "0.00"}


def staff_list(sale: Sale) -> str:
    return staff(sale).get("/admin/charging/order/").content.decode()


def test_an_order_that_is_not_refunded_does_not_say_so(sale: Sale) -> None:
    billed(sale)
    assert "Refunded</span>" not in page_of(sale)[0]
    assert "Refunded</span>" not in staff_list(sale)


def test_a_paid_debt_is_no_debt(sale: Sale) -> None:
    billed(sale)
    back(sale, "10")
    with cpo_scope(sale.world.cpo):
        asked = Payment.objects.get(type="RECOVERY")
        asked.status, asked.paid_amount = "PAID", asked.amount
        asked.save()
    assert 'data-label="Driver owes">Paid: ₹11.80</td>' in page_of(sale)[1]["After the bill"]


def test_what_a_refund_of_an_earlier_release_left_unpaid_is_no_debt(sale: Sale) -> None:
    billed(sale)
    back(sale, "10")
    with cpo_scope(sale.world.cpo):
        Payment.objects.filter(type="RECOVERY").update(status="PAID", amount=0)
    _, panels = page_of(sale)
    assert 'data-label="Driver owes">Nothing any more</td>' in panels["After the bill"]
    assert '<span class="portal-chip portal-neutral">Not asked for any more</span>' in panels["Payments"]
    assert [line["State"] for line in download(sale, "charging/payment")].count("Not asked for any more") == 1


def test_the_request_of_a_cancelled_order_is_not_open(sale: Sale) -> None:
    sale.init()
    assert ">Not paid</span>" in page_of(sale)[1]["Payments"]
    with cpo_scope(sale.world.cpo):
        type(sale.order).objects.filter(pk=sale.order.pk).update(state="CANCELLED")  # type: ignore[union-attr]
    assert ">Not asked for any more</span>" in page_of(sale)[1]["Payments"]


@pytest.mark.parametrize(
    "left",
    [
        pytest.param({}, id="void"),
        pytest.param({"type": "RECOVERY", "status": "PAID", "amount": 0}, id="by-an-earlier-release"),
    ],
)
def test_money_that_comes_for_a_refunded_bill_goes_back_for_what_it_is(sale: Sale, left: dict[str, Any]) -> None:
    billed(sale)
    with cpo_scope(sale.world.cpo):
        Payment.objects.filter(order=sale.order).update(status="NOT-PAID", paid_amount=0, paid_at=None)
    refund(sale)
    assert sale.pay() == "ALREADY_PAID"
    with cpo_scope(sale.world.cpo), transaction.atomic():
        Payment.objects.filter(order=sale.order).update(**{"status": "VOID"} | left)
        refund_unasked(OrderEvent.objects.get(kind="PAYMENT_UNASKED"), now=timezone.now())
        back_again = Refund.objects.get(reason="ALREADY_PAID")
    assert (back_again.amount, back_again.description) == (Decimal("91.45"), NOTHING_OWED)
