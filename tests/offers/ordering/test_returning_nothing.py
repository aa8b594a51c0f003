"""After the bill: a unit on which nothing was saved comes back once, for an amount of 0, with what was paid for it."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope
from offers.models import Offer, Quote, Redemption
from offers.ordering.adjusting import AdjustmentRefused
from offers.ordering.recovering import Units, Wanted
from offers.ordering.takeable import takeable_of
from offers.proofs import reprove
from offers.reconcile import compare_with_ledger
from offers.stock import items_of
from pricing.engine.values import ProductOrder
from tests.offers.ordering.gifts import MORE, chosen, live, make_product, sold, stock
from tests.offers.ordering.sale import Sale
from tests.offers.ordering.test_returning import BUDGET, back, due, standing
from tests.people import api_client, make_member, signed_in
from tests.processes import run_at_once

pytestmark = pytest.mark.django_db(transaction=True)


def beside_a_cake(sale: Sale, price: str, value: str = "0") -> Sale:
    """Sell a coffee of 60.00 and a cake of so much, each with one more at the value, and bill them."""
    make_product(sale.world)
    make_product(sale.world, name="cake", price=price)
    live(sale.world, **MORE | {"qualifier_item_count": 1}, item_value=Decimal(value), auto=False, limits=BUDGET)
    placed = sale.init(chosen(products=(ProductOrder("coffee", 1), ProductOrder("cake", 1))))
    sold(sale, 5000, f"{placed.quote.total}")
    return sale


def given_by(sale: Sale) -> dict[str, int]:
    """Return what is left of each product that the offer gave."""
    with cpo_scope(sale.world.cpo):
        return {x.product_id: x.left for x in items_of(Redemption.objects.get(offer__offer_id="given"))}


NONE_LEFT = "Only 1 × coffee of this offer can still be taken back: give a smaller number."
CAKE = Units(1, "cake")
COFFEE = Units(1, "coffee")
SAVED_NOTHING = [
    pytest.param([CAKE], {"cake": 0, "coffee": 1}, (18, 19), ("COMMITTED", "0.00", "60.00", 1, ["0.00"]), id="alone"),
    pytest.param([CAKE, COFFEE], {"cake": 0, "coffee": 0}, (19, 19),
                 ("REVERSED", "60.00", "0.00", 0, ["0.00", "60.00"]), id="first"),
    pytest.param([COFFEE], {"cake": 1, "coffee": 0}, (19, 18),
                 ("COMMITTED", "60.00", "0.00", 1, ["60.00"]), id="left-over"),
    pytest.param([COFFEE, CAKE], {"cake": 0, "coffee": 0}, (19, 19),
                 ("REVERSED", "60.00", "0.00", 0, ["60.00", "0.00"]), id="last"),
    pytest.param([CAKE, None], {"cake": 0, "coffee": 0}, (19, 19),
                 ("REVERSED", "60.00", "0.00", 0, ["0.00", "60.00"]), id="and-what-is-left"),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "left", "shelf", "stands"), SAVED_NOTHING)
def test_a_unit_that_saved_nothing_comes_back_like_any_other(
    sale: Sale, wanted: list[Wanted], left: dict[str, int], shelf: tuple[int, int], stands: Any
) -> None:
    beside_a_cake(sale, "0")
    with cpo_scope(sale.world.cpo):
        Offer.objects.update(give_use_back=True)
    for number, said in enumerate(wanted):
        for repeated in (False, True):
            made = back(sale, said, f"case {number}")
            assert (made.repeated, made.owed, made.payment, made.refund) == (repeated, 0, None, None)
    assert (given_by(sale), standing(sale)) == (left, stands)
    assert (stock(sale.world)[0], stock(sale.world, "cake")[0]) == shelf
    with cpo_scope(sale.world.cpo):
        assert {x.item_id: x.units for x in takeable_of(sale.fresh())} == {x: n for x, n in left.items() if n}
    assert (due(sale), compare_with_ledger().drifting) == ([], 0)


def test_a_unit_that_saved_nothing_is_taken_back_once(sale: Sale) -> None:
    beside_a_cake(sale, "0")
    client, url = api_client(sale.world.cpo), f"/api/orders/{sale.order.pk}/take-back"  # type: ignore[union-attr]
    body = {"offer_id": "given", "reason": "Not served", "units": 1, "item_id": "cake"}
    done = client.post(url, body | {"reference": "case 7"}, "application/json")
    assert (done.status_code, done.json()["items"]) == (200, [{"item_id": "cake", "units": 1}])
    again = client.post(url, body | {"reference": "case 8"}, "application/json")
    assert (again.status_code, again.json()["error"]["fields"]) == (400, {"units": [NONE_LEFT]})
    assert (stock(sale.world, "cake"), standing(sale)[-1]) == ((19, 0), ["0.00"])
    manager = signed_in(make_member(sale.world.cpo, "manager", Role.MANAGER))
    page = manager.get(reverse("admin:charging_order_take_offer_back", args=[sale.order.pk]))  # type: ignore[union-attr]
    choices = page.content.decode()
    assert (page.status_code, "Coffee" in choices, "Cake" in choices) == (200, True, False)


def test_of_many_who_take_the_unit_at_once_one_succeeds(sale: Sale) -> None:
    beside_a_cake(sale, "0")

    def recover(number: int) -> str:
        # Two ask under each of three references, as a retry would.
        try:
            done = back(sale, CAKE, f"case {number % 3}")
        except AdjustmentRefused as refused:
            return str(refused)
        return "again" if done.repeated else "done"

    assert Counter(run_at_once(6, recover)) == {"done": 1, "again": 1, NONE_LEFT: 4}
    assert (stock(sale.world, "cake"), standing(sale)[-1]) == ((19, 0), ["0.00"])


@pytest.mark.parametrize(("wanted", "saved"), [(CAKE, "0.00"), (COFFEE, "20.00")], ids=["cake", "coffee"])
def test_what_was_paid_for_either_unit_comes_back_whole(sale: Sale, wanted: Wanted, saved: str) -> None:
    """Each was given at 40.00: the coffee was reduced to that, and the cake costs no more by its list price."""
    beside_a_cake(sale, "40", "40")
    made = back(sale, wanted)
    assert (f"{made.amount:.2f}", due(sale)) == (saved, [("RETURNED", "47.20")])
    with cpo_scope(sale.world.cpo):
        assert reprove(Quote.objects.get(is_bill=True)).verdict.value == "IDENTICAL"
