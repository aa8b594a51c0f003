"""One sale at a CPO with a gateway: with an offer of five uses, or on a subscription."""

from __future__ import annotations

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.payments.reports import create_gateway
from tests.offers.ordering.sale import Sale
from tests.prepaid import subscribe
from tests.world import make_offer, make_world


@pytest.fixture
def sale() -> Sale:
    world = make_world()
    make_offer(world.cpo, total_uses=5)
    with cpo_scope(world.cpo):
        gateway, secret = create_gateway(world.cpo, name="Pay", pay_url="https://pay.example/$transaction_id/$amount")
    return Sale(world, secret, gateway)


@pytest.fixture
def sub() -> Sale:
    """A sale on a subscription without a pool: 5 kWh are quoted at 118.00."""
    world = make_world()
    subscribe(world.cpo)
    with cpo_scope(world.cpo):
        gateway, secret = create_gateway(world.cpo, name="Pay", pay_url="https://pay.example/$transaction_id/$amount")
    return Sale(world, secret, gateway)
