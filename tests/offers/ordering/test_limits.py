"""Caps hold under any concurrency, and the ledger says so."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.db.utils import InternalError
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import Order
from cpo_portal.network.models import Connector
from offers import ledger, reversals
from offers.models import CustomerCounter, LedgerEntry, Offer, OfferCounter, OfferState, OfferVersion, Redemption
from offers.ordering.place import Placing, place
from offers.quoting import Buyer
from offers.refusals import Refusal
from tests.processes import run_at_once
from tests.world import World, ask_for, make_offer, make_world

pytestmark = pytest.mark.django_db(transaction=True)


def buy(world: World, number: int, **ask: Any) -> str:
    """Init one order as buyer number so-and-so; return what came of the offer, or the refusal's kind."""
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
        placing = Placing(
            Buyer("bap.example", f"transaction-{number}"),
            connector,
            ask_for(**ask),
            billing={"phone": f"+91 98765 {number:05d}"},
        )
        try:
            with transaction.atomic():
                placed = place(placing, now=timezone.now())
        except Refusal as refusal:
            return refusal.kind.value
    return f"{placed.quote.total:f}"


SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 20))]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_limit_of_ten_under_32_inits_grants_exactly_ten(seed: int) -> None:
    world = make_world()
    offer = make_offer(world.cpo, total_uses=10)
    totals = run_at_once(32, lambda number: buy(world, number))
    assert sorted(totals) == ["118.00"] * 22 + ["91.45"] * 10
    with cpo_scope(world.cpo):
        counter = OfferCounter.objects.get(offer=offer)
        assert (counter.uses_reserved, counter.uses_committed) == (10, 0)
        assert Redemption.objects.filter(offer=offer, state="RESERVED").count() == 10
        assert LedgerEntry.objects.filter(offer=offer).aggregate(uses=Sum("uses"))["uses"] == 10
        assert Order.objects.count() == 32


def test_an_opted_in_offer_that_is_used_up_is_refused_and_reserves_nothing() -> None:
    world = make_world()
    make_offer(world.cpo, total_uses=3, auto=False)
    answers = run_at_once(12, lambda number: buy(world, number, opted_in=("weekend-discount-25",)))
    assert sorted(answers) == ["91.45"] * 3 + ["OFFER_NOT_FULFILLABLE"] * 9
    with cpo_scope(world.cpo):
        assert Order.objects.count() == 3
        assert LedgerEntry.objects.count() == 3


def test_a_chosen_offer_that_is_limited_by_customer_asks_who_that_is() -> None:
    world = make_world()
    make_offer(world.cpo, uses_per_customer=1, auto=False)
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
        placing = Placing(Buyer("bap.example", "t-1"), connector, ask_for(opted_in=("weekend-discount-25",)))
        with transaction.atomic(), pytest.raises(Refusal) as refusal:
            place(placing, now=timezone.now())
    assert (refusal.value.kind.value, str(refusal.value)) == (
        "OFFER_NOT_FULFILLABLE",
        "The offer weekend-discount-25 is limited by customer; send a phone number or an e-mail.",
    )


def test_a_budget_reserves_the_most_that_one_redemption_may_cost() -> None:
    world = make_world()
    offer = make_offer(world.cpo, budget=Decimal(250), redemption_cap=Decimal(60), value_cap=None)
    totals = run_at_once(12, lambda number: buy(world, number))
    assert sorted(totals) == ["118.00"] * 8 + ["91.45"] * 4
    with cpo_scope(world.cpo):
        counter = OfferCounter.objects.get(offer=offer)
        assert counter.budget_reserved == Decimal("240.00")


def test_a_budget_reserves_no_more_than_the_amount_that_an_offer_gives() -> None:
    world = make_world()
    fixed = {"value_type": "amount", "value": Decimal(10), "value_cap": None}
    offer = make_offer(world.cpo, budget=Decimal(50), redemption_cap=Decimal(50), **fixed)
    assert [buy(world, number) for number in range(6)] == ["106.20"] * 5 + ["118.00"]
    with cpo_scope(world.cpo):
        assert OfferCounter.objects.get(offer=offer).budget_reserved == Decimal("50.00")


def test_one_customer_gets_one_use_however_often_it_asks() -> None:
    world = make_world()
    offer = make_offer(world.cpo, uses_per_customer=1)

    def same_phone(number: int) -> str:
        with cpo_scope(world.cpo), transaction.atomic():
            connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
            placing = Placing(
                Buyer("bap.example", f"transaction-{number}"), connector, ask_for(), billing={"phone": "09876543210"}
            )
            return f"{place(placing, now=timezone.now()).quote.total:f}"

    assert sorted(run_at_once(8, same_phone)) == ["118.00"] * 7 + ["91.45"]
    with cpo_scope(world.cpo):
        assert CustomerCounter.objects.get(offer=offer).uses == 1


