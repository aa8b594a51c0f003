"""Processes at once on one pool of energy: never more is held or taken than is in it, and nobody waits for ever."""

from __future__ import annotations

import os
import signal
from decimal import Decimal

import pytest
from django.db import connections, transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import BalanceEntry, Order
from cpo_portal.network.models import Connector
from offers.models import Quote
from offers.ordering.cancel import CancelledBy, cancel
from offers.ordering.confirm import confirm
from offers.ordering.place import Placing, place
from offers.quoting import Buyer
from offers.reconcile import compare_with_ledger
from offers.tasks import settle_stopped
from tests.offers.ordering.sale import Sale
from tests.offers.ordering.test_subscriptions import five
from tests.prepaid import SARAH, credit, customer, entries, family, figures, pool, subscribe
from tests.processes import run_at_once
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)

SEEDS = [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 20))]
PHONES = (SARAH, "+91 98765 00002")


def subscribed() -> World:
    world = make_world()
    subscribe(world.cpo)
    return world


def buy(world: World, phone: str, transaction_id: str) -> str:
    """Init one order of 5 kWh; return how much of it is included and what it costs."""
    with cpo_scope(world.cpo), transaction.atomic():
        connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
        placing = Placing(Buyer("bap.example", transaction_id), connector, five(), billing={"phone": phone})
        quote = place(placing, now=timezone.now()).quote
        return f"{quote.terms['included_wh']} {quote.total:.2f}"


@pytest.mark.parametrize("seed", SEEDS)
def test_orders_at_once_never_hold_more_than_is_in_the_pool(seed: int) -> None:
    world = subscribed()
    shared = pool(world.cpo, "7000", customer=None, group=family(world.cpo, *PHONES))
    found = run_at_once(6, lambda number: buy(world, PHONES[number % 2], f"t-{number}"))
    # One has 5 kWh, one the 2 that are left, and the others pay for all of theirs.
    assert sorted(found) == ["2000 75.52", "5000 11.80", *["None 118.00"] * 4]
    assert figures(shared) == (0, 7000)

    def end(number: int) -> str:
        with cpo_scope(world.cpo), transaction.atomic():
            order = Order.objects.get(transaction_id=f"t-{number // 2}")
            cancel(order, by=CancelledBy.PROVIDER, reason="closed", now=timezone.now())
        return "cancelled"

    assert run_at_once(12, end) == ["cancelled"] * 12
    assert figures(shared) == (7000, 0)
    assert compare_with_ledger().drifting == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_workers_at_once_bill_two_orders_and_never_take_more_than_is_in_the_pool(seed: int) -> None:
    """Both held 5 kWh of 11 and were delivered 6: the kWh that nobody held goes to one of them, and once."""
    world = subscribed()
    cpo = world.cpo
    shared = pool(cpo, "11000", customer=None, group=family(cpo, *PHONES))
    money = [credit(cpo, "100", customer=customer(cpo, phone)) for phone in PHONES]
    sales = []
    for number, phone in enumerate(PHONES):
        buy(world, phone, f"t-{number}")
        with cpo_scope(cpo):
            sales.append(Sale(world, "", None, Order.objects.get(transaction_id=f"t-{number}")))
            with transaction.atomic():
                otp = confirm(sales[-1].fresh(), now=timezone.now()).otp
        sales[-1].start(otp)
        sales[-1].charge(6000, session=f"s-{number}")
    run_at_once(4, lambda number: settle_stopped())
    with cpo_scope(cpo):
        bills = Quote.objects.filter(is_bill=True).order_by("total")
        assert [(x.terms["included_wh"], f"{x.total:.2f}") for x in bills] == [(6000, "11.80"), (5000, "33.04")]
        taken = BalanceEntry.objects.filter(balance=shared, kind="TAKE").values_list("amount", flat=True)
        assert sum(taken) == 11_000
    assert figures(shared) == (0, 0)
    assert sum(figures(x)[0] for x in money) == 200 - Decimal("44.84")
    assert compare_with_ledger().drifting == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bill_and_a_buyer_at_once_share_the_pool(seed: int) -> None:
    world = subscribed()
    shared = pool(world.cpo, "8000", customer=None, group=family(world.cpo, *PHONES))
    sale = Sale(world, "", None)
    credit(world.cpo, "100")
    sale.init(five())
    sale.start(sale.confirm())
    sale.charge(6000)

    def work(number: int) -> str:
        return buy(world, PHONES[1], "t-2") if number == 0 else f"{settle_stopped()}"

    bought, *_ = run_at_once(5, work)
    # The bill takes the sixth kWh where it comes first; else the buyer holds all 3 that were left.
    taken = {"2000 75.52": 6000, "3000 54.28": 5000}[bought]
    assert figures(shared) == (0, 8000 - taken)
    with cpo_scope(world.cpo):
        assert [x.terms["included_wh"] for x in Quote.objects.filter(is_bill=True)] == [taken]


def test_a_process_that_dies_in_the_middle_holds_nothing() -> None:
    world = subscribed()
    balance = pool(world.cpo, "6000")
    connections.close_all()
    child = os.fork()
    if not child:
        try:
            with cpo_scope(world.cpo), transaction.atomic():
                connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
                placing = Placing(Buyer("bap.example", "t-1"), connector, five(), billing={"phone": SARAH})
                place(placing, now=timezone.now())
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL
    assert entries(balance) == [("TOP_UP", "6000.00")]
    assert buy(world, SARAH, "t-1") == "5000 11.80"
