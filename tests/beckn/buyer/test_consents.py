"""The buyer app and surcharges: it shows what is agreed to, and agrees only where its driver does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from beckn.buyer import consents
from beckn.buyer.charger import Charger
from beckn.buyer.checks import Findings
from beckn.buyer.client import Portal, Printer, Stop
from beckn.buyer.credentials import Credentials
from beckn.buyer.gateway import Gateway
from beckn.buyer.journey import Journey
from beckn.buyer.server import Body, Mailbox
from beckn.models import NetworkProfile
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from offers.models import SurgeConsent
from tests.beckn.actions.conversation import Conversation
from tests.beckn.buyer.test_credentials import CONTENT
from tests.pricing.surges.samples import make_schedule, no_notice, publish

READ = (
    "Congestion fee (5 kWh @ ₹1.00/kWh): ₹5.00. ₹1.00 for each kWh that flows while the surcharge holds, before tax. "
    "It comes on top of the price of charging, and never on top of another surcharge."
)
NIGHT = "Night fee: ₹5.00."
HASHED = "92d1e95d530190c7e2ad92a9c8efeba692c296b1fea167c957e9d0cc9ee1cf2d"


class InProcess(Portal):
    """Asks the portal in this process."""

    talk: Conversation

    def ask(self, action: str, message: Body, transaction_id: str) -> Body:
        self.talk.transaction_id = transaction_id
        return self.talk.say(action, message)


def travel(talk: Conversation, *, agrees: bool) -> Journey:
    world = talk.world
    own = {"provider_id": world.cpo.provider_id, "item_id": world.connector.item_id, "offer_id": "weekend-discount-25"}
    portal = InProcess(Credentials(**CONTENT | own), Mailbox(), Findings(), Printer())
    portal.talk = talk
    return Journey(portal, Gateway(portal), Charger.__new__(Charger), agrees=agrees)


def surging(talk: Conversation, *, required: bool) -> None:
    no_notice(talk.world.cpo)
    with cpo_scope(talk.world.cpo):
        NetworkProfile.objects.update_or_create(cpo=talk.world.cpo, defaults={"surge_consent_required": required})
    publish(make_schedule(talk.world.cpo))


def kept(talk: Conversation) -> list[tuple[str, str]]:
    with cpo_scope(talk.world.cpo):
        return [(str(x.quote_id), f"{x.amount:.2f}") for x in SurgeConsent.objects.all()]


def about_consent(journey: Journey) -> Iterator[str]:
    """The figures are off, being those of the example, which has no surcharge."""
    return (x for x in journey.findings.deviations if any(word in x for word in ("consent", "agree", "hash")))


@pytest.mark.django_db
def test_a_driver_who_agrees_is_sold_what_was_shown(talk: Conversation, capsys: pytest.CaptureFixture[str]) -> None:
    surging(talk, required=True)
    journey = travel(talk, agrees=True)
    journey.select()
    journey.init()
    assert journey.asked is not None
    assert kept(talk) == [(journey.asked.quote_id, "5.00")]
    assert journey.placed["quote"]["price"]["value"] == "97.35"
    assert list(about_consent(journey)) == []
    said = [line.split("  ", 2)[2].split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert ["on_select", f"consent is needed: “{READ}” Surcharges of INR 5.00 in this quote."] in said
    assert ["driver", "agrees"] in said


@pytest.mark.django_db
def test_without_the_drivers_word_the_refusal_is_shown_and_nothing_is_ordered(talk: Conversation) -> None:
    surging(talk, required=True)
    journey = travel(talk, agrees=False)
    journey.select()
    assert journey.asked is not None
    with pytest.raises(Stop) as stopped:
        journey.init()
    assert str(stopped.value) == (
        f"The driver has not agreed to “{READ}” Surcharges of INR 5.00 in this quote. on_init answers 40000: "
        "The driver has not agreed to Congestion fee of ₹5.00: send init again with the tag group "
        f"surcharge-acknowledgement, accepted = yes and quote-id = {journey.asked.quote_id}. "
        "Run the journey with --agree to agree"
    )
    assert list(about_consent(journey)) == []
    with cpo_scope(talk.world.cpo):
        assert (Order.objects.count(), kept(talk)) == (0, [])


@pytest.mark.django_db
def test_where_nobody_asks_nothing_is_agreed_to(talk: Conversation) -> None:
    surging(talk, required=False)
    journey = travel(talk, agrees=True)
    journey.select()
    journey.init()
    assert (journey.asked, kept(talk)) == (None, [])
    assert journey.placed["quote"]["price"]["value"] == "97.35"


def group(**changes: str) -> Body:
    said = {
        "required": "yes",
        "quote-id": "q-1",
        "amount": "5.00",
        "currency": "INR",
        "text": NIGHT,
        "text-hash": HASHED,
    } | changes
    entries = [{"descriptor": {"code": code}, "value": value} for code, value in said.items()]
    return {"quote": {"id": "q-1"}, "tags": [{"descriptor": {"code": consents.CODE}, "list": entries}]}


@pytest.mark.parametrize(
    ("changes", "deviations"),
    [
        pytest.param({}, [], id="as it should be"),
        pytest.param(
            {"quote-id": "q-2"}, ["on_select: the quote to agree to: “q-1” expected, “q-2” came"], id="another quote"
        ),
        pytest.param(
            {"text-hash": "ab"},
            [f"on_select: the hash of what is to be read: “{HASHED}” expected, “ab” came"],
            id="another text",
        ),
    ],
)
def test_what_is_asked_is_looked_at(changes: dict[str, Any], deviations: list[str]) -> None:
    findings = Findings()
    consents.asked_in(group(**changes), findings)
    assert findings.deviations == deviations
