"""Two web processes: what one has published, paused or resumed, the other never prices without."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector
from offers import authoring
from offers.models import Offer
from offers.quoting import price_session
from tests.people import weekend
from tests.processes import run_at_once
from tests.world import FROM, UNTIL, World, ask_for, make_world

pytestmark = pytest.mark.django_db(transaction=True)

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 20))]
MOVES = 24


@dataclass(frozen=True, slots=True)
class Progress:
    """How many moves the author has begun and how many have committed; shared between the processes."""

    begun: Any
    committed: Any


def content(percent: int) -> Any:
    return weekend(
        value=Decimal(percent), value_cap=None, valid_from=FROM, valid_until=UNTIL, weekly_windows=(), location_ids=()
    )


def percent_after(number: int) -> int | None:
    """Return what buyers get after so many moves; None while the offer is paused."""
    rounds, step = divmod(number, 3)
    return None if step == 1 else 10 + 2 * rounds + (step == 2)


def move(offer: Offer, number: int) -> None:
    """Make the move of this number, counted from 1: pause; publish and resume; publish while it is live."""
    percent = percent_after(number)
    if percent is None:
        authoring.pause(offer)
        return
    authoring.save_draft(offer, content(percent))
    authoring.publish(offer)
    if number % 3 == 2:
        authoring.resume(offer)


def author(offer: Offer, progress: Progress) -> int:
    for number in range(1, MOVES + 1):
        progress.begun.value = number
        move(offer, number)
        progress.committed.value = number
    return 0


def buyer(world: World, progress: Progress) -> int:
    """Price until the author is done; return how many prices were made."""
    count = 0
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
        done = False
        while not done:
            done = progress.committed.value == MOVES
            earliest = progress.committed.value
            priced = price_session(connector, ask_for(), now=timezone.now())
            latest = progress.begun.value
            found = next(iter(priced.applied()), None)
            allowed = {percent_after(number) for number in range(earliest, latest + 1)}
            percent = int(found.benefit.value) if found is not None else None
            assert percent in allowed, f"{percent} % between the moves {earliest} and {latest}"
            count += 1
    return count


@pytest.mark.parametrize("seed", SEEDS)
def test_no_price_is_older_than_what_had_been_published_when_it_was_asked_for(seed: int) -> None:
    world = make_world(f"cpo{seed}.com")
    offer = authoring.publish(authoring.create_offer(world.cpo, f"moving-{seed}", content(10)))
    shared = multiprocessing.get_context("fork")
    progress = Progress(shared.Value("i", 0), shared.Value("i", 0))

    def work(number: int) -> int:
        return author(offer, progress) if number == 0 else buyer(world, progress)

    _, *counts = run_at_once(3, work, seconds=120)
    assert min(counts) > 1
