"""No two orders ever have one single-use code, whoever is faster, and whoever is killed."""

from __future__ import annotations

import os
import signal

import pytest
from django.db import connections, transaction

from cpo_portal.accounts.tenancy import cpo_scope
from offers.models import Offer, Redemption
from tests.offers.codes.coded import WITH, buy, init, make_coded_offer, release, standing
from tests.processes import run_at_once
from tests.world import make_world

pytestmark = pytest.mark.django_db(transaction=True)

ONE, TWO = "DIWALI-34679ACDEFGHJK", "DIWALI-KJHGFEDCA97643"

SEEDS = [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 20))]


@pytest.mark.parametrize("seed", SEEDS)
def test_sixteen_orders_at_once_share_three_codes(seed: int) -> None:
    world = make_world()
    codes = [f"RACE-{number}34679ACDEFGHJ" for number in range(3)]
    make_coded_offer(world.cpo, *codes)
    answers = run_at_once(16, lambda number: buy(world, f"t-{number}", codes=(codes[(number + seed) % 3],)))
    assert sorted(answers) == sorted([WITH] * 3 + ["OFFER_NOT_FULFILLABLE"] * 13)
    winners = {f"t-{number}" for number, answer in enumerate(answers) if answer == WITH}
    assert {order for _, order in standing(world).values()} == winners
    with cpo_scope(world.cpo):
        assert Redemption.objects.filter(state="RESERVED").count() == 3


@pytest.mark.parametrize("seed", SEEDS)
def test_orders_that_take_and_give_two_codes_crosswise_never_share_one(seed: int) -> None:
    world = make_world()
    make_coded_offer(world.cpo, ONE, TWO)

    def restless(number: int) -> list[str]:
        answers = []
        for turn in range(4):
            answers.append(buy(world, f"t-{number}", codes=((ONE, TWO)[(number + turn + seed) % 2],)))
            if answers[-1] == WITH and turn % 2:
                release(world, f"t-{number}")
        return answers

    answers = run_at_once(6, restless)
    assert {answer for found in answers for answer in found} <= {WITH, "OFFER_NOT_FULFILLABLE"}
    with cpo_scope(world.cpo):
        holders = set(Redemption.objects.filter(state="RESERVED").values_list("order__transaction_id", flat=True))
    taken = [order for state, order in standing(world).values() if state == "HELD"]
    assert sorted(taken) == sorted(holders)


def test_a_process_killed_before_its_transaction_ends_leaves_the_code_free() -> None:
    world = make_world()
    make_coded_offer(world.cpo, ONE)
    reader, writer = os.pipe()
    connections.close_all()
    child = os.fork()
    if child == 0:  # pragma: no cover  the child never returns
        with cpo_scope(world.cpo), transaction.atomic():
            init(world, "t-1", codes=(ONE,))
            os.write(writer, b"held")
            signal.pause()
    assert os.read(reader, 4) == b"held"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert buy(world, "t-2", codes=(ONE,)) == WITH
    assert standing(world) == {ONE: ("HELD", "t-2")}
    with cpo_scope(world.cpo):
        assert Offer.objects.get().redemptions.count() == 1
