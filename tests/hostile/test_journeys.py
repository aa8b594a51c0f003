"""Journeys of a sandbox buyer app whose messages are spoilt: refused in words or answered, consistent afterwards, and
nothing that counts was touched."""

from __future__ import annotations

import logging
import uuid
from collections import Counter

import pytest
from django.conf import settings

from beckn import keys, nudge, registry
from beckn.models import Subscriber
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from cpo_portal.charging.payments.reports import create_gateway
from tests.beckn.actions.conversation import Conversation
from tests.beckn.infra.support import BuyerApp
from tests.hostile.journeys import OFFER, Traveller, live_state, wrongs
from tests.hostile.mutator import Mutator
from tests.world import make_offer, make_world

#: Journeys in the fast run and in the longer one.
FAST, SLOW = 6, 60


@pytest.fixture(autouse=True)
def _no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nudge, "_nudger", nudge.Nudger(lambda task: None))


def set_out(seeds: range) -> tuple[Counter[str], Counter[str]]:
    """Travel once per seed beside a live buyer app's order; return what was answered, and how the orders ended."""
    registry.forget()
    keys.forget()
    world = make_world()
    offer = make_offer(world.cpo, OFFER, total_uses=2, uses_per_customer=2, budget=200, redemption_cap=100)
    with cpo_scope(world.cpo):
        _, secret = create_gateway(world.cpo, name="Till", pay_url="https://pay.example/$transaction_id")
    apps = {name: BuyerApp(f"{name}.example", seed=name.encode().ljust(32, b"s")) for name in ("live", "trial")}
    for app in apps.values():
        app.register()
    Subscriber.objects.filter(subscriber_id="live.example").update(sandbox=False)
    live = Conversation(world, apps["live"], str(uuid.uuid4()))
    live.init(OFFER)
    foreign = [
        live.transaction_id, str(_orders(live)[0].pk), "live.example", settings.BECKN_BPP_ID, world.cpo.provider_id,
        offer.offer_id, "stop-charging", "end-charging", "INR", "kWh", "1",
    ]  # fmt: skip
    before = live_state()
    answers: Counter[str] = Counter()
    for seed in seeds:
        talk = Conversation(world, apps["trial"], str(uuid.UUID(int=seed + 1)))
        traveller = Traveller(talk, secret, Mutator(seed, foreign))
        traveller.travel()
        assert (seed, "\n".join(traveller.complaints)) == (seed, "")
        answers += traveller.answers
    assert wrongs("trial.example") == []
    assert live_state() == before
    return answers, Counter(order.state for order in _orders(live, bap_id="trial.example"))


def _orders(talk: Conversation, **narrow: str) -> list[Order]:
    with cpo_scope(talk.world.cpo):
        return list(Order.objects.filter(**narrow))


@pytest.mark.django_db
def test_spoilt_journeys_of_the_sandbox_end_consistent_and_count_for_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answers, ends = set_out(range(FAST))
    assert caplog.messages == []
    assert {f"{action} 200" for action in ("select", "init", "payment", "confirm", "update")} <= set(answers)
    assert ends["COMPLETE"] >= 1


@pytest.mark.slow
@pytest.mark.django_db
def test_many_more_spoilt_journeys(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        _, ends = set_out(range(FAST, FAST + SLOW))
    assert caplog.messages == []
    assert {"INITIALISED", "COMPLETE", "CANCELLED"} <= set(ends)
