"""Offers that give what nobody sells, what saves nothing, or what is not left."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from offers.engine.facts import Good
from tests.offers.engine.test_giving import freebie, more
from tests.offers.lint.samples import DIWALI, FOR, SATURDAYS, SHELF, SHOPS, Row, Said, at, shop, site

FOUND: dict[str, Row] = {
    "a-gift-that-is-sold-where-it-never-opens": (
        "NOT_SOLD",
        freebie(weekly_windows=SATURDAYS, valid_from=at("2026-11-07T05:45"), valid_until=at("2026-11-07T07:00")),
        (),
        {"sites": (replace(shop(1, "cake"), time_zone="Asia/Dubai"),), "zones": ("Asia/Kolkata", "Asia/Dubai")},
    ),
    "a-gift-that-no-station-sells": ("NOT_SOLD", freebie(**FOR), (), {"sites": (shop(1, "cake"), shop(2, "cake"))}),
    "a-gift-of-a-name-that-no-station-sells": (
        "NOT_SOLD",
        freebie(**FOR),
        (),
        {"sites": (shop(1, "cake"),), "goods": {"coffee": "Filter coffee"}},
    ),
    "two-for-one-of-what-no-station-sells": (
        "NOT_SOLD",
        more("PRODUCT", 2, 1, item="coffee", **FOR),
        (),
        {"sites": (shop(1, "cake"),)},
    ),
    "a-gift-where-nothing-has-a-price": ("NOT_SOLD", freebie(**FOR), (), {"sites": (site(terms=None),)}),
    "a-gift-that-is-never-given": (
        "NOT_SOLD",
        freebie(holidays=replace(DIWALI, days=()), **FOR),
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
    "a-gift-of-what-costs-nothing": (
        "SAVES_NOTHING",
        freebie("water", **FOR),
        (),
        {"sites": (site(goods={"water": Good("Water", Decimal(0), "food")}),)},
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
    "one-is-left": (
        "STOCK_LEFT",
        freebie(count=4, **FOR),
        (),
        {"sites": (replace(shop(), goods={"coffee": replace(SHELF["coffee"], units=1)}),)},
    ),
    "none-is-left": (
        "STOCK_LEFT",
        freebie(count=4, **FOR),
        (),
        {"sites": (replace(shop(), goods={"coffee": replace(SHELF["coffee"], units=0)}),)},
    ),
    "too-few-of-more-are-left": ("STOCK_LEFT", more("PRODUCT", 2, 4, item="coffee", **FOR), (), SHOPS),
    "too-few-of-all-that-is-sold-are-left": (
        "STOCK_LEFT",
        more("PRODUCT", 2, 4, **FOR),
        (),
        {"sites": (shop(1, "coffee"),)},
    ),
    "two-sessions-and-one-use": ("TURN_CUT", more("SESSION", 4, 2, uses_per_customer=1, **FOR), (), {}),
}
NOT_FOUND: dict[str, Row] = {
    "a-gift-that-one-station-sells": ("NOT_SOLD", freebie(**FOR), (), {"sites": (shop(1, "cake"), shop(2, "coffee"))}),
    "something-of-its-category-to-buy": (
        "NOT_SOLD",
        more("PRODUCT", 2, 1, categories=frozenset({"ev-charging", "bakery"}), **FOR),
        (),
        SHOPS,
    ),
    "a-gift-of-what-costs-a-paisa": (
        "SAVES_NOTHING",
        freebie("water", **FOR),
        (),
        {"sites": (site(goods={"water": Good("Water", Decimal("0.01"), "food")}),)},
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
}
SAID: dict[str, Said] = {
    "a-gift-that-is-sold-where-it-never-opens": (
        "NOT_SOLD",
        "benefit_item_id",
        "“coffee” is sold at no station in its scope where it ever opens: sell it at one of them, or give another "
        "product.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 +04: 20 kWh for ₹360.00.",
        "What it gives is not sold at this location.",
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
    "nothing-to-buy": (
        "NOT_SOLD",
        "item_unit",
        "No product that counts for it is sold at a station in its scope: sell one there, or choose other products.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "Too little is bought for more to be given: 0 instead of 2 (2 short).",
    ),
    "nothing-but-the-connector-to-buy": (
        "NOT_SOLD",
        "item_ids",
        "No product that counts for it is sold at a station in its scope: sell one there, or choose other products.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "Too little is bought for more to be given: 0 instead of 2 (2 short).",
    ),
    "a-gift-where-nothing-has-a-price": (
        "NOT_SOLD",
        "benefit_item_id",
        "“coffee” is sold at no station in its scope: sell it at one of them, or give another product.",
        "",
        "",
    ),
    "a-gift-that-is-never-given": (
        "NOT_SOLD",
        "benefit_item_id",
        "“coffee” is sold at no station in its scope where it ever opens: sell it at one of them, or give another "
        "product.",
        "",
        "",
    ),
    "a-gift-of-what-costs-nothing": (
        "SAVES_NOTHING",
        "benefit_item_id",
        "It saves nothing: Water costs nothing itself. Give it a price, or give another product.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "It would save nothing here.",
    ),
    "a-gift-of-a-name-that-no-station-sells": (
        "NOT_SOLD",
        "benefit_item_id",
        "“Filter coffee” is sold at no station in its scope: sell it at one of them, or give another product.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "What it gives is not sold at this location.",
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
    "one-is-left": (
        "STOCK_LEFT",
        "benefit_item_id",
        "Nobody gets it: 1 of Coffee is left, and one redemption gives 4.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "What it gives is out of stock: 1 instead of 4 (3 short).",
    ),
    "none-is-left": (
        "STOCK_LEFT",
        "benefit_item_id",
        "Nobody gets it: 0 of Coffee are left, and one redemption gives 4.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00.",
        "What it gives is out of stock: 0 instead of 4 (4 short).",
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
}
