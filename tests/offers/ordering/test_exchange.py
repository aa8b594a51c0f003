"""An exchange is named at order time and valued at its return: credited or paid back, once, whoever asks at once."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Balance, BalanceEntry, Order, OrderEvent, Refund
from offers.models import Adjustment, Offer, OfferVersion, Redemption
from offers.ordering.adjusting import AdjustmentRefused, Said
from offers.ordering.exchange import value_exchange
from offers.ordering.refund import refund_bill
from offers.ordering.reverse import take_back
from offers.reconcile import compare_with_ledger
from offers.tasks import settle_stopped
from tests.offers.ordering.sale import Sale
from tests.offers.ordering.test_adjusting import asked, billed, press
from tests.people import api_client, make_member, signed_in
from tests.prepaid import credit, entries, figures
from tests.processes import run_at_once
from tests.world import make_offer, make_world

pytestmark = pytest.mark.django_db(transaction=True)

META: dict[str, Any] = {
    "benefit_kind": "exchange", "value": None, "value_type": "", "value_cap": None, "min_value": None,
    "display_code": "", "additive": True,
}  # fmt: skip
SEEDS = [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 20))]


@pytest.fixture
def swapped(sale: Sale) -> Sale:
    """A billed session with 25 % off and, beside it, an exchange of a cable."""
    make_additive(sale)
    make_offer(sale.world.cpo, "old-cable", name="Old cable for credit", **META)
    return billed(sale)


def make_additive(sale: Sale) -> None:
    """Publish the sale's offer as one that combines."""
    with cpo_scope(sale.world.cpo):
        version = OfferVersion.objects.get()
        version.pk, version.number, version.additive = None, 2, True
        version.save()
        Offer.objects.update(live_version=version)


def cable(sale: Sale) -> Redemption:
    return Redemption.objects.select_related("order", "offer").get(offer__offer_id="old-cable")


def value(sale: Sale, worth: str = "300", to: str = "BALANCE", reference: str = "case 9") -> Adjustment:
    with cpo_scope(sale.world.cpo):
        said = Said(reference, "The cable is here")
        return value_exchange(cable(sale), Decimal(worth), to, said, now=timezone.now())


def credited(sale: Sale) -> list[tuple[str, str]]:
    with cpo_scope(sale.world.cpo):
        rows = BalanceEntry.objects.order_by("id").values_list("balance__name", "amount")
        return [(name, f"{amount:.2f}") for name, amount in rows]


def test_the_price_knows_nothing_of_it_until_the_return_is_credited(swapped: Sale) -> None:
    assert swapped.lines("BILLED") == ["90.00", "10.00", "-22.50", "13.95"]
    assert credited(swapped) == []
    made = value(swapped)
    assert (f"{made.amount:.2f}", made.repeated) == ("300.00", False)
    assert credited(swapped) == [("Exchange credit", "300.00")]
    assert value(swapped).repeated is True
    assert credited(swapped) == [("Exchange credit", "300.00")]
    with cpo_scope(swapped.world.cpo):
        assert Balance.objects.get().customer == swapped.fresh().customer
        assert OrderEvent.objects.get(kind="EXCHANGED").detail == {
            "offer": "old-cable", "amount": "300", "to": "BALANCE", "reference": "case 9",
        }  # fmt: skip
        assert cable(swapped).state == "COMMITTED"
    assert compare_with_ledger().drifting == 0


def test_the_credit_pays_the_next_session_and_is_added_to_by_the_next_exchange(swapped: Sale) -> None:
    value(swapped)
    swapped.init(transaction_id="t-2")
    assert asked(swapped) == [("PRE-FULFILLMENT", "0.00", "PAID")]
    with cpo_scope(swapped.world.cpo):
        assert [f"{x:.2f}" for x in figures(Balance.objects.get())] == ["208.55", "91.45"]


def test_paid_back_it_is_a_refund_beside_the_bill(swapped: Sale) -> None:
    value(swapped, to="REFUND")
    with cpo_scope(swapped.world.cpo):
        [refund] = Refund.objects.all()
        assert (refund.reason, f"{refund.amount:.2f}", refund.status) == ("EXCHANGE", "300.00", "DUE")
        # A refund of the bill pays the bill back, no more and no less; the cable is the CPO's and its offer stays used.
        made = refund_bill(swapped.fresh(), Said("case 10", "It hummed"), now=timezone.now())
        assert f"{made.amount:.2f}" == "91.45"
        assert dict(Redemption.objects.values_list("offer__offer_id", "state")) == {
            "old-cable": "COMMITTED", "weekend-discount-25": "REVERSED",
        }  # fmt: skip
    assert credited(swapped) == []


def test_a_second_exchange_of_an_order_is_paid_back_beside_the_first(sale: Sale) -> None:
    make_additive(sale)
    make_offer(sale.world.cpo, "old-cable", **META)
    make_offer(sale.world.cpo, "old-adapter", **META)
    billed(sale)
    with cpo_scope(sale.world.cpo):
        for number, row in enumerate(Redemption.objects.filter(offer__offer_id__startswith="old").order_by("pk")):
            said = Said(f"case {number}", "It is here")
            value_exchange(row, Decimal(5 + number), "REFUND", said, now=timezone.now())
        rows = Refund.objects.order_by("id").values_list("reason", "amount")
        assert list(rows) == [("EXCHANGE", Decimal(5)), ("EXCHANGE 2", Decimal(6))]


