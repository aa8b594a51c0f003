"""A whole sale with a level of demand: what was quoted is billed, whatever became of the level meanwhile."""

from __future__ import annotations

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.payments.reports import create_gateway
from offers.tasks import settle_stopped
from pricing.demand.switching import switch_off
from tests.offers.ordering.sale import Sale
from tests.pricing.demand.samples import add_connectors, decided, live_policy, row_of
from tests.pricing.surges.samples import no_notice
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    found = make_world()
    add_connectors(found)
    no_notice(found.cpo)
    return found


@pytest.fixture
def sale(world: World) -> Sale:
    with cpo_scope(world.cpo):
        gateway, secret = create_gateway(world.cpo, name="Pay", pay_url="https://pay.example/$transaction_id/$amount")
    return Sale(world, secret, gateway)


def test_the_level_that_was_quoted_is_billed_though_it_rose_and_was_switched_off(world: World, sale: Sale) -> None:
    live_policy(world.cpo)
    decided(world, 3)
    sale.init()
    assert sale.lines("QUOTED") == ["90.00", "10.00", "9.00", "19.62"]
    decided(world, 4)
    assert row_of(world).level == 2
    sale.pay("128.62")
    otp = sale.confirm()
    switch_off(row_of(world).policy)
    sale.start(otp)
    sale.charge(5200)
    assert settle_stopped() > 0
    # 10 % of 5.2 kWh at ₹18, and 18 % tax of all.
    assert sale.lines("BILLED") == ["93.60", "10.00", "9.36", "20.33"]


def test_what_was_quoted_without_a_level_is_billed_without_one(world: World, sale: Sale) -> None:
    live_policy(world.cpo)
    sale.init()
    decided(world, 4)
    sale.pay("118.00")
    otp = sale.confirm()
    decided(world, 4)
    sale.start(otp)
    sale.charge(5200)
    assert settle_stopped() > 0
    assert sale.lines("BILLED") == ["93.60", "10.00", "18.65"]
