"""The stock of a product on its page, which orders move while the page is open."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import F
from django.test import Client

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network import stock
from cpo_portal.network.models import Product, ProductStock
from tests.network.places import Net, make_product
from tests.network.test_api import send

pytestmark = pytest.mark.django_db

_INPUT = re.compile(r'<input[^>]*name="((?:initial-)?stock_row[^"]*)"[^>]*>')
MOVED = "There are 3 now, for the stock has moved since you opened this page: correct your number, or save it again."
GONE = "Its stock is not counted any more: open the page again, and add it anew."
HELD = "Orders hold 3 of it: give 3 or more, or cancel orders first."


@pytest.fixture
def coffee(net: Net) -> Product:
    product = make_product(net.cpo, "coffee")
    with cpo_scope(net.cpo):
        ProductStock.objects.create(product=product, units=20)
    return product


class Page:
    """A product's page as a browser keeps it: what it showed is sent with what is typed."""

    def __init__(self, net: Net, product: Product) -> None:
        self.net, self.client = net, net.sign_in("MANAGER")
        self.path = f"/admin/network/product/{product.pk}/change/"
        self.shown = self._shown(self.client.get(self.path).content.decode())

    def send(self, **typed: str) -> list[str]:
        """Send the page and return its errors; what is sent back is what it shows from then on."""
        body = {"name": "Coffee", "kind": "GOOD", "price": "40", "currency": "INR", "is_published": "on"}
        units = {"stock_row-0-units": typed.pop("units")} if "units" in typed else {}
        answer = self.client.post(self.path, body | self.shown | units | typed)
        if answer.status_code == 302:
            return []
        self.shown = self._shown(answer.content.decode())
        return [sentence for errors in answer.context["errors"] for sentence in errors]

    @staticmethod
    def _shown(html: str) -> dict[str, str]:
        found = {}
        for field in _INPUT.finditer(html):
            value = re.search(r'value="([^"]*)"', field.group())
            if 'type="checkbox"' not in field.group() and "__prefix__" not in field.group(1):
                found[field.group(1)] = value.group(1) if value else ""
        return found


def seventeen_are_given(net: Net) -> None:
    with cpo_scope(net.cpo):
        ProductStock.objects.update(units=F("units") - 17, reserved=3)


def told(net: Net) -> tuple[str, int, int]:
    with cpo_scope(net.cpo):
        row = ProductStock.objects.select_related("product").get()
    return row.product.name, row.units, row.reserved


def test_a_new_name_leaves_the_stock_to_the_orders(net: Net, coffee: Product) -> None:
    page = Page(net, coffee)
    seventeen_are_given(net)
    assert page.send(name="Filter coffee") == []
    assert told(net) == ("Filter coffee", 3, 3)


def test_a_number_that_orders_moved_meanwhile_is_told_and_nothing_is_lost(net: Net, coffee: Product) -> None:
    page = Page(net, coffee)
    seventeen_are_given(net)
    assert page.send(name="Filter coffee", units="25") == [MOVED]
    assert told(net) == ("Coffee", 3, 3)
    assert page.shown["stock_row-0-units"] == "25"
    assert page.send(name="Filter coffee", units="8") == []
    assert told(net) == ("Filter coffee", 8, 3)


def test_after_the_telling_a_later_order_is_told_again(net: Net, coffee: Product) -> None:
    page = Page(net, coffee)
    seventeen_are_given(net)
    assert page.send(units="25") == [MOVED]
    with cpo_scope(net.cpo):
        ProductStock.objects.update(units=2, reserved=2)
    assert page.send(units="25") == [MOVED.replace("3 now", "2 now")]
    assert told(net) == ("Coffee", 2, 2)


def test_a_page_of_the_release_before_is_told_the_number(net: Net, coffee: Product) -> None:
    page = Page(net, coffee)
    seventeen_are_given(net)
    del page.shown["initial-stock_row-0-units"]
    assert page.send(name="Filter coffee", units="20") == [MOVED]
    assert told(net) == ("Coffee", 3, 3)


@pytest.mark.parametrize(
    ("units", "errors", "after"),
    [
        pytest.param("25", [], 25, id="more-has-come"),
        pytest.param("3", [], 3, id="as-many-as-orders-hold"),
        pytest.param("2", [HELD], 20, id="fewer-than-orders-hold"),
        pytest.param("0", [HELD], 20, id="none"),
    ],
)
def test_staff_count_anew_what_orders_do_not_hold(
    net: Net, coffee: Product, units: str, errors: list[str], after: int
) -> None:
    page = Page(net, coffee)
    with cpo_scope(net.cpo):
        ProductStock.objects.update(reserved=3)
    assert page.send(units=units) == errors
    assert told(net) == ("Coffee", after, 3)


@pytest.mark.parametrize(
    ("typed", "errors"),
    [pytest.param({"name": "Filter coffee"}, [], id="a-new-name"), pytest.param({"units": "8"}, [GONE], id="a-number")],
)
def test_a_stock_that_is_counted_no_more(net: Net, coffee: Product, typed: dict[str, str], errors: list[str]) -> None:
    page = Page(net, coffee)
    with cpo_scope(net.cpo):
        ProductStock.objects.all().delete()
    assert page.send(**typed) == errors
    with cpo_scope(net.cpo):
        assert not ProductStock.objects.exists()


@pytest.mark.parametrize(("units", "status", "after"), [(3, 200, 3), (2, 400, 20)], ids=["enough", "too-few"])
def test_the_api_covers_what_orders_hold(
    client: Client, net: Net, coffee: Product, units: int, status: int, after: int
) -> None:
    with cpo_scope(net.cpo):
        ProductStock.objects.update(reserved=3)
    answer: Any = send(client, "patch", "/api/products/coffee", {"stock": units}, net)
    fields = answer.json().get("error", {}).get("fields", {})
    assert (answer.status_code, fields) == (status, {} if status == 200 else {"stock": [HELD]})
    assert told(net) == ("Coffee", after, 3)


@pytest.mark.django_db(transaction=True)
def test_an_order_that_comes_while_the_page_is_saved_is_told_or_waits(
    net: Net, coffee: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page(net, coffee)
    read, order = stock.locked_stock, connection.copy()

    def an_order_in_between(product_id: int) -> ProductStock | None:
        with order.cursor() as cursor:
            cursor.execute("UPDATE network_productstock SET units = 3, reserved = 3")
        found = read(product_id)
        with order.cursor() as cursor, pytest.raises(OperationalError):
            cursor.execute("SELECT FROM network_productstock FOR UPDATE NOWAIT")
        return found

    monkeypatch.setattr(stock, "locked_stock", an_order_in_between)
    try:
        assert page.send(units="25") == [MOVED]
    finally:
        order.close()
    assert told(net) == ("Coffee", 3, 3)
