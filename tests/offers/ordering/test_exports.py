"""What an accountant downloads: amounts in the currency's decimals, states in the screen's words, the CPO's clock."""

from __future__ import annotations

import csv
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.adminkit.display import MINOR_UNITS, plain_amount
from offers.models import OfferVersion
from offers.tasks import settle_stopped
from pricing.engine import money
from tests.offers.ordering.sale import Sale
from tests.people import make_member, signed_in
from tests.world import make_offer

pytestmark = pytest.mark.django_db(transaction=True)


def download(sale: Sale, path: str) -> list[dict[str, Any]]:
    answer = signed_in(make_member(sale.world.cpo, "analyst", Role.ANALYST)).get(f"/admin/{path}/export/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv")
    return list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))


def test_a_billed_orders_parts_add_up_to_its_bill(sale: Sale) -> None:
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(5200)
    settle_stopped()
    (row,) = download(sale, "charging/order")
    figures = ("Quoted", "Charges before discount", "Discount", "Tax", "Round-off", "Billed", "Currency")
    assert [row[name] for name in figures] == ["91.45", "103.60", "-23.40", "14.44", "0.00", "94.64", "INR"]
    assert (row["State"], row["Fulfillment"], row["Billed energy (kWh)"]) == ("Complete", "Completed", "5.200")
    assert (row["Connector"], row["Test order"]) == ("pe-charging-01", "no")
    with cpo_scope(sale.world.cpo):
        made = sale.fresh().created_at
    assert row["Made (Asia/Kolkata)"] == f"{made.astimezone(ZoneInfo('Asia/Kolkata')):%Y-%m-%d %H:%M:%S}"


def test_an_order_without_a_bill_has_empty_cells_and_no_zeros(sale: Sale) -> None:
    sale.init()
    (row,) = download(sale, "charging/order")
    assert [row[name] for name in ("Quoted", "Charges before discount", "Tax", "Billed")] == ["91.45", "", "", ""]


def test_offers_say_what_the_screen_says_and_run_no_formula(sale: Sale) -> None:
    make_offer(sale.world.cpo, "formula", name="=1+1")
    (formula,) = [row for row in download(sale, "offers/offer") if row["Offer id"] == "formula"]
    assert formula["Name"] == "'=1+1"


def test_an_offers_state_is_the_screens(sale: Sale) -> None:
    (row,) = download(sale, "offers/offer")
    with cpo_scope(sale.world.cpo):
        version = OfferVersion.objects.get()
    assert (row["Name"], row["State"]) == (version.name, "Live")
    assert row["Benefit"].startswith("25 % off energy")


def test_decimals_are_the_engines() -> None:
    assert MINOR_UNITS == money.MINOR_UNITS
    assert str(plain_amount(Decimal("91.4500"), "INR")) == "91.45"
    assert str(plain_amount(Decimal("91.4500"), "JPY")) == "91"
    assert plain_amount(None, "INR") is None
