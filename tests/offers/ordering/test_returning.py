"""After the bill: products that an offer gave are taken back by units, for nothing but what was paid for them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Payment, Refund
from offers.engine.values import OfferLimits
from offers.forms.adjustments import MOVED_ON
from offers.models import Adjustment, LedgerEntry, OfferCounter, Quote, Redemption
from offers.ordering.adjusting import AdjustmentRefused, Said, lines_after, taken_back_of
from offers.ordering.recovering import Units, Wanted
from offers.ordering.refund import refund_bill
from offers.ordering.reverse import take_back
from offers.ordering.takeable import takeable_of
from offers.proofs import reprove
from offers.reconcile import compare_with_ledger
from offers.tasks import settle_stopped
from pricing.engine.values import ProductOrder
from tests.offers.ordering.gifts import FREE, KWH, MORE, chosen, live, make_product, sold, stock
from tests.offers.ordering.sale import Sale
from tests.offers.ordering.test_adjusting import press
from tests.people import api_client, make_member, signed_in
from tests.prepaid import credit, figures
from tests.processes import run_at_once
from tests.world import make_world

pytestmark = pytest.mark.django_db(transaction=True)

BUDGET = OfferLimits(total_uses=5, budget=Decimal(500), redemption_cap=Decimal(200))
PAID = MORE | {"item_value": Decimal(15)}
PRODUCTS = (ProductOrder("coffee", 4),)
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 20))]


def free(sale: Sale, **limits: Any) -> Sale:
    """Sell a session for 118.00 with two free coffees of 20, each at 60.00, and bill it."""
    make_product(sale.world)
    live(sale.world, **FREE, auto=False, limits=replace(BUDGET, **limits))
    sale.init(chosen())
    sold(sale, 5000, "118.00")
    assert sale.lines("BILLED") == ["90.00", "120.00", "10.00", "-120.00", "18.00"]
    return sale


def paid(sale: Sale) -> Sale:
    """Sell four coffees for 436.60 with two more at 15.00 each, and bill it."""
    make_product(sale.world)
    live(sale.world, **PAID, auto=False, limits=BUDGET)
    sale.init(chosen(products=PRODUCTS))
    sold(sale, 5000, "436.60")
    assert sale.lines("BILLED") == ["90.00", "240.00", "120.00", "10.00", "-90.00", "66.60"]
    return sale


def back(sale: Sale, wanted: Wanted, reference: str = "case 7") -> Adjustment:
    with cpo_scope(sale.world.cpo):
        row = Redemption.objects.select_related("order").exclude(state="RELEASED").get(offer__offer_id="given")
        return take_back(row, wanted, Said(reference, "Not served"), now=timezone.now())


def shown(sale: Sale) -> tuple[list[str], str]:
    """Return the amounts of the bill's lines, less what was taken back, and its total."""
    with cpo_scope(sale.world.cpo):
        bill = Quote.objects.select_related("tariff_version").get(is_bill=True)
        lines, total = lines_after(bill, taken_back_of(sale.fresh()))
    return [f"{x.amount.amount:.2f}" for x in lines], f"{total.amount:.2f}"


def standing(sale: Sale) -> tuple[Any, ...]:
    """Return (state, reversed, budget and uses that are used) of the offer, and what its ledger took back."""
    with cpo_scope(sale.world.cpo):
        row = Redemption.objects.get(offer__offer_id="given")
        counter = OfferCounter.objects.get(offer__offer_id="given")
        taken = LedgerEntry.objects.filter(kind="REVERSE").order_by("id").values_list("amount", flat=True)
        money = f"{row.reversed:.2f}", f"{counter.budget_committed:.2f}"
        return row.state, *money, counter.uses_committed, [f"{amount:.2f}" for amount in taken]


def due(sale: Sale) -> list[tuple[str, str]]:
    with cpo_scope(sale.world.cpo):
        assert not Payment.objects.filter(type="RECOVERY").exists()
        return [(x.reason, f"{x.amount:.2f}") for x in Refund.objects.order_by("id")]


NONE_LEFT = ["90.00", "0.00", "10.00", "0.00", "18.00"]
FREE_UNITS = [
    pytest.param([Units(1)], ["90.00", "60.00", "10.00", "-60.00", "18.00"], 19,
                 ("COMMITTED", "60.00", "60.00", 1, ["60.00"]), id="one"),
    pytest.param([Units(1, "coffee"), Units(1)], NONE_LEFT, 20,
                 ("REVERSED", "120.00", "0.00", 0, ["60.00", "60.00"]), id="one-after-the-other"),
    pytest.param([Units(2)], NONE_LEFT, 20, ("REVERSED", "120.00", "0.00", 0, ["120.00"]), id="both"),
    pytest.param([Units(1), None], NONE_LEFT, 20,
                 ("REVERSED", "120.00", "0.00", 0, ["60.00", "60.00"]), id="one-and-what-is-left"),
    pytest.param([None], NONE_LEFT, 20, ("REVERSED", "120.00", "0.00", 0, ["120.00"]), id="all"),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "lines", "shelf", "stands"), FREE_UNITS)
