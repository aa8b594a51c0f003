"""Offers that a customer may hold more often than they are meant, and windows that are of other nights than meant."""

from __future__ import annotations

from datetime import datetime, timedelta

from cpo_portal.charging.segments.rules import Condition, Fact
from tests.offers.engine.samples import offer
from tests.offers.lint.samples import FOR, GOLD, NEW, RETURNING, Row, Said, cut, of
from tests.pricing.engine.samples import SATURDAY, window

NEW_GOLD = of("never", Condition(Fact.RETURNING, negated=True), Condition(Fact.TIER, ("Gold",)))
LATE, NIGHT = window("22:00", "02:00", frozenset({5})), window("22:00", "02:00", frozenset({5, 6}))
SUNDAY, NO = window("09:00", "09:00", frozenset({7})), of("no", Condition(Fact.NEW), Condition(Fact.RETURNING))

FOUND: dict[str, Row] = {
    "new-ones-as-often-as-they-like": ("HELD_AT_ONCE", offer("a", segments=(NEW,), **FOR), (), {}),
    "who-never-charged-twice": (
        "HELD_AT_ONCE",
        offer("a", segments=(NEW_GOLD,), uses_per_customer=2, **FOR),
        (),
        {},
    ),
    "new-ones-once-a-day": ("HELD_AT_ONCE", offer("a", segments=(NEW,), uses_per_customer_day=1, **FOR), (), {}),
    "friday-nights": ("PAST_MIDNIGHT", offer("a", weekly_windows=(LATE,), **FOR), (), {}),
    "friday-and-saturday-nights": ("PAST_MIDNIGHT", offer("a", weekly_windows=(NIGHT,), **FOR), (), {}),
    # The first broken night of a week is a Tuesday's, after the end.
    "friday-nights-and-monday-nights-after-the-end": (
        "PAST_MIDNIGHT",
        offer(
            "a",
            weekly_windows=(window("22:00", "02:00", frozenset({1, 5})),),
            valid_from=SATURDAY + timedelta(days=5),
            valid_until=SATURDAY + timedelta(days=9),
        ),
        (),
        {},
    ),
    "friday-nights-and-saturday-mornings": (
        "PAST_MIDNIGHT",
        offer("a", weekly_windows=(LATE, window("06:00", "09:00", frozenset({6}))), **FOR),
        (),
        {},
    ),
    "a-day-from-nine-on": (
        "PAST_MIDNIGHT",
        offer("a", weekly_windows=(window("09:00", "09:00", frozenset({7})),)),
        (),
        {},
    ),
}
NOT_FOUND: dict[str, Row] = {
    "new-ones-once-a-month": ("HELD_AT_ONCE", offer("a", segments=(NEW,), uses_per_customer_month=1, **FOR), (), {}),
    "new-ones-once-in-all": ("HELD_AT_ONCE", offer("a", segments=(NEW,), total_uses=1, **FOR), (), {}),
    "new-ones-once": ("HELD_AT_ONCE", offer("a", segments=(NEW,), uses_per_customer=1, **FOR), (), {}),
    "new-ones-and-others": ("HELD_AT_ONCE", offer("a", segments=(NEW, GOLD), **FOR), (), {}),
    "nobody": (
        "HELD_AT_ONCE",
        offer("a", segments=(NO,)),
        (),
        {},
    ),
    "returning-ones": ("HELD_AT_ONCE", offer("a", segments=(RETURNING,), **FOR), (), {}),
    "anybody": ("HELD_AT_ONCE", offer("a", **FOR), (), {}),
    "every-night": ("PAST_MIDNIGHT", offer("a", weekly_windows=(window("22:00", "02:00"),), **FOR), (), {}),
    "until-midnight": (
        "PAST_MIDNIGHT",
        offer("a", weekly_windows=(window("22:00", "00:00", frozenset({5})),), **FOR),
        (),
        {},
    ),
    "friday-nights-that-go-on": (
        "PAST_MIDNIGHT",
        offer("a", weekly_windows=(LATE, window("00:00", "02:00", frozenset({6}))), **FOR),
        (),
        {},
    ),
    "no-saturday-is-left": (
        "PAST_MIDNIGHT",
        cut(offer("a", weekly_windows=(LATE,)), valid_until=datetime.fromisoformat("2026-11-13T18:30:00+00:00")),
        (),
        {},
    ),
}
SAID: dict[str, Said] = {
    "new-ones-as-often-as-they-like": (
        "HELD_AT_ONCE",
        "uses_per_customer",
        "A customer is new until their first session has stopped: one may hold it in several orders at once. Set uses "
        "per customer to 1.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "",
    ),
    "friday-nights": (
        "PAST_MIDNIGHT",
        "weekly_windows",
        "Hours after midnight count by their own day: the window 22:00–02:00 holds on Fri 00:00–02:00 and on Fri "
        "22:00–24:00, but not on Sat 00:00–02:00. For the night from Fri to Sat add a window Sat 00:00–02:00, "
        "and let this one end at 00:00 unless Fri 00:00–02:00 is meant too.",
        "At Station 1 (connector-1), Sat 14 Nov 2026, 00:00 IST: 20 kWh for ₹360.00.",
        "The planned start, Sat 00:00, is outside its weekly windows (next window Fri 00:00).",
    ),
    "friday-and-saturday-nights": (
        "PAST_MIDNIGHT",
        "weekly_windows",
        "Hours after midnight count by their own day: the window 22:00–02:00 holds on Fri 00:00–02:00 and on Sat "
        "22:00–24:00, but not on Sun 00:00–02:00. For the night from Sat to Sun add a window Sun 00:00–02:00.",
        "At Station 1 (connector-1), Sun 8 Nov 2026, 00:00 IST: 20 kWh for ₹360.00.",
        "The planned start, Sun 00:00, is outside its weekly windows (next window Fri 00:00).",
    ),
}
