"""A stock that offers give from is never overspent, whoever takes of it at once."""

from __future__ import annotations

import os
import random
import signal
from dataclasses import replace

import pytest
from django.db import connections, transaction

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import ProductStock
from offers.models import Redemption
from offers.reconcile import compare_with_ledger
from offers.refusals import Refusal, RefusalKind
from tests.offers.ordering.gifts import FREE, chosen, forget_all, live, make_product, stock
from tests.offers.ordering.sale import Sale
from tests.processes import run_at_once
from tests.world import World, ask_for, make_world

pytestmark = pytest.mark.django_db(transaction=True)


def _attempt(world: World, number: int) -> bool:
    sale = Sale(world, "", None)
    try:
        sale.init(replace(ask_for(), opted_in=("given",)), transaction_id=f"t-{number}")
    except Refusal as refusal:
        assert refusal.kind is RefusalKind.OFFER_NOT_FULFILLABLE
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_a_stock_of_20_under_100_attempts_gives_exactly_20(seed: int) -> None:
    contend(seed, workers=20, each=5)


def test_a_stock_of_20_under_48_attempts_of_8_workers_gives_exactly_20() -> None:
    contend(0, workers=8, each=6)


def contend(seed: int, *, workers: int, each: int) -> None:
    world = make_world()
    make_product(world, units=20)
    live(world, **FREE | {"benefit_item_count": 1}, auto=False)
    numbers = list(range(workers * each))
    random.Random(seed).shuffle(numbers)

    def work(number: int) -> int:
        return sum(_attempt(world, x) for x in numbers[number * each : (number + 1) * each])

    assert sum(run_at_once(workers, work, seconds=300)) == 20
    assert stock(world) == (20, 20)
    assert compare_with_ledger().drifting == 0
    with cpo_scope(world.cpo):
        assert Redemption.objects.filter(state="RESERVED").count() == 20
    forget_all(world)
    assert stock(world) == (20, 0)


def test_a_stock_that_differs_from_what_orders_hold_is_named(sale: Sale) -> None:
    make_product(sale.world)
    live(sale.world, **FREE, auto=False)
    sale.init(chosen())
    assert compare_with_ledger().drifting == 0
    with cpo_scope(sale.world.cpo):
        ProductStock.objects.update(reserved=5)
    check = compare_with_ledger()
    assert (check.drifting, check.drifted) == (1, [{"product": "coffee", "units": 3}])


def test_two_offers_of_one_product_share_its_stock_at_any_order() -> None:
    world = make_world()
    make_product(world, units=9)
    for name in ("given", "other"):
        live(world, name, **FREE | {"benefit_item_count": 1})

    def work(number: int) -> int:
        sale = Sale(world, "", None)
        held = 0
        for turn in range(4):
            sale.init(replace(ask_for(), opted_in=()), transaction_id=f"t-{number}-{turn}")
            held += sale.lines("QUOTED").count("60.00")
        return held

    assert sum(run_at_once(6, work, seconds=300)) == 9
    assert stock(world) == (9, 9)


def test_a_process_killed_before_its_transaction_ends_gives_back_what_it_held() -> None:
    world = make_world()
    make_product(world, units=1)
    live(world, **FREE | {"benefit_item_count": 1}, auto=False)
    reader, writer = os.pipe()
    connections.close_all()
    child = os.fork()
    if child == 0:  # pragma: no cover  the child never returns
        with cpo_scope(world.cpo), transaction.atomic():
            Sale(world, "", None).init(replace(ask_for(), opted_in=("given",)))
            os.write(writer, b"held")
            signal.pause()
    assert os.read(reader, 4) == b"held"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert _attempt(world, 2)
    assert stock(world) == (1, 1)
