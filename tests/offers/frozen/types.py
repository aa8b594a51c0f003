"""Frozen quotes of the types beside the plain discount: slabs, combinations, the fee, per kWh, beside the order."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from offers.engine.proof import Evidence, LockedContext
from offers.engine.values import BenefitKind, StackLimits, ValueType
from pricing.engine.values import (
    Basis,
    ChargingRequest,
    Dimension,
    Fee,
    PriceComponent,
    PriceTerms,
    PricingModel,
    ProductOrder,
)
from tests.offers.engine.samples import context, offer
from tests.offers.engine.samples_types import CAFE, beside, by_slabs, combo, off_the_fee, per_kwh, slab
from tests.pricing.engine.samples import PLAIN, delivered, kwh, rupees, window

BANDS = by_slabs(slab(10, 19, "10", "50"), slab(25, None, "40", "40", ValueType.AMOUNT))
TWO_RATES = replace(
    PLAIN,
    components=(
        PriceComponent(Dimension.ENERGY, Decimal(5), (window("10:05", "10:15"),)),
        PriceComponent(Dimension.ENERGY, Decimal(18)),
    ),
)
WITH_FEES = replace(PLAIN, fees=(Fee("SERVICE", "Service Fee", Decimal(10)), Fee("RESERVE", "Reservation", Decimal(5))))
SUBSCRIPTION = replace(TWO_RATES, model=PricingModel.SUBSCRIPTION, included_wh=4000)
LEAST = replace(SUBSCRIPTION, minimum_price=Decimal(90))
CONNECTOR = frozenset({"connector-1"})
WITH_CAKE = combo("coffee", "cake", item_ids=CONNECTOR)


def of(request: ChargingRequest, *offers: object, terms: PriceTerms = PLAIN, **said: object) -> Evidence:
    return Evidence(request, terms, offers, context(**said))  # type: ignore[arg-type]


def bill(wh: int, *offers: object, most: Decimal | None = None, terms: PriceTerms = PLAIN) -> Evidence:
    """Return a bill of so much energy by these locked offers, within the largest discount in percent."""
    locked = LockedContext({}, "EV_CHARGING", most)
    return Evidence(delivered((0, 0), (60, wh), stop=60), terms, offers, locked)  # type: ignore[arg-type]


def with_products(*names: str) -> ChargingRequest:
    return replace(kwh("5"), products=tuple(ProductOrder(name, 1) for name in names))


def wanting(*names: str) -> dict[str, object]:
    return {"opted_in": frozenset(names)}


TYPES: dict[str, Evidence] = {
    "slab_of_whole_kwh": of(kwh("19.999"), BANDS),
    "slab_not_reached": of(kwh("9.99"), BANDS),
    "slab_missed_between_two": of(kwh("20"), BANDS),
    "slab_of_an_amount_cut_at_the_largest_discount": of(
        kwh("25"), BANDS, stack=StackLimits(max_discount_percent=Decimal(5))
    ),
    "slab_where_a_budget_stays_below_its_edge": of(rupees("250", Basis.ALL_IN), BANDS),
    "slab_of_what_was_delivered": bill(10_000, BANDS),
    "slab_no_longer_reached_by_the_bill": bill(9_999, BANDS),
    "combination_complete": of(with_products("coffee", "cake"), WITH_CAKE, terms=CAFE),
    "combination_short_of_an_item": of(with_products("coffee"), WITH_CAKE, terms=CAFE),
    "combination_of_the_bill": Evidence(
        replace(delivered((0, 0), (20, 5_200), stop=20), products=with_products("coffee").products),
        CAFE,
        (combo("coffee", item_ids=CONNECTOR),),
        LockedContext({}, "EV_CHARGING"),
    ),
    "half_the_fees": of(kwh("5"), off_the_fee("50"), terms=WITH_FEES),
    "more_than_the_fees": of(
        kwh("5"), off_the_fee("20", value_type=ValueType.AMOUNT, additive=True), offer(additive=True), terms=WITH_FEES
    ),
    "per_kwh_of_two_rates": of(kwh("7.5"), per_kwh("6"), terms=TWO_RATES),
    "per_kwh_capped": of(kwh("30"), per_kwh("2.50", value_cap=Decimal(60))),
    "per_kwh_of_the_bill": bill(5_201, per_kwh("1.99", additive=True), offer(additive=True), most=Decimal(30)),
    "financing_beside_a_discount": of(kwh("5"), beside(additive=True), offer(additive=True)),
    "financing_alone_beside_nothing": of(kwh("5"), beside(), beside("trade-in", BenefitKind.EXCHANGE, priority=1)),
    "financing_chosen_shuts_out_a_discount": of(kwh("5"), beside(), offer(), **wanting("loan")),
    "financing_of_the_group_of_a_discount": of(
        kwh("5"),
        beside(additive=True, exclusivity_group="one"),
        offer(additive=True, exclusivity_group="one"),
    ),
    "exchange_beyond_the_stack": of(
        kwh("5"),
        beside("trade-in", BenefitKind.EXCHANGE, additive=True),
        offer(additive=True),
        stack=StackLimits(max_stack=1),
    ),
    "exchange_below_its_minimum": of(kwh("2"), beside("trade-in", BenefitKind.EXCHANGE, min_value="50")),
    "financing_in_the_bill": bill(5_200, beside(additive=True), offer(additive=True)),
    "subscription_beside_offers": of(
        kwh("10"), per_kwh("6", additive=True), offer(additive=True), BANDS, terms=SUBSCRIPTION
    ),
    "subscription_of_an_amount_all_in": of(rupees("100", Basis.ALL_IN), offer(), terms=SUBSCRIPTION),
    "subscription_with_all_its_energy_included": of(kwh("4"), per_kwh("6"), terms=LEAST),
    "subscription_up_to_its_least_price": bill(5_200, per_kwh("6"), terms=LEAST),
    "subscription_billed_between_readings": bill(9_300, offer(), terms=SUBSCRIPTION),
}
