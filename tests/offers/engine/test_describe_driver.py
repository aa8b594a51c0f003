"""What a driver is told of an offer, and where and when it holds, in plain words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from cpo_portal.charging.segments.rules import Segment
from offers.engine.describe_conditions import qualifier_in_words
from offers.engine.describe_driver import Named, conditions_in_words, connectors_in_words
from offers.engine.describe_where import days_in_words, where_in_words
from offers.engine.facts import Holiday, HolidayChoice, HolidayRule
from offers.engine.values import Benefit, BenefitKind, ItemUnit
from pricing.engine.wording import date_text
from tests.offers.engine.samples import offer


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
            offer(requires_code=True, display_code="W25"),
            ["applied with a code that you were given", ALONE],
            id="a-code",
        ),
        pytest.param(
            offer(requires_code=True, single_use=True),
            ["applied with a code that you were given, once", ALONE],
            id="a-code-of-ones-own",
        ),
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
            offer(min_value="1500"),
            [AUTOMATIC, "from ₹1,500.00 on, for energy, time and products before fees and tax", ALONE],
            id="least-value",
        ),
        pytest.param(
            offer(categories=frozenset({"FOOD"})),
            [AUTOMATIC, "only for products that are not sold now", ALONE],
            id="goods-that-nobody-sells",
        ),
        pytest.param(
            replace(offer(), benefit=replace(offer().benefit, item_id="cup-1")),
            [AUTOMATIC, ALONE, "as long as it is in stock"],
            id="a-gift",
        ),
        pytest.param(
            replace(offer(), benefit=replace(offer().benefit, item_unit=ItemUnit.PRODUCT)),
            [AUTOMATIC, ALONE, "as long as it is in stock"],
            id="products-given",
        ),
        pytest.param(
            offer(holidays=HolidayRule("ops-7", "Ops", HolidayChoice.ONLY, HOLIDAYS)),
            [AUTOMATIC, "only on 8 Nov 2026 (Day 8) and 9 Nov 2026 (Day 9)", ALONE],
            id="two-holidays-left",
        ),
        pytest.param(
            offer(holidays=HolidayRule("ops-7", "Ops", HolidayChoice.EXCEPT, HOLIDAYS[:1])),
            [AUTOMATIC, ALONE],
            id="only-holidays-that-have-passed-are-left-out",
        ),
        pytest.param(
            offer(
                holidays=HolidayRule("ops-7", "Ops", HolidayChoice.EXCEPT, HOLIDAYS[1:2]),
                blackout_dates=frozenset({date(2026, 11, 8), date(2026, 11, 7)}),
            ),
            [AUTOMATIC, "not on 8 Nov 2026 (Day 8)", "not on 8 Nov 2026", ALONE],
            id="a-holiday-and-a-date",
        ),
        pytest.param(
            offer(blackout_dates=frozenset(TODAY + timedelta(days=n) for n in range(20))),
            [
                AUTOMATIC,
                f"not on {', '.join(date_text(TODAY + timedelta(days=n)) for n in range(19))} and 27 Nov 2026",
                ALONE,
            ],
            id="as-many-dates-as-are-named",
        ),
        pytest.param(
            offer(blackout_dates=frozenset(TODAY + timedelta(days=n) for n in range(21))),
            [
                AUTOMATIC,
                f"not on {', '.join(date_text(TODAY + timedelta(days=n)) for n in range(20))} and 1 more",
                ALONE,
            ],
            id="one-date-more-than-is-named",
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
    freely = "may be combined with other offers"
    hidden = conditions_in_words(offer(additive=True), Named(TODAY, and_hidden=True))
    both = conditions_in_words(offer(additive=True), Named(TODAY, apart_from=("Day", "Night"), and_hidden=True))
    assert conditions_in_words(offer(additive=True), Named(TODAY))[-1] == freely
    assert hidden[-1] == f"{freely}, but not with all of them"
    assert both[-1] == f"{freely}, but not with “Day”, “Night” or some others"


def test_goods_of_a_category_are_named_by_what_it_allows():
    named = Named(TODAY, goods=("Coffee", "Tea"))
    assert conditions_in_words(offer(categories=frozenset({"FOOD"})), named)[1] == "only for Coffee or Tea"


@pytest.mark.parametrize(
    ("scope", "phrases"),
    [
        pytest.param({"charger_ids": frozenset({"c1"})}, ["at charger c1"], id="a-charger"),
        pytest.param({"charger_ids": frozenset({"c2", "c1", "c3"})}, ["at chargers c1, c2 or c3"], id="chargers"),
        pytest.param({"min_power_w": 50_000}, ["on connectors from 50 kW"], id="power-alone"),
        pytest.param({"currents": frozenset({"DC"})}, ["on DC connectors"], id="kind-alone"),
        pytest.param(
            {"connector_types": frozenset({"CCS2"}), "max_power_w": 7_400},
            ["on CCS2 connectors up to 7.4 kW"],
            id="kind-and-power",
        ),
        pytest.param({"location_tags": frozenset({"mall"})}, ["at mall locations"], id="a-tag"),
        pytest.param({}, [], id="anywhere"),
    ],
)
def test_where_in_words(scope, phrases):
    assert where_in_words(offer(**scope).applicability) == phrases


@pytest.mark.parametrize(
    ("scope", "phrases"),
    [
        pytest.param(
            {"holidays": HolidayRule("in", "India", HolidayChoice.ONLY, HOLIDAYS)},
            ["only on holidays of India"],
            id="only",
        ),
        pytest.param(
            {"holidays": HolidayRule("in", "", HolidayChoice.EXCEPT, HOLIDAYS)}, ["not on holidays of in"], id="except"
        ),
        pytest.param({"blackout_dates": frozenset({TODAY})}, ["not on 8 Nov 2026"], id="a-date"),
        pytest.param(
            {"blackout_dates": frozenset({TODAY, date(2026, 12, 25)})},
            ["not on 8 Nov 2026 and 1 other date"],
            id="two-dates",
        ),
        pytest.param(
            {"blackout_dates": frozenset({TODAY, date(2026, 12, 25), date(2026, 12, 26)})},
            ["not on 8 Nov 2026 and 2 other dates"],
            id="three-dates",
        ),
    ],
)
def test_days_in_words(scope, phrases):
    assert days_in_words(offer(**scope).applicability) == phrases


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "first"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (10, "10th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (22, "22nd"),
        (23, "23rd"),
        (24, "24th"),
        (101, "101st"),
        (111, "111th"),
        (112, "112th"),
        (113, "113th"),
    ],
)
def test_a_session_is_counted_in_words(number, words):
    assert qualifier_in_words(offer(nth_session=number).qualifier) == [f"for a customer's {words} session"]


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        pytest.param({}, "", id="any"),
        pytest.param({"connector_types": ("T2", "CHAdeMO")}, "CCS2 or CHAdeMO connectors", id="types"),
        pytest.param({"currents": ("AC", "DC")}, "AC or DC connectors", id="currents"),
        pytest.param(
            {"currents": ("DC",), "connector_types": ("T2",), "min_power_w": 50_000},
            "DC CCS2 connectors from 50 kW",
            id="all",
        ),
        pytest.param({"min_power_w": 7_400, "max_power_w": 22_000}, "connectors from 7.4 kW up to 22 kW", id="power"),
    ],
)
def test_connectors_in_words(scope, words):
    assert connectors_in_words(offer(**scope).applicability, Named(TODAY, connector_types={"T2": "CCS2"})) == words


@pytest.mark.parametrize(
    ("count", "least", "said"),
    [
        pytest.param(1, None, ["as long as it is in stock"], id="nobody-says-how-much"),
        pytest.param(None, 1, [], id="one-is-given-and-one-is-there"),
    ],
)
def test_a_gift_is_said_to_run_out_unless_enough_of_it_must_be_there(count, least, said):
    terms = gift(stock_product_id="cup-1", stock_at_least=least)
    terms = replace(terms, benefit=replace(terms.benefit, item_count=count))
    assert [x for x in conditions_in_words(terms, NAMED) if x.startswith("as long as")] == said
