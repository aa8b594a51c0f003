"""What a failing check names for words: the place, the list, the product, the day from which it holds again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cpo_portal.charging.segments.rules import Condition, CustomerFacts, Fact
from offers.engine.about import NOBODY, NOT_COUNTED, About, Lack
from offers.engine.evaluate import evaluate_offer
from offers.engine.facts import Levels, PlaceFacts, StockLevel
from offers.engine.values import Usage
from tests.offers.engine.samples import cart, context, offer
from tests.offers.engine.test_giving import GOODS, freebie, more
from tests.offers.engine.test_segments import GOLD, segment
from tests.pricing.engine.samples import kwh

STAFF = segment("Staff", Condition(Fact.LIST, ("staff",)))
TWICE = segment("Regulars", Condition(Fact.SESSIONS, number=2, days=30))
KNOWN = {"customer_known": True, "identity_required": True}
UNKNOWN = {"identity_required": True}
SHARED = {"uses_per_customer": 1, "shared_in_groups": True}
DAILY = {"uses_per_customer_day": 1, "shared_in_groups": True}
TOMORROW = About(note="again from tomorrow 00:00")


def used(**said):
    return {**KNOWN, "usage": {"weekend": Usage(**said)}}


@pytest.mark.parametrize(
    ("asked", "said", "about"),
    [
        pytest.param({"location_ids": frozenset({"mall"})}, {}, About(ids=("mall",)), id="a-location"),
        pytest.param({"categories": frozenset("ab")}, {}, About(count=2), id="categories"),
        pytest.param(
            {"location_tags": frozenset({"mall"})},
            {"place": PlaceFacts(tags=frozenset({"dhaba"}))},
            About(ids=("mall",), there=("dhaba",)),
            id="a-tag",
        ),
        pytest.param({"nth_session": 3}, UNKNOWN, NOBODY, id="a-session-of-nobody"),
        pytest.param({"nth_session": 3}, KNOWN, NOT_COUNTED, id="a-session-that-nobody-counted"),
        pytest.param({"max_busy_percent": 30}, {}, NOT_COUNTED, id="chargers-that-nobody-counted"),
        pytest.param(
            {"stock_product_id": "tea", "stock_at_least": 5}, {}, About(ids=("tea",), lack=Lack.FIGURE), id="no-stock"
        ),
        pytest.param(
            {"stock_product_id": "tea", "stock_at_least": 5},
            {"levels": Levels(stock=(StockLevel("tea", 4),))},
            About(ids=("tea",)),
            id="too-little-stock",
        ),
        pytest.param({"segments": (GOLD,)}, UNKNOWN, NOBODY, id="a-segment-of-nobody"),
        pytest.param(
            {"segments": (STAFF,)}, {**KNOWN, "customer": CustomerFacts()}, About(ids=("staff",)), id="a-list"
        ),
        pytest.param({"segments": (TWICE,)}, {**KNOWN, "customer": CustomerFacts()}, None, id="a-count"),
        pytest.param({"uses_per_customer": 1}, UNKNOWN, NOBODY, id="uses-of-nobody"),
        pytest.param({"uses_per_customer": 1}, used(customer_uses=1), About(), id="uses"),
        pytest.param(DAILY, used(customer_period_uses={"DAY": 1}), TOMORROW, id="uses-of-the-day"),
        pytest.param(SHARED, used(customer_uses=0, group_uses=1), About(), id="uses-of-a-group"),
        pytest.param(
            DAILY, used(group_uses=1, group_period_uses={"DAY": 1}), TOMORROW, id="uses-of-a-group-on-the-day"
        ),
    ],
)
def test_a_failing_check_names(asked, said, about):
    reason = evaluate_offer(offer(**asked), cart(), context(**said)).reason
    assert (reason.passed, reason.about) == (False, about)


@pytest.mark.parametrize(
    ("made", "said", "found"),
    [
        pytest.param(freebie(), {}, ("coffee", "not sold there", "", About(ids=("coffee",))), id="not-sold"),
        pytest.param(
            freebie(count=6), {"goods": GOODS}, ("6", "5", "1 short", About(ids=("coffee",))), id="out-of-stock"
        ),
        pytest.param(
            more("SESSION", 4, 1), UNKNOWN, ("phone or e-mail", "none given", "", NOBODY), id="a-turn-of-nobody"
        ),
        pytest.param(
            more("SESSION", 1, 1), KNOWN, ("1 session", "not counted", "", NOT_COUNTED), id="a-turn-that-nobody-counted"
        ),
    ],
)
def test_a_check_of_what_is_given_names(made, said, found):
    reason = evaluate_offer(made, cart(), context(**said)).reason
    assert (reason.expected, reason.actual, reason.margin, reason.about) == found
    assert not reason.passed


def test_a_group_that_used_nothing_today_has_all_of_it_left():
    assert evaluate_offer(offer(**DAILY), cart(), context(**used(group_uses=3))).reason is None


def test_a_segment_that_nobody_can_be_asked_of_is_named_alone():
    assert evaluate_offer(offer(segments=(GOLD,)), cart(), context(**UNKNOWN)).reason.margin == "Gold members"


LAPSED = segment("Lapsed", Condition(Fact.LAPSED, days=30))
START = kwh("5").planned_start


@pytest.mark.parametrize(
    ("rule", "facts", "eligible"),
    [
        pytest.param(LAPSED, CustomerFacts(last_session=START - timedelta(days=30)), True, id="thirty-days-ago"),
        pytest.param(LAPSED, CustomerFacts(last_session=START - timedelta(days=29)), False, id="a-day-less"),
    ],
)
def test_a_segment_is_judged_at_the_planned_start(rule, facts, eligible):
    found = evaluate_offer(offer(segments=(rule,)), cart(), context(**KNOWN, customer=facts))
    assert (found.reason is None) is eligible


@pytest.mark.parametrize(("zone", "eligible"), [("Asia/Kolkata", False), ("America/New_York", True)])
def test_a_yearly_day_is_that_of_the_place(zone, eligible):
    """10:00 on the 7th in Kolkata is 23:30 on the 6th in New York."""
    joined = CustomerFacts(joined_on=START.date().replace(year=2024, day=6))
    rule = segment("Joined today", Condition(Fact.ANNIVERSARY, days=0))
    found = evaluate_offer(offer(segments=(rule,)), replace(cart(), time_zone=zone), context(**KNOWN, customer=joined))
    assert (found.reason is None) is eligible


def test_who_declines_an_offer_is_told_so_before_its_code_is_asked_for():
    terms = offer(requires_code=True, display_code="TEN")
    found = evaluate_offer(terms, cart(), context(declined=frozenset({"weekend"})))
    assert [x.code.value for x in found.checks if not x.passed] == ["DECLINED", "CODE_REQUIRED"]
