"""Offers, sites and subjects that the tests of the linter share."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from cpo_portal.charging.segments.rules import Condition, Fact, Rule, Segment
from offers.engine.backtest import Setting
from offers.engine.book import OfferBook
from offers.engine.facts import Good, Holiday, HolidayChoice, HolidayRule, PlaceFacts
from offers.engine.lint import Finding, Site, Subject, lint
from offers.engine.values import OfferTerms
from pricing.engine.values import PriceTerms, ProductPrice
from tests.offers.engine.samples_types import by_slabs
from tests.pricing.engine.samples import PLAIN, SATURDAY, window

#: The code that is found, the offer, the others, and what else is so; each row's neighbour finds nothing of the code.
Row = tuple[str, OfferTerms, tuple[OfferTerms, ...], dict[str, Any]]
#: The code, the field, the sentence, the session that shows it, and what comes of it.
Said = tuple[str, str, str, str, str]

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


def _is_for(offer: OfferTerms, place: Site) -> bool:
    return not offer.applicability.location_ids or place.location_id in offer.applicability.location_ids


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
        "sites_of": lambda other: tuple(x for x in sites if _is_for(other, x)),
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
CHRISTMAS = HolidayRule("in", "India", HolidayChoice.ONLY, (Holiday(date(2026, 12, 25), "Christmas"),))
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
