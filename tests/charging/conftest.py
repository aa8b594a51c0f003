"""A CPO with an order that may start, its charging system's token, and who keeps a CPO's books."""

from __future__ import annotations

import pytest
from django.test import Client

from cpo_portal.accounts.models import Role
from tests.charging.sales import Sale, make_sale
from tests.network.places import Net, make_net
from tests.people import api_client, make_member, signed_in
from tests.world import World


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


@pytest.fixture
def api(world: World) -> Client:
    return api_client(world.cpo)


@pytest.fixture
def owner(world: World) -> Client:
    return signed_in(make_member(world.cpo, "owner", Role.OWNER))
