"""What the frozen quotes are of: each rule of both engines at least once, by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from offers.engine.proof import Evidence, LockedContext
from offers.engine.values import DiscountBase, Objective, OfferContext, OfferTerms, Usage
from pricing.engine.values import (
    Basis,
    ChargingRequest,
    Dimension,
    DurationMeasure,
    Fee,
    PriceComponent,
    PriceTerms,
    PricingModel,
    ProductOrder,
    ProductPrice,
    Surge,
    SurgeBasis,
    TimeSpan,
    Wheeling,
    WheelingBasis,
)
from tests.offers.engine.samples import WEEKEND, context, offer, rupees_off
from tests.offers.frozen.conditions import CONDITIONS
from tests.offers.frozen.giving import GIVING
from tests.offers.frozen.types import TYPES
from tests.pricing.engine.samples import BARE, PLAIN, SATURDAY, UNTAXED, ask, delivered, kwh, rupees, window

ELSEWHERE = frozenset({"elsewhere"})
DAY = timedelta(days=1)

TIME_OF_DAY = replace(
    PLAIN,
    model=PricingModel.TIME_OF_DAY,
    components=(
        PriceComponent(Dimension.ENERGY, Decimal("24.50"), (window("10:10", "10:20"),)),
        PriceComponent(Dimension.ENERGY, Decimal(18)),
        PriceComponent(Dimension.TIME, Decimal("0.75")),
        PriceComponent(Dimension.FLAT, Decimal(5)),
        PriceComponent(Dimension.IDLE, Decimal("1.5"), grace_minutes=5),
    ),
    fees=(Fee("SERVICE", "Service Fee", Decimal(10)), Fee("RESERVE", "Reservation", Decimal("2.50"))),
)
CAFE = replace(
    PLAIN,
    product_prices=(
        ProductPrice("coffee", "Coffee", Decimal("120.00"), "CAFE"),
        ProductPrice("wash", "Car wash", Decimal("99.99"), "CARE"),
    ),
)


def of(
    request: ChargingRequest, *offers: OfferTerms, terms: PriceTerms = PLAIN, judged: OfferContext | None = None
) -> Evidence:
    """Return a choice among these offers."""
    return Evidence(request, terms, offers, judged or context())


def bill(request: ChargingRequest, *offers: OfferTerms, terms: PriceTerms = PLAIN, **ceilings: str) -> Evidence:
    """Return a bill by these locked offers."""
    most = {name: Decimal(value) for name, value in ceilings.items()}
    return Evidence(request, terms, offers, LockedContext(most, "EV_CHARGING"))


def with_products(request: ChargingRequest) -> ChargingRequest:
    return replace(request, products=(ProductOrder("coffee", 2), ProductOrder("wash", 1)))


def named(*offers: str, **said: object) -> OfferContext:
    return context(opted_in=frozenset(offers), **said)


SURGED = replace(
    TIME_OF_DAY,
    surges=(
        Surge("event", 1, "Event fee", SurgeBasis.FIXED, Decimal(12), spans=(TimeSpan(SATURDAY, SATURDAY + DAY),)),
        Surge("peak", 2, "Peak", SurgeBasis.PERCENT, Decimal(20), (window("10:05", "10:15"),), group="one"),
        Surge("rush", 1, "Rush", SurgeBasis.PER_KWH, Decimal("4.20"), group="one", cap=Decimal(25)),
        Surge("night", 1, "Night", SurgeBasis.PERCENT, Decimal(5), exemption="for a first session"),
    ),
    surge_cap_percent=Decimal("17.5"),
)

PEAK, RUSH = SURGED.surges[1:3]
#: A least price above what the energy costs, and a fee of surge that only a part of the energy bounds.
LEAST = replace(
    BARE,
    components=(*BARE.components, PriceComponent(Dimension.FLAT, Decimal(40))),
    minimum_price=Decimal(50),
    surges=(Surge("event", 1, "Event fee", SurgeBasis.FIXED, Decimal(20)),),
    surge_cap_percent=Decimal(50),
)

WHEELED = replace(PLAIN, wheeling=Wheeling("Wheeling charge", Decimal("2.50")))
WHEELED_PER_KWH = replace(PLAIN, wheeling=Wheeling("Wheeling charge", Decimal("0.4250"), WheelingBasis.KWH))

CASES: dict[str, Evidence] = {
    "energy_fee_tax": of(kwh("5")),
    "energy_untaxed_of_3_333_kwh": of(kwh("3.333"), terms=UNTAXED),
    "amount_before_surge_offer_tax": of(rupees("100"), offer()),
    "amount_all_in": of(rupees("100", Basis.ALL_IN), offer()),
    "amount_all_in_where_an_offer_unlocks": of(rupees("45", Basis.ALL_IN), offer(min_value="50"), terms=BARE),
    "duration": of(ask(DurationMeasure(17)), offer()),
    "time_of_day_with_time_and_flat": of(kwh("7.5"), offer(), terms=TIME_OF_DAY),
    "metered_time_of_day_with_idle": bill(
        delivered((0, 0), (9, 4100), (21, 9300), (30, 9300), stop=48), offer(), terms=TIME_OF_DAY
    ),
    "readings_out_of_order_and_backwards": bill(
        delivered((20, 5200), (0, 0), (10, 2500), (15, 2400), (10, 2600), stop=20), offer()
    ),
    "power_above_the_connectors": bill(delivered((0, 0), (1, 9000), stop=1), offer()),
    "products_and_a_percentage_of_all": of(with_products(kwh("5")), offer(), terms=CAFE),
    "products_of_one_category": of(with_products(kwh("5")), offer(categories=frozenset({"CAFE"})), terms=CAFE),
    "one_product": of(with_products(kwh("5")), rupees_off("wash-20", "20", item_ids=frozenset({"wash"})), terms=CAFE),
    "percentage_capped": of(kwh("30"), offer(value_cap=Decimal(100))),
    "surges_of_a_plan": of(kwh("7.5"), offer(), terms=SURGED),
    "surges_of_a_bill_and_a_percentage_of_them": bill(
        delivered((0, 0), (9, 4100), (21, 9300), stop=30), offer(base=DiscountBase.ITEMS_AND_SURGE), terms=SURGED
    ),
    "surges_all_in": of(rupees("250", Basis.ALL_IN), offer(min_value="50"), terms=SURGED),
    "surges_of_a_group_and_one_exempt": of(
        kwh("7.5"), terms=replace(SURGED, surges=(replace(PEAK, exemption="for Tata"), RUSH), surge_cap_percent=None)
    ),
    "surges_within_a_part_of_the_energy_at_a_least_price": of(kwh("0.555"), terms=LEAST),
    "wheeling_of_an_order": of(kwh("5"), offer(), terms=WHEELED),
    "wheeling_of_an_all_in_budget": of(rupees("100", Basis.ALL_IN), offer(), terms=WHEELED_PER_KWH),
    "wheeling_of_a_bill": bill(delivered((0, 0), (20, 5200), stop=20), offer(), terms=WHEELED_PER_KWH),
    "percentage_of_items_and_surge": of(kwh("5"), offer(base=DiscountBase.ITEMS_AND_SURGE)),
    "hundred_percent": of(kwh("3.333"), offer(value="100"), terms=BARE),
    "amount_above_its_base": of(kwh("1"), rupees_off("gift", "50"), terms=UNTAXED),
    "minimum_reached_to_the_paisa": of(kwh("2.778"), offer(min_value="50")),
    "minimum_missed_by_a_paisa": of(kwh("2.777"), offer(min_value="50")),
    "weekend_on_a_saturday": of(kwh("5"), offer(weekly_windows=WEEKEND)),
    "outside_its_window": of(kwh("5"), offer(weekly_windows=(window("18:00", "02:00"),))),
    "ended_at_its_last_instant": of(kwh("5"), offer(valid_until=SATURDAY)),
    "begins_tomorrow": of(kwh("5"), offer(valid_from=SATURDAY + DAY)),
    "another_currency": of(kwh("5"), offer(currency="EUR")),
    "states_of_named_offers": of(
        kwh("5"),
        offer("draft", state="DRAFT"),
        offer("ended", state="ENDED"),
        offer("paused", state="PAUSED"),
        offer("withdrawn", state="WITHDRAWN"),
        judged=named("draft", "ended", "paused", "withdrawn", "nobodys"),
    ),
    "places_of_named_offers": of(
        kwh("5"),
        offer("category", categories=ELSEWHERE),
        offer("item", item_ids=frozenset({"a", "b"})),
        offer("location", location_ids=ELSEWHERE),
        judged=named("category", "item", "location"),
    ),
    "code_given_in_another_case": of(
        kwh("5"),
        offer(auto=False, requires_code=True, display_code="Saver"),
        judged=context(codes=frozenset({"SAVER"})),
    ),
    "code_not_given": of(kwh("5"), offer(requires_code=True, display_code="SAVER")),
    "not_chosen_by_the_driver": of(kwh("5"), offer(auto=False)),
    "declined_by_the_driver": of(kwh("5"), offer(), judged=context(declined=frozenset({"weekend"}))),
    "chosen_although_another_saves_more": of(
        kwh("5"), offer("small", "10", auto=False), offer("large", "30"), judged=named("small")
    ),
    "last_use": of(kwh("5"), offer(total_uses=5), judged=context(usage={"weekend": Usage(4)})),
    "no_use_left": of(kwh("5"), offer(total_uses=5), judged=context(usage={"weekend": Usage(5)})),
    "budget_reaches_to_the_paisa": of(
        kwh("5"),
        offer(budget=Decimal(500), redemption_cap=Decimal(100)),
        judged=context(usage={"weekend": Usage(9, Decimal(400))}),
    ),
    "budget_short_by_a_paisa": of(
        kwh("5"),
        offer(budget=Decimal(500), redemption_cap=Decimal(100)),
        judged=context(usage={"weekend": Usage(9, Decimal("400.01"))}),
    ),
    "held_by_the_order_itself": of(
        kwh("5"),
        offer(total_uses=5, state="PAUSED"),
        judged=context(usage={"weekend": Usage(5)}, held=frozenset({"weekend"})),
    ),
    "per_customer_of_nobody_known": of(kwh("5"), offer(uses_per_customer=1)),
    "per_customer_where_one_must_be_known": of(
        kwh("5"), offer(uses_per_customer=1), judged=context(identity_required=True)
    ),
    "per_customer_used": of(
        kwh("5"),
        offer(uses_per_customer=2),
        judged=context(customer_known=True, usage={"weekend": Usage(7, customer_uses=2)}),
    ),
    "nothing_to_take_from": of(
        kwh("5"),
        offer(value="0.01"),
        terms=replace(BARE, components=(PriceComponent(Dimension.ENERGY, Decimal("0.01")),)),
    ),
    "stack_of_additive_offers": of(
        kwh("5"),
        offer("a", "10", additive=True),
        offer("b", "15", additive=True, value_cap=Decimal(10)),
        rupees_off("c", "7.77", additive=True),
        offer("alone", "25"),
    ),
    "adds_nothing_to_what_is_free": of(
        kwh("1"), offer("a", "100", additive=True), offer("b", "10", additive=True), terms=BARE
    ),
    "alone_beats_the_stack": of(kwh("5"), offer("a", "10", additive=True), offer("b", "10", additive=True), offer()),
    "stack_that_would_go_below_nothing": of(
        kwh("1"), rupees_off("a", "12", additive=True), rupees_off("b", "9", additive=True), terms=UNTAXED
    ),
    "the_better_of_two": of(kwh("5"), offer("a", "20"), offer("b", "25")),
    "a_tie_by_priority": of(kwh("5"), offer("a"), offer("b", priority=5)),
    "by_priority_although_it_saves_less": of(
        kwh("5"),
        offer("rich", "50"),
        offer("first", "10", priority=9),
        judged=context(objective=Objective.PRIORITY),
    ),
    "bill_of_5_2_kwh": bill(delivered((0, 0), (20, 5200), stop=20), offer()),
    "bill_up_to_what_was_reserved": bill(delivered((0, 0), (20, 5200), stop=20), offer(), weekend="22.50"),
    "bill_below_the_minimum": bill(delivered((0, 0), (9, 2000), stop=9), offer(min_value="50")),
    "bill_of_nothing": bill(delivered((0, 0), (9, 0), stop=9), offer()),
}

CASES |= CONDITIONS | TYPES | GIVING
