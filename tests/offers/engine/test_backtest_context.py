"""What a replayed session tells the offers: each condition holds by what was recorded of it, and by nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cpo_portal.charging.segments.rules import Condition, CustomerFacts, Fact, Rule, Segment
from offers.engine.facts import PlaceFacts
from offers.engine.values import OfferTerms, StackLimits
from tests.offers.engine.samples import offer, rupees_off
from tests.offers.engine.test_backtest import replayed, session, touched
from tests.pricing.engine.samples import SATURDAY

AT_THE_MALL = PlaceFacts(tags=frozenset({"mall"}))
GOLD = Segment("gold", "Gold", (Rule("gold", "Gold", True, (Condition(Fact.TIER, ("Gold",)),)),))
OF_AN_APP = Segment("app", "App", (Rule("app", "App", True, (Condition(Fact.BAP, ("bap.example",)),)),))

CONDITIONS: dict[str, tuple[OfferTerms, dict[str, Any], dict[str, Any]]] = {
    "its location": (
        offer("draft", location_ids=frozenset({"station-1"})),
        {},
        {"location_id": "station-2"},
    ),
    "its connector": (offer("draft", item_ids=frozenset({"connector-1"})), {}, {"connector": "connector-2"}),
    "its category": (offer("draft", categories=frozenset({"EV_CHARGING"})), {}, {"category": "FOOD"}),
    "its place": (offer("draft", location_tags=frozenset({"mall"})), {"place": AT_THE_MALL}, {}),
    "its customer": (
        offer("draft", segments=(GOLD,)),
        {"facts": CustomerFacts(tier="Gold")},
        {"facts": CustomerFacts(tier="Blue")},
    ),
    "its app": (
        offer("draft", segments=(OF_AN_APP,)),
        {"facts": CustomerFacts(), "bap_id": "bap.example"},
        {"facts": CustomerFacts(), "bap_id": "other.example"},
    ),
    "its number": (offer("draft", nth_session=2), {"sessions_before": 1}, {"sessions_before": 2}),
}


def told(**said: Any) -> Any:
    """Return the session, at another connector where one is named."""
    connector = said.pop("connector", "connector-1")
    found = session(0, **said)
    return replace(found, cart=replace(found.cart, request=replace(found.cart.request, item_id=connector)))


@pytest.mark.parametrize(("draft", "met", "missed"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_a_condition_holds_by_what_is_known_of_the_session(
    draft: OfferTerms, met: dict[str, Any], missed: dict[str, Any]
) -> None:
    assert replayed(draft, (), told(**met)).touched == touched(1, "22.50")
    assert replayed(draft, (), told(**missed)).touched == touched(0, "0")


ASKED_FOR = {
    "it is chosen": {"auto": False},
    "its code": {"requires_code": True, "display_code": "W25"},
    "a code of ones own": {"requires_code": True, "single_use": True},
}


@pytest.mark.parametrize("said", ASKED_FOR.values(), ids=ASKED_FOR.keys())
def test_a_draft_that_must_be_asked_for_is_asked_for_by_everybody(said: dict[str, Any]) -> None:
    assert replayed(offer("draft", **said), (), session(0), session(1)).touched == touched(2, "45.00")


@pytest.mark.parametrize("said", ASKED_FOR.values(), ids=ASKED_FOR.keys())
def test_a_live_offer_was_asked_for_where_it_was_given(said: dict[str, Any]) -> None:
    """With the draft live, and without: a saving of 9.00 is kept by who asked, the others have the draft's 5.00."""
    live = offer("live", "10", **said)
    found = replayed(rupees_off("draft", "5"), (live,), session(0, given={"live": Decimal(9)}), session(1))
    assert (found.without, found.billed) == (Decimal("9.00"), Decimal(9))
    assert (found.touched, found.extra) == (touched(1, "5.00"), Decimal("5.00"))


def test_what_a_draft_displaces_adds_up_over_sessions_where_the_worlds_part() -> None:
    """Of two offers with limits each goes its own way once the draft has taken its place."""
    live = (
        rupees_off("one", "20", total_uses=2, location_ids=frozenset({"station-1"})),
        rupees_off("other", "20", total_uses=2, location_ids=frozenset({"station-2"})),
    )
    at = [session(n, location_id=f"station-{1 + n % 2}") for n in range(8)]
    found = replayed(offer("draft", "25", total_uses=4), live, *at)
    # Without the draft the first four get 20.00 each; with it they get 22.50, and the next four the others' 20.00.
    assert (found.without, found.touched, found.extra) == (Decimal("80.00"), touched(4, "90.00"), Decimal("90.00"))


def test_the_largest_discount_holds_in_a_replay() -> None:
    found = replayed(offer("draft", "50"), (), session(0), stack=StackLimits(max_discount_percent=Decimal(10)))
    assert found.touched == touched(1, "9.00")


def test_a_draft_whose_dates_are_over_is_replayed_as_if_it_were_live() -> None:
    past = offer("draft", state="DRAFT", valid_until=SATURDAY - timedelta(days=1))
    assert replayed(past, (), session(0)).touched == touched(1, "22.50")
