"""Every limit of an offer holds by itself, whoever reserves at once: each guard refuses where no other does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer, CustomerGroup, CustomerGroupMember, Order
from offers import ledger
from offers.models import Offer
from offers.reconcile import compare_with_ledger
from tests.offers.holds import SATURDAY, take
from tests.offers.ordering.test_overspend import CAP, entered, orders_of, reserved
from tests.processes import run_at_once
from tests.world import World, make_offer, make_world

#: Each limit by itself, so that nothing else refuses what its guard lets through: what 20 orders of 4 customers in one
#: group are granted. Without the guard it would be all of them; without that of the group 12.
ALONE: dict[str, tuple[dict[str, Any], int]] = {
    "uses": ({"total_uses": 7}, 7),
    "uses of a customer": ({"uses_per_customer": 3}, 12),
    "uses of a customer and day": ({"uses_per_customer_day": 1}, 4),
    "uses of a customer and week": ({"uses_per_customer_week": 2}, 8),
    "uses of a customer and month": ({"uses_per_customer_month": 4}, 16),
    "uses of a group": ({"uses_per_customer": 3, "shared_in_groups": True}, 3),
    "uses of a group and day": ({"uses_per_customer_day": 3, "shared_in_groups": True}, 3),
    "budget": ({"budget": Decimal("79.99"), "redemption_cap": CAP}, 7),
    "budget of a day": ({"budget_per_day": Decimal("69.99"), "redemption_cap": CAP}, 6),
    "budget of a day below one use": ({"budget_per_day": Decimal("9.99"), "redemption_cap": CAP}, 0),
}


@dataclass(frozen=True, slots=True)
class Raced:
    """What came of the orders that wanted one offer: how they were answered, and what is reserved and entered."""

    answers: Counter[str]
    held: tuple[int, Decimal]
    entered: tuple[int, Decimal]


@pytest.fixture(scope="module")
def raced(django_db_setup: None, django_db_blocker: Any) -> dict[str, Raced]:
    """Race for all of these offers once: emptying the tables takes longer than the race for one of them."""
    with django_db_blocker.unblock():
        try:
            return race(make_world(), workers=4, each=5, customers=4)
        finally:
            call_command("flush", verbosity=0, interactive=False, reset_sequences=False)


def race(world: World, *, workers: int, each: int, customers: int) -> dict[str, Raced]:
    offers = {name: make_offer(world.cpo, f"o-{n}", **ALONE[name][0]) for n, name in enumerate(ALONE)}
    with cpo_scope(world.cpo):
        people = Customer.objects.bulk_create(Customer(cpo=world.cpo) for _ in range(customers))
        group = CustomerGroup.objects.create(cpo=world.cpo, name="Rao family")
        members = [CustomerGroupMember(cpo=world.cpo, group=group, customer=person) for person in people]
        CustomerGroupMember.objects.bulk_create(members)
        orders = {name: orders_of(world, workers * each, people, name) for name in offers}

    def work(number: int) -> dict[str, Counter[str]]:
        with cpo_scope(world.cpo):
            return {
                name: Counter(answer(order, offer) for order in orders[name][number * each : (number + 1) * each])
                for name, offer in offers.items()
            }

    answers = run_at_once(workers, work)
    assert compare_with_ledger().drifting == 0
    with cpo_scope(world.cpo):
        return {
            name: Raced(sum((said[name] for said in answers), Counter()), reserved(offer), entered(offer))
            for name, offer in offers.items()
        }


def answer(order: Order, offer: Offer) -> str:
    """Return whether it was granted; a constraint that stops what a guard let through is no refusal."""
    try:
        take(order, offer, f"{CAP}", at=SATURDAY)
    except (ledger.LimitReached, IntegrityError) as refused:
        return type(refused).__name__
    return "granted"


@pytest.mark.parametrize("name", ALONE)
def test_a_limit_of_each_kind_alone_under_20_attempts_of_4_workers(raced: dict[str, Raced], name: str) -> None:
    most = ALONE[name][1]
    answers = Counter({"granted": most, "LimitReached": 20 - most})
    assert raced[name] == Raced(answers, (most, most * CAP), (most, most * CAP))
