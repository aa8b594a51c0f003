"""Conditions on the customer's sessions, on how busy the site is and on stocks: numbers, neighbours and words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from offers.engine.codec import offer_from_json, offer_to_json
from offers.engine.demand import demand_checks
from offers.engine.describe import summary
from offers.engine.evaluate import evaluate_offer
from offers.engine.facts import Levels, StockLevel
from offers.engine.values import Outcome
from offers.published import discounted_rate
from pricing.engine.codec import decode, encode
from tests.offers.engine.samples import cart, context, offer

THIRD = offer(nth_session=3)
QUIET = offer(max_busy_percent=30)
COFFEE = offer(stock_product_id="coffee", stock_at_least=5)


def known(sessions):
    return {"customer_known": True, "customer_sessions": sessions, "identity_required": True}


def stock(units):
    return {"levels": Levels(stock=(StockLevel("coffee", units),))}


@pytest.mark.parametrize(
    ("terms", "said", "code", "actual", "margin"),
    [
        pytest.param(THIRD, known(1), "SESSION_NUMBER", "2", "1 session to go", id="the-second"),
        pytest.param(THIRD, known(2), None, "", "", id="the-third"),
        pytest.param(THIRD, known(3), "SESSION_NUMBER", "4", "it is past", id="the-fourth"),
        pytest.param(offer(nth_session=1), known(0), None, "", "", id="the-first"),
        pytest.param(offer(nth_session=1), known(1), "SESSION_NUMBER", "2", "it is past", id="not-the-first"),
        pytest.param(
            THIRD, {"identity_required": True}, "SESSION_NUMBER", "none given", "", id="nobody-is-named-at-init"
        ),
        pytest.param(THIRD, {}, None, "", "", id="at-select-as-if-it-held"),
        pytest.param(QUIET, {"levels": Levels(2, 10)}, None, "", "", id="20-percent"),
        pytest.param(QUIET, {"levels": Levels(3, 10)}, "BUSY", "3 of 10 chargers", "", id="30-percent-is-not-under"),
        pytest.param(QUIET, {"levels": Levels(2, 7)}, None, "", "", id="28.6-percent"),
        pytest.param(QUIET, {"levels": Levels(29, 97)}, None, "", "", id="29.9-percent"),
        pytest.param(QUIET, {"levels": Levels(0, 0)}, "BUSY", "not known", "", id="no-charger-works"),
        pytest.param(QUIET, {}, "BUSY", "not known", "", id="not-observed"),
        pytest.param(COFFEE, stock(5), None, "", "", id="five-left"),
        pytest.param(COFFEE, stock(4), "STOCK", "4", "1 short", id="four-left"),
        pytest.param(COFFEE, stock(None), None, "", "", id="nobody-counts"),
        pytest.param(COFFEE, {}, "STOCK", "not known", "", id="stock-not-observed"),
    ],
)
def test_a_condition(terms, said, code, actual, margin):
    found = evaluate_offer(terms, cart(), context(**said))
    assert found.outcome is (Outcome.ELIGIBLE_NOT_CHOSEN if code is None else Outcome.INELIGIBLE)
    assert (found.reason and found.reason.code.value) == code
    assert (found.reason.actual if found.reason else "") == actual
    assert (found.reason.margin if found.reason else "") == margin


@pytest.mark.parametrize(
    ("said", "depends"),
    [
        pytest.param({}, True, id="at-select"),
        pytest.param({"identity_required": True}, True, id="unnamed-at-init"),
        pytest.param(known(2), False, id="named"),
    ],
)
def test_a_session_number_depends_on_who_the_customer_is(said, depends):
    assert evaluate_offer(THIRD, cart(), context(**said)).depends_on_identity is depends
    assert evaluate_offer(QUIET, cart(), context(**said)).depends_on_identity is False


WHOLE = [
    pytest.param(
        offer(nth_session=5),
        known(2),
        ("SESSION_NUMBER", "qualifier.nth_session", "5", "3", False, "2 sessions to go"),
        id="two-to-go",
    ),
    pytest.param(
        THIRD,
        {"identity_required": True},
        ("SESSION_NUMBER", "qualifier.nth_session", "phone or e-mail", "none given", False, ""),
        id="nobody-is-named",
    ),
    pytest.param(
        THIRD,
        {"customer_known": True},
        ("SESSION_NUMBER", "qualifier.nth_session", "3", "not counted", False, ""),
        id="not-counted",
    ),
    pytest.param(QUIET, {}, ("BUSY", "qualifier.max_busy_percent", "under 30 %", "not known", False, ""), id="busy"),
    pytest.param(
        QUIET,
        {"levels": Levels(3, 10)},
        ("BUSY", "qualifier.max_busy_percent", "under 30 %", "3 of 10 chargers", False, ""),
        id="too-busy",
    ),
    pytest.param(COFFEE, {}, ("STOCK", "stock.coffee", "5", "not known", False, ""), id="stock-not-observed"),
    pytest.param(COFFEE, stock(None), ("STOCK", "stock.coffee", "5", "not counted", True, ""), id="nobody-counts"),
    pytest.param(COFFEE, stock(3), ("STOCK", "stock.coffee", "5", "3", False, "2 short"), id="two-short"),
]


@pytest.mark.parametrize(("terms", "said", "whole"), WHOLE)
def test_a_check_says_all_that_it_rests_on(terms, said, whole):
    checks, _ = demand_checks(terms, context(**said))
    assert [(x.code.value, x.field, x.expected, x.actual, x.passed, x.margin) for x in checks] == [whole]


def test_kept_levels_come_before_those_of_now():
    kept = Levels(1, 10, (StockLevel("coffee", 7),))
    now = Levels(9, 10, (StockLevel("coffee", 0), StockLevel("tea", 2)))
    assert kept.or_else(now) == Levels(1, 10, (StockLevel("coffee", 7), StockLevel("tea", 2)))
    assert Levels().or_else(now) == now
    assert decode(Levels, encode(kept)) == kept
    assert decode(Levels, {}) == Levels()


UNCERTAIN = {
    "certain": ({}, "13.50"),
    "from an energy": ({"min_wh": 10_000}, None),
    "up to an energy": ({"max_wh": 30_000}, None),
    "a session of many": ({"nth_session": 3}, None),
    "while it is quiet": ({"max_busy_percent": 30}, None),
    "while there is coffee": ({"stock_product_id": "coffee", "stock_at_least": 5}, None),
}


@pytest.mark.parametrize(("asked", "rate"), UNCERTAIN.values(), ids=UNCERTAIN)
def test_a_discounted_rate_is_shown_only_where_it_is_certain(asked, rate):
    assert discounted_rate(offer(**asked), Decimal(18)) == (rate and Decimal(rate))


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        pytest.param(offer(nth_session=1), "for a customer's first session", id="first"),
        pytest.param(offer(nth_session=22), "for a customer's 22nd session", id="22nd"),
        pytest.param(offer(nth_session=113), "for a customer's 113th session", id="113th"),
        pytest.param(QUIET, "while under 30 % of the station's chargers are busy", id="quiet"),
        pytest.param(COFFEE, "while at least 5 of coffee are in stock", id="stock"),
    ],
)
def test_conditions_in_words_and_in_json(terms, words):
    assert f"; {words}; applied automatically; " in summary(terms, "Asia/Kolkata")
    assert offer_from_json(offer_to_json(terms)) == terms


def test_what_an_order_holds_itself_is_as_good_as_there() -> None:
    found = Levels(1, 10, (StockLevel("coffee", 8), StockLevel("tea", None), StockLevel("wash", 3)))
    mine = found.with_own({"coffee": 2, "tea": 1, "cake": 5})
    assert mine == Levels(1, 10, (StockLevel("coffee", 10), StockLevel("tea", None), StockLevel("wash", 3)))
