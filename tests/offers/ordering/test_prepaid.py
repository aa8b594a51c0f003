"""Prepaid money pays a session end to end: held at init, drawn by the bill, the rest given back, never twice."""

from __future__ import annotations

import os
import signal
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections, transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.balances import holds as balance_holds
from cpo_portal.charging.balances import moves as balance_moves
from cpo_portal.charging.models import Balance, Order, Payment, Refund
from cpo_portal.charging.payments.reports import create_gateway
from cpo_portal.network.models import Connector
from offers.ordering.cancel import CancelledBy, cancel
from offers.ordering.confirm import confirm
from offers.ordering.place import Placing, place
from offers.quoting import Buyer
from offers.refusals import Refusal
from offers.tasks import release_expired, settle_stopped
from tests.offers.ordering.sale import Sale
from tests.prepaid import SARAH, credit, entries, family, figures
from tests.processes import run_at_once
from tests.world import World, ask_for, make_world

pytestmark = pytest.mark.django_db(transaction=True)

SEEDS = [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 20))]


@pytest.fixture
def plain() -> Sale:
    """A sale without an offer: 5 kWh are quoted at 118.00."""
    world = make_world()
    with cpo_scope(world.cpo):
        gateway, secret = create_gateway(world.cpo, name="Pay", pay_url="https://pay.example/$transaction_id/$amount")
    return Sale(world, secret, gateway)


def asked(sale: Sale) -> list[tuple[str, str, str]]:
    with cpo_scope(sale.world.cpo):
        rows = Payment.objects.filter(order=sale.order).order_by("created_at")
        return [(row.type, f"{row.amount:.2f}", row.status) for row in rows]


def refunds(sale: Sale) -> list[tuple[str, str, str]]:
    with cpo_scope(sale.world.cpo):
        return [(x.reason, f"{x.amount:.2f}", x.description) for x in Refund.objects.filter(order=sale.order)]


def deliver(sale: Sale, wh: int) -> None:
    sale.start(sale.confirm())
    sale.charge(wh)
    assert settle_stopped() > 0


INITS = [
    pytest.param("117.99", "0.01", "NOT-PAID", ("0.00", "117.99"), id="a-paisa-short"),
    pytest.param("118.00", "0.00", "PAID", ("0.00", "118.00"), id="exactly"),
    pytest.param("118.01", "0.00", "PAID", ("0.01", "118.00"), id="a-paisa-more"),
    pytest.param("40.00", "78.00", "NOT-PAID", ("0.00", "40.00"), id="a-part"),
]


@pytest.mark.parametrize(("has", "asks", "status", "left"), INITS)
def test_init_holds_what_the_balance_has_and_asks_for_the_rest(
    plain: Sale, has: str, asks: str, status: str, left: tuple[str, str]
) -> None:
    balance = credit(plain.world.cpo, has)
    placed = plain.init()
    assert placed.quote.total == Decimal("118.00")  # the price, and the tax in it, stay what they are
    assert plain.lines("QUOTED") == ["90.00", "10.00", "18.00"]
    assert asked(plain) == [("PRE-FULFILLMENT", asks, status)]
    assert tuple(f"{x:.2f}" for x in figures(balance)) == left


BILLS = [
    pytest.param("40", "78.00", 5200, "40.00", ([("PRE-FULFILLMENT", "78.00"), ("POST-FULFILLMENT", "4.25")], []),
                 id="part-and-a-shortfall"),
    pytest.param("40", "78.00", 4000, "40.00", ([("PRE-FULFILLMENT", "78.00")], [("SETTLEMENT", "21.24")]),
                 id="part-and-a-refund"),
    pytest.param("200", "", 5200, "122.25", ([("PRE-FULFILLMENT", "0.00")], []), id="all-and-the-surplus-too"),
    pytest.param("200", "", 4000, "96.76", ([("PRE-FULFILLMENT", "0.00")], []), id="all-and-less-than-held"),
    pytest.param("120", "", 5200, "120.00", ([("PRE-FULFILLMENT", "0.00"), ("POST-FULFILLMENT", "2.25")], []),
                 id="all-but-the-surplus"),
    pytest.param("110", "8.00", 1000, "33.04", ([("PRE-FULFILLMENT", "8.00")], [("SETTLEMENT", "8.00")]),
                 id="the-balance-pays-first"),
]  # fmt: skip


@pytest.mark.parametrize(("has", "pays", "wh", "drawn", "owed"), BILLS)
def test_the_bill_draws_what_it_costs_and_the_gateway_has_the_rest(
    plain: Sale, has: str, pays: str, wh: int, drawn: str, owed: Any
) -> None:
    payments, back = owed
    balance = credit(plain.world.cpo, has)
    plain.init()
    if pays:
        assert plain.pay(pays) == "PAID"
    deliver(plain, wh)
    assert figures(balance) == (Decimal(has) - Decimal(drawn), 0)
    assert [x[:2] for x in asked(plain)] == payments
    assert [x[:2] for x in refunds(plain)] == back
    with cpo_scope(plain.world.cpo):
        assert f"{balance_holds.taken_by(plain.fresh()):.2f}" == drawn
    assert settle_stopped() == 0
    assert figures(balance) == (Decimal(has) - Decimal(drawn), 0)


