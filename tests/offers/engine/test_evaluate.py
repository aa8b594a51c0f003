"""One offer against one cart: each condition, its numbers, its margin, and the neighbour that passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from offers.engine.days import next_holding
from offers.engine.evaluate import evaluate_offer
from offers.engine.explain import explain_all
from offers.engine.facts import Holiday, HolidayChoice, HolidayRule
from offers.engine.values import CodeStanding, OfferTrace, Outcome, ReasonCode, SentCode, Usage
from pricing.engine.money import Money
from tests.offers.engine.samples import WEEKEND, cart, context, offer, rupees_off
from tests.pricing.engine.samples import SATURDAY, kwh, window

MINUTE = timedelta(minutes=1)
CAPPED = {"budget": Decimal(1000), "redemption_cap": Decimal(100)}


def used(**said):
    return {"usage": {"weekend": Usage(**said)}}


def sent(standing, offer_id="weekend"):
    return {"single_use": {offer_id: SentCode(7, CodeStanding(standing))}}


#: Asks for single-use codes.
OWN = {"requires_code": True, "single_use": True}

REFUSED = [
    pytest.param(offer(state="PAUSED"), {}, "PAUSED", "", id="paused"),
    pytest.param(offer(state="WITHDRAWN"), {}, "WITHDRAWN", "", id="withdrawn"),
    pytest.param(offer(state="ENDED"), {}, "ENDED", "", id="ended-early"),
    pytest.param(offer(state="DRAFT"), {}, "NOT_LIVE", "", id="draft"),
    pytest.param(offer(valid_from=SATURDAY + MINUTE), {}, "NOT_YET_VALID", "1 min too early", id="not-yet-valid"),
    pytest.param(offer(valid_until=SATURDAY), {}, "ENDED", "", id="the-end-is-outside"),
    pytest.param(offer(location_ids=frozenset({"x"})), {}, "LOCATION", "", id="another-location"),
    pytest.param(offer(item_ids=frozenset({"x", "y"})), {}, "ITEM", "", id="another-item"),
    pytest.param(offer(categories=frozenset({"x"})), {}, "CATEGORY", "", id="another-category"),
    pytest.param(offer(currency="EUR"), {}, "CURRENCY", "", id="another-currency"),
    pytest.param(offer(min_value="93.20"), {}, "MIN_VALUE", "₹3.20 short", id="3.20-short"),
    pytest.param(offer(auto=False), {}, "NOT_OPTED_IN", "", id="not-opted-in"),
    pytest.param(offer(), {"declined": frozenset({"weekend"})}, "DECLINED", "", id="declined"),
    pytest.param(
        offer(auto=False),
        {"declined": frozenset({"weekend"}), "opted_in": frozenset({"weekend"})},
        "DECLINED",
        "",
        id="declined-beats-opted-in",
    ),
    pytest.param(offer(display_code="W25", requires_code=True), {}, "CODE_REQUIRED", "", id="no-code"),
    pytest.param(
        offer(display_code="W25", requires_code=True),
        {"opted_in": frozenset({"weekend"})},
        "CODE_REQUIRED",
        "",
        id="an-id-is-no-code",
    ),
    pytest.param(
        offer(auto=False, display_code="W25", requires_code=True), {}, "CODE_REQUIRED", "", id="chosen-by-its-code"
    ),
    pytest.param(offer(auto=False, **OWN), {}, "CODE_REQUIRED", "", id="chosen-by-a-code-of-ones-own"),
    pytest.param(
        offer(auto=False, display_code="W25", requires_code=True, currency="EUR"),
        {},
        "CURRENCY",
        "",
        id="what-comes-first",
    ),
    pytest.param(offer(**OWN), {}, "CODE_REQUIRED", "", id="no-code-of-ones-own"),
    pytest.param(offer(**OWN), {"codes": frozenset({"W25", ""})}, "CODE_REQUIRED", "", id="a-word-is-none"),
    pytest.param(offer(**OWN), sent("FREE", "other"), "CODE_REQUIRED", "", id="the-code-of-another-offer"),
]


@pytest.mark.parametrize(
    ("terms", "said", "whole"),
    [
        pytest.param(
            offer(requires_code=True, display_code="W25"),
            {},
            ("CODE_REQUIRED", "display_code", "the offer's code", "not sent", False, ""),
            id="the-offers-code",
        ),
        pytest.param(
            offer(**OWN),
            {},
            ("CODE_REQUIRED", "single_use_code", "a code of your own", "not sent", False, ""),
            id="a-code-of-ones-own",
        ),
    ],
)
def test_a_code_that_is_missing_says_which(terms, said, whole):
    found = [x for x in evaluate_offer(terms, cart(), context(**said)).checks if not x.passed]
    assert [(x.code.value, x.field, x.expected, x.actual, x.passed, x.margin) for x in found] == [whole]


EXHAUSTED = [
    pytest.param(
        offer(**OWN), sent("USED"), "CODE_USED", "this code was used already, or another order holds it", id="used-code"
    ),
    pytest.param(offer(total_uses=100), used(uses=100), "TOTAL_USES", "0 left", id="all-uses-gone"),
    pytest.param(offer(**CAPPED), used(budget_used=Decimal("900.01")), "BUDGET", "₹0.01 short", id="budget-short"),
    pytest.param(
        offer(**CAPPED), used(budget_used=Decimal("999.50")), "BUDGET", "₹99.50 short", id="budget-all-but-gone"
    ),
    pytest.param(offer(**CAPPED), used(budget_used=Decimal(1001)), "BUDGET", "₹100.00 short", id="budget-overdrawn"),
    pytest.param(offer(budget=Decimal("22.49")), {}, "BUDGET", "₹0.01 short", id="budget-short-of-what-is-saved"),
    pytest.param(
        offer(budget_per_day=Decimal("22.49")),
        {},
        "BUDGET_DAY",
        "₹0.01 short, again from tomorrow 00:00",
        id="budget-of-the-day-short-of-what-is-saved",
    ),
    pytest.param(
        rupees_off("weekend", "50", budget=Decimal(1000)),
        used(budget_used=Decimal("950.01")),
        "BUDGET",
        "₹0.01 short",
        id="budget-short-of-the-amount",
    ),
    pytest.param(
        offer(uses_per_customer=2),
        {"customer_known": True, **used(customer_uses=2)},
        "CUSTOMER_USES",
        "0 left",
        id="customer-had-two",
    ),
    pytest.param(
        offer(uses_per_customer=2), {"identity_required": True}, "CUSTOMER_UNKNOWN", "", id="nobody-is-named-at-init"
    ),
]
ACCEPTED = [
    pytest.param(offer(valid_from=SATURDAY), {}, id="the-start-is-inside"),
    pytest.param(offer(valid_until=SATURDAY + MINUTE), {}, id="a-minute-before-the-end"),
    pytest.param(offer(location_ids=frozenset({"x", "station-1"})), {}, id="one-of-the-locations"),
    pytest.param(offer(item_ids=frozenset({"x", "connector-1"})), {}, id="one-of-the-items"),
    pytest.param(offer(categories=frozenset({"x", "EV_CHARGING"})), {}, id="one-of-the-categories"),
    pytest.param(offer(weekly_windows=WEEKEND), {}, id="a-saturday"),
    pytest.param(offer(min_value="90"), {}, id="the-least-value-itself"),
    pytest.param(offer(auto=False), {"opted_in": frozenset({"weekend"})}, id="opted-in"),
    pytest.param(offer(auto=False, display_code="W25"), {"opted_in": frozenset({"w25"})}, id="opted-in-by-code"),
    pytest.param(offer(auto=False, display_code="W25"), {"codes": frozenset({"w25"})}, id="a-code-opts-in"),
    pytest.param(offer(display_code="W25", requires_code=True), {"codes": frozenset({"w25"})}, id="code-in-any-case"),
    pytest.param(offer(**OWN), sent("FREE"), id="a-free-code"),
    pytest.param(offer(**OWN), sent("HELD"), id="the-orders-own-code"),
    pytest.param(offer(auto=False, **OWN), sent("FREE"), id="a-code-of-ones-own-opts-in"),
    pytest.param(offer(total_uses=100), used(uses=99), id="one-use-left"),
    pytest.param(offer(**CAPPED), used(budget_used=Decimal(900)), id="budget-for-just-one-more"),
    pytest.param(offer(budget=Decimal("22.50")), {}, id="budget-for-what-this-cart-saves"),
    pytest.param(offer(budget_per_day=Decimal("22.50")), {}, id="budget-of-the-day-for-what-this-cart-saves"),
    pytest.param(
        offer(uses_per_customer_day=1),
        {"customer_known": True, **used(uses=5, customer_uses=5)},
        id="a-period-of-which-nothing-is-known-has-not-been-used",
    ),
    pytest.param(offer(uses_per_customer=2), {"customer_known": True, **used(customer_uses=1)}, id="customer-had-one"),
    pytest.param(offer(uses_per_customer=2), {"customer_known": True}, id="a-new-customer"),
]


@pytest.mark.parametrize(("terms", "said", "code", "margin"), REFUSED)
def test_a_condition_that_fails_makes_it_ineligible(terms, said, code, margin):
    found = evaluate_offer(terms, cart(), context(**said))
    assert (found.outcome, found.reason.code, found.reason.margin) == (Outcome.INELIGIBLE, code, margin)


@pytest.mark.parametrize(("terms", "said", "code", "margin"), EXHAUSTED)
def test_a_limit_that_is_reached_makes_it_limited(terms, said, code, margin):
    found = evaluate_offer(terms, cart(), context(**said))
    assert (found.outcome, found.reason.code, found.reason.margin) == (Outcome.LIMITED, code, margin)


@pytest.mark.parametrize(("terms", "said"), ACCEPTED)
def test_its_neighbour_is_eligible(terms, said):
    found = evaluate_offer(terms, cart(), context(**said))
    assert (found.outcome, found.reason) == (Outcome.ELIGIBLE_NOT_CHOSEN, None)
    assert str(found.saving.amount) == "22.50"


def test_a_limit_per_customer_is_quoted_as_free_before_anybody_is_named():
    found = evaluate_offer(offer(uses_per_customer=1), cart(), context())
    assert (found.outcome, found.depends_on_identity) == (Outcome.ELIGIBLE_NOT_CHOSEN, True)


def test_nothing_to_take_it_from_is_no_benefit():
    found = evaluate_offer(offer(), cart("0.01"), context())
    assert (found.outcome, found.reason.code) == (Outcome.INELIGIBLE, "NO_BENEFIT")
    assert evaluate_offer(offer(), cart("0.02"), context()).outcome is Outcome.ELIGIBLE_NOT_CHOSEN


def test_validity_is_judged_at_the_planned_start_not_now():
    later = cart(request=replace(kwh("5"), planned_start=SATURDAY + timedelta(days=30)))
    found = evaluate_offer(offer(valid_until=SATURDAY + MINUTE), later, context(now=SATURDAY))
    assert found.reason.code == "ENDED"
    assert found.reason.margin == "29 d 23 h too late"


@pytest.mark.parametrize(
    ("terms", "said", "outcome"),
    [
        pytest.param(offer(state="PAUSED"), {}, Outcome.ELIGIBLE_NOT_CHOSEN, id="paused"),
        pytest.param(offer(state="ENDED"), {}, Outcome.ELIGIBLE_NOT_CHOSEN, id="ended"),
        pytest.param(offer(valid_until=SATURDAY), {}, Outcome.ELIGIBLE_NOT_CHOSEN, id="ended-by-time"),
        pytest.param(offer(total_uses=1), used(uses=1), Outcome.ELIGIBLE_NOT_CHOSEN, id="used-up-by-itself"),
        pytest.param(
            offer(auto=False, display_code="X", requires_code=True), {}, Outcome.ELIGIBLE_NOT_CHOSEN, id="code"
        ),
        pytest.param(offer(state="WITHDRAWN"), {}, Outcome.INELIGIBLE, id="withdrawn"),
        pytest.param(offer(min_value="90.01"), {}, Outcome.INELIGIBLE, id="its-qualifier-still-counts"),
    ],
)
def test_an_offer_that_the_order_holds_stays_unless_it_was_withdrawn(terms, said, outcome):
    assert evaluate_offer(terms, cart(), context(held=frozenset({"weekend"}), **said)).outcome is outcome


def test_every_failing_check_is_listed_with_its_numbers():
    terms = offer(state="PAUSED", min_value="100", total_uses=5, weekly_windows=WEEKEND)
    found = evaluate_offer(terms, cart(), context(**used(uses=2)))
    assert [(x.code, x.expected, x.actual, x.passed) for x in found.checks] == [
        ("PAUSED", "APPROVED", "PAUSED", False),
        ("OUTSIDE_WEEKLY_WINDOW", "one of 1 windows", "Sat 10:00", True),
        ("MIN_VALUE", "100", "90.00", False),
        ("TOTAL_USES", "5", "2", True),
    ]


def test_a_ceiling_limits_the_saving():
    found = evaluate_offer(offer(), cart(), context(ceilings={"weekend": Decimal("20.00")}))
    assert str(found.saving.amount) == "20.00"


def test_an_outcome_names_its_offer_and_is_in_its_currency():
    found = evaluate_offer(offer(version=3), cart(), context())
    assert (found.offer_id, found.version, found.name) == ("weekend", 3, "Offer weekend")
    assert found.saving == Money(Decimal("22.50"), "INR")


def test_a_place_that_fails_twice_says_both():
    terms = offer(location_ids=frozenset({"x"}), location_tags=frozenset({"mall"}))
    assert [x.code.value for x in evaluate_offer(terms, cart(), context()).checks] == ["LOCATION", "LOCATION_TAG"]


@pytest.mark.parametrize(
    ("windows", "zone", "actual", "margin"),
    [
        pytest.param((window("10:30", "11:00"),), "Asia/Kolkata", "Sat 10:00", "next window Sat 10:30", id="in-india"),
        pytest.param((window("10:30", "11:00"),), "America/New_York", "Fri 23:30", "next window Sat 10:30", id="there"),
        pytest.param(
            (window("10:30", "11:00", frozenset()),), "Asia/Kolkata", "Sat 10:00", "no window at all", id="never"
        ),
    ],
)
def test_a_window_is_told_on_the_clock_of_the_site(windows, zone, actual, margin):
    reason = evaluate_offer(offer(weekly_windows=windows), replace(cart(), time_zone=zone), context()).reason
    assert (reason.code.value, reason.actual, reason.margin) == ("OUTSIDE_WEEKLY_WINDOW", actual, margin)


#: Windows, what else limits the days, when it was asked on the clock of the site, and what is said of the next window.
_SAT_SUN, _WED = (window("00:00", "00:00", frozenset({6, 7})),), (window("08:00", "10:00", frozenset({3})),)


def _local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+05:30")


def _on(choice: HolidayChoice, *days: str) -> HolidayRule:
    return HolidayRule("in", "India", choice, tuple(Holiday(date.fromisoformat(x), "Festival") for x in days))


NEXT_WINDOWS = {
    "the next weekend": (_SAT_SUN, {}, "2026-11-27T10:00", "next window Sat 00:00"),
    "the weekend is blacked out": (
        _SAT_SUN,
        {"blackout_dates": frozenset({date(2026, 11, 28), date(2026, 11, 29)})},
        "2026-11-27T10:00",
        "next window Sat 5 Dec 2026 00:00",
    ),
    "its Saturday is blacked out": (
        _SAT_SUN,
        {"blackout_dates": frozenset({date(2026, 11, 28)})},
        "2026-11-27T10:00",
        "next window Sun 00:00",
    ),
    "over by then": (_WED, {"valid_until": _local("2026-11-26T12:00")}, "2026-11-26T08:00", "no window left"),
    "over as it opens": (_WED, {"valid_until": _local("2026-12-02T08:00")}, "2026-11-26T08:00", "no window left"),
    "over after it opens": (
        _WED,
        {"valid_until": _local("2026-12-02T08:01")},
        "2026-11-26T08:00",
        "next window Wed 08:00",
    ),
    "a week later to the hour": (_WED, {}, "2026-11-25T10:00", "next window Wed 2 Dec 2026 08:00"),
    "six days later": (_WED, {}, "2026-11-26T00:00", "next window Wed 08:00"),
    "it begins within a window": (
        _WED,
        {"valid_from": _local("2026-12-02T09:00")},
        "2026-11-26T08:00",
        "next window Wed 09:00",
    ),
    "it begins after a window": (
        _WED,
        {"valid_from": _local("2026-12-02T10:00")},
        "2026-11-26T08:00",
        "next window Wed 9 Dec 2026 08:00",
    ),
    "no holiday left": (
        _SAT_SUN,
        {"holidays": _on(HolidayChoice.ONLY, "2026-11-08")},
        "2026-11-26T08:00",
        "no window left",
    ),
    "a holiday in a window": (
        _SAT_SUN,
        {"holidays": _on(HolidayChoice.ONLY, "2026-12-25", "2026-12-26")},
        "2026-11-26T08:00",
        "next window Sat 26 Dec 2026 00:00",
    ),
    "but for a holiday": (
        _SAT_SUN,
        {"holidays": _on(HolidayChoice.EXCEPT, "2026-11-28")},
        "2026-11-26T08:00",
        "next window Sun 00:00",
    ),
}


@pytest.mark.parametrize(("windows", "said", "asked", "margin"), NEXT_WINDOWS.values(), ids=NEXT_WINDOWS)
def test_the_next_window_is_one_in_which_the_offer_holds(windows, said, asked, margin):
    start = _local(asked)
    terms = offer(weekly_windows=windows, **said)
    here = cart(request=replace(kwh("5"), planned_start=start))
    alone = evaluate_offer(terms, here, context()).checks
    (among,) = explain_all((terms,), here, context(), OfferTrace())
    for checks in (alone, among.checks):
        (found,) = [x for x in checks if x.code is ReasonCode.OUTSIDE_WEEKLY_WINDOW]
        assert (found.passed, found.margin) == (False, margin)
    if margin.startswith("next window"):
        opens = next_holding(terms.applicability, start, "Asia/Kolkata")
        then = cart(request=replace(kwh("5"), planned_start=opens))
        assert all(x.passed for x in evaluate_offer(terms, then, context()).checks)


EDGES = {
    "a second early": ({"valid_from": SATURDAY + timedelta(seconds=1)}, "NOT_YET_VALID", "1 s too early"),
    "less than a second early": ({"valid_from": SATURDAY + timedelta(milliseconds=999)}, "NOT_YET_VALID", ""),
    "at the last instant": ({"valid_until": SATURDAY}, "ENDED", ""),
    "less than a second late": ({"valid_until": SATURDAY - timedelta(milliseconds=999)}, "ENDED", ""),
    "a second late": ({"valid_until": SATURDAY - timedelta(seconds=1)}, "ENDED", "1 s too late"),
}


@pytest.mark.parametrize(("said", "code", "margin"), EDGES.values(), ids=EDGES)
def test_no_margin_is_of_zero_seconds(said, code, margin):
    reason = evaluate_offer(offer(**said), cart(), context()).reason
    assert (reason.code.value, reason.margin) == (code, margin)
