"""Days, weeks and months of the CPO's calendar, and what a trace says of limits that follow them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from offers.engine.codec import offer_from_json, offer_to_json
from offers.engine.describe import summary
from offers.engine.limits import limit_checks
from offers.engine.periods import Period, today_at
from offers.engine.values import OfferContext, OfferLimits, Usage
from tests.offers.engine.samples import offer

INDIA = "Asia/Kolkata"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        pytest.param("2026-11-20T18:29:59", INDIA, date(2026, 11, 20), id="the last second of a day in India"),
        pytest.param("2026-11-20T18:30:00", INDIA, date(2026, 11, 21), id="its midnight"),
        pytest.param("2026-11-20T18:30:00", "UTC", date(2026, 11, 20), id="elsewhere it is the day before"),
    ],
)
def test_the_day_is_that_of_the_cpos_clock(instant: str, zone: str, day: date) -> None:
    assert today_at(at(instant), zone).day == day


@pytest.mark.parametrize(
    ("day", "period", "begins", "next_one", "again"),
    [
        ("2026-11-21", Period.DAY, "2026-11-21", "2026-11-22", "again from tomorrow 00:00"),
        ("2026-12-31", Period.DAY, "2026-12-31", "2027-01-01", "again from tomorrow 00:00"),
        ("2026-11-16", Period.WEEK, "2026-11-16", "2026-11-23", "again from Mon 00:00"),
        ("2026-11-21", Period.WEEK, "2026-11-16", "2026-11-23", "again from Mon 00:00"),
        ("2026-11-22", Period.WEEK, "2026-11-16", "2026-11-23", "again from tomorrow 00:00"),
        ("2026-11-23", Period.WEEK, "2026-11-23", "2026-11-30", "again from Mon 00:00"),
        ("2026-11-01", Period.MONTH, "2026-11-01", "2026-12-01", "again from 1 Dec 00:00"),
        ("2026-11-30", Period.MONTH, "2026-11-01", "2026-12-01", "again from tomorrow 00:00"),
        ("2027-02-10", Period.MONTH, "2027-02-01", "2027-03-01", "again from 1 Mar 00:00"),
        ("2028-02-29", Period.MONTH, "2028-02-01", "2028-03-01", "again from tomorrow 00:00"),
        ("2026-12-15", Period.MONTH, "2026-12-01", "2027-01-01", "again from 1 Jan 00:00"),
    ],
)
def test_a_period_begins_and_is_followed(day: str, period: Period, begins: str, next_one: str, again: str) -> None:
    today = today_at(datetime.fromisoformat(f"{day}T12:00+05:30"), INDIA)
    assert today.start_of(period) == date.fromisoformat(begins)
    assert today.next_start(period) == datetime.fromisoformat(f"{next_one}T00:00+05:30")
    assert today.again(period) == again


def judge(limits: OfferLimits, usage: Usage, saving: str = "20.00", **context: Any) -> list[tuple[str, bool, str]]:
    terms = replace(offer(value_cap=Decimal(50)), limits=limits)
    given = OfferContext(
        "l", "i", "c", at("2026-11-21T10:00:00"), usage={terms.offer_id: usage}, calendar_zone=INDIA, **context
    )
    checks, _ = limit_checks(terms, given, Decimal(saving))
    return [(check.code.value, check.passed, check.margin) for check in checks]


@pytest.mark.parametrize(
    ("used", "passed", "margin"),
    [
        pytest.param(1, True, "1 left", id="limit - 1"),
        pytest.param(2, False, "0 left, again from tomorrow 00:00", id="limit"),
        pytest.param(3, False, "0 left, again from tomorrow 00:00", id="limit + 1"),
    ],
)
def test_a_customers_uses_of_a_day(used: int, passed: bool, margin: str) -> None:
    usage = Usage(customer_uses=used, customer_period_uses={Period.DAY: used})
    found = judge(OfferLimits(uses_per_customer_day=2), usage, customer_known=True)
    assert found == [("CUSTOMER_USES_DAY", passed, margin)]


def test_the_limit_that_lasts_longest_is_named_first() -> None:
    limits = OfferLimits(uses_per_customer_day=1, uses_per_customer_week=2, uses_per_customer_month=3)
    usage = Usage(customer_uses=3, customer_period_uses={Period.DAY: 1, Period.WEEK: 2, Period.MONTH: 3})
    assert judge(limits, usage, customer_known=True) == [
        ("CUSTOMER_USES_MONTH", False, "0 left, again from 1 Dec 00:00"),
        ("CUSTOMER_USES_WEEK", False, "0 left, again from Mon 00:00"),
        ("CUSTOMER_USES_DAY", False, "0 left, again from tomorrow 00:00"),
    ]


@pytest.mark.parametrize(
    ("used", "passed", "margin"),
    [
        pytest.param("50.00", True, "", id="what is left is the most of a redemption"),
        pytest.param("50.01", False, "₹0.01 short, again from tomorrow 00:00", id="a paisa short"),
    ],
)
def test_the_budget_of_a_day_covers_the_most_that_a_redemption_costs(used: str, passed: bool, margin: str) -> None:
    limits = OfferLimits(budget_per_day=Decimal(100), redemption_cap=Decimal(50))
    assert judge(limits, Usage(budget_used_today=Decimal(used))) == [("BUDGET_DAY", passed, margin)]


def test_a_limit_by_period_needs_to_know_the_customer() -> None:
    limits = OfferLimits(uses_per_customer_week=1)
    assert judge(limits, Usage()) == []
    assert judge(limits, Usage(), identity_required=True) == [("CUSTOMER_UNKNOWN", False, "")]


def test_limits_in_words() -> None:
    limits = OfferLimits(uses_per_customer_day=1, uses_per_customer_month=5, budget_per_day=Decimal(500))
    text = summary(replace(offer(), limits=limits), INDIA)
    assert text.endswith("; 1 per customer and day; 5 per customer and month; a budget of ₹500.00 a day.")


def test_terms_that_were_stored_before_these_limits_still_read() -> None:
    terms = replace(offer(), limits=OfferLimits(total_uses=3))
    stored = offer_to_json(terms)
    new = {"uses_per_customer_day", "uses_per_customer_week", "uses_per_customer_month", "budget_per_day"}
    stored["limits"] = {name: value for name, value in stored["limits"].items() if name not in {*new, "give_use_back"}}
    assert offer_from_json(stored) == terms