def test_a_gift_that_is_taken_back_owes_nothing_and_is_on_the_shelf_again(
    sale: Sale, wanted: list[Wanted], lines: list[str], shelf: int, stands: Any
) -> None:
    free(sale, give_use_back=True)
    for number, units in enumerate(wanted):
        for repeated in (False, True):  # the same reference changes nothing more
            made = back(sale, units, f"case {number}")
            assert (made.repeated, made.owed, made.payment, made.refund) == (repeated, 0, None, None)
    assert (shown(sale), stock(sale.world), standing(sale)) == ((lines, "118.00"), (shelf, 0), stands)
    assert due(sale) == []
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().billed_amount == Decimal("118.00")
        assert reprove(Quote.objects.get(is_bill=True)).verdict.value == "IDENTICAL"
    assert compare_with_ledger().drifting == 0


PAID_UNITS = [
    pytest.param([Units(1)], (["90.00", "240.00", "60.00", "10.00", "-45.00", "63.90"], "418.90"), 1,
                 [("RETURNED", "17.70")], id="one"),
    pytest.param([Units(1), Units(1)], (["90.00", "240.00", "0.00", "10.00", "0.00", "61.20"], "401.20"), 2,
                 [("RETURNED", "17.70"), ("RETURNED 2", "17.70")], id="one-after-the-other"),
    pytest.param([None], (["90.00", "240.00", "0.00", "10.00", "0.00", "61.20"], "401.20"), 2,
                 [("RETURNED", "35.40")], id="all"),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "after", "units", "refunds"), PAID_UNITS)
def test_what_was_paid_for_units_that_are_taken_back_is_owed_back_with_its_tax(
    sale: Sale, wanted: list[Wanted], after: Any, units: int, refunds: Any
) -> None:
    paid(sale)
    shelf = stock(sale.world)[0]
    for number, said in enumerate(wanted):
        assert back(sale, said, f"case {number}").refund is not None
    assert (shown(sale), due(sale)) == (after, refunds)
    assert stock(sale.world) == (shelf + units, 0)
    assert compare_with_ledger().drifting == 0


@pytest.mark.parametrize("by", ["gateway", "balance"])
def test_a_bill_that_is_refunded_after_units_came_back_pays_the_rest_back(sale: Sale, by: str) -> None:
    if by == "gateway":
        paid(sale)
    else:
        balance = credit(sale.world.cpo, "500")
        make_product(sale.world)
        live(sale.world, **PAID, auto=False)
        sale.init(chosen(products=PRODUCTS))
        sale.start(sale.confirm())
        sale.charge(5000)
        settle_stopped()
        assert figures(balance) == (Decimal("63.40"), 0)
    shelf = stock(sale.world)[0]
    back(sale, Units(1))
    with cpo_scope(sale.world.cpo):
        made = refund_bill(sale.fresh(), Said("case 8", "It hummed"), now=timezone.now())
    assert f"{made.amount:.2f}" == "418.90"
    if by == "gateway":
        assert due(sale) == [("RETURNED", "17.70"), ("BILL", "418.90")]
    else:
        assert (due(sale), figures(balance)) == ([("RETURNED", "17.70")], (Decimal("482.30"), 0))
    # Four were bought and two given.
    assert stock(sale.world) == (shelf + 6, 0)


ONE_OR_MORE = "Give 1 unit or more, or leave it empty to take back all that are left."
REFUSED = [
    pytest.param(Decimal(60), "amount",
                 "This offer gave products: say how many units are taken back, not an amount.", id="an-amount"),
    pytest.param(Units(3), "units",
                 "Only 2 × coffee of this offer can still be taken back: give a smaller number.",
                 id="more-than-given"),
    pytest.param(Units(0), "units", ONE_OR_MORE, id="none"),
    pytest.param(Units(-1), "units", ONE_OR_MORE, id="below-none"),
    pytest.param(Units(1, "tea"), "item_id", "This offer gave no “tea”: it gave coffee.", id="another-product"),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "field", "sentence"), REFUSED)
def test_what_cannot_be_taken_back_of_a_gift_is_refused(sale: Sale, wanted: Wanted, field: str, sentence: str) -> None:
    free(sale)
    with pytest.raises(AdjustmentRefused) as refused:
        back(sale, wanted)
    assert (refused.value.field, str(refused.value)) == (field, sentence)
    assert (stock(sale.world), standing(sale)) == ((18, 0), ("COMMITTED", "0.00", "120.00", 1, []))