REFUSED = [
    pytest.param({"worth": "0"}, "value", "Give a value above 0 and below 1,000,000,000.", id="nothing"),
    pytest.param({"worth": "-1"}, "value", "Give a value above 0 and below 1,000,000,000.", id="below-nothing"),
    pytest.param({"worth": "1.001"}, "value", "Give an amount with at most 2 decimals.", id="less-than-a-paisa"),
    pytest.param({"worth": "1000000000"}, "value", "Give a value above 0 and below 1,000,000,000.", id="too-much"),
]


@pytest.mark.parametrize(("how", "field", "sentence"), REFUSED)
def test_what_is_no_value_is_refused_and_credits_nothing(
    swapped: Sale, how: dict[str, str], field: str, sentence: str
) -> None:
    with pytest.raises(AdjustmentRefused) as refused:
        value(swapped, **how)
    assert (refused.value.field, str(refused.value)) == (field, sentence)
    assert credited(swapped) == []


def test_it_is_valued_once_at_one_value(swapped: Sale) -> None:
    value(swapped)
    with pytest.raises(AdjustmentRefused, match=r"valued before, at ₹300\.00 under the reference case 9"):
        value(swapped, "301")
    with pytest.raises(AdjustmentRefused, match="valued before"):
        value(swapped, reference="case 10")
    with cpo_scope(swapped.world.cpo), pytest.raises(AdjustmentRefused, match="it is not taken back"):
        take_back(cable(swapped), None, Said("case 11", "x"), now=timezone.now())
    assert credited(swapped) == [("Exchange credit", "300.00")]


def test_what_is_no_exchange_or_was_taken_back_is_not_valued(swapped: Sale) -> None:
    with cpo_scope(swapped.world.cpo):
        other = Redemption.objects.select_related("order").get(offer__offer_id="weekend-discount-25")
        with pytest.raises(AdjustmentRefused, match="This is no exchange"):
            value_exchange(other, Decimal(5), "BALANCE", Said("c", "r"), now=timezone.now())
        take_back(cable(swapped), None, Said("case 7", "No cable came"), now=timezone.now())
    with pytest.raises(AdjustmentRefused, match="This is no exchange"):
        value(swapped)
    assert credited(swapped) == []


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"customer": None}, "Nobody is known for this order", id="nobody"),
        pytest.param({"sandbox": True}, "A test order credits no balance", id="sandbox"),
    ],
)
def test_an_order_that_may_credit_nobody_is_paid_back(swapped: Sale, change: dict[str, Any], sentence: str) -> None:
    with cpo_scope(swapped.world.cpo):
        Order.objects.update(**change)
    with pytest.raises(AdjustmentRefused, match=sentence) as refused:
        value(swapped)
    assert refused.value.field == "credit_to"
    assert credited(swapped) == []
    assert value(swapped, to="REFUND").refund is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_values_it_at_once_credits_it_once(swapped: Sale, seed: int) -> None:
    def work(number: int) -> str:
        try:
            done = value(swapped, "300", "BALANCE", f"case {(number + seed) % 2}")
        except AdjustmentRefused as refused:
            return refused.field
        return "again" if done.repeated else "done"

    assert Counter(run_at_once(4, work)) == {"done": 1, "again": 1, "reference": 2}
    assert credited(swapped) == [("Exchange credit", "300.00")]
    assert compare_with_ledger().drifting == 0


def test_staff_value_it_on_the_orders_page(swapped: Sale) -> None:
    manager = signed_in(make_member(swapped.world.cpo, "manager", Role.MANAGER))
    with cpo_scope(swapped.world.cpo):
        row = str(cable(swapped).pk)
    data = {"offer": row, "value": "300", "credit_to": "BALANCE", "reference": "case 9", "reason": "It is here"}
    analyst = signed_in(make_member(swapped.world.cpo, "ana", Role.ANALYST))
    assert press(analyst, swapped, "value_exchange", **data).status_code == 403
    page = press(manager, swapped, "value_exchange", **data | {"value": "0"})
    assert "Give a value above 0 and below 1,000,000,000." in page.content.decode()
    assert credited(swapped) == []
    page = press(manager, swapped, "value_exchange", **data)
    assert [str(x) for x in page.context["messages"]] == ["₹300.00 was credited to the driver's balance."]
    [panel] = [panel for panel in page.context["order_panels"] if panel.title == "After the bill"]
    for words in ("Exchange valued", "Old cable for credit", "₹300.00", "case 9", ">Manager<"):
        assert words in panel.body


def test_the_api_values_it(swapped: Sale) -> None:
    client: Client = api_client(swapped.world.cpo)
    url = f"/api/orders/{swapped.order.pk}/exchange"  # type: ignore[union-attr]
    body = {"offer_id": "old-cable", "value": "300", "reference": "case 9", "reason": "It is here"}
    done = client.post(url, body, "application/json").json()
    assert (done["kind"], done["amount"], done["offer_id"]) == ("EXCHANGE_VALUED", "300.00", "old-cable")
    with cpo_scope(swapped.world.cpo):
        assert done["balance_id"] == str(Balance.objects.get().pk)
        assert Adjustment.objects.get().source != ""
    again = client.post(url, body | {"value": "301"}, "application/json")
    assert (again.status_code, "valued before" in again.content.decode()) == (400, True)
    assert credited(swapped) == [("Exchange credit", "300.00")]


def test_before_the_bill_there_is_nothing_to_value() -> None:
    world = make_world()
    make_offer(world.cpo, "old-cable", **META)
    sale = Sale(world, "", None)
    balance = credit(world.cpo, "200")
    sale.init()
    with pytest.raises(AdjustmentRefused, match="This order has no bill yet"):
        value(sale)
    assert entries(balance) == [("TOP_UP", "200.00"), ("HOLD", "118.00")]
    assert settle_stopped() == 0
