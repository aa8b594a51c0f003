"""After the bill: an offer is taken back in part or whole, a bill is refunded, each once, whoever asks at once."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from beckn import persons
from cpo_portal.accounts.models import Role, TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer, CustomerGroupMember, Order, OrderEvent, Payment, Refund
from cpo_portal.charging.people.traces import Wanted, find_person
from offers import ledger, reversals
from offers.models import Adjustment, LedgerEntry, OfferCounter, Quote, Redemption
from offers.ordering.adjusting import AdjustmentRefused, Said
from offers.ordering.refund import refund_bill
from offers.ordering.reverse import take_back
from offers.proofs import reprove
from offers.reconcile import compare_with_ledger
from offers.tasks import settle_stopped
from tests.offers.holds import SATURDAY, give, new_order, take
from tests.offers.ordering.sale import Sale
from tests.offers.ordering.test_exports import download
from tests.people import api_client, make_member, signed_in
from tests.prepaid import SARAH, credit, customer, entries, family, figures
from tests.processes import run_at_once
from tests.world import ask_for, make_offer, make_world

pytestmark = pytest.mark.django_db(transaction=True)

SEEDS = [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 20))]


def billed(sale: Sale, wh: int = 5000, *, paid: bool = True) -> Sale:
    """Sell 5 kWh with 25 % off for 91.45 and deliver so much."""
    sale.init()
    if paid:
        assert sale.pay() == "PAID"
    sale.start(sale.confirm())
    sale.charge(wh)
    assert settle_stopped() > 0
    return sale


def back(sale: Sale, amount: str | None, reference: str = "case 7") -> Adjustment:
    with cpo_scope(sale.world.cpo):
        row = Redemption.objects.select_related("order").exclude(state="RELEASED").get()
        wanted = None if amount is None else Decimal(amount)
        return take_back(row, wanted, Said(reference, "Used twice"), now=timezone.now())


def refund(sale: Sale, reference: str = "case 8") -> Adjustment:
    with cpo_scope(sale.world.cpo):
        return refund_bill(sale.fresh(), Said(reference, "The charger hummed"), now=timezone.now())


def standing(sale: Sale) -> tuple[Any, ...]:
    """Return (state, reversed, uses, last ledger entry) of the one offer."""
    with cpo_scope(sale.world.cpo):
        row, counter = Redemption.objects.exclude(state="RELEASED").get(), OfferCounter.objects.get()
        last = LedgerEntry.objects.order_by("-id")[0]
        return row.state, f"{row.reversed:.2f}", counter.uses_committed, f"{last.kind} {last.amount:.2f} {last.uses}"


def asked(sale: Sale) -> list[tuple[str, str, str]]:
    with cpo_scope(sale.world.cpo):
        rows = Payment.objects.filter(order=sale.order).order_by("created_at")
        return [(row.type, f"{row.amount:.2f}", row.status) for row in rows]


RECOVERIES = [
    pytest.param("0.01", "0.01", "91.46", ("COMMITTED", "0.01", 1, "REVERSE 0.01 0"), id="a-paisa"),
    pytest.param("10", "11.80", "103.25", ("COMMITTED", "10.00", 1, "REVERSE 10.00 0"), id="a-part"),
    pytest.param("22.49", "26.54", "117.99", ("COMMITTED", "22.49", 1, "REVERSE 22.49 0"), id="all-but-a-paisa"),
    pytest.param("22.50", "26.55", "118.00", ("REVERSED", "22.50", 1, "REVERSE 22.50 0"), id="all"),
    pytest.param(None, "26.55", "118.00", ("REVERSED", "22.50", 1, "REVERSE 22.50 0"), id="whatever-is-left"),
]


@pytest.mark.parametrize(("amount", "owed", "comes_to", "stands"), RECOVERIES)
def test_what_is_taken_back_is_owed_with_its_tax(
    sale: Sale, amount: str | None, owed: str, comes_to: str, stands: Any
) -> None:
    billed(sale)
    made = back(sale, amount)
    assert f"{made.owed:.2f}" == owed
    assert f"{Decimal('91.45') + made.owed:.2f}" == comes_to
    assert standing(sale) == stands
    assert asked(sale)[1:] == [("RECOVERY", owed, "NOT-PAID")]
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().billed_amount == Decimal("91.45")  # the bill stays as it was printed, and proves itself
        assert reprove(Quote.objects.get(is_bill=True)).verdict.value == "IDENTICAL"
        assert OrderEvent.objects.get(kind="REVERSED").detail == {
            "offer": "weekend-discount-25", "amount": f"{made.amount:f}", "owed": owed, "reference": "case 7",
        }  # fmt: skip
    assert compare_with_ledger().drifting == 0


def test_in_parts_each_owes_its_own_and_the_same_reference_owes_nothing_more(sale: Sale) -> None:
    billed(sale)
    assert back(sale, "10", "first").repeated is False
    assert back(sale, "10", "first").repeated is True
    assert f"{back(sale, None, 'rest').owed:.2f}" == "14.75"
    assert asked(sale)[1:] == [("RECOVERY", "11.80", "NOT-PAID"), ("RECOVERY", "14.75", "NOT-PAID")]


ABOVE_0 = "Give an amount above 0, or leave it empty to take back all that is left."
REFUSED = [
    pytest.param("22.51", "amount", "Only ₹22.50 of this offer can still be taken back: give a smaller amount.",
                 id="more-than-it-gave"),
    pytest.param("0", "amount", ABOVE_0, id="nothing"),
    pytest.param("-1", "amount", ABOVE_0, id="below-nothing"),
    pytest.param("0.001", "amount", "Give an amount with at most 2 decimals.", id="less-than-a-paisa"),
]  # fmt: skip


@pytest.mark.parametrize(("amount", "field", "sentence"), REFUSED)
def test_what_cannot_be_taken_back_is_refused_and_nothing_happens(
    sale: Sale, amount: str, field: str, sentence: str
) -> None:
    billed(sale)
    with pytest.raises(AdjustmentRefused) as refused:
        back(sale, amount)
    assert (refused.value.field, str(refused.value)) == (field, sentence)
    assert standing(sale) == ("COMMITTED", "0.00", 1, "COMMIT 22.50 0")
    assert len(asked(sale)) == 1


def test_nothing_is_taken_back_twice_or_before_the_bill(sale: Sale) -> None:
    sale.init()
    with pytest.raises(AdjustmentRefused, match="This order has no bill yet"):
        back(sale, "10")
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(5000)
    settle_stopped()
    back(sale, None)
    with pytest.raises(AdjustmentRefused, match="Nothing is left of this offer"):
        back(sale, "1", "another case")
    with pytest.raises(AdjustmentRefused, match=r"The reference case 7 was used on this order for ₹22\.50"):
        back(sale, "1")
    assert standing(sale) == ("REVERSED", "22.50", 1, "REVERSE 22.50 0")


@pytest.mark.parametrize("policy", [True, False], ids=["by-policy", "not-by-policy"])
def test_an_offer_that_saved_nothing_is_taken_back_with_its_use_alone(policy: bool) -> None:
    """An exchange or financing holds a use and no money: all of it is the use."""
    world = make_world()
    meta = {"benefit_kind": "exchange", "value": None, "value_type": "", "value_cap": None, "min_value": None}
    limits = {"total_uses": 3, "uses_per_customer": 1, "uses_per_customer_day": 1, "give_use_back": policy}
    offer = make_offer(world.cpo, **meta, **limits)
    with cpo_scope(world.cpo):
        customer = Customer.objects.create(cpo=world.cpo)
        order = new_order(world, customer, "t-1", SATURDAY)
        row = give(order, take(order, offer, "0", at=SATURDAY), "0", at=SATURDAY)
        Order.objects.filter(pk=order.pk).update(state="COMPLETE", billed_amount=100)
        with transaction.atomic():
            assert reversals.reverse(row, reversals.Part(Decimal(0)), reference="r", now=SATURDAY) == 0
            assert reversals.reverse(row, reversals.Part(Decimal(0)), reference="r2", now=SATURDAY) is None
        row.refresh_from_db()
        assert row.state == "REVERSED"
        assert list(LedgerEntry.objects.order_by("id").values_list("kind", "uses")) == [
            ("RESERVE", 1), ("COMMIT", 0), ("REVERSE", -1 if policy else 0),
        ]  # fmt: skip
        assert OfferCounter.objects.get().uses_committed == (0 if policy else 1)
        # The same customer may use it again, or not: the counter of the customer says so too.
        again = new_order(world, customer, "t-2", SATURDAY)
        if policy:
            take(again, offer, "0", at=SATURDAY)
        else:
            with pytest.raises(ledger.LimitReached):
                take(again, offer, "0", at=SATURDAY)
    assert compare_with_ledger().drifting == 0


def test_a_refunded_bill_gives_each_means_of_payment_its_own_and_the_offer_its_use(sale: Sale) -> None:
    make_offer(sale.world.cpo, "second", additive=True, give_use_back=True, min_value=None, display_code="")
    balance = credit(sale.world.cpo, "40")
    sale.init()
    assert asked(sale) == [("PRE-FULFILLMENT", "51.45", "NOT-PAID")]
    assert sale.pay("51.45") == "PAID"
    sale.start(sale.confirm())
    sale.charge(5200)
    settle_stopped()
    assert asked(sale)[1:] == [("POST-FULFILLMENT", "3.19", "NOT-PAID")]
    made = refund(sale)
    assert (f"{made.amount:.2f}", made.repeated) == ("91.45", False)
    assert asked(sale) == [("PRE-FULFILLMENT", "51.45", "PAID"), ("POST-FULFILLMENT", "3.19", "VOID")]
    assert figures(balance) == (40, 0)
    assert entries(balance)[-1] == ("CREDIT", "40.00")
    with cpo_scope(sale.world.cpo):
        assert list(Refund.objects.values_list("reason", "amount", "description")) == [
            ("BILL", Decimal("51.45"), "The charger hummed")
        ]
        assert OrderEvent.objects.get(kind="BILL_REFUNDED").detail == {
            "amount": "51.45", "prepaid": "40.0000", "reference": "case 8",
        }  # fmt: skip
    assert refund(sale).repeated is True
    with pytest.raises(AdjustmentRefused, match="refunded before, under the reference case 8"):
        refund(sale, "case 9")
    assert compare_with_ledger().drifting == 0


def go(sale: Sale, *phones: str) -> None:
    """Let these drivers be forgotten, with nothing of theirs left anywhere but their groups' names."""
    with cpo_scope(sale.world.cpo):
        customers = [customer(sale.world.cpo, phone).pk for phone in phones]
        CustomerGroupMember.objects.filter(customer__in=customers).delete()
        Customer.objects.filter(pk__in=customers).update(forgotten_at=timezone.now())


