"""A limit per customer that the members of a group share: who counts where, and what goes back where it came from."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import CustomerGroup, CustomerGroupMember, Order
from offers import reversals
from offers.engine.periods import Period, today_at
from offers.engine.values import Usage
from offers.ledger import LimitReached, release
from offers.mapping import offer_terms
from offers.models import (
    GroupCounter,
    GroupPeriodCounter,
    LedgerEntry,
    Offer,
    Redemption,
)
from offers.reconcile import compare_with_ledger
from offers.usage import usage_of
from tests.offers.holds import SATURDAY, give, take
from tests.offers.ordering.sharing import MEERA, RAVI, SARAH, order_of, shared, uses
from tests.prepaid import customer, family
from tests.world import World, make_offer

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
PERIODS = [pytest.param("", id="ever"), *(pytest.param(f"_{x.value.lower()}", id=x.value.lower()) for x in Period)]


def takes(world: World, offer: Offer, phone: str, times: int = 1, *, at: Any = SATURDAY) -> int:
    """Reserve the offer in orders of their own; return how many of them were granted."""
    granted = 0
    for _ in range(times):
        before = Order.objects.count()
        try:
            take(order_of(world, phone, f"t-{before}"), offer, "20", at=at)
        except LimitReached:
            continue
        granted += 1
    return granted


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize(
    ("first", "second", "third"),
    [
        pytest.param(2, 1, 0, id="limit - 1 by one leaves one to the other"),
        pytest.param(3, 0, 0, id="limit by one leaves nothing"),
        pytest.param(0, 3, 0, id="nobody else has used it"),
        pytest.param(1, 2, 0, id="one by one leaves two"),
    ],
)
def test_members_use_up_one_limit_together(world: World, period: str, first: int, second: int, third: int) -> None:
    offer = shared(world, period)
    family(world.cpo, SARAH, RAVI, MEERA)
    with cpo_scope(world.cpo):
        assert takes(world, offer, SARAH, first) == first
        assert takes(world, offer, RAVI, 4) == second
        assert takes(world, offer, MEERA, 1) == third
        counter = GroupPeriodCounter.objects.get() if period else GroupCounter.objects.get()
        assert (counter.uses, counter.limit_uses) == (3, 3)
        assert Redemption.objects.count() == LedgerEntry.objects.count() == 3
        # Who is in no group uses it alone.
        assert takes(world, offer, "+919000000009", 4) == 3
    assert compare_with_ledger().drifting == 0


def test_a_limit_that_is_not_shared_touches_no_counter_of_groups(world: World) -> None:
    offer = make_offer(world.cpo, uses_per_customer=1, uses_per_customer_day=1)
    family(world.cpo, SARAH, RAVI)
    with cpo_scope(world.cpo):
        assert (takes(world, offer, SARAH), takes(world, offer, RAVI)) == (1, 1)
        assert not GroupCounter.objects.exists()
        assert not GroupPeriodCounter.objects.exists()
        assert set(Redemption.objects.values_list("groups", "counted_groups")) == {(None, False)}


def test_who_is_in_two_groups_counts_in_both_and_is_refused_by_either(world: World) -> None:
    offer = shared(world)
    family(world.cpo, SARAH, RAVI)
    family(world.cpo, SARAH, MEERA, name="Acme fleet")
    with cpo_scope(world.cpo):
        assert takes(world, offer, RAVI, 2) == 2
        assert takes(world, offer, SARAH, 2) == 1
        assert uses()[1] == {"Rao family": 3, "Acme fleet": 1}
        assert takes(world, offer, MEERA, 3) == 2
        assert uses()[1] == {"Rao family": 3, "Acme fleet": 3}
        refused = order_of(world, SARAH, "refused")
        with pytest.raises(LimitReached):
            take(refused, offer, "20", at=SATURDAY)
        assert not Redemption.objects.filter(order=refused).exists()
    assert compare_with_ledger().drifting == 0


def test_who_joins_brings_nothing_along_and_who_leaves_takes_nothing_away(world: World) -> None:
    offer = shared(world)
    group = family(world.cpo, SARAH)
    with cpo_scope(world.cpo):
        assert takes(world, offer, RAVI, 2) == 2
        CustomerGroupMember.objects.create(cpo=world.cpo, group=group, customer=customer(world.cpo, RAVI))
        assert takes(world, offer, SARAH, 2) == 2
        assert uses()[1] == {"Rao family": 2}
        # His own two and this one are three; the family's three are used up as well.
        assert takes(world, offer, RAVI, 2) == 1
        assert takes(world, offer, SARAH) == 0
        CustomerGroupMember.objects.filter(customer=customer(world.cpo, SARAH)).delete()
        assert uses()[1] == {"Rao family": 3}
        # Alone she has used it twice.
        assert takes(world, offer, SARAH, 2) == 1
        assert uses()[1] == {"Rao family": 3}
    assert compare_with_ledger().drifting == 0


@pytest.mark.parametrize("ending", ["released", "reversed", "reversed, and the use is kept"])
def test_a_use_goes_back_to_the_group_that_it_was_counted_in(world: World, ending: str) -> None:
    gives_back = ending != "reversed, and the use is kept"
    offer = shared(world, "", 1, uses_per_customer_month=1, give_use_back=gives_back)
    left, joined = family(world.cpo, SARAH, RAVI), family(world.cpo, MEERA, name="Acme fleet")
    with cpo_scope(world.cpo):
        order = order_of(world, SARAH, "t")
        redemption = take(order, offer, "20", at=SATURDAY)
        CustomerGroupMember.objects.filter(customer=order.customer).update(group=joined)
        if ending == "released":
            release(order, now=SATURDAY, reference="cancel")
        else:
            redemption = give(order, redemption, "20", at=SATURDAY)
            reversals.reverse(redemption, reversals.Part(Decimal(20)), reference="r", now=SATURDAY + DAY)
        kept = 0 if gives_back else 1
        assert list(GroupCounter.objects.values_list("group", "uses")) == [(left.pk, kept)]
        assert list(GroupPeriodCounter.objects.values_list("group", "uses")) == [(left.pk, kept)]
        assert (takes(world, offer, MEERA), takes(world, offer, RAVI)) == (1, 1 - kept)
    assert compare_with_ledger().drifting == 0


def test_a_shared_use_is_free_again_in_the_next_period(world: World) -> None:
    offer = shared(world, "_day", 1)
    family(world.cpo, SARAH, RAVI)
    with cpo_scope(world.cpo):
        assert (takes(world, offer, SARAH), takes(world, offer, RAVI)) == (1, 0)
        assert takes(world, offer, RAVI, at=SATURDAY + DAY) == 1
        found = list(GroupPeriodCounter.objects.order_by("starts_on").values_list("period", "starts_on", "uses"))
        assert found == [("DAY", date(2026, 11, 21), 1), ("DAY", date(2026, 11, 22), 1)]


def test_an_order_made_again_by_another_member_keeps_the_groups_use(world: World) -> None:
    offer = shared(world, "", 1)
    family(world.cpo, SARAH, RAVI)
    with cpo_scope(world.cpo):
        order = order_of(world, SARAH, "t")
        take(order, offer, "20", at=SATURDAY)
        order.customer = customer(world.cpo, RAVI)
        order.save(update_fields=["customer"])
        take(order, offer, "30", at=SATURDAY)
        assert uses()[1] == {"Rao family": 1}
        assert sorted(uses()[0].values()) == [0, 1]
    assert compare_with_ledger().drifting == 0


def test_a_sandbox_order_counts_in_no_group(world: World) -> None:
    offer = shared(world, "", 1)
    family(world.cpo, SARAH, RAVI)
    with cpo_scope(world.cpo):
        for number in range(2):
            order = order_of(world, SARAH, f"sandbox-{number}")
            order.sandbox = True
            order.save(update_fields=["sandbox"])
            take(order, offer, "20", at=SATURDAY)
        assert not GroupCounter.objects.exists()
        assert set(Redemption.objects.values_list("groups", "counted_groups")) == {(None, False)}
        assert takes(world, offer, RAVI) == 1
    assert compare_with_ledger().drifting == 0


def test_usage_of_now_is_what_the_ledger_says_as_of_then(world: World) -> None:
    offer = shared(world, "", 9, **{f"uses_per_customer_{x.value.lower()}": 9 for x in Period})
    family(world.cpo, SARAH, RAVI)
    fleet = family(world.cpo, SARAH, name="Acme fleet")
    with cpo_scope(world.cpo):
        CustomerGroupMember.objects.update(added_at=SATURDAY - 30 * DAY)
        for days, phone in ((7, SARAH), (1, RAVI), (0, RAVI), (0, MEERA)):
            assert takes(world, offer, phone, at=SATURDAY - days * DAY) == 1
        terms = [offer_terms(offer, Offer.objects.get(pk=offer.pk).live_version)]  # type: ignore[arg-type]

        def of(phone: str, at: Any, *, past: bool) -> Usage:
            today = today_at(at, world.cpo.time_zone)
            key = customer(world.cpo, phone).pk
            return usage_of(world.cpo.pk, terms, key, today=today, as_of=at if past else None)[offer.offer_id]

        for past in (False, True):
            found = of(SARAH, SATURDAY, past=past)
            together = {Period.DAY: 1, Period.WEEK: 2, Period.MONTH: 3}
            assert (found.group_uses, found.group_period_uses) == (3, together)
            assert (of(MEERA, SATURDAY, past=past).group_uses, found.customer_uses) == (None, 1)
        before = of(SARAH, SATURDAY - DAY, past=True)
        assert (before.group_uses, before.group_period_uses) == (2, {Period.DAY: 1, Period.WEEK: 1, Period.MONTH: 2})
        # Who joined a group later was not in it then.
        CustomerGroupMember.objects.exclude(group=fleet).update(added_at=SATURDAY)
        assert of(SARAH, SATURDAY - DAY, past=True).group_uses == 1


@pytest.mark.parametrize(
    ("table", "change", "period", "uses_off"),
    [
        pytest.param(GroupCounter, {"uses": 3}, None, 2, id="of all time"),
        pytest.param(GroupPeriodCounter, {"uses": 0}, "DAY 2026-11-21", 1, id="of a day"),
    ],
)
def test_a_counter_of_a_group_that_somebody_changed_is_named_and_left(
    world: World, table: Any, change: dict[str, int], period: str | None, uses_off: int
) -> None:
    offer = shared(world, "", 5, uses_per_customer_day=5)
    group = family(world.cpo, SARAH, RAVI)
    with cpo_scope(world.cpo):
        takes(world, offer, SARAH)
        table.objects.update(**change)
    check = compare_with_ledger()
    assert (check.counters, check.drifting) == (4, 1)
    [found] = check.drifted
    assert found == {
        "offer": offer.offer_id, "customer": None, "group": group.pk, "period": period, "uses": uses_off,
        "amount": "0",
    }  # fmt: skip
    with cpo_scope(world.cpo):
        assert table.objects.get().uses == change["uses"]


@pytest.mark.parametrize(
    ("table", "constraint"),
    [
        pytest.param(GroupCounter, "group_uses_within_limit", id="of all time"),
        pytest.param(GroupPeriodCounter, "group_period_uses_within_limit", id="of a day"),
    ],
)
def test_the_database_itself_refuses_a_use_too_many(world: World, table: Any, constraint: str) -> None:
    offer = shared(world, "", 1, uses_per_customer_day=1)
    family(world.cpo, SARAH, RAVI)
    with cpo_scope(world.cpo):
        takes(world, offer, SARAH)
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            table.objects.update(uses=2)


def test_a_group_whose_uses_are_counted_stays(world: World) -> None:
    offer = shared(world)
    group = family(world.cpo, SARAH, RAVI)
    with cpo_scope(world.cpo):
        takes(world, offer, SARAH)
        with pytest.raises(ProtectedError):
            group.delete()
        assert CustomerGroup.objects.get().members.count() == 2
