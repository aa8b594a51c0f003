"""Limits and their counters: made from the ledger, kept in step, never below what is used."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer, Order
from offers import authoring
from offers.engine.values import OfferLimits
from offers.ledger import Hold, LimitReached, commit, release, reserve
from offers.mapping import offer_terms
from offers.models import CustomerCounter, Offer, OfferCounter, OfferStateChange, Redemption
from offers.reversals import Part, reverse
from tests.people import WEEKEND
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture
def offer(world: World) -> Offer:
    return authoring.publish(authoring.create_offer(world.cpo, "weekend-25", WEEKEND))


def make_order(world: World, customer: Customer | None = None, **changes: Any) -> Order:
    now = timezone.now()
    values: dict[str, Any] = {
        "transaction_id": f"t{Order.objects.count()}",
        "bap_id": "bap.example",
        "customer": customer,
        "connector": world.connector,
        "planned_start": now,
        "quote_ref": "00000000-0000-0000-0000-000000000001",
        "quoted_amount": 100,
        "currency": "INR",
        "payment_until": now,
    }
    return Order.objects.create(cpo=world.cpo, **values | changes)


def hold(
    world: World, offer: Offer, amount: str = "20.00", customer: Customer | None = None, **changes: Any
) -> tuple[Order, Redemption]:
    """Reserve as an init does."""
    offer = Offer.objects.select_related("live_version").get(pk=offer.pk)
    order = make_order(world, customer, **changes)
    now = timezone.now()
    version = offer.live_version
    assert version is not None
    wanted = Hold(offer.pk, version.pk, offer_terms(offer, version), Decimal(amount))
    until = now + timedelta(minutes=15)
    return order, reserve(order, [wanted], customer=customer, reserved_until=until, now=now)[0]


def figures(offer: Offer) -> tuple[Any, ...] | None:
    return (
        OfferCounter.objects.filter(offer=offer)
        .values_list("uses_reserved", "uses_committed", "budget_reserved", "budget_committed")
        .first()
    )


def test_an_offer_without_total_limits_has_no_counter(world: World, offer: Offer) -> None:
    authoring.set_limits(offer, OfferLimits(uses_per_customer=2, redemption_cap=Decimal(50)))
    with cpo_scope(world.cpo):
        assert figures(offer) is None


def test_a_counter_is_made_with_what_the_ledger_says(world: World, offer: Offer) -> None:
    now = timezone.now()
    with cpo_scope(world.cpo):
        hold(world, offer, "20.00")
        committed, _ = hold(world, offer, "30.00")
        commit(committed, {offer.pk: Decimal("25.50")}, now=now)
        released, _ = hold(world, offer, "40.00")
        release(released, now=now, reference="expired")
        taken_back, redemption = hold(world, offer, "10.00")
        commit(taken_back, {offer.pk: Decimal("10.00")}, now=now)
        redemption.refresh_from_db()
        reverse(redemption, Part(Decimal("4.00")), reference="r1", now=now)
        hold(world, offer, "99.00", sandbox=True)
        authoring.set_limits(offer, OfferLimits(total_uses=3))
        assert figures(offer) == (1, 2, Decimal("20.00"), Decimal("31.50"))


def test_a_reservation_from_before_the_limit_is_counted_when_it_is_settled(world: World, offer: Offer) -> None:
    with cpo_scope(world.cpo):
        order, _ = hold(world, offer, "20.00")
        authoring.set_limits(offer, OfferLimits(total_uses=1))
        with pytest.raises(LimitReached):
            hold(world, offer)
        release(order, now=timezone.now(), reference="expired")
        assert figures(offer) == (0, 0, Decimal("0.00"), Decimal("0.00"))
        hold(world, offer, "20.00")
        assert figures(offer) == (1, 0, Decimal("20.00"), Decimal("0.00"))


def test_removing_the_limits_drops_the_counter_and_the_count(world: World, offer: Offer) -> None:
    authoring.set_limits(offer, OfferLimits(total_uses=5))
    with cpo_scope(world.cpo):
        order, _ = hold(world, offer)
        authoring.set_limits(offer, OfferLimits())
        assert figures(offer) is None
        release(order, now=timezone.now(), reference="expired")
        authoring.set_limits(offer, OfferLimits(total_uses=5))
        assert figures(offer) == (0, 0, Decimal("0.00"), Decimal("0.00"))


@pytest.mark.parametrize(
    ("limits", "field", "sentence"),
    [
        pytest.param(
            OfferLimits(total_uses=1),
            "total_uses",
            "2 uses are reserved or used already: set 2 or more, or pause the offer.",
            id="uses",
        ),
        pytest.param(
            OfferLimits(budget=Decimal("49.99"), redemption_cap=Decimal(30)),
            "budget",
            "₹50.00 are reserved or spent already: set that or more, or pause the offer.",
            id="budget",
        ),
        pytest.param(
            OfferLimits(uses_per_customer=1),
            "uses_per_customer",
            "A customer has 2 uses reserved or used already: set 2 or more, or pause the offer.",
            id="uses of a customer",
        ),
    ],
)
@pytest.mark.parametrize("limited_before", [False, True], ids=["first limit", "lowered limit"])
def test_a_limit_below_what_is_used_is_refused_with_the_figure(
    world: World, offer: Offer, limits: OfferLimits, field: str, sentence: str, limited_before: bool
) -> None:
    wide = OfferLimits(total_uses=10, uses_per_customer=10, budget=Decimal(1000), redemption_cap=Decimal(30))
    before = authoring.set_limits(offer, wide if limited_before else OfferLimits())
    with cpo_scope(world.cpo):
        customer = Customer.objects.create(cpo=world.cpo)
        hold(world, offer, "20.00", customer)
        hold(world, offer, "30.00", customer)
        with pytest.raises(ValidationError) as refused:
            authoring.set_limits(offer, limits)
        assert refused.value.message_dict == {field: [sentence]}
        offer.refresh_from_db()
        assert authoring.limits_of(offer) == authoring.limits_of(before)


def test_a_limit_at_what_is_used_is_accepted_and_is_used_up(world: World, offer: Offer) -> None:
    with cpo_scope(world.cpo):
        customer = Customer.objects.create(cpo=world.cpo)
        hold(world, offer, "20.00", customer)
        limits = OfferLimits(total_uses=1, uses_per_customer=1, budget=Decimal(20), redemption_cap=Decimal(20))
        authoring.set_limits(offer, limits)
        assert list(CustomerCounter.objects.values_list("uses", "limit_uses")) == [(1, 1)]
        with pytest.raises(LimitReached):
            hold(world, offer, "1.00", Customer.objects.create(cpo=world.cpo))
        with pytest.raises(LimitReached):
            hold(world, offer, "1.00", customer)


@pytest.mark.parametrize(
    ("limits", "field", "sentence"),
    [
        pytest.param(
            OfferLimits(budget=Decimal(100)),
            "redemption_cap",
            "A budget needs a limit per redemption: set “most per redemption”.",
            id="budget alone",
        ),
        pytest.param(
            OfferLimits(budget=Decimal(100), redemption_cap=Decimal("100.01")),
            "redemption_cap",
            "One redemption may not exceed the whole budget: lower it.",
            id="cap above budget",
        ),
        pytest.param(
            OfferLimits(total_uses=0),
            "total_uses",
            "Give a number above 0, or leave it empty for no limit.",
            id="no uses",
        ),
        pytest.param(
            OfferLimits(redemption_cap=Decimal("0.001")),
            "redemption_cap",
            "Use an amount with at most two decimals.",
            id="decimals",
        ),
        pytest.param(
            OfferLimits(uses_per_customer=2**31),
            "uses_per_customer",
            "Give a smaller number, or leave it empty for no limit.",
            id="absurd",
        ),
    ],
)
def test_what_is_no_limit_is_refused(
    world: World, offer: Offer, limits: OfferLimits, field: str, sentence: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        authoring.set_limits(offer, limits)
    assert refused.value.message_dict == {field: [sentence]}


@pytest.mark.parametrize(
    ("moves", "paused"),
    [
        pytest.param((authoring.pause,), True, id="pause"),
        pytest.param((authoring.pause, authoring.resume), False, id="resume"),
        pytest.param((authoring.end,), True, id="end"),
        pytest.param((authoring.withdraw,), True, id="withdraw"),
    ],
)
def test_the_counter_is_paused_with_the_offer(world: World, offer: Offer, moves: Any, paused: bool) -> None:
    authoring.set_limits(offer, OfferLimits(total_uses=5))
    for move in moves:
        move(offer)
    with cpo_scope(world.cpo):
        assert OfferCounter.objects.get(offer=offer).paused is paused


def test_a_counter_made_while_the_offer_is_paused_is_paused(world: World, offer: Offer) -> None:
    authoring.pause(offer)
    authoring.set_limits(offer, OfferLimits(total_uses=5))
    with cpo_scope(world.cpo):
        assert OfferCounter.objects.get(offer=offer).paused is True


def test_a_change_of_limits_stands_in_the_history(world: World, offer: Offer) -> None:
    authoring.set_limits(offer, OfferLimits(total_uses=5), by_token="abcd1234")
    with cpo_scope(world.cpo):
        change = OfferStateChange.objects.filter(offer=offer).first()
        assert change is not None
        assert (change.from_state, change.to_state, change.by_token, change.note) == (
            "APPROVED",
            "APPROVED",
            "abcd1234",
            "Limits: uses in total: no limit → 5",
        )
