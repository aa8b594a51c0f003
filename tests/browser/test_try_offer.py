"""In a real browser: staff try an offer with products and a code, on its page."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Product
from offers import authoring
from tests.browser.staff import IN_A_BROWSER, sign_in
from tests.people import weekend
from tests.world import make_world

pytestmark = IN_A_BROWSER


def test_staff_try_an_offer_with_products_and_a_code(tab: Any, live_server: Any) -> None:
    cpo = make_world().cpo
    with cpo_scope(cpo):
        for key, name, price in (("coffee", "Coffee", 60), ("cake", "Cake", 40)):
            Product.objects.create(cpo=cpo, product_id=key, name=name, price=Decimal(price))
    said = weekend(weekly_windows=(), min_value=None, display_code="SAVE", requires_code=True, item_ids=("coffee",))
    offer = authoring.publish(authoring.create_offer(cpo, "own", said))
    errors = sign_in(tab, live_server, cpo)
    tab.goto(f"{live_server.url}/admin/offers/offer/{offer.pk}/change/")
    tab.wait_for_selector("#try-it")
    assert tab.input_value("[name=try-codes]") == "SAVE"
    tab.fill("[name=try-value]", "10")
    tab.select_option("[name=try-unit]", "kWh")
    tab.select_option("[name=try-products-0-product_id]", "coffee")
    tab.fill("[name=try-products-0-count]", "2")
    tab.click("#try-it [data-rows-add]")
    tab.select_option("[name=try-products-1-product_id]", "cake")
    tab.click("#try-it button[type=submit]")
    tab.wait_for_selector(".draft-trial")
    shown = tab.inner_text(".draft-trial")
    assert "Coffee × 2" in shown
    assert "Applied. It saves ₹30.00." in shown
    assert (tab.input_value("[name=try-products-0-count]"), tab.url.rpartition("?")[1]) == ("2", "")
    assert errors == []
