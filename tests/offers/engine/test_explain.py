"""Every offer of a CPO explained against one cart: what fails, as numbers, and the same as judging it alone."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from cpo_portal.charging.segments.rules import Condition, CustomerFacts, Fact, Rule, Segment
from offers.engine.evaluate import evaluate_offer
from offers.engine.explain import cart_of, explain_all
from offers.engine.facts import Holiday, HolidayChoice, HolidayRule, Levels, StockLevel
from offers.engine.values import OfferTrace, Outcome, Usage
from pricing.engine.price import price
from pricing.engine.values import Discounts, LineKind
from tests.offers.engine.samples import WEEKEND, cart, context, line, offer, quoted
from tests.pricing.engine.samples import PLAIN, SATURDAY, delivered, kwh, rupees, window

ELSEWHERE = frozenset({"elsewhere"})
HOUR = timedelta(hours=1)


def explained(*offers, **said):
    return explain_all(offers, cart(), context(**said), OfferTrace())


FAILING = [
    pytest.param({"state": "PAUSED"}, [("PAUSED", "APPROVED", "PAUSED", "")], id="paused"),
    pytest.param({"state": "DRAFT"}, [("NOT_LIVE", "APPROVED", "DRAFT", "")], id="draft"),
    pytest.param({"currency": "EUR"}, [("CURRENCY", "INR", "EUR", "")], id="currency"),
    pytest.param({"location_ids": ELSEWHERE}, [("LOCATION", "elsewhere", "station-1", "")], id="location"),
    pytest.param({"item_ids": frozenset({"a", "b"})}, [("ITEM", "one of 2", "connector-1", "")], id="item"),
    pytest.param({"categories": ELSEWHERE}, [("CATEGORY", "elsewhere", "EV_CHARGING", "")], id="category"),
    pytest.param(
        {"valid_from": SATURDAY + HOUR},
        [("NOT_YET_VALID", "2026-11-07T05:30:00+00:00", "2026-11-07T04:30:00+00:00", "1 h too early")],
        id="not yet",
    ),
    pytest.param(
        {"valid_until": SATURDAY},
        [("ENDED", "2026-11-07T04:30:00+00:00", "2026-11-07T04:30:00+00:00", "")],
        id="over at its last instant",
    ),
    pytest.param(
        {"weekly_windows": (window("18:00", "21:00"),)},
        [("OUTSIDE_WEEKLY_WINDOW", "one of 1 windows", "Sat 10:00", "next window Sat 18:00")],
        id="window",
    ),
    pytest.param({"location_tags": frozenset({"urban"})}, [("LOCATION_TAG", "urban", "none", "")], id="tag"),
    pytest.param(
        {"cities": ELSEWHERE, "min_power_w": 50_000},
        [("AREA", "elsewhere", "none", ""), ("POWER", "50 kW", "0 kW", "50 kW too weak")],
        id="city and power",
    ),
    pytest.param(
        {"state": "ENDED", "location_ids": ELSEWHERE},
        [("ENDED", "APPROVED", "ENDED", ""), ("LOCATION", "elsewhere", "station-1", "")],
        id="two reasons",
    ),
]


@pytest.mark.parametrize(("said", "expected"), FAILING)
def test_an_offer_that_is_not_for_this_cart_says_each_condition_that_fails(said, expected):
    (found,) = explained(offer(**said))
    assert (found.outcome, str(found.saving.amount)) == (Outcome.INELIGIBLE, "0.00")
    assert [(x.code.value, x.expected, x.actual, x.margin) for x in found.checks] == expected
    assert {x.passed for x in found.checks} == {False}


@pytest.mark.parametrize("said", [case.values[0] for case in FAILING], ids=[case.id for case in FAILING])
def test_these_conditions_fail_alike_when_the_offer_is_judged_by_itself(said):
    (found,) = explained(offer(**said))
    alone = [x for x in evaluate_offer(offer(**said), cart(), context()).checks if not x.passed]
    assert [x for x in alone if x in found.checks] == list(found.checks)


GOLD = Segment("gold", "Gold", (Rule("gold", "Gold", True, (Condition(Fact.TIER, ("Gold",)),)),))
CHRISTMAS = HolidayRule("in", "India", HolidayChoice.ONLY, (Holiday(date(2026, 12, 25), "Christmas"),))
#: What an offer for another place says besides, what is known of the moment, and the numbers of what fails.
BESIDES = {
    "the least value": ({"min_value": "90.01"}, {}, [("MIN_VALUE", "90.01", "90.00", "₹0.01 short")]),
    "the energy": ({"min_wh": 5001}, {}, [("ENERGY", "5.001 kWh", "5 kWh", "0.001 kWh short")]),
    "not chosen": ({"auto": False}, {}, [("NOT_OPTED_IN", "yes", "not chosen", "")]),
    "chosen": ({"auto": False}, {"opted_in": frozenset({"weekend"})}, []),
    "declined": ({}, {"declined": frozenset({"weekend"})}, [("DECLINED", "yes", "no", "")]),
    "the code": (
        {"requires_code": True, "display_code": "W25"},
        {},
        [("CODE_REQUIRED", "the offer's code", "not sent", "")],
    ),
    "the holiday": (
        {"holidays": CHRISTMAS},
        {},
        [("HOLIDAY", "a holiday of India", "2026-11-07", "next holiday Christmas, 25 Dec 2026")],
    ),
    "the last use": ({"total_uses": 100}, {"usage": {"weekend": Usage(uses=99)}}, []),
    "no use left": (
        {"total_uses": 100},
        {"usage": {"weekend": Usage(uses=100)}},
        [("TOTAL_USES", "100", "100", "0 left")],
    ),
    "no use left to the customer": (
        {"uses_per_customer": 2},
        {"customer_known": True, "usage": {"weekend": Usage(customer_uses=2)}},
        [("CUSTOMER_USES", "2", "2", "0 left")],
    ),
    "nobody known, who need not be": ({"uses_per_customer": 2}, {}, []),
    "nobody known, who must be": (
        {"uses_per_customer": 2},
        {"identity_required": True},
        [("CUSTOMER_UNKNOWN", "phone or e-mail", "none given", "")],
    ),
    "the budget just covers it": (
        {"budget": Decimal(100)},
        {"usage": {"weekend": Usage(budget_used=Decimal("77.50"))}},
        [],
    ),
    "a paisa of the budget short": (
        {"budget": Decimal(100)},
        {"usage": {"weekend": Usage(budget_used=Decimal("77.51"))}},
        [("BUDGET", "22.50", "22.49", "₹0.01 short")],
    ),
    "the segment": (
        {"segments": (GOLD,)},
        {"customer_known": True, "customer": CustomerFacts(tier="Blue")},
        [("SEGMENT", "Gold", "another", "Gold")],
    ),
    "of the segment": ({"segments": (GOLD,)}, {"customer_known": True, "customer": CustomerFacts(tier="Gold")}, []),
    "too busy": ({"max_busy_percent": 50}, {"levels": Levels(1, 2)}, [("BUSY", "under 50 %", "1 of 2 chargers", "")]),
    "quiet": ({"max_busy_percent": 51}, {"levels": Levels(1, 2)}, []),
    "too few on the shelf": (
        {"stock_product_id": "coffee", "stock_at_least": 5},
        {"levels": Levels(stock=(StockLevel("coffee", 4),))},
        [("STOCK", "5", "4", "1 short")],
    ),
    "a session to go": (
        {"nth_session": 3},
        {"customer_known": True, "customer_sessions": 1},
        [("SESSION_NUMBER", "3", "2", "1 session to go")],
    ),
}


@pytest.mark.parametrize("name", BESIDES)
def test_an_offer_for_another_place_says_what_else_fails_with_its_numbers(name):
    said, known, expected = BESIDES[name]
    terms = offer(location_ids=ELSEWHERE, **said)
    (found,) = explained(terms, **known)
    assert (found.outcome, str(found.saving.amount)) == (Outcome.INELIGIBLE, "0.00")
    assert [(x.code.value, x.expected, x.actual, x.margin) for x in found.checks] == [
        ("LOCATION", "elsewhere", "station-1", ""),
        *expected,
    ]
    alone = evaluate_offer(terms, cart(), context(**known))
    assert [x for x in alone.checks if not x.passed] == list(found.checks)


def test_a_budget_that_is_gone_is_told_though_the_cart_has_nothing_of_the_offer():
    terms = offer(item_ids=frozenset({"elsewhere"}), budget=Decimal(100))
    (found,) = explained(terms, usage={"weekend": Usage(budget_used=Decimal(100))})
    assert [(x.code.value, x.expected, x.actual, x.margin) for x in found.checks] == [
        ("ITEM", "elsewhere", "connector-1", ""),
        ("BUDGET", "0.01", "0", "₹0.01 short"),
    ]


@pytest.mark.parametrize(
    ("said", "outcome", "code"),
    [
        pytest.param({"min_value": "90.01"}, "INELIGIBLE", "MIN_VALUE", id="minimum"),
        pytest.param({"auto": False}, "INELIGIBLE", "NOT_OPTED_IN", id="not chosen"),
        pytest.param({"weekly_windows": WEEKEND}, "ELIGIBLE_NOT_CHOSEN", None, id="nothing fails"),
        pytest.param({"valid_from": SATURDAY}, "ELIGIBLE_NOT_CHOSEN", None, id="its first instant"),
    ],
)
def test_an_offer_that_could_apply_here_is_judged_in_full(said, outcome, code):
    (found,) = explained(offer(**said))
    assert (found.outcome.value, found.reason.code.value if found.reason else None) == (outcome, code)
    assert str(found.saving.amount) == "22.50"


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"state": "PAUSED"}, id="fails at once"),
        pytest.param({"uses_per_customer": 2}, id="judged in full"),
    ],
)
def test_an_offer_is_explained_as_it_is_judged_alone(said):
    terms = offer(version=7, name="Week-end", **said)
    (found,), alone = explained(terms), evaluate_offer(terms, cart(), context())
    assert (found.version, found.name) == (7, "Week-end")
    assert (found.outcome, found.saving.currency) == (alone.outcome, "INR")
    assert found.depends_on_identity is alone.depends_on_identity is ("uses_per_customer" in said)


def test_an_offer_begins_with_its_first_instant():
    (found,) = explained(offer(valid_from=SATURDAY))
    assert found.reason is None


def test_offers_of_the_same_places_and_hours_are_told_apart_where_these_differ():
    """Each refusal is put into words once and used again: never for another one's."""
    evening, night = (window("18:00", "21:00"),), (window("22:00", "23:00"),)
    one, other, two = frozenset({"far"}), frozenset({"farther"}), frozenset({"far", "farther"})
    offers = [
        offer("a", location_ids=one, weekly_windows=evening),
        offer("b", location_ids=other, weekly_windows=night),
        offer("c", location_ids=two, weekly_windows=evening),
        offer("d", location_ids=one, weekly_windows=night),
    ]
    assert [[(x.code.value, x.expected, x.margin) for x in found.checks] for found in explained(*offers)] == [
        [("LOCATION", place, ""), ("OUTSIDE_WEEKLY_WINDOW", "one of 1 windows", f"next window {opening}")]
        for place, opening in (
            ("far", "Sat 18:00"),
            ("farther", "Sat 22:00"),
            ("one of 2", "Sat 18:00"),
            ("far", "Sat 22:00"),
        )
    ]