RAVI = "+91 90000 00001"
#: Who is in the group whose balance paid 40 of the bill (nobody: it is the driver's own), who is forgotten, and what
#: of the refund is money for it.
GONE: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "the-owner": ((), (SARAH,), "40.00"),
    "another": ((), (RAVI,), "0.00"),
    "all-of-the-group": ((SARAH, RAVI), (SARAH, RAVI), "40.00"),
    "one-of-the-group": ((SARAH, RAVI), (SARAH,), "0.00"),
}


@pytest.mark.parametrize("name", GONE)
def test_what_a_balance_paid_that_nobody_has_any_more_comes_back_as_money(sale: Sale, name: str) -> None:
    members, gone, instead = GONE[name]
    owner = {"customer": None, "group": family(sale.world.cpo, *members)} if members else {}
    balance = credit(sale.world.cpo, "40", **owner)
    sale.init()
    sale.pay("51.45")
    sale.start(sale.confirm())
    sale.charge(5000)
    settle_stopped()
    go(sale, *gone)
    in_money = instead == "40.00"
    url = f"/api/orders/{sale.order.pk}/refund"  # type: ignore[union-attr]
    said = {"reference": "case 8", "reason": "The charger hummed."}
    answer = api_client(sale.world.cpo).post(url, said, "application/json")
    assert (answer.json()["amount"], answer.json()["ownerless"]) == ("91.45", instead)
    assert figures(balance) == (0 if in_money else 40, 0)
    words = "The charger hummed. Of this, ₹40.00 had been paid by a prepaid balance that nobody has any more."
    with cpo_scope(sale.world.cpo):
        [paid] = Refund.objects.values_list("amount", "description")
        detail = OrderEvent.objects.get(kind="BILL_REFUNDED").detail
    assert paid == ((Decimal("91.45"), words) if in_money else (Decimal("51.45"), "The charger hummed."))
    told = {"amount": "91.45", "ownerless": "40.00"} if in_money else {"amount": "51.45", "prepaid": "40.0000"}
    assert detail == told | {"reference": "case 8"}
    again = api_client(sale.world.cpo).post(url, said, "application/json")
    assert (again.json()["repeated"], again.json()["ownerless"]) == (True, instead)
    assert compare_with_ledger().drifting == 0


