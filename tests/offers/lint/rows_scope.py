"""Offers without a time, a place or a budget."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from offers.engine.facts import Holiday
from offers.engine.values import Usage
from tests.offers.engine.samples import offer
from tests.offers.lint.samples import BEFORE_MONDAY, DIWALI, FOR, MONDAYS, SATURDAYS, TWO_CLOCKS, Row, Said, at, site
from tests.pricing.engine.samples import SATURDAY

FOUR_YEARS = frozenset(date(2026, 11, 7) + timedelta(days=n) for n in range(1500))

FOUND: dict[str, Row] = {
    "too-little-is-left": (
        "BUDGET_LEFT",
        offer("a", budget=Decimal(500), redemption_cap=Decimal(100), **FOR),
        (),
        {"used": Usage(budget_used=Decimal("400.01"))},
    ),
    "too-little-is-left-today": (
        "BUDGET_LEFT",
        offer("a", budget_per_day=Decimal(500), redemption_cap=Decimal(100), **FOR),
        (),
        {"used": Usage(budget_used_today=Decimal("400.01"))},
    ),
    "a-budget-below-one-redemption": (
        "BUDGET_TOO_SMALL",
        offer("a", budget=Decimal("99.99"), redemption_cap=Decimal(100), **FOR),
        (),
        {},
    ),
    "a-small-budget-without-a-station": (
        "BUDGET_TOO_SMALL",
        offer("a", budget=Decimal("99.99"), redemption_cap=Decimal(100), **FOR),
        (),
        {"sites": (), "other_site": site()},
    ),
    "a-small-budget-without-a-price": (
        "BUDGET_TOO_SMALL",
        offer("a", budget=Decimal("99.99"), redemption_cap=Decimal(100), **FOR),
        (),
        {"sites": (site(terms=None),)},
    ),
    "a-small-budget-without-a-time": (
        "BUDGET_TOO_SMALL",
        offer(
            "a",
            budget=Decimal("99.99"),
            redemption_cap=Decimal(100),
            holidays=replace(DIWALI, days=()),
            **FOR,
        ),
        (),
        {},
    ),
    "over": ("OVER", offer("a", valid_until=SATURDAY), (), {}),
    "over-where-it-is-not-for": ("OVER", offer("a", valid_until=SATURDAY), (), {"sites": (), "other_site": site()}),
    "over-without-a-station": ("OVER", offer("a", valid_until=SATURDAY), (), {"sites": ()}),
    "over-without-a-price": ("OVER", offer("a", valid_until=SATURDAY), (), {"sites": (site(terms=None),)}),
    "over-on-a-clock-of-no-station-tried": (
        "OVER",
        offer("a", valid_until=SATURDAY),
        (),
        {"zones": ("Asia/Dubai",)},
    ),
    "a-holiday-after-the-end": (
        "ENDS_BEFORE_WINDOW",
        offer("a", valid_until=datetime.fromisoformat("2026-11-07T18:30:00+00:00"), holidays=DIWALI),
        (),
        {},
    ),
    "a-window-after-the-end": (
        "ENDS_BEFORE_WINDOW",
        offer("a", weekly_windows=MONDAYS, valid_until=BEFORE_MONDAY),
        (),
        {},
    ),
    "a-window-after-the-end-on-both-clocks": (
        "ENDS_BEFORE_WINDOW",
        offer("a", weekly_windows=SATURDAYS, valid_from=at("2026-11-07T05:45"), valid_until=at("2026-11-07T06:00")),
        (),
        TWO_CLOCKS,
    ),
    "a-holiday-that-has-passed-on-both-clocks": (
        "NO_WINDOW",
        offer("a", holidays=DIWALI, valid_from=at("2026-11-08T20:00"), valid_until=at("2026-12-08T20:00")),
        (),
        TWO_CLOCKS,
    ),
    "no-holiday": ("NO_WINDOW", offer("a", holidays=replace(DIWALI, days=()), **FOR), (), {}),
    "no-day": ("NO_WINDOW", offer("a", blackout_dates=FOUR_YEARS, **FOR), (), {}),
    "a-holiday-that-is-blacked-out": (
        "NO_WINDOW",
        offer("a", holidays=DIWALI, blackout_dates=frozenset({date(2026, 11, 8)}), **FOR),
        (),
        {},
    ),
    "a-holiday-that-has-passed": (
        "NO_WINDOW",
        offer("a", holidays=replace(DIWALI, days=(Holiday(date(2026, 11, 6), "Yesterday"),)), **FOR),
        (),
        {},
    ),
    "a-window-on-no-holiday": ("NO_WINDOW", offer("a", holidays=DIWALI, weekly_windows=MONDAYS, **FOR), (), {}),
    "a-city-without-a-station": (
        "NO_STATION",
        offer("a", cities=frozenset({"Pune"}), **FOR),
        (),
        {"sites": (), "other_site": site()},
    ),
    "no-station-at-all": ("NO_STATION", offer("a", **FOR), (), {"sites": ()}),
}
NOT_FOUND: dict[str, Row] = {
    "a-window-before-the-end-on-one-clock": (
        "ENDS_BEFORE_WINDOW",
        offer("a", weekly_windows=SATURDAYS, valid_from=at("2026-11-07T05:45"), valid_until=at("2026-11-07T07:00")),
        (),
        TWO_CLOCKS,
    ),
    "a-window-on-a-clock-of-a-station-that-is-not-tried": (
        "ENDS_BEFORE_WINDOW",
        offer("a", weekly_windows=SATURDAYS, valid_from=at("2026-11-07T05:45"), valid_until=at("2026-11-07T07:00")),
        (),
        {"zones": ("Asia/Kolkata", "Asia/Dubai")},
    ),
    "a-holiday-that-is-left-on-one-clock": (
        "NO_WINDOW",
        offer("a", holidays=DIWALI, valid_from=at("2026-11-08T19:00"), valid_until=at("2026-12-08T20:00")),
        (),
        TWO_CLOCKS,
    ),
    "a-blackout-date-that-has-begun-on-one-clock": (
        "ENDS_BEFORE_WINDOW",
        offer(
            "a",
            blackout_dates=frozenset({date(2026, 11, 9)}),
            valid_from=at("2026-11-08T18:30"),
            valid_until=at("2026-11-08T20:00"),
        ),
        (),
        TWO_CLOCKS,
    ),
    "just-enough-is-left": (
        "BUDGET_LEFT",
        offer("a", budget=Decimal(500), redemption_cap=Decimal(100), **FOR),
        (),
        {"used": Usage(budget_used=Decimal(400))},
    ),
    "a-budget-of-one-redemption": (
        "BUDGET_TOO_SMALL",
        offer("a", budget=Decimal(100), redemption_cap=Decimal(100), **FOR),
        (),
        {},
    ),
    "not-over": ("OVER", offer("a", valid_until=SATURDAY + timedelta(seconds=1)), (), {}),
    "a-minute-of-the-holiday": (
        "ENDS_BEFORE_WINDOW",
        offer("a", valid_until=datetime.fromisoformat("2026-11-07T18:31:00+00:00"), holidays=DIWALI),
        (),
        {},
    ),
    "a-minute-of-the-window": (
        "ENDS_BEFORE_WINDOW",
        offer("a", weekly_windows=MONDAYS, valid_until=BEFORE_MONDAY + timedelta(minutes=1)),
        (),
        {},
    ),
    "a-holiday": ("NO_WINDOW", offer("a", holidays=DIWALI, **FOR), (), {}),
    "a-station": ("NO_STATION", offer("a", cities=frozenset({"New Delhi"}), **FOR), (), {}),
}
SAID: dict[str, Said] = {
    "too-little-is-left": (
        "BUDGET_LEFT",
        "budget",
        "Nobody gets it: ₹99.99 of its budget are left, and one redemption reserves up to ₹100.00.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "It is refused: ₹0.01 short.",
    ),
    "too-little-is-left-today": (
        "BUDGET_LEFT",
        "budget_per_day",
        "Nobody gets it until tomorrow: ₹99.99 of its budget are left, and one redemption reserves up to ₹100.00.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "It is refused: ₹0.01 short.",
    ),
    "a-budget-below-one-redemption": (
        "BUDGET_TOO_SMALL",
        "budget",
        "The budget is below one redemption, which reserves up to ₹100.00: raise it, or lower the most per redemption.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "It is refused: ₹0.01 short.",
    ),
    "over": (
        "OVER",
        "valid_until",
        "The offer is over already: choose a later end.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "It has ended.",
    ),
    "a-small-budget-without-a-station": (
        "BUDGET_TOO_SMALL",
        "budget",
        "The budget is below one redemption, which reserves up to ₹100.00: raise it, or lower the most per redemption.",
        "",
        "It is refused: ₹0.01 short.",
    ),
    "a-small-budget-without-a-price": (
        "BUDGET_TOO_SMALL",
        "budget",
        "The budget is below one redemption, which reserves up to ₹100.00: raise it, or lower the most per redemption.",
        "",
        "It is refused: ₹0.01 short.",
    ),
    "a-small-budget-without-a-time": (
        "BUDGET_TOO_SMALL",
        "budget",
        "The budget is below one redemption, which reserves up to ₹100.00: raise it, or lower the most per redemption.",
        "",
        "It is refused: ₹0.01 short.",
    ),
    "over-where-it-is-not-for": (
        "OVER",
        "valid_until",
        "The offer is over already: choose a later end.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "It has ended.",
    ),
    "over-without-a-station": (
        "OVER",
        "valid_until",
        "The offer is over already: choose a later end.",
        "",
        "",
    ),
    "over-without-a-price": (
        "OVER",
        "valid_until",
        "The offer is over already: choose a later end.",
        "",
        "",
    ),
    "over-on-a-clock-of-no-station-tried": (
        "OVER",
        "valid_until",
        "The offer is over already: choose a later end.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "It has ended.",
    ),
    "no-day": (
        "NO_WINDOW",
        "weekly_windows",
        "Its weekly windows and dates leave no instant: choose other days or times.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "It does not apply on that date (not on 7 Nov 2026).",
    ),
    "a-window-after-the-end": (
        "ENDS_BEFORE_WINDOW",
        "valid_until",
        "The offer ends before its first window, which opens on 9 Nov 2026 09:00 IST: choose a later end or another "
        "window.",
        "At Station 1 (connector-1), Mon 9 Nov 2026, 09:00 IST: 20 kWh for ₹360.00.",
        "It has ended.",
    ),
    "a-window-after-the-end-on-both-clocks": (
        "ENDS_BEFORE_WINDOW",
        "valid_until",
        "The offer ends before its first window, which opens on 7 Nov 2026 10:00 +04: choose a later end or another "
        "window.",
        "At Station 2 (connector-2), Sat 7 Nov 2026, 10:00 +04: 20 kWh for ₹360.00.",
        "It has ended.",
    ),
    "no-holiday": (
        "NO_WINDOW",
        "holidays",
        "No holiday of India is left in its validity: choose another calendar or other dates.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "It holds only on a holiday of India (no holiday left).",
    ),
    "a-holiday-that-is-blacked-out": (
        "NO_WINDOW",
        "blackout_dates",
        "Its blackout dates leave no holiday of India: take one of them out.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "It holds only on a holiday of India (next holiday Diwali, 8 Nov 2026).",
    ),
    "a-window-on-no-holiday": (
        "NO_WINDOW",
        "weekly_windows",
        "Its weekly windows leave no holiday of India: choose other days or times.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "The planned start, Sat 10:00, is outside its weekly windows (no window left). It holds only on a "
        "holiday of India (next holiday Diwali, 8 Nov 2026).",
    ),
    "a-city-without-a-station": (
        "NO_STATION",
        "cities",
        "No connector that buyer apps see is in its scope: choose other places, or publish one of these.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "It is for another city or state: New Delhi instead of Pune.",
    ),
    "no-station-at-all": (
        "NO_STATION",
        "location_ids",
        "No station of yours is shown to buyer apps: publish one first.",
        "",
        "",
    ),
}
