"""A session that was billed, and an offer to replay on it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from offers.models import Offer
from offers.tasks import settle_stopped
from tests.offers.ordering.conftest import sale
from tests.offers.ordering.sale import Sale
from tests.world import make_offer

__all__ = ["sale"]


@pytest.fixture
def billed(sale: Sale) -> Sale:
    """A session of 5.2 kWh that was billed at 94.64 with the weekend offer, which gave 23.40."""
    sale.init()
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(5200)
    settle_stopped()
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().billed_amount == Decimal("94.64")
    return sale


@pytest.fixture
def draft(billed: Sale) -> Offer:
    """Half off, in place of a quarter."""
    return make_offer(billed.world.cpo, "half", name="Half off", value=Decimal(50), display_code="HALF", value_cap=None)