def test_staff_read_that_a_balance_that_nobody_has_is_paid_out(sale: Sale) -> None:
    credit(sale.world.cpo, "91.45")
    sale.init()
    sale.start(sale.confirm())
    sale.charge(5000)
    settle_stopped()
    go(sale, SARAH)
    manager = signed_in(make_member(sale.world.cpo, "mo", Role.MANAGER))
    page = press(manager, sale, "refund_order", reference="case 8", reason="The charger hummed").content.decode()
    assert "Of this, ₹91.45 had been paid by a prepaid balance that nobody has any more." in page
    assert "₹91.45 is due to the driver." in page


@pytest.mark.parametrize("seed", SEEDS)
def test_a_driver_who_is_forgotten_while_the_bill_is_refunded_loses_nothing(sale: Sale, seed: int) -> None:
    balance = credit(sale.world.cpo, "91.45")
    sale.init()
    sale.start(sale.confirm())
    sale.charge(5000)
    settle_stopped()

    def work(number: int) -> str:
        if number:
            return f"{refund(sale).amount:.2f}"
        with cpo_scope(sale.world.cpo):
            try:
                persons.forget(sale.world.cpo, find_person(sale.world.cpo, Wanted(phone=SARAH)))
            except persons.StillOpen:
                return "still open"
        return "forgotten"

    said = run_at_once(2, work)
    with cpo_scope(sale.world.cpo):
        owed = [f"{amount:.2f}" for amount in Refund.objects.values_list("amount", flat=True)]
    found = (sorted(said), owed, f"{figures(balance)[0]:.2f}")
    assert found in [
        (["91.45", "still open"], [], "91.45"),
        (["91.45", "forgotten"], ["91.45"], "0.00"),
    ]


