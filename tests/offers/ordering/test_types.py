"""Offers of each type from init to the bill: judged again on what was delivered, and kept in the ledger."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Product
from offers import authoring
from offers.authoring import OfferContent
from offers.engine.values import OfferLimits
from offers.models import Quote, QuoteOffer, Redemption
from offers.tasks import settle_stopped
from pricing.engine.values import EnergyMeasure, ProductOrder
from tests.offers.ordering.sale import Sale, ledger_kinds
from tests.people import WEEKEND
from tests.world import ask_for

pytestmark = pytest.mark.django_db(transaction=True)

FIVE = {"item_count": 5, "item_count_upper": None, "value": "40", "value_type": "percent", "value_cap": "60"}
FOUR = {"item_count": 4, "item_count_upper": 4, "value": "30", "value_type": "percent", "value_cap": "60"}


def live(sale: Sale, **said: Any) -> None:
    """Publish another offer, for all times of the week."""
    none: dict[str, Any] = {"value": None, "value_cap": None, "weekly_windows": (), "display_code": ""}
    content: OfferContent = replace(WEEKEND, **(none | said))
    limits = OfferLimits(budget=Decimal(1000), redemption_cap=Decimal(50))
    authoring.publish(authoring.create_offer(sale.world.cpo, "typed", content, limits=limits))


def sold(sale: Sale, wh: int, amount: str) -> None:
    sale.pay(amount)
    sale.start(sale.confirm())
    sale.charge(wh)
    assert settle_stopped() == 2  # the payment, and the stop


@pytest.mark.parametrize(
    ("wh", "billed", "outcome", "committed"),
    [
        pytest.param(5000, ["90.00", "10.00", "-36.00", "11.52"], "APPLIED", "36.00", id="5-as-planned"),
        pytest.param(4999, ["89.98", "10.00", "-26.99", "13.14"], "APPLIED", "26.99", id="4.999-is-the-slab-of-4"),
        pytest.param(3999, ["71.98", "10.00", "14.76"], "INELIGIBLE", "0.00", id="3.999-is-in-no-slab"),
    ],
)
def test_the_slab_of_what_was_delivered_is_billed(
    sale: Sale, wh: int, billed: list[str], outcome: str, committed: str
) -> None:
    live(sale, benefit_kind="slab", value_type="", slabs=(FOUR, FIVE))
    placed = sale.init()
    assert sale.lines("QUOTED") == ["90.00", "10.00", "-36.00", "11.52"]
    sold(sale, wh, f"{placed.quote.total}")
    assert sale.lines("BILLED") == billed
    with cpo_scope(sale.world.cpo):
        bill = Quote.objects.get(is_bill=True)
        assert QuoteOffer.objects.get(quote=bill).outcome == outcome
        redemption = Redemption.objects.get()
    # The cap of a redemption lies below that of the slab, so that is what was reserved.
    assert (redemption.reserved, redemption.committed) == (Decimal("50.00"), Decimal(committed))
    assert ledger_kinds(sale)[0] == ("RESERVE", Decimal("50.00"))


def test_a_combination_holds_for_the_product_that_was_bought_with_it(sale: Sale) -> None:
    with cpo_scope(sale.world.cpo):
        for name in ("coffee", "cake"):
            Product.objects.create(cpo=sale.world.cpo, product_id=name, name=name.title(), price=Decimal(60))
    combo = {"benefit_kind": "combo", "value": Decimal(30), "value_cap": Decimal(50), "auto": False}
    live(sale, **combo, item_ids=(sale.world.connector.item_id,), qualifier_item_ids=("coffee",))
    products = (ProductOrder("coffee", 1), ProductOrder("cake", 1))
    ask = replace(ask_for(), measure=EnergyMeasure(5000), products=products, opted_in=("typed",))
    placed = sale.init(ask)
    # 30 % of 90.00 and the coffee's 60.00, not of the cake's.
    assert sale.lines("QUOTED") == ["90.00", "60.00", "60.00", "10.00", "-45.00", "31.50"]
    sold(sale, 4000, f"{placed.quote.total}")
    assert sale.lines("BILLED") == ["72.00", "60.00", "60.00", "10.00", "-39.60", "29.23"]
    assert [f"{amount:.2f}" for _, amount in ledger_kinds(sale)] == ["50.00", "39.60"]


def test_financing_is_kept_with_the_order_and_costs_nothing(sale: Sale) -> None:
    loan = {"provider": "Some Bank", "method": "EMI", "months": 6, "annual_percent": "12", "subvention_percent": "0"}
    live(sale, benefit_kind="financing", value_type="", finance_terms=(loan,))
    placed = sale.init(replace(ask_for(), opted_in=("typed",)))
    assert sale.lines("QUOTED") == ["90.00", "10.00", "18.00"]
    sold(sale, 4000, f"{placed.quote.total}")
    assert sale.lines("BILLED") == ["72.00", "10.00", "14.76"]
    with cpo_scope(sale.world.cpo):
        bill = Quote.objects.get(is_bill=True)
        assert [terms["benefit"]["finance"][0]["provider"] for terms in bill.offer_terms] == ["Some Bank"]
        redemption = Redemption.objects.get()
    assert (redemption.state, redemption.committed) == ("COMMITTED", Decimal("0.00"))
    assert [(kind, f"{amount:.2f}") for kind, amount in ledger_kinds(sale)] == [("RESERVE", "0.00"), ("COMMIT", "0.00")]


def test_the_fee_is_given_back_whatever_was_delivered(sale: Sale) -> None:
    live(sale, benefit_kind="delivery", value=Decimal(100), additive=True, auto=False)
    placed = sale.init(replace(ask_for(), opted_in=("typed",)))
    assert sale.lines("QUOTED") == ["90.00", "10.00", "-10.00", "16.20"]
    sold(sale, 4000, f"{placed.quote.total}")
    assert sale.lines("BILLED") == ["72.00", "10.00", "-10.00", "12.96"]
    assert [(kind, f"{amount:.2f}") for kind, amount in ledger_kinds(sale)] == [
        ("RESERVE", "50.00"),
        ("COMMIT", "10.00"),
    ]
