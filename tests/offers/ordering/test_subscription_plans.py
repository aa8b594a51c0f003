"""Pools that are for one subscription, and orders that hold anew: of another subscription, or what they had lost."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.balances import holds as balance_holds
from cpo_portal.charging.balances import moves as balance_moves
from pricing import authoring
from pricing.models import Tariff
from tests.offers.ordering.sale import Sale
from tests.offers.ordering.test_subscriptions import deliver, five
from tests.prepaid import figures, pool, subscribe

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_pool_of_one_plan_is_for_no_other(sub: Sale) -> None:
    cpo = sub.world.cpo
    other, own, free = pool(cpo, "9000", plan="yearly"), pool(cpo, "1000", plan="monthly"), pool(cpo, "500")
    placed = sub.init(five())
    assert [figures(x) for x in (other, own, free)] == [(9000, 0), (0, 1000), (0, 500)]
    assert sub.lines("QUOTED") == ["0.00", "63.00", "10.00", "13.14"]
    sub.pay(f"{placed.quote.total:.2f}")
    with cpo_scope(cpo):
        balances.top_up(other, balance_moves.Moved(Decimal(1), "more"), now=timezone.now())
    deliver(sub, 5000)
    assert [figures(x) for x in (other, own, free)] == [(9001, 0), (0, 0), (0, 0)]


def test_an_order_made_again_on_another_subscription_gives_back_what_is_not_for_it(sub: Sale) -> None:
    cpo = sub.world.cpo
    monthly, yearly = pool(cpo, "6000", plan="monthly"), pool(cpo, "1000", plan="yearly")
    sub.init(five())
    assert (figures(monthly), figures(yearly)) == ((1000, 5000), (1000, 0))
    with cpo_scope(cpo):
        authoring.end(Tariff.objects.get(tariff_id="monthly"))
    subscribe(cpo, "yearly")
    sub.init(five(wh=4000))
    assert sub.lines("QUOTED") == ["0.00", "54.00", "10.00", "11.52"]
    assert (figures(monthly), figures(yearly)) == ((6000, 0), (0, 1000))


def test_a_confirm_in_time_holds_again_what_is_held_no_more(sub: Sale) -> None:
    balance = pool(sub.world.cpo, "6000")
    sub.init(five())
    assert sub.pay("11.80") == "PAID"
    with cpo_scope(sub.world.cpo), transaction.atomic():
        assert balance_holds.give_all_back(sub.fresh())
        assert not balance_holds.give_all_back(sub.fresh())
    assert figures(balance) == (6000, 0)
    sub.confirm()
    assert figures(balance) == (1000, 5000)