def test_a_bill_above_the_quote_draws_on_the_balances_that_it_holds_alone(plain: Sale) -> None:
    held = credit(plain.world.cpo, "120")
    plain.init()
    later = credit(plain.world.cpo, "50", name="Another")
    deliver(plain, 5200)
    assert (figures(held), figures(later)) == ((0, 0), (50, 0))
    assert [x[:2] for x in asked(plain)] == [("PRE-FULFILLMENT", "0.00"), ("POST-FULFILLMENT", "2.25")]


def test_who_declines_the_balance_keeps_it(plain: Sale) -> None:
    balance = credit(plain.world.cpo, "500")
    plain.init(ask_for(declined=("prepaid-balance",)))
    assert asked(plain) == [("PRE-FULFILLMENT", "118.00", "NOT-PAID")]
    assert entries(balance) == [("TOP_UP", "500.00")]


def test_a_sandbox_order_touches_no_balance(plain: Sale) -> None:
    balance = credit(plain.world.cpo, "500")
    with cpo_scope(plain.world.cpo), transaction.atomic():
        connector = Connector.objects.select_related("cpo", "charger__location").get()
        buyer = Buyer("bap.example", "t-1", sandbox=True)
        placed = place(Placing(buyer, connector, ask_for(), billing={"phone": SARAH}), now=timezone.now())
        assert f"{placed.order.payments.get().amount:.2f}" == "118.00"
    assert entries(balance) == [("TOP_UP", "500.00")]


def test_nobody_else_draws_on_it(plain: Sale) -> None:
    balance = credit(plain.world.cpo, "500", customer=None, group=family(plain.world.cpo, "+91 98765 00001"))
    plain.init()
    assert asked(plain) == [("PRE-FULFILLMENT", "118.00", "NOT-PAID")]
    assert entries(balance) == [("TOP_UP", "500.00")]


def test_the_own_balance_goes_before_the_familys_and_what_expires_first_before_both(plain: Sale) -> None:
    cpo = plain.world.cpo
    shared = credit(cpo, "100", customer=None, group=family(cpo, SARAH))
    own = credit(cpo, "50")
    ending = credit(cpo, "30", expires_at=timezone.now() + timedelta(days=3))
    over = credit(cpo, "70")
    with cpo_scope(cpo):
        Balance.objects.filter(pk=over.pk).update(expires_at=timezone.now() - timedelta(days=3))
    plain.init()
    assert [figures(x) for x in (ending, own, shared, over)] == [(0, 30), (0, 50), (62, 38), (70, 0)]


def test_a_second_init_holds_anew_and_no_more(plain: Sale) -> None:
    balance = credit(plain.world.cpo, "100")
    plain.init()
    plain.init(ask_for("50"))
    assert asked(plain) == [("PRE-FULFILLMENT", "0.00", "PAID")]
    assert figures(balance) == (Decimal("41.00"), Decimal("59.00"))
    assert entries(balance) == [("TOP_UP", "100.00"), ("HOLD", "100.00"), ("RETURN", "100.00"), ("HOLD", "59.00")]


CANCELLED = [
    # The buyer cancels five hours ahead: 85 % of 118.00 comes back, and the balance pays what is kept.
    pytest.param("40", "78.00", CancelledBy.CONSUMER, ("22.30", "78.00"), id="by-the-terms-from-the-balance"),
    pytest.param("10", "108.00", CancelledBy.CONSUMER, ("0.00", "100.30"), id="by-the-terms-from-both"),
    pytest.param("118", "", CancelledBy.CONSUMER, ("100.30", ""), id="by-the-terms-all-prepaid"),
    pytest.param("40", "78.00", CancelledBy.PROVIDER, ("40.00", "78.00"), id="by-the-cpo"),
]


@pytest.mark.parametrize(("has", "pays", "by", "comes_back"), CANCELLED)
def test_a_cancellation_gives_back_to_each_means_what_it_paid(
    plain: Sale, has: str, pays: str, by: CancelledBy, comes_back: tuple[str, str]
) -> None:
    balance = credit(plain.world.cpo, has)
    plain.init(ask_for(start=timezone.now() + timedelta(hours=5)))
    if pays:
        plain.pay(pays)
    plain.confirm()
    with cpo_scope(plain.world.cpo), transaction.atomic():
        done = cancel(plain.fresh(), by=by, reason="changed my mind", now=timezone.now())
    credit_back, cash = comes_back
    assert figures(balance) == (Decimal(credit_back), 0)
    assert [x[1] for x in refunds(plain)] == ([cash] if cash else [])
    assert (f"{credit_back} INR went back to the prepaid balance." in done.description) is (credit_back != "0.00")
    with cpo_scope(plain.world.cpo), transaction.atomic():
        cancel(plain.fresh(), by=by, reason="again", now=timezone.now())
    assert figures(balance) == (Decimal(credit_back), 0)


