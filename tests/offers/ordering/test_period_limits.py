"""Limits per day, week and month: a use counts for the period of its reservation, and goes back to it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer
from offers.engine.periods import Period, today_at
from offers.holdings import own_usage
from offers.ledger import LimitReached, release
from offers.mapping import offer_terms
from offers.models import (
    CustomerCounter,
    CustomerPeriodCounter,
    DayCounter,
    LedgerEntry,
    Offer,
    OfferCounter,
    Redemption,
)
from offers.reconcile import compare_with_ledger
from offers.reversals import Part, reverse
from offers.usage import usage_of
from tests.offers.holds import SATURDAY, give, new_order, take
from tests.world import World, make_offer

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
CAP = Decimal(60)


@pytest.fixture
def customer(world: World) -> Customer:
    with cpo_scope(world.cpo):
        return Customer.objects.create(cpo=world.cpo)


def period_uses() -> list[tuple[str, date, int]]:
    rows = CustomerPeriodCounter.objects.order_by("starts_on", "period")
    return list(rows.values_list("period", "starts_on", "uses"))


def days() -> list[tuple[date, Decimal, Decimal]]:
    return list(DayCounter.objects.order_by("day").values_list("day", "budget_reserved", "budget_committed"))


def test_a_limit_that_is_not_set_touches_no_counter(world: World, customer: Customer) -> None:
    offer = make_offer(world.cpo)
    with cpo_scope(world.cpo):
        take(new_order(world, customer, "t", SATURDAY), offer, "20", at=SATURDAY)
        for counters in (OfferCounter, CustomerCounter, CustomerPeriodCounter, DayCounter):
            assert not counters.objects.exists()


LIMITS = [
    pytest.param("day", timedelta(hours=8, minutes=29), timedelta(hours=8, minutes=30), id="day: midnight in India"),
    pytest.param("week", DAY, 2 * DAY, id="week: Sunday, Monday"),
    pytest.param("month", 9 * DAY, 10 * DAY, id="month: 30 November, 1 December"),
]


@pytest.mark.parametrize(("period", "still", "next_one"), LIMITS)
def test_a_customers_use_is_free_again_in_the_next_period(
    world: World, customer: Customer, period: str, still: timedelta, next_one: timedelta
) -> None:
    offer = make_offer(world.cpo, **{f"uses_per_customer_{period}": 1})
    with cpo_scope(world.cpo):
        take(new_order(world, customer, "first", SATURDAY), offer, "20", at=SATURDAY)
        with pytest.raises(LimitReached):
            take(new_order(world, customer, "still", SATURDAY), offer, "20", at=SATURDAY + still)
        assert Redemption.objects.count() == 1
        take(new_order(world, customer, "next", SATURDAY), offer, "20", at=SATURDAY + next_one)
        stranger = Customer.objects.create(cpo=world.cpo)
        take(new_order(world, stranger, "other", SATURDAY), offer, "20", at=SATURDAY)
        assert compare_with_ledger().drifting == 0


def test_a_use_goes_back_to_the_period_that_it_was_taken_from(world: World, customer: Customer) -> None:
    offer = make_offer(
        world.cpo, uses_per_customer=9, uses_per_customer_day=2, uses_per_customer_week=3, uses_per_customer_month=4
    )
    sunday = SATURDAY + DAY
    with cpo_scope(world.cpo):
        order = new_order(world, customer, "t", SATURDAY)
        take(order, offer, "20", at=SATURDAY)
        take(new_order(world, customer, "u", sunday), offer, "20", at=sunday)
        saturday, week, month = date(2026, 11, 21), date(2026, 11, 16), date(2026, 11, 1)
        before = [("MONTH", month, 2), ("WEEK", week, 2), ("DAY", saturday, 1), ("DAY", sunday.date(), 1)]
        assert period_uses() == before
        release(order, now=sunday, reference="cancel")
        after = [("MONTH", month, 1), ("WEEK", week, 1), ("DAY", saturday, 0), ("DAY", sunday.date(), 1)]
        assert period_uses() == after
        assert CustomerCounter.objects.get().uses == 1
        assert compare_with_ledger().drifting == 0


def test_an_order_made_again_after_midnight_counts_for_the_new_day(world: World, customer: Customer) -> None:
    offer = make_offer(world.cpo, uses_per_customer_day=1, budget_per_day=Decimal(100), redemption_cap=CAP)
    tomorrow = SATURDAY + DAY
    with cpo_scope(world.cpo):
        order = new_order(world, customer, "t", SATURDAY)
        take(order, offer, "20", at=SATURDAY)
        take(order, offer, "30", at=SATURDAY)
        assert period_uses() == [("DAY", date(2026, 11, 21), 1)]
        assert days() == [(date(2026, 11, 21), Decimal(30), Decimal(0))]
        take(order, offer, "40", at=tomorrow)
        assert period_uses() == [("DAY", date(2026, 11, 21), 0), ("DAY", date(2026, 11, 22), 1)]
        assert days() == [(date(2026, 11, 21), 0, 0), (date(2026, 11, 22), Decimal(40), 0)]
        assert compare_with_ledger().drifting == 0


@pytest.mark.parametrize(
    ("third", "granted"),
    [pytest.param("20.00", True, id="up to the limit"), pytest.param("20.01", False, id="a paisa above")],
)
def test_the_budget_of_a_day_is_not_overspent(world: World, third: str, granted: bool) -> None:
    offer = make_offer(world.cpo, budget_per_day=Decimal(100), redemption_cap=CAP)
    with cpo_scope(world.cpo):
        for name in ("a", "b"):
            take(new_order(world, None, name, SATURDAY), offer, "40", at=SATURDAY)
        order = new_order(world, None, "c", SATURDAY)
        if granted:
            take(order, offer, third, at=SATURDAY)
        else:
            with pytest.raises(LimitReached):
                take(order, offer, third, at=SATURDAY)
        spent = Decimal(100) if granted else Decimal(80)
        assert days() == [(date(2026, 11, 21), spent, 0)]
        assert LedgerEntry.objects.count() == (3 if granted else 2)
        take(order, offer, third, at=SATURDAY + DAY)


def test_a_bill_of_the_next_day_is_spent_on_the_day_of_the_reservation(world: World) -> None:
    offer = make_offer(world.cpo, budget_per_day=Decimal(100), redemption_cap=CAP)
    tomorrow = SATURDAY + DAY
    with cpo_scope(world.cpo):
        order = new_order(world, None, "t", SATURDAY)
        redemption = give(order, take(order, offer, "60", at=SATURDAY), "75", at=tomorrow)
        assert redemption.committed == Decimal(60)  # never above what was reserved
        assert days() == [(date(2026, 11, 21), 0, Decimal(60))]
        assert reverse(redemption, Part(Decimal(25)), reference="r", now=tomorrow + DAY) == Decimal(25)
        assert days() == [(date(2026, 11, 21), 0, Decimal(35))]
        assert compare_with_ledger().drifting == 0


@pytest.mark.parametrize("gives_back", [False, True], ids=["keeps the use", "gives the use back"])
@pytest.mark.parametrize("taken", ["25.00", "40.00"], ids=["in part", "as a whole"])
def test_a_reversal_frees_the_budget_and_a_use_only_by_the_policy(
    world: World, customer: Customer, gives_back: bool, taken: str
) -> None:
    offer = make_offer(
        world.cpo,
        total_uses=5,
        uses_per_customer=5,
        uses_per_customer_day=5,
        budget=Decimal(500),
        redemption_cap=CAP,
        give_use_back=gives_back,
    )
    with cpo_scope(world.cpo):
        order = new_order(world, customer, "t", SATURDAY)
        redemption = give(order, take(order, offer, "60", at=SATURDAY), "40", at=SATURDAY)
        for _ in range(2):  # the same reference again takes nothing more
            assert reverse(redemption, Part(Decimal(taken)), reference="r", now=SATURDAY + DAY) == Decimal(taken)
        counter = OfferCounter.objects.get()
        used = 0 if gives_back and taken == "40.00" else 1
        assert (counter.uses_committed, counter.budget_committed) == (used, Decimal(40) - Decimal(taken))
        assert (CustomerCounter.objects.get().uses, period_uses()) == (used, [("DAY", date(2026, 11, 21), used)])
        assert compare_with_ledger().drifting == 0


def test_the_database_itself_refuses_to_reverse_more_than_was_given(world: World) -> None:
    offer = make_offer(world.cpo)
    with cpo_scope(world.cpo):
        order = new_order(world, None, "t", SATURDAY)
        redemption = give(order, take(order, offer, "60", at=SATURDAY), "40", at=SATURDAY)
        with pytest.raises(IntegrityError, match="reversed_within_committed"), transaction.atomic():
            Redemption.objects.filter(pk=redemption.pk).update(reversed=Decimal("40.01"))


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        pytest.param("day_budget_within_limit", {"budget_reserved": Decimal("100.01")}, id="above the day's budget"),
        pytest.param("day_budget_not_negative", {"budget_committed": Decimal("-0.01")}, id="below nothing"),
    ],
)
def test_the_database_itself_refuses_a_day_that_cannot_be(
    world: World, constraint: str, change: dict[str, Decimal]
) -> None:
    offer = make_offer(world.cpo, budget_per_day=Decimal(100), redemption_cap=CAP)
    with cpo_scope(world.cpo):
        take(new_order(world, None, "t", SATURDAY), offer, "60", at=SATURDAY)
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            DayCounter.objects.update(**change)


def test_the_database_itself_refuses_a_use_too_many(world: World, customer: Customer) -> None:
    offer = make_offer(world.cpo, uses_per_customer_day=1)
    with cpo_scope(world.cpo):
        take(new_order(world, customer, "t", SATURDAY), offer, "60", at=SATURDAY)
        with pytest.raises(IntegrityError, match="period_uses_within_limit"), transaction.atomic():
            CustomerPeriodCounter.objects.update(uses=2)


def test_a_paused_offer_is_not_reserved_by_who_has_not_heard_of_it(world: World) -> None:
    offer = make_offer(world.cpo)
    with cpo_scope(world.cpo):
        Offer.objects.filter(pk=offer.pk).update(state="PAUSED")
        with pytest.raises(LimitReached):
            take(new_order(world, None, "t", SATURDAY), offer, "20", at=SATURDAY)
        assert not Redemption.objects.exists()


def test_usage_of_now_is_what_the_ledger_says_as_of_then(world: World, customer: Customer) -> None:
    offer = make_offer(
        world.cpo,
        uses_per_customer_day=5,
        uses_per_customer_week=5,
        uses_per_customer_month=5,
        budget_per_day=Decimal(100),
        redemption_cap=CAP,
    )
    with cpo_scope(world.cpo):
        for name, at, amount in (("a", SATURDAY - 7 * DAY, "10"), ("b", SATURDAY - DAY, "20"), ("c", SATURDAY, "30")):
            take(new_order(world, customer, name, at), offer, amount, at=at)
        terms = [offer_terms(offer, Offer.objects.get(pk=offer.pk).live_version)]  # type: ignore[arg-type]
        today = today_at(SATURDAY, world.cpo.time_zone)
        now = usage_of(world.cpo.pk, terms, customer.pk, today=today)[offer.offer_id]
        assert now.customer_period_uses == {Period.DAY: 1, Period.WEEK: 2, Period.MONTH: 3}
        assert now.budget_used_today == Decimal(30)
        then = usage_of(world.cpo.pk, terms, customer.pk, today=today, as_of=SATURDAY)[offer.offer_id]
        assert then.customer_period_uses == now.customer_period_uses
        assert then.budget_used_today == Decimal(30)
        earlier = SATURDAY - DAY
        before = usage_of(
            world.cpo.pk, terms, customer.pk, today=today_at(earlier, world.cpo.time_zone), as_of=earlier
        )[offer.offer_id]
        assert before.customer_period_uses == {Period.DAY: 1, Period.WEEK: 1, Period.MONTH: 2}


@pytest.mark.parametrize(
    ("limits", "uses"),
    [
        pytest.param({"uses_per_customer_day": 5}, 1, id="of-each-customer-alone"),
        pytest.param({"uses_per_customer_day": 5, "total_uses": 9}, 3, id="of-all-together-too"),
    ],
)
def test_the_ledger_of_then_is_summed_as_far_as_the_limits_count(
    world: World, customer: Customer, limits: dict[str, int], uses: int
) -> None:
    offer = make_offer(world.cpo, **limits)
    with cpo_scope(world.cpo):
        other = Customer.objects.create(cpo=world.cpo)
        for name, who in (("a", customer), ("b", other), ("c", other)):
            take(new_order(world, who, name, SATURDAY), offer, "10", at=SATURDAY)
        terms = [offer_terms(offer, Offer.objects.get(pk=offer.pk).live_version)]  # type: ignore[arg-type]
        today = today_at(SATURDAY, world.cpo.time_zone)
        then = usage_of(world.cpo.pk, terms, customer.pk, today=today, as_of=SATURDAY)[offer.offer_id]
        assert (then.uses, then.customer_uses, then.customer_period_uses[Period.DAY]) == (uses, 1, 1)


def test_an_order_does_not_count_against_itself_while_its_period_runs(world: World, customer: Customer) -> None:
    offer = make_offer(world.cpo, uses_per_customer_day=1, budget_per_day=Decimal(60), redemption_cap=CAP)
    with cpo_scope(world.cpo):
        order = new_order(world, customer, "t", SATURDAY)
        take(order, offer, "60", at=SATURDAY)
        own = own_usage(order, customer, now=SATURDAY)[offer.offer_id]
        assert (own.customer_period_uses, own.budget_used_today) == ({Period.DAY: 1}, Decimal(60))
        own = own_usage(order, customer, now=SATURDAY + DAY)[offer.offer_id]
        assert (own.customer_period_uses, own.budget_used_today) == ({}, Decimal(0))


@pytest.mark.parametrize(
    ("changed", "period", "uses", "amount"),
    [
        pytest.param(CustomerPeriodCounter, "DAY 2026-11-21", 1, "0", id="a customer's day"),
        pytest.param(DayCounter, "DAY 2026-11-21", 0, "5.00", id="a day's budget"),
    ],
)
def test_a_counter_of_a_period_that_somebody_changed_is_named(
    world: World, customer: Customer, changed: type, period: str, uses: int, amount: str
) -> None:
    offer = make_offer(world.cpo, uses_per_customer_day=3, budget_per_day=Decimal(100), redemption_cap=CAP)
    with cpo_scope(world.cpo):
        take(new_order(world, customer, "t", SATURDAY), offer, "20", at=SATURDAY)
        if changed is DayCounter:
            DayCounter.objects.update(budget_reserved=Decimal(25))
        else:
            CustomerPeriodCounter.objects.update(uses=2)
    check = compare_with_ledger()
    assert (check.counters, check.drifting) == (2, 1)
    [found] = check.drifted
    assert (found["period"], found["uses"], found["amount"]) == (period, uses, amount)
    assert found["customer"] == (None if changed is DayCounter else str(customer.pk))
