"""A buyer app that is registered, at a CPO that sells."""

from __future__ import annotations

import uuid

import pytest

from beckn import keys, registry
from beckn.models import Subscriber
from tests.beckn.actions.conversation import Conversation
from tests.beckn.infra.support import BuyerApp
from tests.world import make_offer, make_world


@pytest.fixture
def talk() -> Conversation:
    """One CPO with the offer of use case 6, and a buyer app."""
    registry.forget()
    keys.forget()
    world = make_world()
    make_offer(world.cpo)
    app = BuyerApp("bap.example", seed=b"b" * 32)
    app.register()
    Subscriber.objects.update(sandbox=False)
    return Conversation(world, app, str(uuid.uuid4()))
