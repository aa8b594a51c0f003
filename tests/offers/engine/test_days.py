"""Holidays of a calendar and blackout dates: judged on the site's clock at the planned start."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from offers.engine.codec import offer_from_json, offer_to_json
from offers.engine.days import day_checks, is_over, next_open
from offers.engine.describe import summary
from offers.engine.evaluate import evaluate_offer
from offers.engine.facts import Holiday, HolidayChoice, HolidayRule
from offers.engine.values import Outcome
from offers.reasons.traces import check_in_words
from tests.offers.engine.samples import cart, context, offer
from tests.pricing.engine.samples import SATURDAY, kwh, window

#: The planned start: 10:00 on Saturday in India.
TODAY = SATURDAY.date()
DAY = timedelta(days=1)
MIDNIGHT = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC) - timedelta(hours=5, minutes=30)


def holidays(choice: HolidayChoice, *days: int) -> HolidayRule:
    """Return a rule whose holidays lie so many days from today."""
    found = tuple(Holiday(TODAY + n * DAY, f"Day {n}") for n in days)
    return HolidayRule("delhi", "Delhi", choice, found)


ONLY, EXCEPT = HolidayChoice.ONLY, HolidayChoice.EXCEPT


@pytest.mark.parametrize(
    ("limits", "start", "code", "margin"),
    [
        pytest.param({"holidays": holidays(ONLY, 0)}, SATURDAY, None, "", id="on-the-holiday"),
        pytest.param({"holidays": holidays(ONLY, 0)}, MIDNIGHT, None, "", id="its-first-instant-in-india"),
        pytest.param(
            {"holidays": holidays(ONLY, 0)},
            MIDNIGHT - timedelta(seconds=1),
            "HOLIDAY",
            "next holiday Day 0, 7 Nov 2026",
            id="a-second-before-it",
        ),
        pytest.param(
            {"holidays": holidays(ONLY, 0)},
            MIDNIGHT + DAY,
            "HOLIDAY",
            "no holiday left",
            id="the-midnight-after-it-is-outside",
        ),
        pytest.param({"holidays": holidays(ONLY, -1, 1)}, SATURDAY, "HOLIDAY", "", id="between-two"),
        pytest.param({"holidays": holidays(EXCEPT, 0)}, SATURDAY, "HOLIDAY", "not on Day 0", id="left-out"),
        pytest.param({"holidays": holidays(EXCEPT, 1)}, SATURDAY, None, "", id="not-left-out"),
        pytest.param({"holidays": holidays(EXCEPT)}, SATURDAY, None, "", id="an-empty-calendar-leaves-out-nothing"),
        pytest.param(
            {"holidays": holidays(ONLY)}, SATURDAY, "HOLIDAY", "no holiday left", id="an-empty-one-holds-never"
        ),
        pytest.param({"blackout_dates": frozenset({TODAY})}, SATURDAY, "BLACKOUT", None, id="blacked-out"),
        pytest.param({"blackout_dates": frozenset({TODAY + DAY})}, SATURDAY, None, "", id="the-day-before-a-blackout"),
        pytest.param(
            {"blackout_dates": frozenset({TODAY}), "holidays": holidays(ONLY, 0)},
            SATURDAY,
            "BLACKOUT",
            None,
            id="a-blackout-beats-a-holiday",
        ),
    ],
)
def test_a_day_is_that_of_the_site(limits, start, code, margin):
    found = evaluate_offer(offer(**limits), cart(request=replace(kwh("5"), planned_start=start)), context())
    assert found.outcome is (Outcome.ELIGIBLE_NOT_CHOSEN if code is None else Outcome.INELIGIBLE)
    assert (found.reason and found.reason.code.value) == code
    if code == "HOLIDAY" and margin:
        assert found.reason.margin == margin
    if code == "BLACKOUT":
        assert check_in_words(found.reason) == "It does not apply on that date (not on 7 Nov 2026)."


EVENING = (window("18:00", "21:00"),)
WRAPS = (window("22:00", "02:00"),)


#: Where clocks are behind the most, the holiday ends 36 hours after it begins in UTC.
LAST_HOUR = datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC) + timedelta(hours=36)


def at(days: int, hour: int) -> datetime:
    return MIDNIGHT + days * DAY + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("limits", "opens"),
    [
        pytest.param({}, at(0, 10), id="at-once"),
        pytest.param({"holidays": holidays(ONLY, 0)}, at(0, 10), id="today-is-the-holiday"),
        pytest.param({"holidays": holidays(ONLY, 5)}, at(5, 0), id="the-next-holiday-from-midnight"),
        pytest.param({"holidays": holidays(ONLY, 5), "weekly_windows": EVENING}, at(5, 18), id="its-evening"),
        pytest.param({"holidays": holidays(ONLY, 5), "weekly_windows": WRAPS}, at(5, 0), id="a-window-wraps-into-it"),
        pytest.param({"holidays": holidays(EXCEPT, 0, 1)}, at(2, 0), id="after-two-holidays"),
        pytest.param(
            {"blackout_dates": frozenset({TODAY}), "weekly_windows": EVENING}, at(1, 18), id="after-a-blackout"
        ),
        pytest.param(
            {"blackout_dates": frozenset({TODAY + 5 * DAY}), "holidays": holidays(ONLY, 5, 9)},
            at(9, 0),
            id="the-one-left",
        ),
        pytest.param({"holidays": holidays(ONLY, -1)}, None, id="never-again"),
        pytest.param({"weekly_windows": (window("18:00", "21:00", frozenset()),)}, None, id="no-window-at-all"),
    ],
)
def test_the_next_opening_meets_windows_and_days(limits, opens):
    assert next_open(offer(**limits).applicability, at(0, 10), "Asia/Kolkata") == opens


@pytest.mark.parametrize(
    ("limits", "now", "over"),
    [
        pytest.param({"holidays": holidays(ONLY, 0)}, at(0, 10), False, id="today"),
        pytest.param({"holidays": holidays(ONLY, -3)}, at(0, 10), True, id="three-days-ago"),
        pytest.param({"holidays": holidays(ONLY)}, at(0, 10), True, id="no-day-at-all"),
        pytest.param({"holidays": holidays(ONLY, 0)}, LAST_HOUR, True, id="its-last-hour-anywhere"),
        pytest.param({"holidays": holidays(ONLY, 0)}, LAST_HOUR - timedelta(seconds=1), False, id="a-second-before"),
        pytest.param(
            {"holidays": holidays(ONLY, 0, 4), "blackout_dates": frozenset({TODAY + 4 * DAY})},
            at(3, 0),
            True,
            id="rest-out",
        ),
        pytest.param({"holidays": holidays(EXCEPT, -3)}, at(0, 10), False, id="all-other-days"),
    ],
)
def test_an_offer_for_holidays_is_over_with_the_last(limits, now, over):
    assert is_over(offer(**limits).applicability, now) is over


def test_days_in_words_and_in_json():
    terms = offer(holidays=holidays(ONLY, 0), blackout_dates=frozenset({date(2026, 11, 8), date(2026, 11, 9)}))
    assert ", only on holidays of Delhi, not on 8 Nov 2026 and 1 other date; " in summary(terms, "Asia/Kolkata")
    assert offer_from_json(offer_to_json(terms)) == terms
    before = offer_to_json(offer())
    del before["applicability"]["holidays"], before["applicability"]["blackout_dates"]
    assert offer_from_json(before) == offer()


@pytest.mark.parametrize(
    ("days", "actual", "passed", "margin"),
    [
        pytest.param((1,), "2026-11-07", True, "", id="no-holiday"),
        pytest.param((0,), "2026-11-07 Day 0", False, "not on Day 0", id="a-holiday"),
    ],
)
def test_the_check_of_holidays_left_out_says_the_day(days, actual, passed, margin):
    (check,) = day_checks(offer(holidays=holidays(EXCEPT, *days)).applicability, SATURDAY, "Asia/Kolkata")
    assert (check.expected, check.actual, check.passed, check.margin) == (
        "no holiday of Delhi",
        actual,
        passed,
        margin,
    )


@pytest.mark.parametrize(("zone", "day"), [("Asia/Kolkata", TODAY), ("America/New_York", TODAY - DAY)])
def test_a_blackout_is_judged_on_the_clock_of_the_site(zone, day):
    scope = offer(blackout_dates=frozenset({day})).applicability
    assert [x.actual for x in day_checks(scope, SATURDAY, zone)] == [day.isoformat()]
