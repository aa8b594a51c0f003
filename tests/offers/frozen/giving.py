"""Frozen quotes of what is given: free products, and for every X bought Y more, of products, kWh and sessions."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from offers.engine.giving import goods_of
from offers.engine.proof import Evidence, LockedContext, price_again
from offers.engine.values import StackLimits, Usage
from pricing.engine.values import Basis
from tests.offers.engine.samples import offer
from tests.offers.engine.test_given_lines import FINE
from tests.offers.engine.test_giving import CAFE, GOODS, TWO_RATES, freebie, more, with_products
from tests.offers.frozen.types import bill, of, wanting
from tests.pricing.engine.samples import PLAIN, kwh, rupees

SHELF = {"goods": GOODS}
KNOWN = {"customer_known": True, "identity_required": True}
BOUGHT = of(with_products(coffee=4), more("PRODUCT", 2, 1, "15"), terms=CAFE, **SHELF)

GIVING: dict[str, Evidence] = {
    "free_coffee": of(kwh("5"), freebie(count=2, min_value="50"), **SHELF),
    "free_coffee_beside_a_discount_within_the_largest": of(
        kwh("5"),
        freebie(additive=True),
        offer(additive=True),
        stack=StackLimits(max_discount_percent=Decimal(10)),
        **SHELF,
    ),
    "free_coffee_instead_of_a_discount": of(kwh("5"), freebie(), offer(), **SHELF),
    "free_coffee_out_of_stock": of(kwh("5"), freebie(count=6), **SHELF),
    "free_coffee_refused_by_the_ledger": of(kwh("5"), freebie(), usage={"free": Usage(refused=True)}, **SHELF),
    "free_parking_that_is_not_sold_there": of(kwh("5"), freebie("parking", auto=False), **wanting("free"), **SHELF),
    "free_coffee_above_what_a_redemption_may_cost": of(kwh("5"), freebie(redemption_cap=Decimal("59.99")), **SHELF),
    "two_coffees_and_one_at_fifteen": BOUGHT,
    "one_coffee_is_too_few": of(with_products(coffee=1), more("PRODUCT", 2, 1), terms=CAFE, **SHELF),
    "three_bought_and_two_cakes_given": of(
        with_products(coffee=2, cake=1), more("PRODUCT", 3, 2, item="cake"), terms=CAFE, **SHELF
    ),
    "a_coffee_and_a_cake_at_forty_each": of(
        with_products(coffee=1, cake=1), more("PRODUCT", 1, 1, "40"), terms=CAFE, **SHELF
    ),
    "coffees_of_the_bill": Evidence(
        BOUGHT.request, CAFE, BOUGHT.offers, LockedContext({}, "EV_CHARGING", goods=goods_of(price_again(BOUGHT).lines))
    ),
    "two_of_twelve_kwh": of(kwh("12"), more("KWH", 10, 2, "5")),
    "two_of_twelve_kwh_not_reached": of(kwh("10"), more("KWH", 10, 2)),
    "the_cheapest_kwh_of_two_rates": of(kwh("7.5"), more("KWH", 5, 2, "1.50"), terms=TWO_RATES),
    "kwh_of_two_rates_above_the_lower": of(kwh("11"), more("KWH", 4, 8, "5"), terms=TWO_RATES),
    "kwh_cut_at_what_a_redemption_may_cost": of(kwh("24.001"), more("KWH", 10, 2, redemption_cap=Decimal(50))),
    "kwh_of_an_all_in_budget": of(rupees("250", Basis.ALL_IN), more("KWH", 5, 1)),
    "kwh_of_an_all_in_budget_below_the_highest_price": of(
        rupees("6.19", Basis.ALL_IN),
        more("KWH", 1, 1, additive=False, min_value="6.13"),
        terms=replace(PLAIN, tax=None, fees=(), maximum_price=Decimal("6.20"), maximum_wh=4000),
    ),
    "kwh_given_of_a_line_that_rounds": of(kwh("12"), more("KWH", 10, 2), terms=FINE),
    "kwh_of_the_bill": bill(11_500, more("KWH", 10, 2, "5")),
    "the_fifth_session": of(kwh("5"), more("SESSION", 4, 1, "20"), customer_sessions=4, **KNOWN),
    "the_fourth_session": of(kwh("5"), more("SESSION", 4, 1), customer_sessions=3, **KNOWN),
    "a_session_of_nobody_known": of(kwh("5"), more("SESSION", 4, 1)),
    "a_session_of_the_bill": bill(5_200, more("SESSION", 4, 1, "20")),
    "given_below_the_minimum": of(kwh("12"), more("KWH", 10, 2, min_value="180.01")),
}
