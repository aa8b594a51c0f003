"""Limits per day, week and month as staff set them: counted from what runs, never below it, told until when."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer
from offers import authoring
from offers.engine.periods import Period, today_at
from offers.engine.values import OfferLimits
from offers.ledger import LimitReached, release
from offers.models import CustomerPeriodCounter, DayCounter, Offer, OfferStateChange, Redemption
from offers.reconcile import compare_with_ledger
from offers.states import again_at, counter_of, derived_state, recent_days, state_condition
from tests.offers.holds import SATURDAY, give, new_order, take
from tests.people import WEEKEND
from tests.world import World, make_offer

pytestmark = pytest.mark.django_db

CAP = Decimal(60)
#: The table that a statement writes, or that it locks a row of.
WRITTEN = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)|SELECT .* FROM "?(\w+)"? .*FOR UPDATE', re.DOTALL)


@pytest.fixture
def offer(world: World) -> Offer:
    return authoring.publish(authoring.create_offer(world.cpo, "weekend-25", WEEKEND))


def sold(world: World, offer: Offer, *amounts: str) -> Customer:
    """Reserve these now, one order each, for one customer."""
    customer = Customer.objects.create(cpo=world.cpo)
    now = timezone.now()
    for number, amount in enumerate(amounts):
        take(new_order(world, customer, f"{customer.pk}-{number}", now), offer, amount, at=now)
    return customer


def test_what_runs_is_counted_when_a_limit_is_first_set(world: World, offer: Offer) -> None:
    today = today_at(timezone.now(), world.cpo.time_zone)
    now, long_ago = timezone.now(), timezone.now() - timedelta(days=40)
    with cpo_scope(world.cpo):
        customer = sold(world, offer, "20.00", "30.00")
        old = new_order(world, customer, "old", long_ago)
        take(old, offer, "50.00", at=long_ago)
        settled = new_order(world, customer, "settled", now)
        give(settled, take(settled, offer, "40.00", at=now), "35.00", at=now)
        released = new_order(world, customer, "released", now)
        take(released, offer, "10.00", at=now)
        release(released, now=now, reference="cancel")
        # The release before wrote no day.
        Redemption.objects.update(reserved_on=None)
        limits = OfferLimits(
            uses_per_customer_day=5,
            uses_per_customer_week=5,
            uses_per_customer_month=5,
            budget_per_day=Decimal(100),
            redemption_cap=CAP,
        )
        authoring.set_limits(offer, limits)
        found = set(CustomerPeriodCounter.objects.values_list("period", "starts_on", "uses", "limit_uses"))
        assert found == {(period.value, today.start_of(period), 3, 5) for period in Period}
        day = DayCounter.objects.get()
        assert (day.day, day.limit_budget) == (today.day, Decimal(100))
        assert (day.budget_reserved, day.budget_committed) == (Decimal("50.00"), Decimal("35.00"))
        assert compare_with_ledger().drifting == 0
        release(old, now=now, reference="cancel")
        assert DayCounter.objects.get().budget_reserved == Decimal("50.00")
        assert compare_with_ledger().drifting == 0


@pytest.mark.parametrize("limited_before", [False, True], ids=["first limit", "lowered limit"])
@pytest.mark.parametrize(
    ("limits", "field", "sentence"),
    [
        pytest.param(
            OfferLimits(uses_per_customer_day=1),
            "uses_per_customer_day",
            "A customer has 2 uses reserved or used today already: set 2 or more, or pause the offer.",
            id="day",
        ),
        pytest.param(
            OfferLimits(uses_per_customer_week=1),
            "uses_per_customer_week",
            "A customer has 2 uses reserved or used this week already: set 2 or more, or pause the offer.",
            id="week",
        ),
        pytest.param(
            OfferLimits(uses_per_customer_month=1),
            "uses_per_customer_month",
            "A customer has 2 uses reserved or used this month already: set 2 or more, or pause the offer.",
            id="month",
        ),
        pytest.param(
            OfferLimits(budget_per_day=Decimal("49.99"), redemption_cap=Decimal(30)),
            "budget_per_day",
            "₹50.00 are reserved or spent today already: set that or more, or pause the offer.",
            id="budget",
        ),
    ],
)
def test_a_limit_below_what_is_used_in_the_running_period_is_refused(
    world: World, offer: Offer, limits: OfferLimits, field: str, sentence: str, limited_before: bool
) -> None:
    wide = OfferLimits(
        uses_per_customer_day=9,
        uses_per_customer_week=9,
        uses_per_customer_month=9,
        budget_per_day=Decimal(1000),
        redemption_cap=Decimal(30),
    )
    before = authoring.set_limits(offer, wide if limited_before else OfferLimits())
    with cpo_scope(world.cpo):
        sold(world, offer, "20.00", "30.00")
        with pytest.raises(ValidationError) as refused:
            authoring.set_limits(offer, limits)
        assert refused.value.message_dict == {field: [sentence]}
        offer.refresh_from_db()
        assert authoring.limits_of(offer) == authoring.limits_of(before)


def test_a_limit_at_what_is_used_is_accepted_and_is_used_up(world: World, offer: Offer) -> None:
    with cpo_scope(world.cpo):
        customer = sold(world, offer, "20.00", "30.00")
        limits = OfferLimits(uses_per_customer_day=2, budget_per_day=Decimal(50), redemption_cap=Decimal(30))
        authoring.set_limits(offer, limits)
        now = timezone.now()
        for who in (customer, Customer.objects.create(cpo=world.cpo)):
            with pytest.raises(LimitReached):
                take(new_order(world, who, f"more-{who.pk}", now), offer, "1.00", at=now)
        assert authoring.set_limits(offer, OfferLimits()).budget_per_day is None
        assert not DayCounter.objects.exists()
        assert not CustomerPeriodCounter.objects.exists()
        assert set(Redemption.objects.values_list("counted_day", flat=True)) == {False}
        assert compare_with_ledger().drifting == 0


COUNTERS = [
    "offers_customercounter",
    "offers_customerperiodcounter",
    "offers_offercounter",
    "offers_daycounter",
]


def test_counters_are_taken_in_the_order_in_which_buyers_take_them(world: World, offer: Offer) -> None:
    with cpo_scope(world.cpo):
        sold(world, offer, "20.00")
        high = OfferLimits(
            total_uses=9,
            budget=Decimal(900),
            uses_per_customer=8,
            uses_per_customer_day=5,
            budget_per_day=Decimal(100),
            redemption_cap=CAP,
        )
        low = replace(high, total_uses=8, uses_per_customer=7, uses_per_customer_day=4, budget_per_day=Decimal(90))
        for limits in (high, low, OfferLimits()):
            with CaptureQueriesContext(connection) as queries:
                authoring.set_limits(offer, limits)
            taken = [WRITTEN.match(query["sql"].strip()) for query in queries]
            names = [found[1] or found[2] for found in taken if found]
            assert list(dict.fromkeys(name for name in names if name in COUNTERS)) == COUNTERS


def test_what_was_used_in_an_earlier_period_does_not_keep_a_limit_up(world: World, offer: Offer) -> None:
    authoring.set_limits(offer, OfferLimits(uses_per_customer_day=2))
    yesterday = timezone.now() - timedelta(days=1)
    with cpo_scope(world.cpo):
        customer = Customer.objects.create(cpo=world.cpo)
        for name in "ab":
            take(new_order(world, customer, name, yesterday), offer, "20.00", at=yesterday)
        authoring.set_limits(offer, OfferLimits(uses_per_customer_day=1))
        assert list(CustomerPeriodCounter.objects.values_list("uses", "limit_uses")) == [(2, 2)]


CONTRADICTIONS = [
    pytest.param(
        OfferLimits(uses_per_customer_day=3, uses_per_customer_week=2),
        {"uses_per_customer_day": "A customer has 2 uses in a week at most: lower this to 2, or raise that."},
        id="day above week",
    ),
    pytest.param(
        OfferLimits(uses_per_customer_day=3, uses_per_customer=2),
        {"uses_per_customer_day": "A customer has 2 uses in all at most: lower this to 2, or raise that."},
        id="day above all",
    ),
    pytest.param(
        OfferLimits(uses_per_customer_day=2, uses_per_customer=1),
        {"uses_per_customer_day": "A customer has 1 use in all at most: lower this to 1, or raise that."},
        id="day above one in all",
    ),
    pytest.param(
        OfferLimits(uses_per_customer_week=5, uses_per_customer_month=4),
        {"uses_per_customer_week": "A customer has 4 uses in a month at most: lower this to 4, or raise that."},
        id="week above month",
    ),
    pytest.param(
        OfferLimits(budget_per_day=Decimal(100)),
        {"redemption_cap": "A budget needs a limit per redemption: set “most per redemption”."},
        id="budget of a day alone",
    ),
    pytest.param(
        OfferLimits(budget_per_day=Decimal(100), redemption_cap=Decimal("100.01")),
        {"redemption_cap": "One redemption may not exceed the budget of a day: lower it."},
        id="cap above the day",
    ),
    pytest.param(
        OfferLimits(budget=Decimal(100), budget_per_day=Decimal("100.01"), redemption_cap=Decimal(10)),
        {"budget_per_day": "The budget of a day is above the whole budget: lower it, or leave it empty."},
        id="day above the whole",
    ),
    pytest.param(
        OfferLimits(uses_per_customer_month=0),
        {"uses_per_customer_month": "Give a number above 0, or leave it empty for no limit."},
        id="no uses",
    ),
]


@pytest.mark.parametrize(("limits", "refusals"), CONTRADICTIONS)
def test_limits_that_contradict_each_other_are_refused(
    world: World, offer: Offer, limits: OfferLimits, refusals: dict[str, str]
) -> None:
    with pytest.raises(ValidationError) as refused:
        authoring.set_limits(offer, limits)
    assert refused.value.message_dict == {name: [sentence] for name, sentence in refusals.items()}


def test_equal_limits_contradict_nothing(world: World, offer: Offer) -> None:
    limits = OfferLimits(
        uses_per_customer=2,
        uses_per_customer_day=2,
        uses_per_customer_week=2,
        uses_per_customer_month=2,
        budget=Decimal(60),
        budget_per_day=Decimal(60),
        redemption_cap=CAP,
        give_use_back=True,
    )
    authoring.set_limits(offer, limits)
    with cpo_scope(world.cpo):
        assert authoring.limits_of(Offer.objects.get(pk=offer.pk)) == limits


def test_the_policy_of_reversed_uses_stands_in_the_history(world: World, offer: Offer) -> None:
    authoring.set_limits(offer, OfferLimits(give_use_back=True))
    with cpo_scope(world.cpo):
        change = OfferStateChange.objects.filter(offer=offer).first()
        assert change is not None
        assert change.note == "Limits: give the use back when it is reversed: no → yes"


@pytest.mark.parametrize(
    ("moves", "paused"),
    [
        pytest.param((authoring.pause,), True, id="pause"),
        pytest.param((authoring.pause, authoring.resume), False, id="resume"),
        pytest.param((authoring.withdraw,), True, id="withdraw"),
    ],
)
def test_the_day_is_paused_with_the_offer(world: World, offer: Offer, moves: Any, paused: bool) -> None:
    authoring.set_limits(offer, OfferLimits(budget_per_day=Decimal(100), redemption_cap=CAP))
    with cpo_scope(world.cpo):
        sold(world, offer, "20.00")
        for move in moves:
            move(offer)
        assert DayCounter.objects.get().paused is paused


ZONES = [
    pytest.param("Asia/Kolkata", "EXHAUSTED", id="today"),
    pytest.param("Pacific/Kiritimati", "LIVE", id="it is tomorrow there"),
]


@pytest.mark.parametrize(("zone", "state"), ZONES)
@pytest.mark.parametrize("listed", [False, True], ids=["alone", "in a list"])
def test_a_used_up_day_is_exhausted_until_midnight_of_the_cpo(
    world: World, zone: str, state: str, listed: bool
) -> None:
    offer = make_offer(world.cpo, budget_per_day=Decimal(60), redemption_cap=CAP)
    with cpo_scope(world.cpo):
        take(new_order(world, None, "t", SATURDAY), offer, "60", at=SATURDAY)
        Cpo.objects.filter(pk=world.cpo.pk).update(time_zone=zone)
        rows = Offer.objects.select_related("cpo", "live_version")
        found = (rows.prefetch_related(recent_days(SATURDAY)) if listed else rows).get()
        assert derived_state(found, found.live_version, counter_of(found), SATURDAY) == state
        shown = [name for name in ("LIVE", "EXHAUSTED") if rows.filter(state_condition(name, SATURDAY)).exists()]
        assert shown == [state]
        until = again_at(found, found.live_version, SATURDAY)
        midnight = SATURDAY.replace(hour=18, minute=30)
        assert (until.astimezone(UTC) if until else None) == (midnight if state == "EXHAUSTED" else None)
        later = SATURDAY + timedelta(days=1)
        fresh = rows.get()
        assert derived_state(fresh, fresh.live_version, counter_of(fresh), later) == "LIVE"


def test_freed_budget_makes_an_exhausted_offer_live_again(world: World) -> None:
    offer = make_offer(world.cpo, budget_per_day=Decimal(60), redemption_cap=CAP)
    with cpo_scope(world.cpo):
        order = new_order(world, None, "t", SATURDAY)
        take(order, offer, "60", at=SATURDAY)
        exhausted = Offer.objects.filter(state_condition("EXHAUSTED", SATURDAY))
        assert exhausted.exists()
        release(order, now=SATURDAY, reference="cancel")
        assert not exhausted.exists()
        assert DayCounter.objects.get().day == date(2026, 11, 21)