def test_a_reference_stands_for_its_units(sale: Sale) -> None:
    free(sale)
    back(sale, Units(1))
    for other in (Units(2), Units(1, "tea"), Decimal(60)):
        with pytest.raises(AdjustmentRefused, match="The reference case 7 was used on this order for 1 × coffee"):
            back(sale, other)
    assert stock(sale.world) == (19, 0)


def test_kwh_that_were_given_are_taken_back_by_their_amount(sale: Sale) -> None:
    live(sale.world, **KWH, auto=False)
    placed = sale.init(chosen())
    sold(sale, 5000, f"{placed.quote.total}")
    with pytest.raises(AdjustmentRefused) as refused:
        back(sale, Units(1))
    assert (refused.value.field, str(refused.value)) == (
        "units", "This offer gave no products: say which amount is taken back.",
    )  # fmt: skip
    assert f"{back(sale, None).owed:.2f}" == "15.34"


@pytest.mark.parametrize("seed", SEEDS)
def test_of_many_who_take_a_unit_at_once_as_many_succeed_as_were_given(seed: int) -> None:
    sale = Sale(make_world(), "", None)
    make_product(sale.world)
    live(sale.world, **FREE, auto=False, limits=BUDGET)
    credit(sale.world.cpo, "1000", valid_days=None)
    sale.init(chosen())
    sale.start(sale.confirm())
    sale.charge(5000)
    settle_stopped()

    def recover(number: int) -> str:
        # Two ask for each of the three recoveries, as a retry would.
        try:
            done = back(sale, Units(1), f"case {(number + seed) % 3}")
        except AdjustmentRefused as refused:
            return str(refused)
        return "again" if done.repeated else "done"

    said = Counter(run_at_once(6, recover))
    assert said == {"done": 2, "again": 2, "Nothing is left of this offer that could be taken back.": 2}
    assert (stock(sale.world), standing(sale)[:3]) == ((20, 0), ("REVERSED", "120.00", "0.00"))
    assert compare_with_ledger().drifting == 0


def test_staff_take_a_gift_back_by_units_on_the_orders_page(sale: Sale) -> None:
    paid(sale)
    manager = signed_in(make_member(sale.world.cpo, "manager", Role.MANAGER))
    with cpo_scope(sale.world.cpo):
        offer = f"{Redemption.objects.get(offer__offer_id='given').pk}/coffee"
    said = {"offer": offer, "reference": "case 7", "reason": "Not served"}
    page = press(manager, sale, "take_offer_back", **said, amount="15")
    assert MOVED_ON in unescape(page.content.decode())  # no amount was asked for
    page = press(manager, sale, "take_offer_back", **said, units="3")
    assert "Only 2 × coffee of this offer can still be taken back" in page.content.decode()
    assert due(sale) == []
    page = press(manager, sale, "take_offer_back", **said, units="1")
    assert [str(x) for x in page.context["messages"]] == ["1 × coffee was taken back; ₹17.70 is due to the driver."]
    [panel] = [panel for panel in page.context["order_panels"] if panel.title == "After the bill"]
    assert "1 × coffee" in panel.body


def test_the_names_of_all_gifts_are_read_at_once(sale: Sale) -> None:
    make_product(sale.world)
    make_product(sale.world, name="tea")
    for offer_id, product in (("given", "coffee"), ("more", "tea")):
        live(sale.world, offer_id, **FREE | {"benefit_item_id": product}, auto=False)
    sale.init(chosen(opted_in=("given", "more")))
    sold(sale, 5000, "118.00")
    with cpo_scope(sale.world.cpo), CaptureQueriesContext(connection) as queries:
        left = takeable_of(sale.fresh())
    assert sorted((x.product, x.item_id, x.units) for x in left) == [("Coffee", "coffee", 2), ("Tea", "tea", 2)]
    assert sum('FROM "network_product"' in x["sql"] for x in queries) == 1


def test_the_api_takes_a_gift_back_by_units(sale: Sale) -> None:
    free(sale)
    client, url = api_client(sale.world.cpo), f"/api/orders/{sale.order.pk}"  # type: ignore[union-attr]
    body = {"offer_id": "given", "reference": "case 7", "reason": "Not served"}
    wrong = client.post(f"{url}/take-back", body | {"amount": "60"}, "application/json")
    sentence = "This offer gave products: say how many units are taken back, not an amount."
    assert (wrong.status_code, wrong.json()["error"]["fields"]) == (400, {"amount": [sentence]})
    done = client.post(f"{url}/take-back", body | {"units": 1, "item_id": "coffee"}, "application/json").json()
    assert (done["amount"], done["owed"], done["refund_id"]) == ("60.00", "0.00", None)
    assert done["items"] == [{"item_id": "coffee", "units": 1}]
