"""What the linter finds, each with its neighbour that it must not find, and the session that shows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from cpo_portal.charging.segment_rules import Condition, Fact, Rule, Segment
from offers.engine.backtest import Setting
from offers.engine.book import OfferBook
from offers.engine.facts import Good, Holiday, HolidayChoice, HolidayRule, PlaceFacts
from offers.engine.lint import Finding, FindingCode, Report, Site, Subject, lint
from offers.engine.lint.sessions import sessions_to_try
from offers.engine.lint.values import Sampled
from offers.engine.values import Objective, OfferTerms, StackLimits, Usage
from offers.lint_words import example_in_words, outcome_in_words
from pricing.engine.values import PriceTerms, ProductPrice
from tests.offers.engine.samples import WEEKEND, offer, rupees_off
from tests.offers.engine.test_giving import freebie, more
from tests.offers.engine.test_types import beside, by_slabs, combo, off_the_fee, slab
from tests.pricing.engine.samples import PLAIN, SATURDAY, window

DELHI = PlaceFacts(areas=frozenset({"New Delhi"}), state="Delhi", connector_type="CCS2", current="DC")
FOR = {"valid_from": SATURDAY, "valid_until": SATURDAY + timedelta(days=60)}


def site(number: int = 1, terms: PriceTerms | None = PLAIN, **said: Any) -> Site:
    values: dict[str, Any] = {
        "location_id": f"station-{number}",
        "location": f"Station {number}",
        "item_id": f"connector-{number}",
        "category": "ev-charging",
        "place": DELHI,
        "max_power_w": 30_000,
        "time_zone": "Asia/Kolkata",
        "terms": terms,
    }
    return Site(**{**values, **said})


def subject(own: OfferTerms, *others: OfferTerms, **said: Any) -> Subject:
    setting = {name: said.pop(name) for name in ("objective", "stack") if name in said}
    sites = said.pop("sites", (site(),))
    values: dict[str, Any] = {
        "offer": own,
        "book": OfferBook.compile((own, *others), revision=1),
        "setting": Setting("INR", **setting),
        "now": SATURDAY,
        "time_zone": "Asia/Kolkata",
        "sites": sites,
        "in_scope": len(sites),
    }
    return Subject(**{**values, **said})


def found(own: OfferTerms, *others: OfferTerms, **said: Any) -> dict[str, Finding]:
    return {x.code.value: x for x in lint(subject(own, *others, **said)).findings}


def of(segment_id: str, *conditions: Condition, match_all: bool = True) -> Segment:
    return Segment(segment_id, segment_id.title(), (Rule(segment_id, segment_id.title(), match_all, conditions),))


GOLD = of("gold", Condition(Fact.TIER, ("Gold",)))
NEW = of("new", Condition(Fact.NEW))
RETURNING = of("returning", Condition(Fact.RETURNING))
DIWALI = HolidayRule("in", "India", HolidayChoice.ONLY, (Holiday(date(2026, 11, 8), "Diwali"),))
MONDAYS = (window("09:00", "10:00", frozenset({1})),)
WORKDAYS = (window("00:00", "00:00", frozenset(range(1, 6))),)
#: Nine on the Monday after, in Kolkata.
BEFORE_MONDAY = SATURDAY + timedelta(hours=47)


def cut(own: OfferTerms, **scope: Any) -> OfferTerms:
    return replace(own, applicability=replace(own.applicability, **{**FOR, **scope}))


#: A coffee at 60 of which three are left, a cake at 40 that nobody counts.
SHELF = {"coffee": Good("Coffee", Decimal(60), "food", 3), "cake": Good("Cake", Decimal(40), "bakery")}


def shop(number: int = 1, *sold: str) -> Site:
    """Return a site where these are sold, the coffee and the cake if none is named."""
    goods = {x: SHELF[x] for x in sold or SHELF}
    prices = tuple(ProductPrice(x, good.title, good.price, good.category) for x, good in goods.items())
    return site(number, replace(PLAIN, product_prices=prices), goods=goods)


SHOPS: dict[str, Any] = {"sites": (shop(),)}


def at(instant: str) -> datetime:
    return datetime.fromisoformat(f"{instant}+00:00")


#: Stations of two clocks: at six in the morning in Greenwich it is half past eleven at one and ten at the other.
TWO_CLOCKS: dict[str, Any] = {
    "sites": (site(1), site(2, replace(PLAIN, time_zone="Asia/Dubai"), time_zone="Asia/Dubai"))
}
SATURDAYS = (window("10:00", "11:00", frozenset({6})),)


def bands(offer_id: str, *slabs: Any, **scope: Any) -> OfferTerms:
    return cut(replace(by_slabs(*slabs), offer_id=offer_id, name=f"Offer {offer_id}"), **scope)


#: The code that is found, the offer, the others, and what else is so; each row's neighbour finds nothing of the code.
FOUND: dict[str, tuple[str, OfferTerms, tuple[OfferTerms, ...], dict[str, Any]]] = {
    "a-larger-automatic-offer": ("SHADOWED", offer("a", "10", **FOR), (offer("b", "20"),), {}),
    "the-same-saving-and-a-smaller-id": ("SHADOWED", offer("b", "10", **FOR), (offer("a", "10", **FOR),), {}),
    "a-code-that-saves-less": (
        "SHADOWED",
        offer("a", "10", display_code="X", requires_code=True, **FOR),
        (offer("b", "20"),),
        {},
    ),
    "a-code-that-saves-the-same": (
        "SHADOWED",
        offer("a", "20", display_code="X", requires_code=True, **FOR),
        (offer("b", "20"),),
        {},
    ),
    "by-priority": ("SHADOWED", offer("a", "20", **FOR), (offer("b", "10", priority=1),), {"objective": "PRIORITY"}),
    "a-window-inside-the-others": (
        "SHADOWED",
        offer("a", "10", weekly_windows=WEEKEND, **FOR),
        (offer("b", "20", weekly_windows=WEEKEND),),
        {},
    ),
    "a-cap-below-the-others-saving": (
        "SHADOWED",
        offer("a", "50", value_cap=Decimal("19.99"), min_value="100", **FOR),
        (offer("b", "20"),),
        {},
    ),
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
    "a-code-makes-it-free": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, **FOR),
        (offer("b", "40", additive=True, auto=False, requires_code=True, display_code="X"),),
        {},
    ),
    "a-member-who-was-there-before": (
        "FREE_ENERGY",
        offer("a", "60", additive=True, segments=(GOLD,), **FOR),
        (offer("b", "40", additive=True, segments=(RETURNING,)),),
        {},
    ),
    "above-the-floor-alone": ("BELOW_FLOOR", offer("a", "30.01", **FOR), (), {"stack": StackLimits(None, Decimal(30))}),
    "above-the-floor-together": (
        "BELOW_FLOOR",
        offer("a", "20", additive=True, **FOR),
        (offer("b", "15", additive=True),),
        {"stack": StackLimits(None, Decimal(30))},
    ),
    "off-the-fee-counts-too": (
        "BELOW_FLOOR",
        offer("a", "28", additive=True, **FOR),
        (off_the_fee("10", additive=True),),
        {"stack": StackLimits(None, Decimal(30))},
    ),
    "a-code-of-two": ("SAME_CODE", offer("a", display_code="X", **FOR), (offer("b", display_code="x"),), {}),
    "slabs-that-share-19-kwh": ("SLABS_OVERLAP", bands("a", slab(10, 19)), (bands("b", slab(19, 30)),), {}),
    "slabs-without-an-end": ("SLABS_OVERLAP", bands("a", slab(30, None)), (bands("b", slab(20, None)),), {}),
    "an-edge": ("CLIFF", bands("a", slab(10, 19)), (), {}),
    "an-edge-of-a-free-session": ("CLIFF", bands("a", slab(10, None, "100")), (), {}),
    "an-edge-at-its-minimum": ("CLIFF", cut(by_slabs(slab(10, 10), min_value="180")), (), {}),
    "more-energy-than-there-is": ("NEVER_HOLDS", offer("a", min_wh=5_040_001, **FOR), (), {}),
    "a-minimum-above-any-session": ("NEVER_HOLDS", offer("a", min_value="9999999", **FOR), (), {}),
    "a-segment-that-contradicts-itself": (
        "NEVER_HOLDS",
        offer("a", segments=(of("no", Condition(Fact.NEW), Condition(Fact.RETURNING)),), **FOR),
        (),
        {},
    ),
    "a-combination-that-nobody-sells": ("NEVER_HOLDS", cut(combo("coffee")), (), {}),
    "no-price-anywhere": ("NOT_TRIED", offer("a", **FOR), (), {"sites": (site(terms=None),)}),
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
    "over": ("OVER", offer("a", valid_until=SATURDAY), (), {}),
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
    "a-gift-that-is-sold-where-it-never-opens": (
        "NOT_SOLD",
        freebie(weekly_windows=SATURDAYS, valid_from=at("2026-11-07T05:45"), valid_until=at("2026-11-07T07:00")),
        (),
        {"sites": (replace(shop(1, "cake"), time_zone="Asia/Dubai"),), "zones": ("Asia/Kolkata", "Asia/Dubai")},
    ),
    "no-holiday": ("NO_WINDOW", offer("a", holidays=replace(DIWALI, days=()), **FOR), (), {}),
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
    "a-gift-that-no-station-sells": ("NOT_SOLD", freebie(**FOR), (), {"sites": (shop(1, "cake"), shop(2, "cake"))}),
    "two-for-one-of-what-no-station-sells": (
        "NOT_SOLD",
        more("PRODUCT", 2, 1, item="coffee", **FOR),
        (),
        {"sites": (shop(1, "cake"),)},
    ),
    "nothing-to-buy": ("NOT_SOLD", more("PRODUCT", 2, 1, **FOR), (), {}),
    "nothing-of-its-category-to-buy": (
        "NOT_SOLD",
        more("PRODUCT", 2, 1, categories=frozenset({"ev-charging", "drinks"}), **FOR),
        (),
        SHOPS,
    ),
    "nothing-but-the-connector-to-buy": (
        "NOT_SOLD",
        more("PRODUCT", 2, 1, item_ids=frozenset({"connector-1"}), **FOR),
        (),
        SHOPS,
    ),
    "the-list-price-for-more": ("SAVES_NOTHING", more("PRODUCT", 2, 1, "60", item="coffee", **FOR), (), SHOPS),
    "the-price-of-the-dearest": ("SAVES_NOTHING", more("PRODUCT", 2, 1, "60", **FOR), (), SHOPS),
    "the-rate-for-more-energy": ("SAVES_NOTHING", more("KWH", 10, 2, "18", **FOR), (), {}),
    "more-than-the-longest-session": ("SAVES_NOTHING", more("SESSION", 4, 1, "1440", **FOR), (), {}),
    "a-cap-below-the-gift": ("CAP_TOO_SMALL", freebie(count=2, redemption_cap=Decimal("119.99"), **FOR), (), SHOPS),
    "a-cap-below-what-is-saved-of-more": (
        "CAP_TOO_SMALL",
        more("PRODUCT", 2, 1, "20", item="coffee", redemption_cap=Decimal("39.99"), **FOR),
        (),
        SHOPS,
    ),
    "a-cap-below-the-cheapest": (
        "CAP_TOO_SMALL",
        more("PRODUCT", 2, 1, redemption_cap=Decimal("39.99"), **FOR),
        (),
        SHOPS,
    ),
    "too-few-are-left": ("STOCK_LEFT", freebie(count=4, **FOR), (), SHOPS),
    "too-few-of-more-are-left": ("STOCK_LEFT", more("PRODUCT", 2, 4, item="coffee", **FOR), (), SHOPS),
    "too-few-of-all-that-is-sold-are-left": (
        "STOCK_LEFT",
        more("PRODUCT", 2, 4, **FOR),
        (),
        {"sites": (shop(1, "coffee"),)},
    ),
    "two-sessions-and-one-use": ("TURN_CUT", more("SESSION", 4, 2, uses_per_customer=1, **FOR), (), {}),
    "the-turn-of-another-session": ("NEVER_HOLDS", more("SESSION", 4, 1, nth_session=4, **FOR), (), {}),
    "a-turn-of-new-customers": ("NEVER_HOLDS", more("SESSION", 4, 1, segments=(NEW,), **FOR), (), {}),
    "less-than-a-gift": (
        "SHADOWED",
        rupees_off("a", "10", **FOR),
        (freebie("cake", offer_id="b"),),
        {"sites": (shop(1, "cake"),)},
    ),
    "less-of-more": (
        "SHADOWED",
        more("PRODUCT", 2, 1, item="cake", offer_id="a", **FOR),
        (more("PRODUCT", 2, 2, item="cake", offer_id="b"),),
        {"sites": (shop(1, "cake"),)},
    ),
    "a-smaller-gift": (
        "SHADOWED",
        freebie("cake", offer_id="a", **FOR),
        (freebie("coffee", offer_id="b"),),
        {
            "sites": (site(terms=shop().terms, goods={x: replace(y, units=None) for x, y in SHELF.items()}),),
        },
    ),
}
NOT_FOUND: dict[str, tuple[str, OfferTerms, tuple[OfferTerms, ...], dict[str, Any]]] = {
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
    "a-larger-offer-that-combines": (
        "SHADOWED",
        offer("a", "10", additive=True, **FOR),
        (offer("b", "20", additive=True),),
        {},
    ),
    "a-larger-offer-at-weekends": (
        "SHADOWED",
        offer("a", "10", **FOR),
        (offer("b", "20", weekly_windows=WEEKEND),),
        {},
    ),
    "a-larger-offer-until-ten": (
        "SHADOWED",
        offer("a", "10", weekly_windows=(window("18:00", "22:00"),), **FOR),
        (offer("b", "20", weekly_windows=(window("00:00", "21:45"),)),),
        {},
    ),
    "a-larger-offer-that-ends-before": (
        "SHADOWED",
        offer("a", "10", **FOR),
        (offer("b", "20", valid_until=SATURDAY + timedelta(days=59, hours=20)),),
        {},
    ),
    "a-larger-offer-with-a-code": (
        "SHADOWED",
        offer("a", "10", **FOR),
        (offer("b", "20", requires_code=True, display_code="X"),),
        {},
    ),
    "a-larger-offer-that-is-chosen": ("SHADOWED", offer("a", "10", **FOR), (offer("b", "20", auto=False),), {}),
    "a-larger-offer-that-runs-out": ("SHADOWED", offer("a", "10", **FOR), (offer("b", "20", total_uses=100),), {}),
    "a-larger-offer-for-others": ("SHADOWED", offer("a", "10", **FOR), (offer("b", "20", segments=(GOLD,)),), {}),
    "a-larger-offer-while-it-is-quiet": (
        "SHADOWED",
        offer("a", "10", max_busy_percent=80, **FOR),
        (offer("b", "20", max_busy_percent=79),),
        {},
    ),
    "a-larger-offer-that-is-paused": ("SHADOWED", offer("a", "10", **FOR), (offer("b", "20", state="PAUSED"),), {}),
    "a-larger-offer-elsewhere": (
        "SHADOWED",
        offer("a", "10", **FOR),
        (offer("b", "20", location_ids=frozenset({"station-2"})),),
        {"sites": (site(1), site(2))},
    ),
    "a-code-that-saves-more": (
        "SHADOWED",
        offer("a", "20.01", display_code="X", requires_code=True, **FOR),
        (offer("b", "20"),),
        {},
    ),
    "a-cap-above-the-others-saving": (
        "SHADOWED",
        offer("a", "50", value_cap=Decimal("20.01"), min_value="100", **FOR),
        (offer("b", "20"),),
        {},
    ),
    "the-same-saving-and-a-larger-id": ("SHADOWED", offer("a", "10", **FOR), (offer("b", "10", **FOR),), {}),
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
    "what-stands-beside-the-order": ("SHADOWED", cut(beside(additive=True)), (offer("b", "20", additive=True),), {}),
    "a-paisa-more-than-the-amount": ("FREE_ENERGY", rupees_off("a", "50", min_value="50.01", **FOR), (), {}),
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
    "a-code-of-its-own": ("SAME_CODE", offer("a", display_code="X", **FOR), (offer("b", display_code="XX"),), {}),
    "a-code-of-one-that-is-withdrawn": (
        "SAME_CODE",
        offer("a", display_code="X", **FOR),
        (offer("b", display_code="X", state="WITHDRAWN"),),
        {},
    ),
    "slabs-side-by-side": ("SLABS_OVERLAP", bands("a", slab(10, 19)), (bands("b", slab(20, 30)),), {}),
    "slabs-on-different-days": (
        "SLABS_OVERLAP",
        bands("a", slab(10, 19), weekly_windows=MONDAYS),
        (bands("b", slab(10, 19), weekly_windows=WEEKEND),),
        {},
    ),
    "no-edge": ("CLIFF", offer("a", **FOR), (), {}),
    "an-edge-below-its-minimum": ("CLIFF", cut(by_slabs(slab(10, 10), min_value="198.01")), (), {}),
    "an-edge-without-a-step": ("CLIFF", bands("a", slab(1, 10, "0"), slab(11, None, "0")), (), {}),
    "as-much-energy-as-there-is": ("NEVER_HOLDS", offer("a", min_wh=5_040_000, **FOR), (), {}),
    "a-member": ("NEVER_HOLDS", offer("a", segments=(GOLD,), **FOR), (), {}),
    "a-combination-that-is-sold": (
        "NEVER_HOLDS",
        cut(combo("coffee")),
        (),
        {"sites": (site(terms=replace(PLAIN, product_prices=(ProductPrice("coffee", "Coffee", Decimal(60)),))),)},
    ),
    "a-price": ("NOT_TRIED", offer("a", **FOR), (), {}),
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
    "a-gift-that-one-station-sells": ("NOT_SOLD", freebie(**FOR), (), {"sites": (shop(1, "cake"), shop(2, "coffee"))}),
    "something-of-its-category-to-buy": (
        "NOT_SOLD",
        more("PRODUCT", 2, 1, categories=frozenset({"ev-charging", "bakery"}), **FOR),
        (),
        SHOPS,
    ),
    "a-paisa-below-the-list-price": (
        "SAVES_NOTHING",
        more("PRODUCT", 2, 1, "59.99", item="coffee", **FOR),
        (),
        SHOPS,
    ),
    "a-paisa-below-the-dearest": ("SAVES_NOTHING", more("PRODUCT", 2, 1, "59.99", **FOR), (), SHOPS),
    "a-paisa-below-the-rate": ("SAVES_NOTHING", more("KWH", 10, 2, "17.99", **FOR), (), {}),
    "less-than-the-longest-session": ("SAVES_NOTHING", more("SESSION", 4, 1, "1439.99", **FOR), (), {}),
    "a-cap-of-the-gift": ("CAP_TOO_SMALL", freebie(count=2, redemption_cap=Decimal(120), **FOR), (), SHOPS),
    "a-cap-of-what-is-saved-of-more": (
        "CAP_TOO_SMALL",
        more("PRODUCT", 2, 1, "20", item="coffee", redemption_cap=Decimal(40), **FOR),
        (),
        SHOPS,
    ),
    "a-cap-of-the-cheapest": ("CAP_TOO_SMALL", more("PRODUCT", 2, 1, redemption_cap=Decimal(40), **FOR), (), SHOPS),
    "a-cap-that-cuts-given-energy": (
        "CAP_TOO_SMALL",
        more("KWH", 10, 2, redemption_cap=Decimal("0.01"), **FOR),
        (),
        {},
    ),
    "just-as-many-are-left": ("STOCK_LEFT", freebie(count=3, **FOR), (), SHOPS),
    "nobody-counts-what-is-left": ("STOCK_LEFT", freebie("cake", 1000, **FOR), (), SHOPS),
    "another-of-what-is-sold-is-left": ("STOCK_LEFT", more("PRODUCT", 2, 4, **FOR), (), SHOPS),
    "two-sessions-and-two-uses": ("TURN_CUT", more("SESSION", 4, 2, uses_per_customer=2, **FOR), (), {}),
    "two-sessions-and-one-use-a-day": ("TURN_CUT", more("SESSION", 4, 2, uses_per_customer_day=1, **FOR), (), {}),
    "the-turn-of-its-session": ("NEVER_HOLDS", more("SESSION", 4, 1, nth_session=5, **FOR), (), {}),
    "a-turn-of-returning-customers": ("NEVER_HOLDS", more("SESSION", 4, 1, segments=(RETURNING,), **FOR), (), {}),
    "a-gift": ("NEVER_HOLDS", freebie(**FOR), (), SHOPS),
    "a-gift-for-two-cakes": ("NEVER_HOLDS", more("PRODUCT", 2, 1, **FOR), (), SHOPS),
    "more-energy-than-usual": ("NEVER_HOLDS", more("KWH", 2000, 100, **FOR), (), {}),
    "a-gift-worth-more-than-the-session": ("FREE_ENERGY", freebie(**FOR), (), SHOPS),
    "a-gift-beside-99-percent": (
        "FREE_ENERGY",
        offer("a", "99", additive=True, **FOR),
        (freebie(additive=True),),
        SHOPS,
    ),
    "a-larger-gift-that-runs-out": (
        "SHADOWED",
        freebie("cake", offer_id="a", **FOR),
        (freebie("coffee", offer_id="b"),),
        SHOPS,
    ),
}


@cache
def looked_at(name: str) -> Report:
    _, own, others, said = (FOUND | NOT_FOUND)[name]
    if "objective" in said:
        said = said | {"objective": Objective(said["objective"])}
    return lint(subject(own, *others, **said))


@pytest.mark.parametrize("name", FOUND)
def test_it_is_found(name: str) -> None:
    assert FOUND[name][0] in [x.code.value for x in looked_at(name).findings]


@pytest.mark.parametrize("name", NOT_FOUND)
def test_its_neighbour_is_not_found(name: str) -> None:
    assert NOT_FOUND[name][0] not in [x.code.value for x in looked_at(name).findings]


def test_every_code_has_a_row_and_a_neighbour() -> None:
    # What publishing would refuse is found in rows of the database.
    codes = {x.value for x in FindingCode} - {"REFUSED"}
    assert {row[0] for row in FOUND.values()} == codes
    assert {row[0] for row in NOT_FOUND.values()} == codes


SAID: dict[str, tuple[str, str, str, str, str]] = {
    "a-larger-automatic-offer": (
        "SHADOWED",
        "value",
        "It is never the best offer: in each of the 210 sessions tried in which it holds, Offer b saves more, by ₹1.80 "
        "to ₹144.00.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 1 kWh for ₹18.00, by a customer who never charged with "
        "you.",
        "With it drivers save ₹1.80, with Offer b ₹3.60.",
    ),
    "a-code-that-saves-the-same": (
        "SHADOWED",
        "value",
        "Nobody gains by asking for it: in each of the 210 sessions tried in which it holds, Offer b saves the same "
        "and comes first.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "With it drivers save ₹72.00, with Offer b ₹72.00.",
    ),
    "by-priority": (
        "SHADOWED",
        "value",
        "It is never the best offer: in each of the 210 sessions tried in which it holds, Offer b comes first by "
        "priority, though drivers save up to ₹144.00 less.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 80 kWh for ₹1,440.00, by a customer who never charged "
        "with you.",
        "With it drivers save ₹288.00, with Offer b ₹144.00.",
    ),
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
    "a-code-of-two": (
        "SAME_CODE",
        "display_code",
        "b shows the code X too: who types it gets one of them.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "Who types X gets Offer a, ₹90.00.",
    ),
    "slabs-that-share-19-kwh": (
        "SLABS_OVERLAP",
        "slabs",
        "Its slab 10–19 kWh overlaps 19–30 kWh of Offer b: a session of 19 kWh meets both.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 19 kWh for ₹342.00.",
        "Offer a gives ₹34.20, Offer b ₹34.20.",
    ),
    "an-edge": (
        "CLIFF",
        "slabs",
        "The price falls from ₹180.00 to ₹162.00, before fees and tax, when a session reaches 10 kWh.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 10 kWh for ₹162.00.",
        "",
    ),
    "an-edge-at-its-minimum": (
        "CLIFF",
        "slabs",
        "The price falls from ₹180.00 to ₹162.00, before fees and tax, when a session reaches 10 kWh.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 10 kWh for ₹162.00.",
        "",
    ),
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
        "It has ended (0 s too late).",
    ),
    "a-window-after-the-end": (
        "ENDS_BEFORE_WINDOW",
        "valid_until",
        "The offer ends before its first window, which opens on 9 Nov 2026 09:00 IST: choose a later end or another "
        "window.",
        "At Station 1 (connector-1), Mon 9 Nov 2026, 09:00 IST: 20 kWh for ₹360.00.",
        "It has ended (0 s too late).",
    ),
    "a-window-after-the-end-on-both-clocks": (
        "ENDS_BEFORE_WINDOW",
        "valid_until",
        "The offer ends before its first window, which opens on 7 Nov 2026 10:00 +04: choose a later end or another "
        "window.",
        "At Station 2 (connector-2), Sat 7 Nov 2026, 10:00 +04: 20 kWh for ₹360.00.",
        "It has ended (0 s too late).",
    ),
    "a-gift-that-is-sold-where-it-never-opens": (
        "NOT_SOLD",
        "benefit_item_id",
        "“coffee” is sold at no station in its scope where it ever opens: sell it at one of them, or give another "
        "product.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 +04: 20 kWh for ₹360.00.",
        "What it gives is not sold at this location.",
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
        "The planned start, Sat 10:00, is outside its weekly windows (next window Mon 09:00). It holds only on a "
        "holiday of India (next holiday Diwali, 8 Nov 2026).",
    ),
    "a-city-without-a-station": (
        "NO_STATION",
        "cities",
        "No connector that buyer apps see is in its scope: choose other places, or publish one of these.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "It is for another city or state: New Delhi instead of Pune.",
    ),
    "a-gift-that-no-station-sells": (
        "NOT_SOLD",
        "benefit_item_id",
        "“coffee” is sold at no station in its scope: sell it at one of them, or give another product.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "What it gives is not sold at this location.",
    ),
    "nothing-of-its-category-to-buy": (
        "NOT_SOLD",
        "categories",
        "No product that counts for it is sold at a station in its scope: sell one there, or choose other products.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "Too little is bought for more to be given: 0 instead of 2 (2 short).",
    ),
    "the-list-price-for-more": (
        "SAVES_NOTHING",
        "item_value",
        "It saves nothing: Coffee costs ₹60.00 without it and ₹60.00 with it. Give a lower price.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh and 2 coffee for ₹480.00.",
        "It would save nothing here.",
    ),
    "the-rate-for-more-energy": (
        "SAVES_NOTHING",
        "item_value",
        "It saves nothing in the 270 sessions tried: ₹18.00 for a given kWh is no less than what it costs without the "
        "offer.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never "
        "charged with you.",
        "The driver saves ₹0.00.",
    ),
    "a-cap-below-the-gift": (
        "CAP_TOO_SMALL",
        "redemption_cap",
        "It is never given: 2 × Coffee saves ₹120.00, and one redemption may cost ₹119.99 at most: raise the "
        "most per redemption, or give less.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "What it gives is worth more than one redemption may cost: ₹120.00 instead of ₹119.99 (₹0.01 above it).",
    ),
    "too-few-are-left": (
        "STOCK_LEFT",
        "benefit_item_id",
        "Nobody gets it: 3 of Coffee are left, and one redemption gives 4.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "What it gives is out of stock: 3 instead of 4 (1 short).",
    ),
    "two-sessions-and-one-use": (
        "TURN_CUT",
        "uses_per_customer",
        "It promises 2 sessions after every 4, but a customer may use it once: raise the uses per customer to 2, "
        "or give 1.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer with 5 "
        "sessions before.",
        "The customer has used it as often as it allows: 1 of 1.",
    ),
    "no-station-at-all": (
        "NO_STATION",
        "location_ids",
        "No station of yours is shown to buyer apps: publish one first.",
        "",
        "",
    ),
    "no-price-anywhere": (
        "NOT_TRIED",
        "",
        "Nothing could be tried: no connector in its scope has a price yet.",
        "",
        "",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_it_is_said_with_the_session_that_shows_it(name: str) -> None:
    code, *said = SAID[name]
    finding = next(x for x in looked_at(name).findings if x.code.value == code)
    example = example_in_words(finding.example) if finding.example is not None else ""
    assert [finding.field, finding.sentence, example, outcome_in_words(finding)] == said


CONTRADICTIONS = {
    "OVER",
    "NO_WINDOW",
    "ENDS_BEFORE_WINDOW",
    "NO_STATION",
    "BUDGET_TOO_SMALL",
    "NOT_SOLD",
    "SAVES_NOTHING",
    "CAP_TOO_SMALL",
}
#: A product has one price; what energy costs is only known of the sessions tried.
TRIED_ONLY = {"the-rate-for-more-energy", "more-than-the-longest-session"}


@pytest.mark.parametrize("name", FOUND)
def test_what_can_never_apply_is_a_contradiction_and_everything_else_a_warning(name: str) -> None:
    code, severities = FOUND[name][0], {x.code.value: x.severity.value for x in looked_at(name).findings}
    certain = code in CONTRADICTIONS and name not in TRIED_ONLY
    assert severities[code] == ("CONTRADICTION" if certain else "WARNING")


def test_the_rivals_are_told_apart_with_how_often_and_by_how_much_each_wins() -> None:
    others = (offer("b", "20", weekly_windows=WEEKEND), offer("c", "30", weekly_windows=WORKDAYS))
    finding = found(offer("a", "10", **FOR), *others)["SHADOWED"]
    assert "Offer c or Offer b save more, by ₹1.80 to ₹288.00." in finding.sentence
    assert [(x.offer_id, x.sessions, f"{x.least}", f"{x.most}") for x in finding.rivals] == [
        ("c", 126, "3.60", "288.00"),
        ("b", 84, "1.80", "144.00"),
    ]
    assert [(x.name, f"{x.value}", x.currency) for x in finding.figures] == [
        ("saving_with_it", "1.80", "INR"),
        ("saving_without_it", "3.60", "INR"),
        ("least_difference", "1.80", "INR"),
        ("most_difference", "288.00", "INR"),
    ]


def test_the_largest_discount_is_figures_too() -> None:
    finding = looked_at("above-the-floor-together").findings[0]
    assert [(x.name, x.value, x.currency) for x in finding.figures] == [
        ("value", Decimal(360), "INR"),
        ("taken_off", Decimal(126), "INR"),
        ("percent", Decimal(35), ""),
        ("floor_percent", Decimal(30), ""),
        ("largest_discount", Decimal(108), "INR"),
    ]
    assert [x.offer_id for x in finding.rivals] == ["b"]


def test_a_session_that_never_holds_counts_its_reasons() -> None:
    own = offer("a", weekly_windows=MONDAYS, min_wh=5_040_001, max_busy_percent=1, **FOR)
    finding = found(own)["NEVER_HOLDS"]
    assert [(x.name, x.value) for x in finding.figures] == [("ENERGY", Decimal(128))]


def test_a_gift_that_is_short_says_so_in_figures() -> None:
    finding = looked_at("too-few-are-left").findings[0]
    assert [(x.name, x.value, x.currency) for x in finding.figures] == [
        ("list_price", Decimal(60), "INR"),
        ("one_redemption", Decimal(240), "INR"),
        ("left", Decimal(3), ""),
    ]


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        pytest.param(more("PRODUCT", 2, 1, **FOR), {("cake", 2), ("coffee", 2)}, id="any-product"),
        pytest.param(more("PRODUCT", 3, 1, item="cake", **FOR), {("cake", 3), ("coffee", 3)}, id="another-is-given"),
        pytest.param(
            more("PRODUCT", 2, 1, categories=frozenset({"bakery"}), **FOR), {("cake", 2)}, id="of-its-category"
        ),
        pytest.param(freebie(**FOR), set(), id="a-gift-for-nothing"),
    ],
)
def test_as_much_is_bought_as_it_takes(own: OfferTerms, wanted: set[tuple[str, int]]) -> None:
    sessions, _ = sessions_to_try(subject(own, **SHOPS), ())
    baskets = {x.cart.request.products for x in sessions}
    assert {(x.product_id, x.count) for basket in baskets for x in basket} == wanted


def test_the_same_subject_gets_the_same_report() -> None:
    rivals = [offer(f"o{n}", str(5 + n % 20), additive=bool(n % 2)) for n in range(50)]
    asked = subject(offer("a", "4", **FOR), *rivals, sites=tuple(map(site, range(1, 13))))
    turned = replace(asked, book=OfferBook.compile((*rivals[::-1], asked.offer), revision=2))
    assert lint(asked) == lint(asked) == lint(turned)


@pytest.mark.parametrize(
    ("count", "sampled"),
    [
        pytest.param(1, Sampled(sessions=320, combinations=2520, sites=12, in_scope=12, rivals=1), id="1"),
        pytest.param(1_000, Sampled(sessions=200, combinations=2520, sites=12, in_scope=12, rivals=1000), id="1000"),
        pytest.param(10_000, Sampled(sessions=20, combinations=2520, sites=10, in_scope=12, rivals=10000), id="10000"),
    ],
)
def test_more_offers_are_held_against_fewer_sessions(count: int, sampled: Sampled) -> None:
    rivals = [offer(f"o{n:05}", "20") for n in range(count)]
    report = lint(subject(offer("a", "10", **FOR), *rivals, sites=tuple(map(site, range(1, 13)))))
    assert report.sampled == sampled
    assert [x.code for x in report.findings] == [FindingCode.SHADOWED]