def test_a_refund_leaves_out_what_goes_back_already(sale: Sale) -> None:
    billed(sale, 4000)
    assert f"{refund(sale).amount:.2f}" == "75.52"
    with cpo_scope(sale.world.cpo):
        rows = Refund.objects.order_by("id").values_list("reason", "amount")
        assert list(rows) == [("SETTLEMENT", Decimal("15.93")), ("BILL", Decimal("75.52"))]
    assert standing(sale) == ("REVERSED", "18.00", 1, "REVERSE 18.00 0")


def test_money_that_comes_for_what_was_refunded_was_not_asked_for(sale: Sale) -> None:
    billed(sale)
    back(sale, None)
    refund(sale)
    assert asked(sale)[1:] == [("RECOVERY", "26.55", "VOID")]
    assert standing(sale) == ("REVERSED", "22.50", 1, "REVERSE 22.50 0")


@pytest.mark.parametrize("seed", SEEDS)
def test_of_two_recoveries_of_150_from_a_grant_of_200_one_succeeds(seed: int) -> None:
    sale = Sale(make_world(), "", None)
    make_offer(
        sale.world.cpo, value_type="amount", value=Decimal(200), value_cap=None,
        budget=Decimal(200), redemption_cap=Decimal(200),
    )  # fmt: skip
    customer_pays = credit(sale.world.cpo, "1000", valid_days=None)
    sale.init(ask_for("500"))
    sale.start(sale.confirm())
    sale.charge(27_222, minutes=55)
    settle_stopped()

    def recover(number: int) -> str:
        # Two ask for each of the two recoveries, as a retry would.
        try:
            done = back(sale, "150", f"case {(number + seed) % 2}")
        except AdjustmentRefused as refused:
            return str(refused)
        return "again" if done.repeated else "done"

    said = Counter(run_at_once(4, recover))
    refused = "Only ₹50.00 of this offer can still be taken back: give a smaller amount."
    assert said == {"done": 1, "again": 1, refused: 2}
    with cpo_scope(sale.world.cpo):
        assert list(Redemption.objects.values_list("state", "reversed")) == [("COMMITTED", Decimal(150))]
        assert OfferCounter.objects.get().budget_committed == 50
    assert asked(sale)[1:] == [("RECOVERY", "177.00", "NOT-PAID")]
    assert figures(customer_pays)[1] == 0
    assert compare_with_ledger().drifting == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_recoveries_and_refunds_at_once_take_back_what_was_given_and_no_more(sale: Sale, seed: int) -> None:
    billed(sale)

    def change(number: int) -> str:
        try:
            if (number + seed) % 3:
                return f"{back(sale, '15', f'case {number}').amount:.2f}"
            refund(sale, f"case {number}")
        except AdjustmentRefused as refused:
            return refused.field
        return "refunded"

    said = Counter(run_at_once(6, change))
    assert said["refunded"] == 1
    assert said["15.00"] <= 1
    with cpo_scope(sale.world.cpo):
        row = Redemption.objects.get()
        assert (row.state, row.reversed) == ("REVERSED", Decimal("22.50"))
        taken = LedgerEntry.objects.filter(kind="REVERSE").values_list("amount", flat=True)
        assert sum(taken) == Decimal("22.50")
        assert [f"{x.amount:.2f}" for x in Refund.objects.filter(reason="BILL")] == ["91.45"]
    assert compare_with_ledger().drifting == 0


