"""Offers for segments: decided where the customer is known, marked where it depends on who they are."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cpo_portal.charging.segments.rules import Condition, CustomerFacts, Fact, Rule, Segment
from offers.engine.codec import offer_from_json, offer_to_json
from offers.engine.describe import summary
from offers.engine.evaluate import evaluate_offer
from offers.engine.values import Check, OfferTerms, Outcome, ReasonCode
from offers.reasons.traces import outcome_in_words
from pricing.engine.codec import decode, encode
from pricing.engine.values import Basis
from tests.offers.engine.samples import cart, context, offer, quoted
from tests.pricing.engine.samples import kwh, rupees


def segment(name: str, *conditions: Condition) -> Segment:
    key = name.lower().replace(" ", "-")
    return Segment(key, name, (Rule(key, name, True, conditions),))


GOLD = segment("Gold members", Condition(Fact.TIER, ("Gold",)))
FREQUENT = segment("Frequent drivers", Condition(Fact.SESSIONS, number=3, days=30))
OUR_APP = segment("Our app", Condition(Fact.BAP, ("bap.example",)))


def facts(tier: str = "", recent: int = 0) -> dict[str, Any]:
    known = CustomerFacts(tier=tier, sessions=recent, sessions_within=((30, recent),))
    return {"customer": known, "customer_known": True, "identity_required": True}


def for_segments(*segments: Segment, **said: Any) -> OfferTerms:
    return offer(segments=segments, **said)


DECIDED = [
    pytest.param((), {}, "ELIGIBLE_NOT_CHOSEN", False, id="for-everybody"),
    pytest.param((GOLD,), facts("Gold"), "ELIGIBLE_NOT_CHOSEN", False, id="in-the-segment"),
    pytest.param((GOLD,), facts("Silver"), "INELIGIBLE", False, id="not-in-the-segment"),
    pytest.param((GOLD, FREQUENT), facts("Silver", 3), "ELIGIBLE_NOT_CHOSEN", False, id="in-one-of-two"),
    pytest.param((GOLD, FREQUENT), facts("Silver", 2), "INELIGIBLE", False, id="in-none-of-two"),
    pytest.param((GOLD,), {}, "ELIGIBLE_NOT_CHOSEN", True, id="at-select-it-depends"),
    pytest.param((GOLD,), {"identity_required": True}, "INELIGIBLE", True, id="at-init-nobody-is-named"),
    pytest.param((OUR_APP,), {"bap_id": "bap.example"}, "ELIGIBLE_NOT_CHOSEN", False, id="the-app-is-known-at-select"),
    pytest.param((OUR_APP,), {"bap_id": "other.example"}, "INELIGIBLE", False, id="another-app-at-select"),
    pytest.param((OUR_APP, GOLD), {"bap_id": "other.example"}, "ELIGIBLE_NOT_CHOSEN", True, id="one-of-two-is-open"),
    pytest.param((GOLD,), {"held": frozenset({"weekend"})}, "ELIGIBLE_NOT_CHOSEN", False, id="what-is-held-is-kept"),
]


@pytest.mark.parametrize(("segments", "said", "outcome", "depends"), DECIDED)
def test_an_offer_for_segments(
    segments: tuple[Segment, ...], said: dict[str, Any], outcome: str, depends: bool
) -> None:
    found = evaluate_offer(for_segments(*segments), cart(), context(**said))
    assert (found.outcome.value, found.depends_on_identity) == (outcome, depends)


def test_the_failing_check_is_told_as_numbers_and_in_words() -> None:
    found = evaluate_offer(for_segments(FREQUENT), cart(), context(**facts(recent=2)))
    assert found.reason == Check(
        ReasonCode.SEGMENT,
        "applicability.segment_ids",
        "3 sessions in the last 30 days",
        "2 sessions",
        False,
        "Frequent drivers: 2 of 3 sessions in the last 30 days",
    )
    assert outcome_in_words(found) == (
        "It is for customers of a segment: 2 sessions instead of 3 sessions in the last 30 days "
        "(Frequent drivers: 2 of 3 sessions in the last 30 days)."
    )


def test_a_limit_and_a_segment_both_depend_on_identity() -> None:
    found = evaluate_offer(for_segments(GOLD, uses_per_customer=1), cart(), context())
    assert (found.outcome, found.depends_on_identity) == (Outcome.ELIGIBLE_NOT_CHOSEN, True)
    nobody = evaluate_offer(for_segments(GOLD, uses_per_customer=1), cart(), context(identity_required=True))
    assert (nobody.outcome, nobody.reason and nobody.reason.code) == (Outcome.INELIGIBLE, ReasonCode.SEGMENT)


def test_an_offer_says_for_whom_it_is() -> None:
    assert summary(for_segments(GOLD, FREQUENT), "Asia/Kolkata") == (
        "Takes 25 % off energy and add-ons, for customers of segment Gold members or Frequent drivers, "
        "at every location; applied automatically; combines with no other offer."
    )


def test_the_rule_is_part_of_what_is_stored_and_older_offers_are_still_read() -> None:
    terms = for_segments(GOLD, FREQUENT)
    data = offer_to_json(terms)
    assert offer_from_json(data) == terms
    del data["segments"]
    assert offer_from_json(data) == offer()


def test_a_customers_facts_go_through_json_and_back() -> None:
    known = CustomerFacts("Gold", "Acme", date(2024, 2, 29), ("Tata",), 2, None, 9, ((30, 2),), frozenset({"fleet"}))
    assert decode(CustomerFacts, encode(known)) == known


@pytest.mark.parametrize(
    ("tier", "energy"), [pytest.param("Gold", 5536, id="in"), pytest.param("Silver", 4152, id="out")]
)
def test_charge_for_100_all_in_finds_the_most_energy_inside_and_outside_the_segment(tier: str, energy: int) -> None:
    found = quoted(rupees("100", Basis.ALL_IN), for_segments(GOLD), **facts(tier))
    assert found.energy_wh == energy
    assert found.total.amount <= Decimal(100)


def test_the_same_session_costs_less_inside_the_segment() -> None:
    inside, outside = (quoted(kwh("5"), for_segments(GOLD), **facts(tier)) for tier in ("Gold", "Silver"))
    assert (str(inside.total.amount), str(outside.total.amount)) == ("91.45", "118.00")
