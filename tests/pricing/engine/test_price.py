"""Prices of plans: the worked numbers of the rules, the order of the lines, and what has no price."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from pricing.engine.money import Money
from pricing.engine.price import price
from pricing.engine.taxes import tax_on
from pricing.engine.values import (
    AmountMeasure,
    Basis,
    Cart,
    Dimension,
    Discounts,
    DurationMeasure,
    EnergyMeasure,
    LineKind,
    PriceComponent,
    PriceTerms,
    PricingError,
    PricingModel,
    ProductOrder,
    ProductPrice,
    QuoteLine,
    SliceQuality,
    Tax,
)
from tests.pricing.engine.samples import BARE, PLAIN, SATURDAY, UNTAXED, ask, kwh, printed, rupees, window


class Fixed:
    """A discounts step that always answers the same lines."""

    def __init__(self, *lines: QuoteLine) -> None:
        self.lines = lines

    def __call__(self, cart: Cart) -> Discounts:
        return Discounts(self.lines, trace="why")

    def thresholds(self) -> tuple[Decimal, ...]:
        return ()

    def energy_edges(self) -> tuple[int, ...]:
        return ()

    def net_at_least(self, low: Cart, high: Cart) -> Decimal:
        return Decimal(0)


def less(amount: str, kind: LineKind = LineKind.DISCOUNT) -> QuoteLine:
    return QuoteLine("DISCOUNT-1", kind, "A gift", Money(Decimal(amount), "INR"))


@pytest.mark.parametrize(
    ("request_", "terms", "wh", "total"),
    [
        pytest.param(kwh("5"), PLAIN, 5000, "118.00", id="5-kwh-with-fee-and-gst"),
        pytest.param(kwh("5.2"), PLAIN, 5200, "122.25", id="5.2-kwh-with-fee-and-gst"),
        pytest.param(kwh("5"), UNTAXED, 5000, "100.00", id="5-kwh-without-tax"),
        pytest.param(rupees("100"), PLAIN, 5000, "118.00", id="100-before-tax-buys-5-kwh"),
        pytest.param(rupees("100.01"), PLAIN, 5000, "118.00", id="a-paisa-more-buys-no-more"),
        pytest.param(rupees("100.018"), PLAIN, 5001, "118.02", id="the-price-of-a-wh-more-buys-it"),
        pytest.param(rupees("99.99"), PLAIN, 4999, "117.98", id="a-paisa-less-buys-a-wh-less"),
        pytest.param(rupees("100", Basis.ALL_IN), PLAIN, 4152, "99.99", id="100-all-in-buys-4.152-kwh"),
        pytest.param(rupees("100.01", Basis.ALL_IN), PLAIN, 4153, "100.01", id="a-paisa-more-all-in-buys-a-wh"),
        pytest.param(rupees("118", Basis.ALL_IN), PLAIN, 5000, "118.00", id="118-all-in-buys-5-kwh"),
        pytest.param(rupees("117.99", Basis.ALL_IN), PLAIN, 4999, "117.98", id="117.99-all-in"),
        pytest.param(ask(DurationMeasure(20)), PLAIN, 10_000, "224.20", id="20-min-at-30-kw"),
        pytest.param(ask(DurationMeasure(10_080), power_w=1_000), PLAIN, 168_000, "3580.12", id="a-whole-week"),
        pytest.param(ask(DurationMeasure(1), power_w=7_399), PLAIN, 123, "14.41", id="minutes-give-whole-wh"),
    ],
)
def test_a_plan_costs(request_, terms, wh, total):
    quote = price(request_, terms)
    assert (quote.energy_wh, str(quote.total.amount)) == (wh, total)


def test_the_lines_are_printed_as_in_use_case_6():
    assert printed(price(rupees("100"), PLAIN)) == [
        ("Charging session cost (5 kWh @ ₹18.00/kWh)", "90.00"),
        ("Service Fee", "10.00"),
        ("GST (18%)", "18.00"),
    ]


def test_the_lines_come_in_the_order_of_their_kinds():
    terms = replace(
        PLAIN,
        components=(
            PriceComponent(Dimension.FLAT, Decimal(5)),
            PriceComponent(Dimension.TIME, Decimal("0.50")),
            PriceComponent(Dimension.ENERGY, Decimal(18)),
        ),
        product_prices=(
            ProductPrice("wash", "Car wash", Decimal(150), "SERVICE"),
            ProductPrice("coffee", "Coffee", Decimal("60.50"), "FOOD"),
        ),
    )
    request = replace(kwh("5"), products=(ProductOrder("wash", 1), ProductOrder("coffee", 2)))
    quote = price(request, terms, discounts=Fixed(less("-1.00")))
    assert [(line.line_id, str(line.amount.amount)) for line in quote.lines] == [
        ("ENERGY-1", "90.00"),
        ("TIME-1", "5.00"),
        ("FLAT-1", "5.00"),
        ("PRODUCT-1", "121.00"),
        ("PRODUCT-2", "150.00"),
        ("FEE-1", "10.00"),
        ("DISCOUNT-1", "-1.00"),
        ("TAX-1", "68.40"),
    ]
    assert quote.sum_of(LineKind.PRODUCT) == Money(Decimal(271), "INR")
    assert quote.lines[3].title == "Coffee × 2"
    assert quote.lines[3].category == "FOOD"
    assert quote.trace == "why"


def test_products_cost_the_same_in_any_order():
    terms = replace(PLAIN, product_prices=(ProductPrice("a", "A", Decimal(1)), ProductPrice("b", "B", Decimal(2))))
    one, two, three = ProductOrder("a", 1), ProductOrder("b", 1), ProductOrder("a", 2)
    first = price(replace(kwh("1"), products=(one, two, three)), terms)
    second = price(replace(kwh("1"), products=(three, two, one)), terms)
    assert first.lines == second.lines
    assert str(first.sum_of(LineKind.PRODUCT).amount) == "5.00"


def test_a_tariff_of_one_rate_has_one_slice():
    (piece,) = price(kwh("5"), PLAIN).slices
    assert (piece.starts_at, piece.ends_at) == (SATURDAY, SATURDAY + timedelta(minutes=10))
    assert (piece.energy_wh, piece.rate, piece.quality) == (5000, Decimal(18), SliceQuality.SINGLE_RATE)


BY_THE_HOUR = replace(
    BARE,
    model=PricingModel.TIME_OF_DAY,
    components=(
        PriceComponent(Dimension.ENERGY, Decimal(20), (window("10:05", "12:00"),)),
        PriceComponent(Dimension.ENERGY, Decimal(16)),
    ),
)


def test_a_plan_that_crosses_a_window_is_spread_evenly_at_full_power():
    quote = price(kwh("5"), BY_THE_HOUR)
    assert [(x.energy_wh, str(x.rate), x.quality.value) for x in quote.slices] == [
        (2500, "16", "INTERPOLATED"),
        (2500, "20", "INTERPOLATED"),
    ]
    assert printed(quote) == [
        ("Charging session cost (2.5 kWh @ ₹16.00/kWh)", "40.00"),
        ("Charging session cost (2.5 kWh @ ₹20.00/kWh)", "50.00"),
    ]


def test_slices_of_one_rate_are_merged_before_rounding():
    terms = replace(
        BARE,
        components=(
            PriceComponent(Dimension.ENERGY, Decimal("20.005"), (window("10:02", "10:04"),)),
            PriceComponent(Dimension.ENERGY, Decimal("16.005")),
        ),
    )
    quote = price(kwh("3"), terms)
    assert [x.energy_wh for x in quote.slices] == [1000, 1000, 1000]
    assert [str(x.amount.amount) for x in quote.lines] == ["32.01", "20.01"]


def test_a_plan_that_touches_a_time_without_a_rate_is_refused():
    terms = replace(BARE, components=(PriceComponent(Dimension.ENERGY, Decimal(16), (window("08:00", "10:10"),)),))
    assert str(price(kwh("5"), terms).total.amount) == "80.00"
    with pytest.raises(PricingError, match="no rate from Sat 10:10") as refused:
        price(kwh("5.001"), terms)
    assert refused.value.code == "NO_RATE"


@pytest.mark.parametrize(
    ("currency", "tax"),
    [
        pytest.param("INR", "10.50", id="paise"),
        pytest.param("JPY", "11", id="whole-yen-half-up"),
        pytest.param("BHD", "10.500", id="fils"),
    ],
)
def test_a_tax_has_the_decimals_of_its_currency(currency, tax):
    assert str(tax_on(Decimal(105), Tax("VAT", Decimal(10)), currency)) == tax


def test_products_and_minutes_cost_whole_yen():
    rates = (PriceComponent(Dimension.ENERGY, Decimal(18)), PriceComponent(Dimension.TIME, Decimal("0.55")))
    terms = replace(
        BARE, currency="JPY", components=rates, product_prices=(ProductPrice("tea", "Tea", Decimal("60.5")),)
    )
    quote = price(replace(kwh("5"), products=(ProductOrder("tea", 1),)), terms)
    assert [(x.line_id, str(x.amount.amount)) for x in quote.lines] == [
        ("ENERGY-1", "90"),
        ("TIME-1", "6"),
        ("PRODUCT-1", "61"),
    ]


def test_a_time_without_a_rate_is_told_on_the_stations_clock():
    closed = (PriceComponent(Dimension.ENERGY, Decimal(16), (window("08:00", "09:00"),)),)
    with pytest.raises(PricingError, match=r"no rate from Sat 05:30\.$"):
        price(kwh("5"), replace(BARE, components=closed, time_zone="Europe/Berlin"))


@pytest.mark.parametrize("basis", Basis)
def test_an_amount_may_buy_energy_up_to_a_time_without_a_rate(basis):
    terms = replace(BARE, components=(PriceComponent(Dimension.ENERGY, Decimal(16), (window("08:00", "10:10"),)),))
    assert price(rupees("79.99", basis), terms).energy_wh == 4999
    with pytest.raises(PricingError, match="no rate from Sat 10:10"):
        price(rupees("80.02", basis), terms)
    closed = replace(terms, components=(PriceComponent(Dimension.ENERGY, Decimal(16), (window("08:00", "10:00"),)),))
    with pytest.raises(PricingError, match="no rate from Sat 10:00"):
        price(rupees("10", basis), closed)


def test_an_amount_on_a_tariff_by_the_hour_buys_to_the_wh():
    assert price(rupees("90"), BY_THE_HOUR).energy_wh == 5000
    assert price(rupees("89.99"), BY_THE_HOUR).energy_wh == 4999


def test_an_amount_pays_for_the_time_as_well():
    terms = replace(PLAIN, components=(*PLAIN.components, PriceComponent(Dimension.TIME, Decimal("0.60"))))
    # At 30 kW a kWh takes two minutes: 18 + 1.20.
    assert price(rupees("106"), terms).energy_wh == 5000
    assert price(rupees("105.99"), terms).energy_wh == 4999


def test_a_fixed_price_has_no_energy_line():
    terms = replace(
        PLAIN, model=PricingModel.FIXED, components=(PriceComponent(Dimension.FLAT, Decimal(250)),), fees=()
    )
    quote = price(kwh("20"), terms)
    assert printed(quote) == [("Price per session", "250.00"), ("GST (18%)", "45.00")]
    assert quote.slices == ()
    with pytest.raises(PricingError, match="one price per session"):
        price(rupees("300"), terms)


LIMITED = replace(PLAIN, minimum_wh=1000, maximum_wh=60_000)


@pytest.mark.parametrize(
    ("request_", "terms", "code", "words"),
    [
        pytest.param(kwh("0.999"), LIMITED, "MINIMUM_QUANTITY", "at least 1 kWh", id="one-wh-below-the-minimum"),
        pytest.param(kwh("60.001"), LIMITED, "MAXIMUM_QUANTITY", "at most 60 kWh", id="one-wh-above-the-maximum"),
        pytest.param(rupees("20"), LIMITED, "MINIMUM_QUANTITY", "at least 1 kWh", id="amount-below-the-minimum"),
        pytest.param(rupees("2000"), LIMITED, "MAXIMUM_QUANTITY", "at most 60 kWh", id="amount-above-the-maximum"),
        pytest.param(
            rupees("33.03", Basis.ALL_IN), LIMITED, "MINIMUM_QUANTITY", "1 kWh, which costs ₹33.04", id="all-in-below"
        ),
        pytest.param(rupees("10"), PLAIN, "BUDGET_TOO_SMALL", "₹10.00", id="budget-is-the-fee"),
        pytest.param(rupees("10.01"), PLAIN, "BUDGET_TOO_SMALL", "₹10.00", id="budget-buys-not-one-wh"),
        pytest.param(rupees("11.80", Basis.ALL_IN), PLAIN, "BUDGET_TOO_SMALL", "₹11.80", id="all-in-is-the-fee"),
        pytest.param(kwh("0"), PLAIN, "QUANTITY", "more than 0 kWh", id="no-energy"),
        pytest.param(kwh("-5"), PLAIN, "QUANTITY", "more than 0 kWh", id="negative-energy"),
        pytest.param(rupees("-5"), PLAIN, "QUANTITY", "above zero", id="negative-amount"),
        pytest.param(rupees("NaN"), PLAIN, "QUANTITY", "above zero", id="not-a-number"),
        pytest.param(rupees("0"), PLAIN, "QUANTITY", "Ask for an amount above zero.", id="no-amount"),
        pytest.param(rupees("0.01"), PLAIN, "BUDGET_TOO_SMALL", "₹10.00", id="a-paisa"),
        pytest.param(ask(DurationMeasure(0)), PLAIN, "QUANTITY", "one minute", id="no-minutes"),
        pytest.param(kwh("5040.001"), PLAIN, "PLAN_TOO_LONG", "7 days", id="energy-of-more-than-a-week"),
        pytest.param(rupees("1E+30"), PLAIN, "PLAN_TOO_LONG", "7 days", id="absurd-amount"),
        pytest.param(rupees("1E+30", Basis.ALL_IN), PLAIN, "PLAN_TOO_LONG", "7 days", id="absurd-budget"),
        pytest.param(ask(DurationMeasure(10_081)), PLAIN, "PLAN_TOO_LONG", "7 days", id="minutes-of-over-a-week"),
        pytest.param(ask(DurationMeasure(10**30)), PLAIN, "PLAN_TOO_LONG", "7 days", id="absurd-minutes"),
        pytest.param(ask(AmountMeasure(Decimal(5), "EUR")), PLAIN, "CURRENCY", "in INR", id="another-currency"),
        pytest.param(ask(EnergyMeasure(1), power_w=0), PLAIN, "POWER", "above 0 W", id="no-power"),
        pytest.param(
            ask(EnergyMeasure(1), start=datetime(2026, 1, 1)),
            PLAIN,
            "NAIVE_TIME",
            "offset from UTC",
            id="a-naive-start",
        ),
        pytest.param(kwh("5"), replace(PLAIN, components=()), "NO_RATE", "Choose another time", id="no-rate-at-all"),
        pytest.param(
            kwh("5"), replace(BY_THE_HOUR, time_zone="Asia/Nowhere"), "TIME_ZONE", "Asia/Kolkata", id="no-such-zone"
        ),
        pytest.param(
            replace(kwh("5"), products=(ProductOrder("tea", 1),)), PLAIN, "UNKNOWN_PRODUCT", "tea", id="no-such-product"
        ),
        pytest.param(
            replace(kwh("5"), products=(ProductOrder("tea", -1),)), PLAIN, "QUANTITY", "tea", id="negative-count"
        ),
    ],
)
def test_what_has_no_price_says_what_to_do(request_, terms: PriceTerms, code, words):
    with pytest.raises(PricingError) as refused:
        price(request_, terms)
    assert refused.value.code == code
    assert words in str(refused.value)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("request_", "wh"),
    [
        pytest.param(kwh("1"), 1000, id="the-minimum-itself"),
        pytest.param(kwh("60"), 60_000, id="the-maximum-itself"),
        pytest.param(rupees("33.04", Basis.ALL_IN), 1000, id="a-budget-for-the-minimum"),
        pytest.param(rupees("5000", Basis.ALL_IN), 60_000, id="a-budget-beyond-the-maximum-buys-the-maximum"),
    ],
)
def test_the_limits_themselves_are_sold(request_, wh):
    assert price(request_, LIMITED).energy_wh == wh


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(less("1.00"), id="adds"),
        pytest.param(less("-1.00", LineKind.FEE), id="another-kind"),
        pytest.param(less("-100.01"), id="more-than-there-is"),
    ],
)
def test_a_discounts_step_may_only_take_away(line):
    with pytest.raises(ValueError, match="discounts"):
        price(kwh("5"), UNTAXED, discounts=Fixed(line))


def test_a_whole_discount_leaves_exactly_nothing():
    quote = price(kwh("5"), PLAIN, discounts=Fixed(less("-100.00")))
    assert str(quote.total.amount) == "0.00"
    assert printed(quote)[-1] == ("GST (18%)", "0.00")
