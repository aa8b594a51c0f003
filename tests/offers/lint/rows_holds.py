"""Offers that hold in no session, or cannot be tried."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from cpo_portal.charging.segments.rules import Condition, Fact
from pricing.engine.values import ProductPrice
from tests.offers.engine.samples import offer
from tests.offers.engine.samples_types import by_slabs, combo, slab
from tests.offers.engine.test_giving import freebie, more
from tests.offers.lint.samples import FOR, GOLD, NEW, RETURNING, SHOPS, Row, Said, cut, of, site
from tests.pricing.engine.samples import PLAIN

NOBODYS = tuple(of(name, Condition(Fact.NEW), Condition(Fact.RETURNING)) for name in ("no", "none"))

FOUND: dict[str, Row] = {
    "more-energy-than-there-is": ("NEVER_HOLDS", offer("a", min_wh=5_040_001, **FOR), (), {}),
    "a-minimum-above-any-session": ("NEVER_HOLDS", offer("a", min_value="9999999", **FOR), (), {}),
    "a-minimum-above-its-slab-and-the-dearest-product": (
        "NEVER_HOLDS",
        cut(by_slabs(slab(19, 19), min_value="420")),
        (),
        SHOPS,
    ),
    "more-energy-than-there-is-above-its-minimum": (
        "NEVER_HOLDS",
        offer("a", min_value="50", min_wh=5_040_001, **FOR),
        (),
        {},
    ),
    "given-energy-for-more-than-there-is": ("NEVER_HOLDS", more("KWH", 10, 2, "10", min_wh=5_040_001, **FOR), (), {}),
    "another-city-than-that-of-its-stations": ("NEVER_HOLDS", offer("a", cities=frozenset({"Pune"}), **FOR), (), {}),
    "two-segments-that-contradict-themselves": (
        "NEVER_HOLDS",
        offer("a", segments=NOBODYS, **FOR),
        (),
        {},
    ),
    "a-segment-that-contradicts-itself": (
        "NEVER_HOLDS",
        offer("a", segments=(of("no", Condition(Fact.NEW), Condition(Fact.RETURNING)),), **FOR),
        (),
        {},
    ),
    "a-combination-that-nobody-sells": ("NEVER_HOLDS", cut(combo("coffee")), (), {}),
    "no-price-anywhere": ("NOT_TRIED", offer("a", **FOR), (), {"sites": (site(terms=None),)}),
    "the-turn-of-another-session": ("NEVER_HOLDS", more("SESSION", 4, 1, nth_session=4, **FOR), (), {}),
    "a-turn-of-new-customers": ("NEVER_HOLDS", more("SESSION", 4, 1, segments=(NEW,), **FOR), (), {}),
}
NOT_FOUND: dict[str, Row] = {
    "a-turn-of-who-has-charged-ten-times": (
        "NEVER_HOLDS",
        more("SESSION", 4, 1, segments=(of("loyal", Condition(Fact.SESSIONS, number=10, days=90)),), **FOR),
        (),
        {},
    ),
    "a-turn-of-who-has-not-charged-ten-times": (
        "NEVER_HOLDS",
        more("SESSION", 4, 1, segments=(of("n", Condition(Fact.SESSIONS, number=10, days=90, negated=True)),), **FOR),
        (),
        {},
    ),
    "two-sessions-after-four-of-who-has-charged-eleven-times": (
        "NEVER_HOLDS",
        more("SESSION", 4, 2, segments=(of("loyal", Condition(Fact.SESSIONS, number=11, days=90)),), **FOR),
        (),
        {},
    ),
    "a-value-that-is-also-a-usual-energy": ("NEVER_HOLDS", offer("a", min_value="2000", **FOR), (), {}),
    "a-minimum-of-its-slab-and-the-dearest-product": (
        "NEVER_HOLDS",
        cut(by_slabs(slab(19, 19), min_value="402")),
        (),
        SHOPS,
    ),
    "as-much-energy-as-there-is": ("NEVER_HOLDS", offer("a", min_wh=5_040_000, **FOR), (), {}),
    "a-member": ("NEVER_HOLDS", offer("a", segments=(GOLD,), **FOR), (), {}),
    "a-combination-that-is-sold": (
        "NEVER_HOLDS",
        cut(combo("coffee")),
        (),
        {"sites": (site(terms=replace(PLAIN, product_prices=(ProductPrice("coffee", "Coffee", Decimal(60)),))),)},
    ),
    "a-price": ("NOT_TRIED", offer("a", **FOR), (), {}),
    "the-turn-of-its-session": ("NEVER_HOLDS", more("SESSION", 4, 1, nth_session=5, **FOR), (), {}),
    "a-turn-of-returning-customers": ("NEVER_HOLDS", more("SESSION", 4, 1, segments=(RETURNING,), **FOR), (), {}),
    "a-gift": ("NEVER_HOLDS", freebie(**FOR), (), SHOPS),
    "a-gift-for-two-cakes": ("NEVER_HOLDS", more("PRODUCT", 2, 1, **FOR), (), SHOPS),
    "more-energy-than-usual": ("NEVER_HOLDS", more("KWH", 2000, 100, **FOR), (), {}),
}
SAID: dict[str, Said] = {
    "a-minimum-above-any-session": (
        "NEVER_HOLDS",
        "min_value",
        "It held in none of the 210 sessions tried: none is worth its minimum of ₹99,99,999.00.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "The session is worth less than its minimum: ₹360.00 instead of ₹99,99,999.00 (₹99,99,639.00 short).",
    ),
    "more-energy-than-there-is": (
        "NEVER_HOLDS",
        "min_energy_wh",
        "It held in none of the 240 sessions tried.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "The session's energy is outside its range: 20 kWh instead of 5040.001 kWh (5020.001 kWh short).",
    ),
    "a-segment-that-contradicts-itself": (
        "NEVER_HOLDS",
        "segment_ids",
        "Nobody could get it: no customer was found who is of segment No and meets the rest.",
        "",
        "",
    ),
    "two-segments-that-contradict-themselves": (
        "NEVER_HOLDS",
        "segment_ids",
        "Nobody could get it: no customer was found who is of segment No or None and meets the rest.",
        "",
        "",
    ),
    "more-energy-than-there-is-above-its-minimum": (
        "NEVER_HOLDS",
        "min_energy_wh",
        "It held in none of the 270 sessions tried.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "The session's energy is outside its range: 20 kWh instead of 5040.001 kWh (5020.001 kWh short).",
    ),
    "another-city-than-that-of-its-stations": (
        "NEVER_HOLDS",
        "",
        "It held in none of the 210 sessions tried.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "It is for another city or state: New Delhi instead of Pune.",
    ),
    "no-price-anywhere": (
        "NOT_TRIED",
        "",
        "Nothing could be tried: no connector in its scope has a price yet.",
        "",
        "",
    ),
}
