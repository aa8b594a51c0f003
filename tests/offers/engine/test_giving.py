"""What is given: a free product, and for every X bought Y more; lines, discounts, conditions and bills."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.engine.benefits import rule_of
from offers.engine.describe import benefit_in_words, summary
from offers.engine.explain import cart_of
from offers.engine.facts import Good
from offers.engine.giving import goods_of, units_given
from offers.engine.step import LockedStep
from offers.engine.values import Benefit, BenefitKind, ItemUnit, StackLimits, Usage, ValueType
from pricing.engine.price import price
from pricing.engine.values import (
    Basis,
    Dimension,
    Fee,
    LineKind,
    PriceComponent,
    ProductOrder,
    ProductPrice,
)
from tests.offers.engine.samples import offer, outcomes, quoted
from tests.pricing.engine.samples import BARE, delivered, kwh, rupees, window

COFFEE, CAKE = Good("Coffee", Decimal("60.00"), "food", 5), Good("Cake", Decimal("40.00"), "food")
GOODS = {"coffee": COFFEE, "cake": CAKE}
CAFE = replace(
    BARE,
    product_prices=(
        ProductPrice("coffee", "Coffee", Decimal("60.00"), "food"),
        ProductPrice("cake", "Cake", Decimal("40.00"), "food"),
    ),
)


def giving(kind, offer_id, benefit, bought=None, **said):
    made = offer(offer_id, "0", **said)
    return replace(
        made,
        benefit=Benefit(kind, ValueType.PERCENT, Decimal(0), **benefit),
        qualifier=replace(made.qualifier, item_count=bought),
    )


def freebie(item="coffee", count=1, offer_id="free", **said):
    return giving(BenefitKind.FREEBIE, offer_id, {"item_count": count, "item_id": item}, **said)


def more(unit, bought, count, value="0", *, item="", offer_id="more", **said):
    """Return an offer that gives `count` more for every `bought`, each at `value`."""
    benefit = {"item_count": count, "item_id": item, "item_value": Decimal(value), "item_unit": ItemUnit(unit)}
    return giving(BenefitKind.BUY_X_GET_Y, offer_id, benefit, bought, **said)


def with_products(energy="5", **counts):
    products = tuple(ProductOrder(name, count) for name, count in counts.items())
    return replace(kwh(energy), products=products)


def printed(quote):
    """Return each line but the tax as (id, quantity, amount, offer)."""
    return [
        (x.line_id, "" if x.quantity is None else f"{x.quantity.normalize():f}", f"{x.amount.amount}", x.code)
        for x in quote.lines
        if x.kind is not LineKind.TAX
    ]


def total(quote):
    return str(quote.total.amount)


def reason(quote):
    found = quote.trace.outcomes[0].reason
    return found and (found.code.value, found.expected, found.actual, found.margin)


def test_a_free_product_is_a_line_at_its_price_and_a_discount_of_all_of_it():
    quote = quoted(kwh("5"), freebie(count=2), terms=BARE, goods=GOODS)
    assert printed(quote) == [
        ("ENERGY-1", "5", "90.00", ""),
        ("GIVEN-1", "2", "120.00", "free"),
        ("DISCOUNT-1", "", "-120.00", "free"),
    ]
    given = quote.lines[1]
    assert (given.title, given.kind, given.item_id, given.category) == (
        "Coffee × 2, given",
        LineKind.PRODUCT,
        "coffee",
        "food",
    )
    assert [(x, str(y.amount)) for x, y in quote.lines[2].shares] == [("GIVEN-1", "120.00")]
    assert quote.lines[2].title == "Offer free (2 free)"
    assert total(quote) == total(quoted(kwh("5"), terms=BARE)) == "90.00"


def test_given_lines_stand_with_their_kind_before_the_fees():
    terms = replace(CAFE, fees=(Fee("SERVICE", "Service Fee", Decimal(10)),))
    quote = quoted(with_products(coffee=1), freebie("cake"), terms=terms, goods=GOODS)
    assert [x[0] for x in printed(quote)] == ["ENERGY-1", "PRODUCT-1", "GIVEN-1", "FEE-1", "DISCOUNT-1"]


@pytest.mark.parametrize(
    ("energy", "code", "margin"),
    [
        pytest.param("2.777", "MIN_VALUE", "₹0.01 short", id="a-paisa-below"),
        pytest.param("2.778", None, None, id="at-it"),
        pytest.param("2.779", None, None, id="above"),
    ],
)
def test_a_freebie_is_given_from_its_minimum_on(energy, code, margin):
    quote = quoted(kwh(energy), freebie(min_value="50.00"), terms=BARE, goods=GOODS)
    found = reason(quote)
    assert (found and found[0], found and found[3]) == (code, margin)
    assert [x[0] for x in printed(quote)] == (["ENERGY-1"] if code else ["ENERGY-1", "GIVEN-1", "DISCOUNT-1"])


@pytest.mark.parametrize(
    ("units", "count", "said"),
    [
        pytest.param(1, 2, ("ITEM_STOCK", "2", "1", "1 short"), id="one-too-few"),
        pytest.param(2, 2, None, id="just-enough"),
        pytest.param(3, 2, None, id="one-more"),
        pytest.param(None, 2, None, id="not-counted"),
        pytest.param(-1, 1, ("ITEM_STOCK", "1", "0", "1 short"), id="less-than-promised"),
    ],
)
def test_what_is_out_of_stock_is_not_given(units, count, said):
    quote = quoted(kwh("5"), freebie(count=count), goods={"coffee": replace(COFFEE, units=units)})
    assert reason(quote) == said
    assert outcomes(quote)["free"][0] == ("LIMITED" if said else "APPLIED")
    assert total(quote) == total(quoted(kwh("5")))


def test_what_is_not_sold_there_is_not_given():
    quote = quoted(kwh("5"), freebie("parking"), goods=GOODS)
    assert reason(quote) == ("ITEM_NOT_SOLD", "parking", "not sold there", "")
    assert outcomes(quote)["free"][0] == "INELIGIBLE"


def test_what_the_stock_refused_a_moment_ago_is_out_of_stock():
    quote = quoted(kwh("5"), freebie(), goods=GOODS, usage={"free": Usage(refused=True)})
    assert reason(quote) == ("ITEM_STOCK", "1", "0", "1 short")


@pytest.mark.parametrize(
    ("cap", "said"),
    [
        pytest.param("59.99", ("REDEMPTION_CAP", "59.99", "60.00", "₹0.01 above it"), id="a-paisa-too-little"),
        pytest.param("60.00", None, id="all-of-it"),
        pytest.param("60.01", None, id="more"),
    ],
)
def test_a_product_is_given_whole_or_not_at_all(cap, said):
    quote = quoted(kwh("5"), freebie(redemption_cap=Decimal(cap)), goods=GOODS)
    assert reason(quote) == said


@pytest.mark.parametrize(
    ("bought", "units", "discount", "added"),
    [
        pytest.param(1, 0, "0.00", "0.00", id="one-too-few"),
        pytest.param(2, 1, "-45.00", "15.00", id="two"),
        pytest.param(3, 1, "-45.00", "15.00", id="three-are-one-block"),
        pytest.param(4, 2, "-90.00", "30.00", id="four-are-two"),
    ],
)
def test_for_every_two_bought_one_more_at_its_value(bought, units, discount, added):
    plain = quoted(with_products(coffee=bought), terms=CAFE)
    quote = quoted(with_products(coffee=bought), more("PRODUCT", 2, 1, "15"), terms=CAFE, goods=GOODS)
    assert units_given(quote.lines) == ({"more": {"coffee": units}} if units else {})
    assert str(quote.sum_of(LineKind.DISCOUNT).amount) == discount
    assert quote.total.amount - plain.total.amount == Decimal(added)
    if not units:
        assert reason(quote) == ("ITEM_COUNT", "2", "1", "1 short")


def test_another_product_may_be_given_for_all_that_is_bought():
    quote = quoted(with_products(coffee=2, cake=1), more("PRODUCT", 3, 2, item="cake"), terms=CAFE, goods=GOODS)
    assert units_given(quote.lines) == {"more": {"cake": 2}}
    assert str(quote.sum_of(LineKind.DISCOUNT).amount) == "-80.00"


def test_without_one_each_product_counts_for_itself():
    quote = quoted(with_products(coffee=2, cake=3), more("PRODUCT", 2, 1), terms=CAFE, goods=GOODS)
    assert units_given(quote.lines) == {"more": {"cake": 1, "coffee": 1}}
    shares = next(x.shares for x in quote.lines if x.kind is LineKind.DISCOUNT)
    assert [(x, str(y.amount)) for x, y in shares] == [("GIVEN-1", "40.00"), ("GIVEN-2", "60.00")]


def test_only_products_in_the_offers_scope_count():
    two = more("PRODUCT", 2, 1, item_ids=frozenset({"cake"}))
    quote = quoted(with_products(coffee=2, cake=1), two, terms=CAFE, goods=GOODS)
    assert reason(quote) == ("ITEM_COUNT", "2", "1", "1 short")


def test_an_item_value_above_the_list_price_saves_nothing():
    quote = quoted(with_products(coffee=2), more("PRODUCT", 2, 1, "60"), terms=CAFE, goods=GOODS)
    assert outcomes(quote)["more"] == ("INELIGIBLE", "NO_BENEFIT")


@pytest.mark.parametrize(
    ("energy", "paid", "given", "discount", "net"),
    [
        pytest.param("9.999", "9.999", "", "", "179.98", id="below-x"),
        pytest.param("10", "10", "", "", "180.00", id="x"),
        pytest.param("10.001", "10", "0.001", "-0.01", "180.01", id="x-and-a-wh"),
        pytest.param("11", "10", "1", "-13.00", "185.00", id="half-of-y"),
        pytest.param("12", "10", "2", "-26.00", "190.00", id="x-and-y"),
        pytest.param("12.001", "10.001", "2", "-26.00", "190.02", id="the-next-wh-is-paid"),
        pytest.param("22", "20", "2", "-26.00", "370.00", id="x-again"),
        pytest.param("24", "20", "4", "-52.00", "380.00", id="two-blocks"),
    ],
)
def test_of_every_twelve_kwh_two_are_given_at_their_value(energy, paid, given, discount, net):
    quote = quoted(kwh(energy), more("KWH", 10, 2, "5"), terms=BARE)
    lines = printed(quote)
    assert [x[1] for x in lines if x[0] == "ENERGY-1"] == [paid]
    assert [(x[1], x[3]) for x in lines if x[0] == "ENERGY-1-GIVEN"] == ([(given, "more")] if given else [])
    assert [x[2] for x in lines if x[0] == "DISCOUNT-1"] == ([discount] if discount else [])
    assert total(quote) == net


@pytest.mark.parametrize(
    ("energy", "margin"),
    [
        pytest.param("9.999", "0.002 kWh short", id="two-wh"),
        pytest.param("10", "0.001 kWh short", id="one-wh"),
    ],
)
def test_a_session_short_of_given_energy_hears_how_much(energy, margin):
    found = reason(quoted(kwh(energy), more("KWH", 10, 2)))
    assert (found[0], found[1], found[3]) == ("ITEM_COUNT", "above 10 kWh", margin)


TWO_RATES = replace(
    BARE,
    components=(
        PriceComponent(Dimension.ENERGY, Decimal(4), (window("10:05", "10:15"),)),
        PriceComponent(Dimension.ENERGY, Decimal(18)),
    ),
    tax=None,
)


def test_the_cheapest_energy_is_given_and_never_costs_more_than_its_rate():
    quote = quoted(kwh("7.5"), more("KWH", 5, 2, "1.50"), terms=TWO_RATES)
    assert printed(quote) == [
        ("ENERGY-1", "2.5", "45.00", ""),
        ("ENERGY-2", "3", "12.00", ""),
        ("ENERGY-2-GIVEN", "2", "8.00", "more"),
        ("DISCOUNT-1", "", "-5.00", "more"),
    ]
    assert outcomes(quoted(kwh("7.5"), more("KWH", 5, 2, "4"), terms=TWO_RATES))["more"] == ("INELIGIBLE", "NO_BENEFIT")


def test_given_energy_counts_in_no_minimum():
    found = reason(quoted(kwh("12"), more("KWH", 10, 2, min_value="180.01")))
    assert found == ("MIN_VALUE", "180.01", "180.00", "₹0.01 short")
    assert reason(quoted(kwh("12"), more("KWH", 10, 2, min_value="180"))) is None


def test_given_energy_is_cut_at_what_a_redemption_may_cost():
    quote = quoted(kwh("12"), more("KWH", 10, 2, redemption_cap=Decimal(20)), terms=BARE)
    assert [x[2] for x in printed(quote)] == ["180.00", "36.00", "-20.00"]


@pytest.mark.parametrize(
    ("before", "said"),
    [
        pytest.param(3, ("ITEM_COUNT", "4 sessions", "3", "1 session to go"), id="the-fourth"),
        pytest.param(4, None, id="the-fifth"),
        pytest.param(5, ("ITEM_COUNT", "4 sessions", "0", "4 sessions to go"), id="the-sixth"),
        pytest.param(9, None, id="the-tenth"),
    ],
)
def test_after_four_sessions_one_is_given(before, said):
    terms = replace(BARE, fees=(Fee("SERVICE", "Service Fee", Decimal(10)),), tax=None)
    quote = quoted(kwh("5"), more("SESSION", 4, 1, "20"), terms=terms, customer_known=True, customer_sessions=before)
    assert reason(quote) == said
    assert total(quote) == ("100.00" if said else "30.00")
    if not said:
        assert printed(quote) == [
            ("ENERGY-1", "5", "90.00", "more"),
            ("FEE-1", "", "10.00", "SERVICE"),
            ("DISCOUNT-1", "", "-70.00", "more"),
        ]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        pytest.param({}, ("APPLIED", None), id="at-select-it-depends"),
        pytest.param({"identity_required": True}, ("INELIGIBLE", "ITEM_COUNT"), id="at-init-it-is-asked-for"),
    ],
)
def test_sessions_are_counted_of_somebody(said, outcome):
    quote = quoted(kwh("5"), more("SESSION", 4, 1), **said)
    assert outcomes(quote)["more"] == outcome
    assert quote.trace.outcomes[0].depends_on_identity


def test_given_lines_are_in_no_other_offers_base_minimum_or_largest_discount():
    half = offer("half", "50", additive=True, min_value="90.01")
    small = offer("small", "10", additive=True)
    quote = quoted(
        kwh("5"), freebie(additive=True), half, small, goods=GOODS, stack=StackLimits(max_discount_percent=Decimal(5))
    )
    assert outcomes(quote) == {
        "free": ("APPLIED", None),
        "half": ("INELIGIBLE", "MIN_VALUE"),
        "small": ("APPLIED", None),
    }
    assert [(x[3], x[2]) for x in printed(quote) if x[0].startswith("DISCOUNT")] == [
        ("free", "-60.00"),
        ("small", "-4.50"),
    ]
    assert str(quote.trace.most.amount) == "4.50"


@pytest.mark.parametrize(
    ("percent", "chosen"),
    [
        pytest.param("60", "free", id="less-than-the-gift"),
        pytest.param("66.66", "free", id="a-paisa-less"),
        pytest.param("66.68", "deal", id="a-paisa-more"),
    ],
)
def test_of_two_that_stand_alone_the_larger_saving_is_chosen(percent, chosen):
    quote = quoted(kwh("5"), freebie(), offer("deal", percent), goods=GOODS)
    assert quote.trace.chosen == (chosen,)
    assert quote.trace.certificate.value == "PROVEN"


def test_the_quotes_cart_is_found_again_in_its_lines():
    for ask_, offers, said in (
        (with_products(coffee=2), (more("PRODUCT", 2, 1, "15"),), {"goods": GOODS}),
        (kwh("12.345"), (more("KWH", 10, 2, "5"),), {}),
        (kwh("5"), (more("SESSION", 4, 1),), {"customer_known": True, "customer_sessions": 4}),
    ):
        quote = quoted(ask_, *offers, terms=CAFE, **said)
        assert cart_of(quote).lines == cart_of(quoted(ask_, terms=CAFE)).lines
        assert outcomes(quote)["more"] == ("APPLIED", None)


def test_a_bill_gives_what_the_quote_gave_at_the_price_of_then():
    quote = quoted(with_products(coffee=4), more("PRODUCT", 2, 1, "15"), terms=CAFE, goods=GOODS)
    assert goods_of(quote.lines) == {"coffee": Good("Coffee", Decimal("60.00"), "food")}
    locked = LockedStep((more("PRODUCT", 2, 1, "15"),), ceilings={}, goods=goods_of(quote.lines))
    bill = price(
        replace(delivered((0, 0), (20, 5000), stop=20), products=quote.request.products), CAFE, discounts=locked
    )
    assert bill.lines == quote.lines


@pytest.mark.parametrize(
    ("wh", "net"),
    [
        pytest.param(10_000, "180.00", id="the-driver-left-before-any-was-given"),
        pytest.param(11_000, "180.00", id="half-of-it"),
        pytest.param(12_000, "180.00", id="all-of-it"),
        pytest.param(13_000, "198.00", id="the-next-is-paid"),
    ],
)
def test_a_bill_gives_of_what_was_delivered(wh, net):
    locked = LockedStep((more("KWH", 10, 2),), ceilings={})
    bill = price(delivered((0, 0), (60, wh), stop=60), BARE, discounts=locked)
    assert total(bill) == net
    energy = sum(x.quantity for x in bill.lines if x.kind is LineKind.ENERGY)
    assert energy * 1000 == wh == bill.energy_wh


def test_a_freebie_falls_away_where_too_little_was_delivered():
    locked = LockedStep((freebie(min_value="90"),), ceilings={}, goods=GOODS)
    bill = price(delivered((0, 0), (20, 4999), stop=20), BARE, discounts=locked)
    assert outcomes(bill)["free"] == ("INELIGIBLE", "MIN_VALUE")
    assert units_given(bill.lines) == {}


@pytest.mark.parametrize(
    ("budget", "energy"),
    [
        pytest.param("180", 12_000, id="the-given-kwh-come-with-it"),
        pytest.param("180.02", 12_001, id="and-the-next-wh"),
        pytest.param("179.99", 9_999, id="a-paisa-less"),
        pytest.param("3600", 240_000, id="twenty-blocks"),
    ],
)
def test_an_all_in_budget_takes_the_given_energy_along(budget, energy):
    quote = quoted(rupees(budget, Basis.ALL_IN), more("KWH", 10, 2), terms=BARE)
    assert quote.energy_wh == energy
    assert quote.total.amount <= Decimal(budget)


@pytest.mark.parametrize(
    ("pool", "energy"),
    [
        pytest.param([more("PRODUCT", 2, 1, "30")], 5000, id="what-is-added-is-paid-first"),
        pytest.param([freebie(additive=True), offer("w", "50", additive=True)], 20000, id="beside-a-percentage"),
        pytest.param([freebie(count=50), offer("w", "25")], 6666, id="instead-of-a-percentage"),
    ],
)
def test_a_large_budget_is_found_exactly_beside_what_is_given(pool, energy):
    terms = CAFE
    request = replace(rupees("240", Basis.ALL_IN), products=(ProductOrder("coffee", 2),))
    goods = {"coffee": replace(COFFEE, units=None)}
    quote = quoted(request, *pool, terms=terms, goods=goods)
    nearby = [
        quoted(replace(kwh(str(Decimal(wh) / 1000)), products=request.products), *pool, terms=terms, goods=goods)
        for wh in (quote.energy_wh, quote.energy_wh + 1)
    ]
    assert [x.total.amount <= 240 for x in nearby] == [True, False]
    assert quote.energy_wh == energy


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param(freebie(count=2), "2 × coffee free", id="freebie"),
        pytest.param(more("KWH", 10, 2), "2 kWh free after every 10 kWh", id="kwh"),
        pytest.param(
            more("KWH", 10, 2, "5", redemption_cap=Decimal(50)),
            "2 kWh at ₹5.00 each after every 10 kWh, at most ₹50.00",
            id="kwh-at-a-price",
        ),
        pytest.param(more("SESSION", 4, 1), "1 session free after every 4", id="session"),
        pytest.param(more("PRODUCT", 2, 1, "15"), "1 more at ₹15.00 each for every 2 bought", id="product"),
        pytest.param(
            more("PRODUCT", 2, 1, item="cake", min_value="50"),
            "1 × cake free for every 2 bought, from ₹50.00",
            id="another-product",
        ),
    ],
)
def test_the_benefit_in_words(said, words):
    assert benefit_in_words(said) == words
    assert summary(said, "Asia/Kolkata").startswith(f"Gives {words}")
    assert rule_of(said).reduces(said)
