"""No limit is overspent, whoever reserves, settles, releases and reverses at once, and whoever dies in between."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Q, Sum

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer, Order
from offers import ledger, reversals
from offers.models import (
    CustomerCounter,
    CustomerPeriodCounter,
    DayCounter,
    LedgerEntry,
    Offer,
    OfferCounter,
    Redemption,
)
from offers.ordering.orders import lock_order
from offers.reconcile import compare_with_ledger
from tests.offers.holds import SATURDAY, give, new_order, take
from tests.processes import kill_before_statement, run_at_once
from tests.world import World, make_offer, make_world

pytestmark = pytest.mark.django_db(transaction=True)

SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 20))]
CAP = Decimal(10)
REVERSE = Q(entries__kind="REVERSE")
WORKERS, EACH, CUSTOMERS = 32, 25, 10


def orders_of(world: World, count: int, customers: list[Customer], name: str = "t") -> list[Order]:
    rows = [
        Order(
            cpo=world.cpo,
            transaction_id=f"{name}-{number}",
            bap_id="bap.example",
            customer=customers[number % len(customers)],
            connector=world.connector,
            planned_start=SATURDAY,
            quote_ref="00000000-0000-0000-0000-000000000001",
            quoted_amount=100,
            currency="INR",
            payment_until=SATURDAY,
        )
        for number in range(count)
    ]
    return Order.objects.bulk_create(rows)


def reserved(offer: Offer) -> tuple[int, Decimal]:
    held = Redemption.objects.filter(offer=offer, state="RESERVED")
    return held.count(), held.aggregate(sum=Sum("reserved", default=0))["sum"]


def entered(offer: Offer) -> tuple[int, Decimal]:
    entries = LedgerEntry.objects.filter(offer=offer)
    found = entries.aggregate(uses=Sum("uses", default=0), amount=Sum("amount", default=0))
    return found["uses"], found["amount"]


LIMITS = [
    pytest.param({"total_uses": 100}, 100, id="uses"),
    pytest.param({"uses_per_customer": 3}, 30, id="uses of a customer"),
    pytest.param({"uses_per_customer_day": 2}, 20, id="uses of a customer and day"),
    pytest.param({"uses_per_customer_week": 2, "uses_per_customer_month": 3}, 20, id="uses of a customer and week"),
    pytest.param({"budget": Decimal("1009.99"), "redemption_cap": CAP}, 100, id="budget"),
    pytest.param({"budget_per_day": Decimal("1009.99"), "redemption_cap": CAP}, 100, id="budget of a day"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("limits", "most"), LIMITS)
@pytest.mark.parametrize("seed", range(20))
def test_800_attempts_of_32_workers_are_granted_exactly_the_limit(seed: int, limits: dict[str, Any], most: int) -> None:
    world = make_world()
    offer = make_offer(world.cpo, **limits)
    with cpo_scope(world.cpo):
        customers = Customer.objects.bulk_create(Customer(cpo=world.cpo) for _ in range(CUSTOMERS))
        orders = orders_of(world, WORKERS * EACH, customers)
        random.Random(seed).shuffle(orders)

    def work(number: int) -> int:
        granted = 0
        with cpo_scope(world.cpo):
            for order in orders[number * EACH : (number + 1) * EACH]:
                try:
                    take(order, offer, f"{CAP}", at=SATURDAY)
                except ledger.LimitReached:
                    continue
                granted += 1
        return granted

    assert sum(run_at_once(WORKERS, work, seconds=300)) == most
    with cpo_scope(world.cpo):
        assert (reserved(offer), entered(offer)) == ((most, most * CAP), (most, most * CAP))
    assert compare_with_ledger().drifting == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_to_the_same_orders_at_once_counters_and_ledger_agree(seed: int) -> None:
    world = make_world()
    limits = {
        "total_uses": 6,
        "uses_per_customer": 4,
        "uses_per_customer_day": 3,
        "budget": Decimal(60),
        "budget_per_day": Decimal(50),
        "redemption_cap": CAP,
        "give_use_back": True,
    }
    offers = [make_offer(world.cpo, f"offer-{number}", display_code="", **limits) for number in range(2)]
    with cpo_scope(world.cpo):
        customers = Customer.objects.bulk_create(Customer(cpo=world.cpo) for _ in range(2))
        orders = orders_of(world, 8, customers)

    def work(number: int) -> None:
        dice = random.Random(f"{seed}-{number}")
        with cpo_scope(world.cpo):
            for step in range(20):
                try:
                    with transaction.atomic():
                        _something(dice, lock_order(dice.choice(orders)), dice.choice(offers), f"{number}-{step}")
                except ledger.LimitReached:
                    continue

    run_at_once(8, work, seconds=300)
    assert compare_with_ledger().drifting == 0
    with cpo_scope(world.cpo):
        for counter in OfferCounter.objects.all():
            assert counter.uses_reserved + counter.uses_committed <= 6
            assert counter.budget_reserved + counter.budget_committed <= 60
        assert not DayCounter.objects.filter(limit_budget__gt=50).exists()
        for entry in Redemption.objects.annotate(back=Sum("entries__amount", filter=REVERSE)).filter(reversed__gt=0):
            assert entry.back == entry.reversed <= entry.committed
        _undo_everything(orders)
        assert set(OfferCounter.objects.values_list("budget_reserved", "budget_committed")) == {(0, 0)}
        assert set(OfferCounter.objects.values_list("uses_reserved", "uses_committed")) == {(0, 0)}
        assert set(DayCounter.objects.values_list("budget_reserved", "budget_committed")) <= {(0, 0)}
        assert set(CustomerCounter.objects.values_list("uses", flat=True)) <= {0}
        assert set(CustomerPeriodCounter.objects.values_list("uses", flat=True)) <= {0}
    assert compare_with_ledger().drifting == 0


def _something(dice: random.Random, order: Order, offer: Offer, reference: str) -> None:
    """Do one of the four, as an init, a bill, a sweep and a complaint would, to an order that is locked."""
    at = SATURDAY + timedelta(hours=dice.choice((0, 24)))
    settled = Redemption.objects.filter(order=order, committed__gt=0)
    match dice.randrange(4):
        case 0 if not settled.exists():
            take(order, offer, f"{dice.randrange(1, 11)}", at=at)
        case 1:
            held = Redemption.objects.filter(order=order, state="RESERVED")
            ledger.commit(order, {row.offer_id: row.reserved for row in held}, now=at)
        case 2:
            ledger.release(order, now=at, reference=f"expired {reference}")
        case _:
            for redemption in settled:
                reversals.reverse(
                    redemption, reversals.Part(Decimal(dice.randrange(1, 11))), reference=reference, now=at
                )


def _undo_everything(orders: list[Order]) -> None:
    for order in orders:
        with transaction.atomic():
            ledger.release(lock_order(order), now=SATURDAY, reference="the end")
            for redemption in Redemption.objects.filter(order=order, committed__gt=0):
                reversals.reverse(redemption, reversals.Part(redemption.committed), reference="the end", now=SATURDAY)


@pytest.mark.parametrize("seed", SEEDS)
def test_two_recoveries_of_150_from_a_grant_of_200_take_back_200(seed: int) -> None:
    world = make_world()
    offer = make_offer(world.cpo, budget=Decimal(200), redemption_cap=Decimal(200))
    with cpo_scope(world.cpo):
        order = new_order(world, None, f"t-{seed}", SATURDAY)
        redemption = give(order, take(order, offer, "200", at=SATURDAY), "200", at=SATURDAY)

    def recover(number: int) -> Decimal | None:
        # Two ask for each of the two recoveries, as a retry would.
        with cpo_scope(world.cpo), transaction.atomic():
            return reversals.reverse(
                redemption, reversals.Part(Decimal(150)), reference=f"return-{number % 2}", now=SATURDAY
            )

    first, second, again, once_more = run_at_once(4, recover)
    assert sorted([first, second]) == [Decimal(50), Decimal(150)]
    assert (again, once_more) == (first, second)
    with cpo_scope(world.cpo):
        assert list(Redemption.objects.values_list("state", "reversed")) == [("REVERSED", Decimal(200))]
        assert LedgerEntry.objects.filter(kind="REVERSE").aggregate(sum=Sum("amount"))["sum"] == Decimal(200)
        assert OfferCounter.objects.get().budget_committed == 0
    assert compare_with_ledger().drifting == 0


STATEMENTS = [*(0, 4, 7), *(pytest.param(n, marks=pytest.mark.slow) for n in range(20) if n not in {0, 4, 7})]


@pytest.mark.parametrize("number", STATEMENTS)
@pytest.mark.parametrize("settles", [False, True], ids=["reservation", "settlement"])
def test_a_process_killed_in_the_middle_has_changed_nothing(settles: bool, number: int) -> None:
    world = make_world()
    limits = {"total_uses": 2, "uses_per_customer_day": 2, "budget_per_day": Decimal(20), "redemption_cap": CAP}
    offer = make_offer(world.cpo, **limits)
    with cpo_scope(world.cpo):
        customer = Customer.objects.create(cpo=world.cpo)
        orders = [new_order(world, customer, f"t-{n}", SATURDAY) for n in range(3)]
        take(orders[0], offer, "10", at=SATURDAY)
    before = rows_of(world)

    def reserve() -> None:
        take(orders[1], offer, "10", at=SATURDAY)

    def settle() -> None:
        with transaction.atomic():
            ledger.commit(orders[0], {offer.pk: Decimal(8)}, now=SATURDAY)

    was_killed = kill_before_statement(number, inside(world, settle if settles else reserve))
    assert was_killed == (rows_of(world) == before)
    # Nobody waits for the dead one's locks, and what it had begun can be done once.
    with cpo_scope(world.cpo):
        (settle if settles else reserve)()
        if settles:
            take(orders[1], offer, "10", at=SATURDAY)
        with pytest.raises(ledger.LimitReached):
            take(orders[2], offer, "10", at=SATURDAY)
        counter = OfferCounter.objects.get()
        assert counter.uses_reserved + counter.uses_committed == 2
        assert (counter.uses_committed, counter.budget_committed) == ((1, Decimal(8)) if settles else (0, 0))
    assert compare_with_ledger().drifting == 0


def inside(world: World, work: Callable[[], None]) -> Callable[[], None]:
    def run() -> None:
        with cpo_scope(world.cpo):
            work()

    return run


def rows_of(world: World) -> list[Any]:
    tables = (Redemption, LedgerEntry, OfferCounter, CustomerPeriodCounter, DayCounter)
    with cpo_scope(world.cpo):
        return [list(table.objects.order_by("pk").values()) for table in tables]
