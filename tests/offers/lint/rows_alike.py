"""Offers that are taken for each other, and price cliffs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from cpo_portal.charging.segments.rules import Condition, Fact
from offers.engine.facts import Holiday, HolidayChoice
from tests.offers.engine.samples import WEEKEND, offer
from tests.offers.engine.samples_types import by_slabs, slab
from tests.offers.engine.test_giving import more
from tests.offers.lint.samples import DIWALI, FOR, GOLD, MONDAYS, NEW, RETURNING, SHOPS, Row, Said, bands, cut, of, site
from tests.pricing.engine.samples import SATURDAY, window

LOYAL = of("loyal", Condition(Fact.SESSIONS, number=10, days=90))
GOLD_OR_SILVER = of("either", Condition(Fact.TIER, ("Gold", "Silver")))
SILVER = of("silver", Condition(Fact.TIER, ("Silver",)))

FOUND: dict[str, Row] = {
    "a-code-of-two": ("SAME_CODE", offer("a", display_code="X", **FOR), (offer("b", display_code="x"),), {}),
    "a-code-for-members": (
        "SAME_CODE",
        offer("a", display_code="X", requires_code=True, segments=(GOLD,), **FOR),
        (offer("b", "10", display_code="X", requires_code=True),),
        {},
    ),
    "a-code-for-the-turn-of-who-has-charged-ten-times": (
        "SAME_CODE",
        more("SESSION", 4, 1, offer_id="a", display_code="X", segments=(LOYAL,), **FOR),
        (offer("b", "1", display_code="X"),),
        {},
    ),
    "a-code-of-two-for-a-second": (
        "SAME_CODE",
        offer("a", display_code="X", **FOR),
        (offer("b", display_code="X", valid_from=FOR["valid_until"] - timedelta(seconds=1)),),
        {},
    ),
    "a-code-of-two-in-an-hour-of-the-week": (
        "SAME_CODE",
        offer("a", display_code="X", weekly_windows=MONDAYS, **FOR),
        (offer("b", "10", display_code="X", weekly_windows=(window("09:59", "12:00"),)),),
        {},
    ),
    "a-code-of-two-on-a-holiday": (
        "SAME_CODE",
        offer("a", display_code="X", holidays=DIWALI, **FOR),
        (offer("b", "10", display_code="X", holidays=DIWALI),),
        {},
    ),
    "a-code-of-two-at-two-places": (
        "SAME_CODE",
        offer("a", display_code="X", location_ids=frozenset({"station-1"}), **FOR),
        (offer("b", display_code="X", location_ids=frozenset({"station-2"})),),
        {},
    ),
    "a-code-of-one-that-begins-later": (
        "SAME_CODE",
        offer("a", "5", display_code="X"),
        (offer("b", "10", display_code="X", valid_from=SATURDAY + timedelta(days=400)),),
        {},
    ),
    "slabs-that-share-19-kwh": ("SLABS_OVERLAP", bands("a", slab(10, 19)), (bands("b", slab(19, 30, "20")),), {}),
    "slabs-that-share-19-kwh-at-the-others-end": (
        "SLABS_OVERLAP",
        bands("a", slab(19, 30)),
        (bands("b", slab(10, 19)),),
        {},
    ),
    "slabs-from-nothing-on": ("SLABS_OVERLAP", bands("a", slab(0, 5)), (bands("b", slab(0, 5)),), {}),
    "slabs-beyond-the-first-station": (
        "SLABS_OVERLAP",
        bands("a", slab(2_000, None)),
        (bands("b", slab(2_000, None)),),
        {"sites": (site(1, max_power_w=10_000), site(2))},
    ),
    "slabs-that-share-19-kwh-with-a-coffee": (
        "SLABS_OVERLAP",
        replace(cut(by_slabs(slab(19, 19), min_value="360")), offer_id="a"),
        (replace(cut(by_slabs(slab(19, 19, "20"), min_value="360")), offer_id="b"),),
        SHOPS,
    ),
    "slabs-without-an-end": ("SLABS_OVERLAP", bands("a", slab(30, None)), (bands("b", slab(20, None)),), {}),
    "slabs-of-members-and-of-anybody": (
        "SLABS_OVERLAP",
        replace(bands("a", slab(10, 19)), segments=(GOLD,)),
        (bands("b", slab(19, 30, "20")),),
        {},
    ),
    "slabs-of-members-and-of-returning-ones": (
        "SLABS_OVERLAP",
        replace(bands("a", slab(10, 19)), segments=(GOLD,)),
        (replace(bands("b", slab(19, 30, "20")), segments=(RETURNING,)),),
        {},
    ),
    "slabs-of-two-tiers-and-of-one-of-them": (
        "SLABS_OVERLAP",
        replace(bands("a", slab(10, 19)), segments=(GOLD_OR_SILVER,)),
        (replace(bands("b", slab(10, 19, "20")), segments=(SILVER,)),),
        {},
    ),
    "slabs-of-a-tier-and-of-two-with-it": (
        "SLABS_OVERLAP",
        replace(bands("a", slab(10, 19)), segments=(SILVER,)),
        (replace(bands("b", slab(10, 19, "20")), segments=(GOLD_OR_SILVER,)),),
        {},
    ),
    "an-edge": ("CLIFF", bands("a", slab(10, 19)), (), {}),
    "an-edge-for-members": ("CLIFF", replace(bands("a", slab(10, 19)), segments=(GOLD,)), (), {}),
    "two-edges": ("CLIFF", bands("a", slab(10, 10), slab(11, None, "20")), (), {}),
    "an-edge-of-a-free-session": ("CLIFF", bands("a", slab(10, None, "100")), (), {}),
    "an-edge-of-the-energy-it-holds-for": ("CLIFF", cut(by_slabs(slab(0, None), max_wh=15_000)), (), {}),
    "an-edge-at-its-minimum": ("CLIFF", cut(by_slabs(slab(10, 10), min_value="180")), (), {}),
}
NOT_FOUND: dict[str, Row] = {
    "a-code-of-its-own": ("SAME_CODE", offer("a", display_code="X", **FOR), (offer("b", display_code="XX"),), {}),
    "a-code-of-one-that-is-withdrawn": (
        "SAME_CODE",
        offer("a", display_code="X", **FOR),
        (offer("b", display_code="X", state="WITHDRAWN"),),
        {},
    ),
    "a-code-that-is-passed-on": (
        "SAME_CODE",
        offer("a", display_code="X", **FOR),
        (offer("b", display_code="X", valid_from=FOR["valid_until"]),),
        {},
    ),
    "a-code-that-was-passed-on": (
        "SAME_CODE",
        offer("a", display_code="X", **FOR),
        (offer("b", display_code="X", valid_until=FOR["valid_from"]),),
        {},
    ),
    "a-code-of-two-that-shared-only-the-past": (
        "SAME_CODE",
        offer("a", display_code="X", valid_until=SATURDAY + timedelta(days=9)),
        (offer("b", display_code="X", valid_until=SATURDAY),),
        {},
    ),
    "a-code-of-other-hours-of-the-week": (
        "SAME_CODE",
        offer("a", display_code="X", weekly_windows=MONDAYS, **FOR),
        (offer("b", display_code="X", weekly_windows=(window("10:00", "12:00"),)),),
        {},
    ),
    "a-code-of-holidays-and-one-of-other-days": (
        "SAME_CODE",
        offer("a", display_code="X", holidays=DIWALI, **FOR),
        (offer("b", display_code="X", holidays=replace(DIWALI, choice=HolidayChoice.EXCEPT)),),
        {},
    ),
    "a-code-of-two-holidays": (
        "SAME_CODE",
        offer("a", display_code="X", holidays=DIWALI, **FOR),
        (offer("b", display_code="X", holidays=replace(DIWALI, days=(Holiday(date(2026, 12, 25), "Christmas"),))),),
        {},
    ),
    "a-code-of-a-day-that-the-other-leaves-out": (
        "SAME_CODE",
        offer("a", display_code="X", holidays=DIWALI, **FOR),
        (offer("b", display_code="X", blackout_dates=frozenset({date(2026, 11, 8)})),),
        {},
    ),
    "slabs-side-by-side": ("SLABS_OVERLAP", bands("a", slab(10, 19)), (bands("b", slab(20, 30)),), {}),
    "slabs-on-different-days": (
        "SLABS_OVERLAP",
        bands("a", slab(10, 19), weekly_windows=MONDAYS),
        (bands("b", slab(10, 19), weekly_windows=WEEKEND),),
        {},
    ),
    "slabs-of-new-and-of-returning-customers": (
        "SLABS_OVERLAP",
        replace(bands("a", slab(10, 19)), segments=(NEW,)),
        (replace(bands("b", slab(10, 19)), segments=(RETURNING,)),),
        {},
    ),
    "no-edge": ("CLIFF", offer("a", **FOR), (), {}),
    "an-edge-below-its-minimum": ("CLIFF", cut(by_slabs(slab(10, 10), min_value="198.01")), (), {}),
    "an-edge-beyond-the-most-energy": ("CLIFF", cut(by_slabs(slab(20, None), max_wh=15_000)), (), {}),
    "an-edge-for-nobody": (
        "CLIFF",
        replace(bands("a", slab(10, 19)), segments=(of("nobody", Condition(Fact.NEW), Condition(Fact.RETURNING)),)),
        (),
        {},
    ),
    "an-edge-without-a-step": ("CLIFF", bands("a", slab(1, 10, "0"), slab(11, None, "0")), (), {}),
}
SAID: dict[str, Said] = {
    "a-code-of-two": (
        "SAME_CODE",
        "display_code",
        "b shows the code X too: who types it gets one of them.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "Who types X gets Offer a, ₹90.00.",
    ),
    "a-code-of-two-for-a-second": (
        "SAME_CODE",
        "display_code",
        "b shows the code X too: who types it gets one of them.",
        "At Station 1 (connector-1), Wed 6 Jan 2027, 09:59 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "Who types X gets Offer a, ₹90.00.",
    ),
    "a-code-of-two-in-an-hour-of-the-week": (
        "SAME_CODE",
        "display_code",
        "b shows the code X too: who types it gets one of them.",
        "At Station 1 (connector-1), Mon 9 Nov 2026, 09:59 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "Who types X gets Offer a, ₹90.00.",
    ),
    "a-code-of-two-at-two-places": (
        "SAME_CODE",
        "display_code",
        "b shows the code X too: who types it gets one of them.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "Who types X gets Offer a, ₹90.00.",
    ),
    "a-code-of-one-that-begins-later": (
        "SAME_CODE",
        "display_code",
        "b shows the code X too: who types it gets one of them.",
        "At Station 1 (connector-1), Sun 12 Dec 2027, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "Who types X gets Offer b, ₹36.00.",
    ),
    "a-code-for-members": (
        "SAME_CODE",
        "display_code",
        "b shows the code X too: who types it gets one of them.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you, tier Gold.",
        "Who types X gets Offer a, ₹90.00.",
    ),
    "slabs-that-share-19-kwh": (
        "SLABS_OVERLAP",
        "slabs",
        "Its slab 10–19 kWh overlaps 19–30 kWh of Offer b: a session of 19 kWh meets both.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 19 kWh for ₹342.00.",
        "Offer a gives ₹34.20, Offer b ₹68.40.",
    ),
    "an-edge": (
        "CLIFF",
        "slabs",
        "The price falls from ₹179.98 to ₹162.00, before fees and tax, when a session reaches 10 kWh.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 10 kWh for ₹162.00.",
        "",
    ),
    "an-edge-at-its-minimum": (
        "CLIFF",
        "slabs",
        "The price falls from ₹179.98 to ₹162.00, before fees and tax, when a session reaches 10 kWh.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 10 kWh for ₹162.00.",
        "",
    ),
    "slabs-of-members-and-of-returning-ones": (
        "SLABS_OVERLAP",
        "slabs",
        "Its slab 10–19 kWh overlaps 19–30 kWh of Offer b: a session of 19 kWh meets both.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 19 kWh for ₹342.00, by a customer with 1 session "
        "before, tier Gold.",
        "Offer a gives ₹34.20, Offer b ₹68.40.",
    ),
    "an-edge-for-members": (
        "CLIFF",
        "slabs",
        "The price falls from ₹179.98 to ₹162.00, before fees and tax, when a session reaches 10 kWh.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 10 kWh for ₹162.00, by a customer who never charged "
        "with you, tier Gold.",
        "",
    ),
}