def test_an_order_that_nobody_goes_on_with_gives_its_hold_back(plain: Sale) -> None:
    balance = credit(plain.world.cpo, "100")
    plain.init(now=timezone.now() - timedelta(minutes=20))
    assert figures(balance) == (0, Decimal(100))
    assert [release_expired(), release_expired()] == [1, 0]
    assert figures(balance) == (Decimal(100), 0)


def test_a_late_confirm_holds_it_again(plain: Sale) -> None:
    balance = credit(plain.world.cpo, "118")
    plain.init(now=timezone.now() - timedelta(minutes=20))
    assert release_expired() == 1
    plain.confirm()
    assert figures(balance) == (0, Decimal(118))
    with cpo_scope(plain.world.cpo):
        assert plain.fresh().state == "ACTIVE"


def test_a_late_confirm_finds_the_balance_used_and_sells_nothing(plain: Sale) -> None:
    balance = credit(plain.world.cpo, "118")
    plain.init(now=timezone.now() - timedelta(minutes=20))
    release_expired()
    with cpo_scope(plain.world.cpo):
        balances.pay_back(balance, balance_moves.Moved(Decimal(18), "bank-1"))
        order = plain.fresh()
    short = pytest.raises(Refusal, match=r"the prepaid balance is 18\.00 INR short of it")
    with cpo_scope(plain.world.cpo), transaction.atomic(), short as refused:
        confirm(order, now=timezone.now())
    assert refused.value.kind.value == "QUOTE_UNAVAILABLE"
    with cpo_scope(plain.world.cpo):
        assert plain.fresh().state == "CANCELLED"
    assert figures(balance) == (Decimal(100), 0)


def buy(world: World, phone: str, transaction_id: str) -> str:
    """Init one order; return what the gateway is asked for."""
    with cpo_scope(world.cpo), transaction.atomic():
        connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
        placing = Placing(Buyer("bap.example", transaction_id), connector, ask_for(), billing={"phone": phone})
        return f"{place(placing, now=timezone.now()).order.payments.get().amount:.2f}"


@pytest.mark.parametrize("seed", SEEDS)
def test_two_of_a_family_at_once_never_overdraw_what_they_share(seed: int) -> None:
    world = make_world()
    phones = ("+91 98765 00001", "+91 98765 00002")
    shared = credit(world.cpo, "150", customer=None, group=family(world.cpo, *phones))
    own = credit(world.cpo, "10")
    asks = run_at_once(6, lambda number: buy(world, phones[number % 2], f"t-{number}"))
    assert sorted(asks) == ["0.00"] + ["118.00"] * 4 + ["86.00"]
    assert figures(shared) == (0, Decimal(150))
    assert figures(own) == (Decimal(10), 0)

    def end(number: int) -> str:
        with cpo_scope(world.cpo), transaction.atomic():
            order = Order.objects.get(transaction_id=f"t-{number // 2}")
            cancel(order, by=CancelledBy.PROVIDER, reason="closed", now=timezone.now())
        return "cancelled"

    assert run_at_once(12, end) == ["cancelled"] * 12
    assert figures(shared) == (Decimal(150), 0)


@pytest.mark.parametrize("seed", SEEDS)
def test_workers_at_once_bill_one_while_another_of_the_family_buys(seed: int) -> None:
    world = make_world()
    phones = (SARAH, "+91 98765 00002")
    shared = credit(world.cpo, "200", customer=None, group=family(world.cpo, *phones))
    sale = Sale(world, "", None)
    sale.init()
    sale.start(sale.confirm())
    sale.charge(5200)

    def work(number: int) -> str:
        return buy(world, phones[1], "t-2") if number == 0 else f"{settle_stopped()}"

    asks, *settled = run_at_once(5, work)
    assert sorted(settled) == ["0", "0", "0", "1"]
    # 122.25 are billed: the buyer gets 77.75 of the rest, or 82.00 where they came first and the bill is 4.25 short.
    left = {"40.25": (Decimal("122.25"), []), "36.00": (Decimal("118.00"), ["4.25"])}
    drawn, owed = left[asks]
    with cpo_scope(world.cpo):
        assert balance_holds.taken_by(sale.fresh()) == drawn
    assert [x[1] for x in asked(sale) if x[0] == "POST-FULFILLMENT"] == owed
    assert figures(shared) == (0, 200 - drawn)


def test_a_process_that_dies_in_the_middle_moves_nothing() -> None:
    world = make_world()
    balance = credit(world.cpo, "150")
    connections.close_all()
    child = os.fork()
    if not child:
        try:
            with cpo_scope(world.cpo), transaction.atomic():
                connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
                placing = Placing(Buyer("bap.example", "t-1"), connector, ask_for(), billing={"phone": SARAH})
                place(placing, now=timezone.now())
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert figures(balance) == (Decimal(150), 0)
    assert entries(balance) == [("TOP_UP", "150.00")]
    assert buy(world, SARAH, "t-1") == "0.00"
    assert figures(balance) == (Decimal(32), Decimal(118))
