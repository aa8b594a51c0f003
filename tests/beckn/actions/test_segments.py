"""What buyer apps are told of offers for segments: at select that it depends, at init whether, never why in figures."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.imports.jobs import Author, import_customers
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from offers.models import Offer
from tests.beckn.actions.conversation import Conversation, tag
from tests.world import make_offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def gold(talk: Conversation) -> Conversation:
    """The CPO's one offer is for customers of a tier, and for frequent ones."""
    cpo = talk.world.cpo
    conditions = ({"fact": "TIER", "values": ["Gold"]}, {"fact": "SESSIONS", "number": 3, "days": 30})
    save_segment(cpo, SegmentContent("gold", "Gold members", conditions, match_all=False))
    with cpo_scope(cpo):
        Offer.objects.update(state="PAUSED")
    make_offer(cpo, "gold-25", segment_ids=["gold"], display_code="", value=Decimal(25))
    return talk


def offered(answer: dict[str, Any]) -> tuple[str, str, dict[str, str]]:
    order = answer["message"]["order"]
    [offer] = [x for x in order["offers"] if x["id"] == "gold-25"]
    said = {}
    for group in offer["tags"]:
        said |= tag(offer["tags"], group["descriptor"]["code"])
    return order["quote"]["price"]["value"], said.get("depends-on-identity", ""), said


@pytest.mark.parametrize(
    ("tier", "total"), [pytest.param("Gold", "91.45", id="gold"), pytest.param("Silver", "118.00", id="silver")]
)
def test_on_select_says_that_it_depends_and_on_init_decides(gold: Conversation, tier: str, total: str) -> None:
    import_customers(gold.world.cpo, f"phone,tier\n9876543210,{tier}".encode(), dry_run=False, author=Author())
    assert offered(gold.say("select", gold.cart()))[:2] == ("91.45", "yes")
    answer = gold.init()
    assert offered(answer)[:2] == (total, "")
    text = json.dumps(answer)
    assert ("Silver" in text, "0 of 3" in text, "session" in offered(answer)[2].get("reason", "")) == (
        False, False, False,
    )  # fmt: skip


def test_nobody_is_told_how_often_a_driver_has_charged(gold: Conversation) -> None:
    make_offer(gold.world.cpo, "fifth", nth_session=5, display_code="", value=Decimal(50))
    answer = gold.init()
    [offer] = [x for x in answer["message"]["order"]["offers"] if x["id"] == "fifth"]
    said = tag(offer["tags"], "offer-validation")
    assert (said["reason-code"], said["reason"]) == ("SESSION_NUMBER", "it is for another of a customer's sessions")
    assert "to go" not in json.dumps(answer)


def test_the_catalogue_shows_no_price_that_is_for_some_alone(gold: Conversation) -> None:
    [provider] = gold.say("search", {"intent": {"fulfillment": {"stops": []}}})["message"]["catalog"]["providers"]
    [listed] = [x for x in provider["offers"] if x["id"] == "gold-25"]
    [inline] = [x for x in provider["items"][0]["offers"] if x["id"] == "gold-25"]
    assert listed["id"] == inline["id"]
    assert "price" not in inline