def test_what_the_trace_says_already_stays_as_it_is():
    quote = quoted(kwh("5"), offer("weekend"), offer("rival", "20"))
    found = explain_all(
        [offer("weekend"), offer("rival", "20"), offer("far", location_ids=ELSEWHERE)],
        cart_of(quote),
        context(),
        quote.trace,
    )
    assert found[:2] == tuple(quote.trace.outcomes[n] for n in (1, 0))
    assert [(x.offer_id, x.outcome.value) for x in found] == [
        ("weekend", "APPLIED"),
        ("rival", "ELIGIBLE_NOT_CHOSEN"),
        ("far", "INELIGIBLE"),
    ]


@pytest.mark.parametrize(
    "request_",
    [kwh("5"), rupees("100"), delivered((0, 0), (20, 5200), stop=20)],
    ids=["energy", "amount", "delivery"],
)
def test_the_cart_of_a_quote_is_what_its_offers_were_judged_by(request_):
    seen = []

    class Step:
        def __call__(self, cart):
            seen.append(cart)
            return Discounts()

        def thresholds(self):
            return ()

        def net_at_least(self, low, high):
            return Decimal(0)

    quote = price(request_, PLAIN, discounts=Step())
    assert cart_of(quote) == seen[-1]
    assert [x.kind for x in cart_of(quote).lines] == [LineKind.ENERGY, LineKind.FEE]


def test_a_product_in_the_cart_is_an_item_of_it():
    coffee = line("PRODUCT-1", LineKind.PRODUCT, "20.00", item_id="coffee", category="CAFE")
    offers = [offer("drink", item_ids=frozenset({"coffee"})), offer("cafe", categories=frozenset({"CAFE"}))]
    found = explain_all(offers, cart("90.00", coffee), context(), OfferTrace())
    assert [(x.offer_id, x.outcome.value) for x in found] == [
        ("drink", "ELIGIBLE_NOT_CHOSEN"),
        ("cafe", "ELIGIBLE_NOT_CHOSEN"),
    ]
