"""Offers in plain words, and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from cpo_portal.charging.segment_rules import Segment
from offers.engine.codec import offer_from_json, offer_hash, offer_to_json, trace_from_json, trace_to_json
from offers.engine.describe import benefit_in_words, summary, windows_in_words
from offers.engine.describe_driver import Named, conditions_in_words
from offers.engine.facts import Holiday, HolidayChoice, HolidayRule
from offers.engine.values import Benefit, BenefitKind, DiscountBase
from pricing.engine.wording import date_text
from tests.offers.engine.samples import WEEKEND, offer, quoted, rupees_off
from tests.pricing.engine.samples import kwh, window

FULL = offer(
    value_cap=Decimal(100),
    min_value="50",
    location_ids=frozenset({"a", "b", "c"}),
    weekly_windows=WEEKEND,
    valid_from=datetime(2026, 10, 31, 18, 30, tzinfo=UTC),
    valid_until=datetime(2026, 11, 30, 18, 30, tzinfo=UTC),
    total_uses=1000,
    uses_per_customer=2,
    budget=Decimal(184320),
    redemption_cap=Decimal(150),
)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        pytest.param(offer(), "25 % off energy and add-ons", id="percent"),
        pytest.param(offer(value="12.50"), "12.5 % off energy and add-ons", id="half-percent"),
        pytest.param(FULL, "25 % off energy and add-ons, at most ₹100.00, from ₹50.00", id="capped-from"),
        pytest.param(rupees_off("a", "184320"), "₹1,84,320.00 off energy and add-ons", id="an-amount-in-indian-digits"),
        pytest.param(
            offer(base=DiscountBase.ITEMS_AND_SURGE), "25 % off energy, add-ons and surge", id="with-the-surge"
        ),
        pytest.param(
            offer(redemption_cap=Decimal(80)), "25 % off energy and add-ons, at most ₹80.00", id="redemption-cap"
        ),
    ],
)
def test_a_benefit_in_words(terms, words):
    assert benefit_in_words(terms) == words


def test_a_whole_offer_in_one_sentence():
    assert summary(FULL, "Asia/Kolkata") == (
        "Takes 25 % off energy and add-ons, at most ₹100.00, from ₹50.00, at 3 locations, "
        "Saturdays and Sundays all day, from 1 Nov 2026 00:00 IST until 1 Dec 2026 00:00 IST; "
        "applied automatically; combines with no other offer; "
        "at most 1000 uses in all; 2 per customer; a budget of ₹1,84,320.00."
    )


@pytest.mark.parametrize(
    ("terms", "end"),
    [
        pytest.param(
            offer(auto=False), "applied when the driver chooses it; combines with no other offer.", id="opt-in"
        ),
        pytest.param(
            offer(requires_code=True, display_code="W25", additive=True),
            "applied with the code W25; combines with other offers.",
            id="code",
        ),
        pytest.param(
            offer(item_ids=frozenset({"x"}), categories=frozenset({"FOOD"})),
            "at every location, for 1 item, in FOOD; applied automatically; combines with no other offer.",
            id="scope",
        ),
        pytest.param(
            offer(additive=True, exclusivity_group="night"),
            "combines with other offers, but no other of the group night.",
            id="group",
        ),
        pytest.param(
            offer(additive=True, exclusivity_group="night", excludes=frozenset({"b", "a", "c"})),
            "combines with other offers, but no other of the group night and not a, b and c.",
            id="exclusions",
        ),
        pytest.param(
            offer(exclusivity_group="night", excludes=frozenset({"b"})), "combines with no other offer.", id="alone"
        ),
    ],
)
def test_conditions_end_the_sentence(terms, end):
    assert summary(terms, "Asia/Kolkata").endswith(end)


def gift(**said):
    return replace(offer(**said), benefit=Benefit(BenefitKind.FREEBIE, None, None, item_id="cup-1", item_count=2))


TODAY = date(2026, 11, 8)
HOLIDAYS = tuple(Holiday(date(2026, 11, n), f"Day {n}") for n in (7, 8, 9))
NAMED = Named(TODAY, {"cup-1": "Coffee"}, apart_from=("Night",))
AUTOMATIC, ALONE = "applied automatically", "not combined with other offers"


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        pytest.param(offer(), [AUTOMATIC, ALONE], id="nothing-binds"),
        pytest.param(offer(auto=False), ["applied when the driver chooses it", ALONE], id="chosen"),
        pytest.param(
            offer(uses_per_customer=3, uses_per_customer_day=1, uses_per_customer_week=2, uses_per_customer_month=5),
            [
                AUTOMATIC,
                ALONE,
                "3 times per customer",
                "once per customer and day",
                "2 times per customer and week",
                "5 times per customer and month",
            ],
            id="limits-by-period",
        ),
        pytest.param(offer(total_uses=9), [AUTOMATIC, ALONE, "as long as it lasts"], id="uses"),
        pytest.param(
            offer(budget=Decimal(900), budget_per_day=Decimal(90), redemption_cap=Decimal(9)),
            [AUTOMATIC, ALONE, "as long as it lasts, each day only until its part is used up"],
            id="budgets",
        ),
        pytest.param(
            offer(budget_per_day=Decimal(90), redemption_cap=Decimal(9)),
            [AUTOMATIC, ALONE, "each day only as long as what is set aside for that day lasts"],
            id="budget-of-a-day",
        ),
        *(
            pytest.param(gift(**said), [AUTOMATIC, *before, ALONE, *after], id=f"given-{name}")
            for name, said, before, after in (
                ("from-stock", {}, [], ["as long as it is in stock"]),
                ("and-counted", {"total_uses": 9}, [], ["as long as it is in stock and the offer lasts"]),
                (
                    "and-daily",
                    {"budget_per_day": Decimal(9), "redemption_cap": Decimal(9)},
                    [],
                    ["as long as it is in stock, each day only until its part is used up"],
                ),
                (
                    "while-enough-is-there",
                    {"stock_product_id": "cup-1", "stock_at_least": 2},
                    ["while at least 2 of Coffee are in stock"],
                    [],
                ),
                (
                    "while-too-few-are-there",
                    {"stock_product_id": "cup-1", "stock_at_least": 1},
                    ["while at least 1 of Coffee are in stock"],
                    ["as long as it is in stock"],
                ),
                (
                    "while-something-else-is-there",
                    {"stock_product_id": "cup-2", "stock_at_least": 5},
                    ["while at least 5 of cup-2 are in stock"],
                    ["as long as it is in stock"],
                ),
            )
        ),
        pytest.param(
            offer(additive=True, exclusivity_group="g-7", excludes=frozenset({"night-1"})),
            [AUTOMATIC, "may be combined with other offers, but not with “Night”"],
            id="combining-by-name",
        ),
        pytest.param(
            offer(stock_product_id="cup-1", stock_at_least=5),
            [AUTOMATIC, "while at least 5 of Coffee are in stock", ALONE],
            id="product-by-name",
        ),
        pytest.param(
            offer(segments=(Segment("vip", "Whales", ()),)),
            [AUTOMATIC, "for some customers: your app shows whether you are among them", ALONE],
            id="segment-without-its-name",
        ),
        pytest.param(
            offer(
                holidays=HolidayRule("ops-7", "Ops", HolidayChoice.ONLY, HOLIDAYS),
                blackout_dates=frozenset({date(2026, 11, 9)}),
            ),
            [AUTOMATIC, "only on 8 Nov 2026 (Day 8)", "not on 9 Nov 2026", ALONE],
            id="holidays-to-come-by-day",
        ),
        pytest.param(
            offer(holidays=HolidayRule("ops-7", "Ops", HolidayChoice.EXCEPT, HOLIDAYS)),
            [AUTOMATIC, "not on 8 Nov 2026 (Day 8) and 9 Nov 2026 (Day 9)", ALONE],
            id="all-days-but-holidays",
        ),
        pytest.param(
            offer(holidays=HolidayRule("ops-7", "Ops", HolidayChoice.ONLY, HOLIDAYS[:1])),
            [AUTOMATIC, "only on holidays, of which none is left", ALONE],
            id="no-holiday-left",
        ),
        pytest.param(
            offer(blackout_dates=frozenset(TODAY + timedelta(days=n) for n in range(22))),
            [
                AUTOMATIC,
                f"not on {', '.join(date_text(TODAY + timedelta(days=n)) for n in range(20))} and 2 more",
                ALONE,
            ],
            id="many-dates",
        ),
    ],
)
def test_a_driver_is_told_what_binds(terms, said):
    assert conditions_in_words(terms, NAMED) == said


def test_some_offers_that_it_is_not_combined_with_may_not_be_named():
    said = conditions_in_words(offer(additive=True), Named(TODAY, and_hidden=True))
    assert said[-1] == "may be combined with other offers, but not with all of them"


@pytest.mark.parametrize(
    ("windows", "words"),
    [
        pytest.param((), "", id="none"),
        pytest.param((window("18:00", "21:00"),), "every day 18:00–21:00", id="every-day"),
        pytest.param((window("22:00", "00:00", frozenset({1})),), "Mondays 22:00–24:00", id="until-midnight"),
        pytest.param(
            (window("22:00", "02:00", frozenset({5, 6, 7})), *WEEKEND),
            "Fridays, Saturdays and Sundays 22:00–02:00; Saturdays and Sundays all day",
            id="two",
        ),
    ],
)
def test_windows_in_words(windows, words):
    assert windows_in_words(windows) == words


def test_an_offer_survives_json():
    assert offer_from_json(json.loads(json.dumps(offer_to_json(FULL)))) == FULL
    assert offer_hash(offer(value="25.00")) == offer_hash(offer(value="25")) != offer_hash(offer(value="26"))


def test_a_trace_survives_json():
    trace = quoted(kwh("5"), offer("a", min_value="50"), offer("b", "20"), opted_in=frozenset({"x"})).trace
    again = trace_from_json(json.loads(json.dumps(trace_to_json(trace))))
    assert again == trace
    assert str(again.difference) == "4.50 INR"
