"""The receipt of a bill: its link in on_update, its page, its tax by place of supply, and who may read it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order, OrderContact, PricedSlice
from offers.models import BillTax
from offers.receipts.links import expiry_of, order_of, receipt_url
from offers.receipts.page import receipt_page, tax_rows
from pricing.gstin import check_character
from pricing.models import TaxProfile
from tests.beckn.actions.conversation import BILLING, Conversation, tag
from tests.people import make_member, signed_in

pytestmark = pytest.mark.django_db


def gstin(state: str) -> str:
    body = f"{state}AAPFU0939F1Z"
    return body + check_character(body)


DELHI, KARNATAKA = gstin("07"), gstin("29")
SAMPLE = "GSTIN29ABCDE1234F1Z5"
DOUBT = "This tax id is no valid GSTIN, so the tax is that of a buyer without one"


def billed(talk: Conversation, *, supplier: str = DELHI, **billing: Any) -> Order:
    """Sell and bill 5.2 kWh with 25 % off: 93.60 + 10.00 − 23.40 + 14.44."""
    with cpo_scope(talk.world.cpo):
        TaxProfile.objects.update(gstin=supplier)
    cart = talk.cart("weekend-discount-25")
    cart["order"]["billing"] = BILLING | billing
    talk.say("init", cart)
    assert talk.pay() == "PAID"
    order = talk.say("confirm", talk.cart("weekend-discount-25"))["message"]["order"]
    talk.update("start-charging", order["fulfillments"][0]["stops"][0]["authorization"]["token"])
    talk.charge(5200, stop=True)
    with cpo_scope(talk.world.cpo):
        return Order.objects.select_related("cpo", "connector__charger__location").get()


def link(talk: Conversation) -> dict[str, str]:
    return tag(talk.callbacks("on_update")[-1]["message"]["order"]["tags"], "receipt")


def words(html: str) -> str:
    """Return the page's text, each run of spaces as one."""
    text = re.sub(r"<(style|title).*?</\1>", " ", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_bill_comes_with_a_link_to_a_page_that_says_all_of_it(talk: Conversation) -> None:
    order = billed(talk, organization={"descriptor": {"name": "GreenCharge Pvt Ltd"}}, tax_id=f"GSTIN{DELHI}")
    sent = link(talk)
    assert sent["url"].startswith("http://127.0.0.1:8000/r/")
    answer = Client().get(sent["url"].removeprefix("http://127.0.0.1:8000"))
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["X-Robots-Tag"] == "noindex"
    html = answer.content.decode()
    assert "<script" not in html
    text = words(html)
    for said in (
        f"cpo1.com EV charging GSTIN {DELHI} Receipt ₹94.64 Offers saved you ₹23.40.",
        f"Order {order.pk} Billed to GreenCharge Pvt Ltd Sarah Johnson GSTIN {DELHI}",
        "Charging session cost (5.2 kWh @ ₹18.00/kWh) ₹93.60 Service Fee ₹10.00 Weekend Special – 25 % off (25% off) "
        "−₹23.40 GST (18%) ₹14.44 Total ₹94.64",
        "Station Connaught Place Station, Connaught Place, New Delhi Connector pe-charging-01 Session",
        "Energy 5.2 kWh Time Energy Price",
        "one price throughout 5.2 kWh ₹18.00/kWh",
        "Taxable value ₹80.20 CGST 9 % ₹7.22 SGST 9 % ₹7.22 SAC 998714 Place of supply Delhi (07)",
        "₹91.45 Still to pay ₹3.19",
    ):
        assert said in text, said


@pytest.mark.parametrize(
    ("supplier", "billing", "expected"),
    [
        pytest.param(DELHI, {}, ("07", False, "7.22", "7.22", "0.00", "0.00"), id="a-person-at-the-station"),
        pytest.param(
            DELHI,
            {"state": {"name": "Karnataka"}},
            ("29", False, "0.00", "0.00", "14.44", "0.00"),
            id="a-person-of-another-state",
        ),
        pytest.param(DELHI, {"tax_id": KARNATAKA}, ("29", True, "0.00", "0.00", "14.44", "0.00"), id="a-business"),
        pytest.param(
            KARNATAKA,
            {"tax_id": KARNATAKA, "state": {"name": "Delhi"}},
            ("29", True, "7.22", "7.22", "0.00", "0.00"),
            id="a-business-counts-where-it-is-registered",
        ),
        pytest.param(
            DELHI,
            {"tax_id": "०७AAPFU0939F1ZV"},
            ("07", False, "7.22", "7.22", "0.00", "0.00"),
            id="digits-of-another-script",
        ),
        pytest.param(
            DELHI, {"tax_id": "29AAPFU0939F1ZX"}, ("07", False, "7.22", "7.22", "0.00", "0.00"), id="no-gstin-at-all"
        ),
    ],
)
def test_the_tax_is_divided_by_the_place_of_supply(
    talk: Conversation, supplier: str, billing: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    order = billed(talk, supplier=supplier, **billing)
    with cpo_scope(talk.world.cpo):
        tax = BillTax.objects.get(order=order)
    parts = (f"{x:f}" for x in (tax.cgst, tax.sgst, tax.igst, tax.round_off))
    assert (tax.place_of_supply, tax.is_business, *parts) == expected
    assert (tax.gstin, tax.sac_code, tax.taxable) == (supplier, "998714", Decimal("80.20"))


@pytest.mark.parametrize(
    ("tax_id", "printed", "doubt"),
    [
        pytest.param(f"07 {DELHI[2:].lower()}", f"GSTIN {DELHI}", "", id="a-gstin-in-another-writing"),
        pytest.param(SAMPLE, f"Tax id {SAMPLE}", DOUBT, id="the-sources-sample-does-not-check"),
        pytest.param("VAT 4711", "Tax id VAT 4711", "", id="another-number"),
    ],
)
def test_a_tax_id_is_called_a_gstin_where_it_is_one(talk: Conversation, tax_id: str, printed: str, doubt: str) -> None:
    order = billed(talk, tax_id=tax_id)
    with cpo_scope(talk.world.cpo):
        page = receipt_page(order)
    assert page is not None
    tell = f"{doubt}: compare it, and tell cpo1.com EV charging the right one." if doubt else ""
    assert (page.buyer[-1], page.doubt) == (printed, tell)
    sent = words(Client().get(link(talk)["url"].removeprefix("http://127.0.0.1:8000")).content.decode())
    assert sent.count("GSTIN, so the tax") == bool(doubt)
    assert f"{printed} {tell}".strip() in sent
    staff = signed_in(make_member(talk.world.cpo, "manager", Role.MANAGER))
    shown = words(staff.get(f"/admin/charging/order/{order.pk}/change/").content.decode())
    ask = "so the tax is that of a buyer without one. Ask the buyer for the right one before you file the tax."
    assert (f"{tax_id}: this tax id is no valid GSTIN, {ask}" in shown) == bool(doubt)


def test_without_a_gstin_of_the_cpo_the_receipt_has_the_tax_line_alone(talk: Conversation) -> None:
    order = billed(talk, supplier="", tax_id=SAMPLE)
    with cpo_scope(talk.world.cpo):
        assert not BillTax.objects.exists()
        page = receipt_page(order)
    assert page is not None
    assert (page.gstin, page.tax, page.doubt, page.lines[-1].title) == ("", (), "", "GST (18%)")


def test_later_changes_of_the_tax_profile_change_no_receipt(talk: Conversation) -> None:
    order = billed(talk)
    with cpo_scope(talk.world.cpo):
        before = receipt_page(order)
        TaxProfile.objects.update(gstin=KARNATAKA, rate=28, label="VAT", sac_code="1")
        assert receipt_page(order) == before
        with pytest.raises(DatabaseError, match="its rows are history"), transaction.atomic():
            BillTax.objects.update(cgst=0)


def test_a_session_of_two_rates_shows_its_slices(talk: Conversation) -> None:
    order = billed(talk)
    with cpo_scope(talk.world.cpo):
        part = PricedSlice.objects.get(order=order)
        half = part.starts_at + (part.ends_at - part.starts_at) / 2
        values = {"order": order, "currency": "INR", "quality": "INTERPOLATED"}
        PricedSlice.objects.create(
            position=2, starts_at=half, ends_at=part.ends_at, energy_wh=2600, rate=Decimal("20.5"), **values
        )
        page = receipt_page(order)
    assert page is not None
    assert [(x.energy, x.rate, x.quality) for x in page.slices] == [
        ("5.2 kWh", "₹18.00/kWh", "one price throughout"),
        ("2.6 kWh", "₹20.50/kWh", "divided between two readings"),
    ]


def test_the_link_cannot_be_guessed_and_expires(talk: Conversation) -> None:
    order = billed(talk)
    now = timezone.now()
    path = receipt_url(order.pk, now + timedelta(days=1)).removeprefix("http://127.0.0.1:8000")
    said, signature = path.split("~")
    expired = receipt_url(order.pk, now - timedelta(seconds=1)).removeprefix("http://127.0.0.1:8000")
    later = said[:-1] + ("0" if said[-1] != "0" else "1") + "~" + signature
    forged = f"{said}~{signature[:-1]}{'A' if signature[-1] != 'A' else 'B'}"
    assert Client().get(path).status_code == 200
    for wrong in (expired, later, forged, "/r/", f"{said}~", path + "x"):
        answer = Client().get(wrong)
        assert answer.status_code == 404, wrong
        assert "₹" not in answer.content.decode()


def test_an_order_without_a_bill_has_no_receipt(talk: Conversation) -> None:
    talk.init("weekend-discount-25")
    with cpo_scope(talk.world.cpo):
        order = Order.objects.get()
        assert receipt_page(order) is None
    path = receipt_url(order.pk, timezone.now() + timedelta(days=1)).removeprefix("http://127.0.0.1:8000")
    assert Client().get(path).status_code == 404


def test_nothing_of_a_buyer_who_was_forgotten_is_on_the_receipt(talk: Conversation) -> None:
    order = billed(talk)
    with cpo_scope(talk.world.cpo):
        OrderContact.objects.filter(order=order).delete()
        page = receipt_page(order)
    assert page is not None
    assert page.buyer == ()
    assert page.total == "₹94.64"


def test_a_link_lives_three_months_from_the_bill_and_a_week_from_when_it_is_given() -> None:
    settled = datetime(2026, 11, 22, 18, 30, 15, 99, tzinfo=UTC)
    usual = datetime(2027, 2, 20, 18, 30, 15, tzinfo=UTC)
    assert expiry_of(settled, settled) == expiry_of(settled, settled + timedelta(days=80)) == usual
    late = datetime(2027, 6, 1, 13, 0, tzinfo=UTC)
    assert expiry_of(settled, late) == datetime(2027, 6, 9, tzinfo=UTC)
    assert order_of("x", late) is None


def test_staff_who_operate_find_the_link_on_the_orders_page_and_analysts_do_not(talk: Conversation) -> None:
    order = billed(talk)
    manager = make_member(talk.world.cpo, "manager", Role.MANAGER)
    analyst = make_member(talk.world.cpo, "analyst", Role.ANALYST)
    address = f"/admin/charging/order/{order.pk}/change/"
    shown = signed_in(manager).get(address).content.decode()
    [path] = re.findall(r'href="http://127.0.0.1:8000(/r/[^"]+)"', shown)
    assert "₹94.64" in Client().get(path).content.decode()
    assert "/r/" not in signed_in(analyst).get(address).content.decode()


def test_a_bill_of_nothing_across_states_names_the_tax_of_across_states(talk: Conversation) -> None:
    order = billed(talk, tax_id=KARNATAKA)
    with cpo_scope(talk.world.cpo):
        tax = BillTax.objects.get(order=order)
        tax.pk, tax.taxable, tax.igst, tax.order = None, Decimal(0), Decimal(0), order
        assert [x.title for x in tax_rows(tax, "INR")][:2] == ["Taxable value", "IGST 18 %"]