def press(client: Client, sale: Sale, button: str, **data: str) -> Any:
    url = f"/admin/charging/order/{sale.order.pk}/{button}/"  # type: ignore[union-attr]
    return client.post(url, data | {"_form_submitted": "1"}, follow=True)


def test_staff_take_an_offer_back_on_the_orders_page_which_says_who_and_why(sale: Sale) -> None:
    billed(sale)
    manager = signed_in(make_member(sale.world.cpo, "manager", Role.MANAGER))
    with cpo_scope(sale.world.cpo):
        row = Redemption.objects.get()
    wrong = press(manager, sale, "take_offer_back", offer=str(row.pk), amount="22.51", reference="c", reason="r")
    assert "Only ₹22.50 of this offer can still be taken back" in wrong.content.decode()
    assert standing(sale)[0] == "COMMITTED"
    page = press(manager, sale, "take_offer_back", offer=str(row.pk), amount="10", reference="case 7", reason="Twice")
    assert [str(x) for x in page.context["messages"]] == ["₹10.00 was taken back; the driver owes ₹11.80."]
    [panel] = [panel for panel in page.context["order_panels"] if panel.title == "After the bill"]
    for words in ("Offer taken back", "₹10.00", "₹11.80", "case 7", "Twice", ">Manager<"):
        assert words in panel.body
    assert standing(sale) == ("COMMITTED", "10.00", 1, "REVERSE 10.00 0")
    page = press(manager, sale, "refund_order", reference="case 8", reason="It hummed")
    assert [str(x) for x in page.context["messages"]] == ["₹91.45 is due to the driver."]
    (line,) = download(sale, "charging/order")
    columns = ("Offers taken back", "Owed for them (with tax)", "Bill refunded", "Billed")
    assert [line[name] for name in columns] == ["10.00", "11.80", "91.45", "91.45"]


def test_an_analyst_takes_nothing_back(sale: Sale) -> None:
    billed(sale)
    analyst = signed_in(make_member(sale.world.cpo, "analyst", Role.ANALYST))
    with cpo_scope(sale.world.cpo):
        row = Redemption.objects.get()
    said = press(analyst, sale, "take_offer_back", offer=str(row.pk), reference="c", reason="r")
    assert said.status_code == 403
    assert standing(sale) == ("COMMITTED", "0.00", 1, "COMMIT 22.50 0")


def test_the_api_takes_back_and_refunds_and_explains_what_it_did(sale: Sale) -> None:
    billed(sale)
    client, url = api_client(sale.world.cpo), f"/api/orders/{sale.order.pk}"  # type: ignore[union-attr]
    body = {"offer_id": "weekend-discount-25", "amount": "10", "reference": "case 7", "reason": "Used twice"}
    for repeated in (False, True):
        done = client.post(f"{url}/take-back", body, "application/json").json()
        assert (done["kind"], done["amount"], done["owed"]) == ("TAKEN_BACK", "10.00", "11.80")
        assert done["repeated"] is repeated
    wrong = client.post(f"{url}/take-back", body | {"amount": "13", "reference": "c"}, "application/json")
    assert (wrong.status_code, "Only ₹12.50 of this offer" in wrong.content.decode()) == (400, True)
    unknown = client.post(f"{url}/take-back", body | {"offer_id": "none"}, "application/json")
    assert (unknown.status_code, "offer_id" in unknown.content.decode()) == (400, True)
    done = client.post(f"{url}/refund", {"reference": "case 8", "reason": "It hummed"}, "application/json").json()
    assert (done["kind"], done["amount"]) == ("BILL_REFUNDED", "91.45")
    explained = api_client(sale.world.cpo, TokenScope.STAFF_READ).get(f"{url}/explain").json()
    assert [(x["kind"], x["offer_id"], x["amount"], x["reason"]) for x in explained["adjustments"]] == [
        ("TAKEN_BACK", "weekend-discount-25", "10.00", "Used twice"),
        ("BILL_REFUNDED", None, "91.45", "It hummed"),
    ]
    assert [(x["state"], x["reversed"]) for x in explained["held"]] == [("REVERSED", "22.50")]
    reader = api_client(sale.world.cpo, TokenScope.STAFF_READ)
    assert reader.post(f"{url}/refund", {"reference": "c", "reason": "r"}, "application/json").status_code == 403
