"""Members who buy at once are granted exactly the limit that they share."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Sum

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer, CustomerGroup, CustomerGroupMember, Order
from offers import authoring, ledger, reversals
from offers.ledger import LimitReached, release
from offers.models import (
    CustomerPeriodCounter,
    GroupCounter,
    LedgerEntry,
    Offer,
    Redemption,
)
from offers.reconcile import compare_with_ledger
from tests.offers.holds import SATURDAY, take
from tests.offers.ordering.sharing import order_of, shared
from tests.prepaid import family
from tests.processes import run_at_once
from tests.world import make_offer, make_world

pytestmark = pytest.mark.django_db


SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 20))]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", SEEDS)
def test_members_at_once_are_granted_exactly_the_limit_and_the_ledger_agrees(seed: int) -> None:
    world = make_world()
    offer = shared(world, "", 7, uses_per_customer_week=5, uses_per_customer_day=5)
    phones = [f"+9190000000{n:02}" for n in range(8)]
    family(world.cpo, *phones)
    family(world.cpo, *phones[:4], name="Acme fleet")
    with cpo_scope(world.cpo):
        orders = [order_of(world, phone, f"{phone}-{n}") for phone in phones for n in range(3)]
        random.Random(seed).shuffle(orders)

    def work(number: int) -> int:
        granted = 0
        with cpo_scope(world.cpo):
            for order in orders[number::8]:
                try:
                    take(order, offer, "20", at=SATURDAY)
                except ledger.LimitReached:
                    continue
                granted += 1
        return granted

    assert sum(run_at_once(8, work)) == 5
    with cpo_scope(world.cpo):
        assert Redemption.objects.filter(state="RESERVED").count() == 5
        assert LedgerEntry.objects.aggregate(uses=Sum("uses"))["uses"] == 5
        assert GroupCounter.objects.get(group__name="Rao family").uses == 5
        assert CustomerPeriodCounter.objects.aggregate(uses=Sum("uses"))["uses"] == 10
    assert compare_with_ledger().drifting == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))])
def test_whatever_members_do_at_once_groups_and_ledger_agree(seed: int) -> None:
    world = make_world()
    offer = shared(world, "", 4, uses_per_customer_day=3, give_use_back=True)
    phones = [f"+9190000000{n:02}" for n in range(4)]
    groups = [family(world.cpo, *phones[:3]), family(world.cpo, *phones[1:], name="Acme fleet")]
    with cpo_scope(world.cpo):
        orders = [order_of(world, phone, f"{phone}-{n}") for phone in phones for n in range(2)]

    def work(number: int) -> None:
        chance = random.Random(f"{seed}-{number}")
        with cpo_scope(world.cpo):
            for _ in range(8):
                order = Order.objects.get(pk=chance.choice(orders).pk)
                step = chance.choice(("take", "take", "release", "give", "back", "move"))
                with transaction.atomic():
                    Order.objects.select_for_update(no_key=True).get(pk=order.pk)
                    _one(step, order, offer, chance.choice(groups))

    run_at_once(4, work)
    assert compare_with_ledger().drifting == 0
    with cpo_scope(world.cpo):
        assert max(GroupCounter.objects.values_list("uses", flat=True), default=0) <= 4


def _one(step: str, order: Order, offer: Offer, group: CustomerGroup) -> None:
    """Do one thing to an order that is locked, or to the membership of its customer."""
    if step == "take" and not order.redemptions.filter(state__in=("COMMITTED", "REVERSED")).exists():
        try:
            take(order, offer, "20", at=SATURDAY)
        except LimitReached:
            return
    elif step == "release":
        release(order, now=SATURDAY, reference="cancel")
    elif step == "give":
        ledger.commit(order, {offer.pk: Decimal(20)}, now=SATURDAY)
    elif step == "back":
        reversals.reverse_all(order, reference="back", now=SATURDAY)
    elif step == "move":
        found, made = CustomerGroupMember.objects.get_or_create(
            cpo=order.cpo, group=group, customer=Customer.objects.get(pk=order.customer_id)
        )
        if not made:
            found.delete()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 6))])
def test_sharing_that_is_switched_while_members_buy_counts_each_use_once(seed: int) -> None:
    world = make_world()
    offer = make_offer(world.cpo, uses_per_customer=6, uses_per_customer_day=6)
    phones = [f"+9190000000{n:02}" for n in range(3)]
    family(world.cpo, *phones)
    with cpo_scope(world.cpo):
        orders = [order_of(world, phone, f"{phone}-{n}") for phone in phones for n in range(3)]
        found = authoring.limits_of(Offer.objects.get(pk=offer.pk))

    def work(number: int) -> int:
        chance, done = random.Random(f"{seed}-{number}"), 0
        for turn in range(8):
            if number:
                order = orders[3 * (number - 1) + turn % 3]
                with cpo_scope(world.cpo), transaction.atomic():
                    Order.objects.select_for_update(no_key=True).get(pk=order.pk)
                    _one(chance.choice(("take", "take", "release")), order, offer, group)
                continue
            try:
                authoring.set_limits(offer, replace(found, shared_in_groups=turn % 2 == 0))
            except ValidationError:
                continue
            done += 1
        return done

    with cpo_scope(world.cpo):
        group = CustomerGroup.objects.get()
    assert run_at_once(4, work)[0] > 0
    assert compare_with_ledger().drifting == 0
    with cpo_scope(world.cpo):
        assert max(GroupCounter.objects.values_list("uses", flat=True), default=0) <= 6
