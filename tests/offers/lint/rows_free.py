"""Offers that take off more than is allowed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from offers.engine.values import StackLimits
from tests.offers.engine.samples import offer, rupees_off
from tests.offers.engine.samples_types import combo, off_the_fee, slab
from tests.offers.engine.test_giving import freebie, more
from tests.offers.lint.samples import (
    CHRISTMAS,
    DELHI,
    FOR,
    GOLD,
    NEW,
    RETURNING,
    SHOPS,
    Row,
    Said,
    at,
    bands,
    cut,
    site,
)

TYPE_2 = site(2, place=replace(DELHI, connector_type="TYPE2"))
FOUND: dict[str, Row] = {
    "an-amount-above-a-short-session": ("FREE_ENERGY", rupees_off("a", "50", min_value="50", **FOR), (), {}),
    "all-of-it": ("FREE_ENERGY", offer("a", "100", **FOR), (), {}),
    "two-that-come-to-all": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, **FOR),
        (offer("b", "40", additive=True),),
        {},
    ),
    "two-that-come-to-all-where-two-may-be-combined-and-a-fee-is-waived": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, max_wh=1_000, **FOR),
        (offer("b", "40", additive=True), off_the_fee("100", additive=True)),
        {"stack": StackLimits(2)},
    ),
    "a-slab-of-all": ("FREE_ENERGY", bands("a", slab(10, None, "100")), (), {}),
    "a-code-makes-it-free": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, **FOR),
        (offer("b", "40", additive=True, auto=False, requires_code=True, display_code="X"),),
        {},
    ),
    "on-a-holiday-of-the-others-alone": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, **FOR),
        (cut(offer("b", "40", additive=True), holidays=CHRISTMAS),),
        {},
    ),
    "on-a-kind-of-connector-of-which-no-site-is-tried": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, **FOR),
        (offer("b", "40", additive=True, connector_types=frozenset({"TYPE2"})),),
        {
            "met": frozenset({"b"}),
            "shared_with": lambda _: {"b": (site(2, place=replace(DELHI, connector_type="TYPE2")),)},
        },
    ),
    "with-what-the-other-asks-for-in-the-basket": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, **FOR),
        (replace(combo("coffee", "cake", value="40", additive=True), offer_id="b"),),
        SHOPS,
    ),
    "a-member-who-was-there-before": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, segments=(GOLD,), **FOR),
        (offer("b", "40", additive=True, segments=(RETURNING,)),),
        {},
    ),
    "a-session-that-is-given": ("FREE_ENERGY", cut(more("SESSION", 4, 1, offer_id="a")), (), {}),
    "a-session-that-is-given-for-members": (
        "FREE_ENERGY",
        cut(more("SESSION", 4, 1, offer_id="a", segments=(GOLD,))),
        (),
        {},
    ),
    "what-two-others-make-free-too": (
        "FREE_ENERGY",
        offer("a", "100", additive=True, **FOR),
        (offer("b", "60", additive=True), offer("c", "40", additive=True)),
        {},
    ),
    "two-turns-that-come-to-all": (
        "FREE_ENERGY",
        cut(more("SESSION", 4, 1, "30", offer_id="a", additive=True)),
        (replace(more("SESSION", 2, 1, "70", additive=True), offer_id="b"),),
        {},
    ),
    "a-given-session-above-the-floor": (
        "BELOW_FLOOR",
        cut(more("SESSION", 4, 1, offer_id="a")),
        (),
        {"stack": StackLimits(None, Decimal(50))},
    ),
    "above-the-floor-alone": ("BELOW_FLOOR", offer("a", "30.01", **FOR), (), {"stack": StackLimits(None, Decimal(30))}),
    "above-the-floor-together": (
        "BELOW_FLOOR",
        offer("a", "20", additive=True, **FOR),
        (offer("b", "15", additive=True),),
        {"stack": StackLimits(None, Decimal(30))},
    ),
    "above-the-floor-while-it-is-quiet": (
        "BELOW_FLOOR",
        offer("a", "40", max_busy_percent=80, **FOR),
        (),
        {"stack": StackLimits(None, Decimal(30))},
    ),
    "above-the-floor-while-another-is-given": (
        "BELOW_FLOOR",
        offer("a", "20", additive=True, **FOR),
        (offer("b", "15", additive=True, max_busy_percent=80),),
        {"stack": StackLimits(None, Decimal(30))},
    ),
    "above-a-floor-between-two-paise": (
        "BELOW_FLOOR",
        offer("a", "50", max_wh=5_000, **FOR),
        (),
        {"stack": StackLimits(None, Decimal("33.33"))},
    ),
    "off-the-fee-counts-too": (
        "BELOW_FLOOR",
        offer("a", "28", additive=True, **FOR),
        (off_the_fee("10", additive=True),),
        {"stack": StackLimits(None, Decimal(30))},
    ),
}
NOT_FOUND: dict[str, Row] = {
    "a-paisa-more-than-the-amount": ("FREE_ENERGY", rupees_off("a", "50", min_value="50.01", **FOR), (), {}),
    "on-a-holiday-after-its-end": (
        "FREE_ENERGY",
        cut(offer("a", "60", additive=True), valid_until=at("2026-12-24T18:30")),
        (cut(offer("b", "40", additive=True), holidays=CHRISTMAS),),
        {},
    ),
    "on-a-holiday-on-which-it-does-not-hold": (
        "FREE_ENERGY",
        cut(offer("a", "60", additive=True), blackout_dates=frozenset({date(2026, 12, 25)})),
        (cut(offer("b", "40", additive=True), holidays=CHRISTMAS),),
        {},
    ),
    "on-a-kind-of-connector-that-is-nowhere": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, **FOR),
        (offer("b", "40", additive=True, connector_types=frozenset({"TYPE2"})),),
        {"met": frozenset({"b"}), "shared_with": lambda _: {}},
    ),
    "99-percent": ("FREE_ENERGY", offer("a", "99", **FOR), (), {}),
    "two-that-come-to-99": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, **FOR),
        (offer("b", "39", additive=True),),
        {},
    ),
    "half-and-no-fee": (
        "FREE_ENERGY",
        offer("a", "50", additive=True, **FOR),
        (off_the_fee("100", additive=True),),
        {},
    ),
    "no-fee-and-half": (
        "FREE_ENERGY",
        cut(off_the_fee("100", additive=True)),
        (offer("b", "50", additive=True),),
        {},
    ),
    "no-fee-beside-all": (
        "FREE_ENERGY",
        cut(off_the_fee("100", additive=True)),
        (offer("b", "60", additive=True), offer("c", "40", additive=True)),
        {},
    ),
    "half-and-no-fee-of-a-cpo-that-allows-all": (
        "FREE_ENERGY",
        offer("a", "50", additive=True, **FOR),
        (off_the_fee("100", additive=True),),
        {"stack": StackLimits(None, Decimal(100))},
    ),
    "two-of-one-group": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, exclusivity_group="g", **FOR),
        (offer("b", "40", additive=True, exclusivity_group="g"),),
        {},
    ),
    "one-at-a-time": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, **FOR),
        (offer("b", "40", additive=True),),
        {"stack": StackLimits(1, None)},
    ),
    "another-that-does-it-alone": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, **FOR),
        (offer("b", "100", additive=True),),
        {},
    ),
    "a-new-customer-who-was-there-before": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, segments=(NEW,), **FOR),
        (offer("b", "40", additive=True, segments=(RETURNING,)),),
        {},
    ),
    "the-floor-alone": ("BELOW_FLOOR", offer("a", "30", **FOR), (), {"stack": StackLimits(None, Decimal(30))}),
    "the-floor-together": (
        "BELOW_FLOOR",
        offer("a", "15", additive=True, **FOR),
        (offer("b", "15", additive=True),),
        {"stack": StackLimits(None, Decimal(30))},
    ),
    "a-gift-worth-more-than-the-session": ("FREE_ENERGY", freebie(**FOR), (), SHOPS),
    "a-gift-beside-99-percent": (
        "FREE_ENERGY",
        offer("a", "99", additive=True, **FOR),
        (freebie(additive=True),),
        SHOPS,
    ),
}
SAID: dict[str, Said] = {
    "an-amount-above-a-short-session": (
        "FREE_ENERGY",
        "value",
        "It can make a session free: it takes ₹50.00 off ₹50.00 of energy, time and products.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 2.778 kWh for ₹50.00, by a customer who never charged "
        "with you.",
        "The driver pays for fees and tax at most.",
    ),
    "two-that-come-to-all-where-two-may-be-combined-and-a-fee-is-waived": (
        "FREE_ENERGY",
        "value",
        "It can make a session free: together with Offer b it takes ₹18.00 off ₹18.00 of energy, time and products.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 1 kWh for ₹18.00, by a customer who never charged "
        "with you.",
        "The driver pays for fees and tax at most.",
    ),
    "a-member-who-was-there-before": (
        "FREE_ENERGY",
        "value",
        "It can make a session free: together with Offer b it takes ₹360.00 off ₹360.00 of energy, time and products.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer with 1 session "
        "before, tier Gold.",
        "The driver pays for fees and tax at most.",
    ),
    "above-the-floor-together": (
        "BELOW_FLOOR",
        "value",
        "It can go beyond your largest discount of 30 %: together with Offer b it would take ₹126.00 off ₹360.00 of "
        "energy, time and products, 35 %, and is cut.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "The driver saves ₹108.00 instead of ₹126.00.",
    ),
    "above-the-floor-while-it-is-quiet": (
        "BELOW_FLOOR",
        "value",
        "It can go beyond your largest discount of 30 %: it would take ₹144.00 off ₹360.00 of energy, time and "
        "products, 40 %, and is cut.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you, while 0 % of the chargers are busy.",
        "The driver saves ₹108.00 instead of ₹144.00.",
    ),
    "above-the-floor-while-another-is-given": (
        "BELOW_FLOOR",
        "value",
        "It can go beyond your largest discount of 30 %: together with Offer b it would take ₹126.00 off ₹360.00 of "
        "energy, time and products, 35 %, and is cut.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you, while 0 % of the chargers are busy.",
        "The driver saves ₹108.00 instead of ₹126.00.",
    ),
    "above-a-floor-between-two-paise": (
        "BELOW_FLOOR",
        "value",
        "It can go beyond your largest discount of 33.33 %: it would take ₹9.00 off ₹18.00 of energy, time and "
        "products, 50 %, and is cut.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 1 kWh for ₹18.00, by a customer who never charged "
        "with you.",
        "The driver saves ₹5.99 instead of ₹9.00.",
    ),
    "a-slab-of-all": (
        "FREE_ENERGY",
        "benefit_kind",
        "It can make a session free: it takes ₹360.00 off ₹360.00 of energy, time and products.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "The driver pays for fees and tax at most.",
    ),
}