def test_without_phone_or_email_a_limit_per_customer_is_not_given() -> None:
    world = make_world()
    make_offer(world.cpo, uses_per_customer=1)
    with cpo_scope(world.cpo), transaction.atomic():
        connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
        placed = place(Placing(Buyer("bap.example", "t"), connector, ask_for()), now=timezone.now())
    assert placed.quote.total == Decimal("118.00")
    assert [x.reason.code.value for x in placed.priced.trace.outcomes if x.reason] == ["CUSTOMER_UNKNOWN"]


def test_release_gives_the_use_back_and_the_history_stays() -> None:
    world = make_world()
    offer = make_offer(world.cpo, total_uses=1, uses_per_customer=1)
    assert buy(world, 1) == "91.45"
    assert buy(world, 2) == "118.00"
    with cpo_scope(world.cpo):
        order = Order.objects.get(transaction_id="transaction-1")
        with transaction.atomic():
            assert ledger.release(order, now=timezone.now(), reference="cancel") == 1
        with transaction.atomic():
            assert ledger.release(order, now=timezone.now(), reference="cancel") == 0
        counter = OfferCounter.objects.get(offer=offer)
        assert (counter.uses_reserved, counter.budget_reserved) == (0, 0)
        assert [e.kind for e in LedgerEntry.objects.order_by("id")] == ["RESERVE", "RELEASE"]
    assert buy(world, 3) == "91.45"


@pytest.mark.parametrize("seed", range(3))
def test_two_recoveries_of_150_from_a_grant_of_200_take_back_200_at_most(seed: int) -> None:
    world = make_world()
    make_offer(world.cpo, value_type="amount", value=Decimal(80), value_cap=None)
    assert buy(world, 1) == "23.60"
    with cpo_scope(world.cpo), transaction.atomic():
        order = Order.objects.get()
        ledger.commit(order, {Offer.objects.get().pk: Decimal(80)}, now=timezone.now())

    def recover(number: int) -> Decimal | None:
        with cpo_scope(world.cpo), transaction.atomic():
            redemption = Redemption.objects.get()
            return reversals.reverse(
                redemption, reversals.Part(Decimal(60)), reference=f"return-{number}", now=timezone.now()
            )

    assert sorted(run_at_once(2, recover)) == [Decimal(20), Decimal(60)]
    with cpo_scope(world.cpo):
        assert Redemption.objects.get().reversed == Decimal(80)
    assert recover(0) in {Decimal(60), Decimal(20)}  # the same reference again takes nothing more
    with cpo_scope(world.cpo):
        assert Redemption.objects.get().reversed == Decimal(80)


def test_a_paused_offer_is_not_reserved_even_from_a_stale_book() -> None:
    world = make_world()
    offer = make_offer(world.cpo, total_uses=10)
    with cpo_scope(world.cpo):
        OfferCounter.objects.filter(offer=offer).update(paused=True)
    assert buy(world, 1) == "118.00"


HISTORY = [
    pytest.param("UPDATE offers_ledgerentry SET amount = 0", id="ledger-update"),
    pytest.param("DELETE FROM offers_ledgerentry", id="ledger-delete"),
    pytest.param("UPDATE offers_offerversion SET value = 99", id="published-version-update"),
    pytest.param("DELETE FROM charging_orderevent", id="event-delete"),
    pytest.param("UPDATE charging_orderevent SET kind = 'SETTLED'", id="event-update"),
]


@pytest.mark.parametrize("statement", HISTORY)
def test_history_cannot_be_changed(statement: str) -> None:
    world = make_world()
    make_offer(world.cpo)
    assert buy(world, 1) == "91.45"
    history = pytest.raises((IntegrityError, InternalError), match="its rows are history")
    with every_cpo(), history, connection.cursor() as cursor:
        cursor.execute(statement)
    with cpo_scope(world.cpo):
        assert LedgerEntry.objects.get().amount == Decimal("22.50")
        assert OfferVersion.objects.get().value == Decimal(25)


def test_a_withdrawn_offer_is_gone_from_the_next_quote_on() -> None:
    world = make_world()
    offer = make_offer(world.cpo)
    assert buy(world, 1) == "91.45"
    with cpo_scope(world.cpo):
        Offer.objects.filter(pk=offer.pk).update(state=OfferState.WITHDRAWN)
    assert buy(world, 2) == "118.00"
