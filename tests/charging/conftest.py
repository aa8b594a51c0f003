"""A CPO with an order that may start, and its charging system's token."""

from __future__ import annotations

import pytest

from tests.charging.sales import Sale, make_sale
from tests.network.places import Net, make_net


@pytest.fixture
def net(db: None) -> Net:
    """Voltway, with people, one site, two connectors and a real charging system."""
    return make_net("cpo1.com", "Voltway")


@pytest.fixture
def other(db: None) -> Net:
    """Gridgo, the outsider's CPO, with the same ids for everything."""
    return make_net("cpo2.com", "Gridgo")


@pytest.fixture
def sale(net: Net) -> Sale:
    """A confirmed order for item-1 whose driver was let start."""
    return make_sale(net)
