"""Two CPOs with people, tokens and a small network each."""

from __future__ import annotations

import pytest

from tests.network.places import Net, make_net


@pytest.fixture
def net(db: None) -> Net:
    """Voltway: an owner, a colleague, an analyst, one site with a charger and two connectors."""
    return make_net("cpo1.com", "Voltway")


@pytest.fixture
def other(db: None) -> Net:
    """Gridgo, the outsider's CPO, with the same ids for everything."""
    return make_net("cpo2.com", "Gridgo")
