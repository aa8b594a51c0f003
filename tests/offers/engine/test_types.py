"""The types beside the discount: slabs of whole kWh, combinations, the fee, and so much per kWh."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.engine.benefits.slab import bounds, remainder
from offers.engine.describe import benefit_in_words
from offers.engine.step import LockedStep
from offers.engine.values import (
    Benefit,
    BenefitKind,
    FinanceMethod,
    FinanceTerm,
    Objective,
    Slab,
    StackLimits,
    ValueType,
)
from pricing.engine.price import price
from pricing.engine.values import Cart, Fee, LineKind, ProductOrder, ProductPrice
from tests.offers.engine.samples import line, offer, outcomes, quoted, rupees_off, step
from tests.pricing.engine.samples import PLAIN, ask, delivered, kwh, window

COFFEE = ProductPrice("coffee", "Coffee", Decimal("60.00"), "food")
CAKE = ProductPrice("cake", "Cake", Decimal("40.00"), "food")
CAFE = replace(PLAIN, product_prices=(COFFEE, CAKE))
WITH_BOTH = (ProductOrder("coffee", 1), ProductOrder("cake", 1))


def slab(first, last, value="10", cap="1000", value_type=ValueType.PERCENT):
    return Slab(first, last, Decimal(value), value_type, Decimal(cap))


def by_slabs(*slabs, offer_id="bulk", **said):
    return replace(
        offer(offer_id, "0", **said),
        benefit=Benefit(BenefitKind.SLAB, ValueType.PERCENT, Decimal(0), slabs=slabs),
    )


def combo(*items, value="20", cap="500", **said):
    made = offer("combo", value, value_cap=Decimal(cap), **said)
    kind = replace(made.benefit, kind=BenefitKind.COMBO)
    return replace(made, benefit=kind, qualifier=replace(made.qualifier, item_ids=frozenset(items)))


def off_the_fee(value, *, value_type=ValueType.PERCENT, **said):
    made = offer("fee", value, value_type=value_type, **said)
    return replace(made, benefit=replace(made.benefit, kind=BenefitKind.DELIVERY))


def per_kwh(value, offer_id="cheap", **said):
    return offer(offer_id, value, value_type=ValueType.PER_KWH, **said)


EMI = FinanceTerm("Some Bank", FinanceMethod.EMI, 6, Decimal(12), Decimal(50))
LATER = FinanceTerm("Some Bank", FinanceMethod.PAY_LATER, 1, Decimal(0), Decimal(0))


def beside(offer_id="loan", kind=BenefitKind.FINANCING, **said):
    """Return an offer that leaves the price as it is."""
    terms = (EMI, LATER) if kind is BenefitKind.FINANCING else ()
    made = offer(offer_id, **said)
    return replace(made, benefit=Benefit(kind, ValueType.PERCENT, Decimal(0), finance=terms))


def loan(**said):
    return beside(additive=True, **said)


def swap(**said):
    return beside("swap", BenefitKind.EXCHANGE, additive=True, **said)


def off(offer_id, value="25", **said):
    return offer(offer_id, value, additive=True, **said)


def taken(quote):
    return str(quote.sum_of(LineKind.DISCOUNT).amount)


BANDS = by_slabs(slab(10, 19), slab(20, None, "15"))


@pytest.mark.parametrize(
    ("energy", "discount"),
    [
        pytest.param("9.99", "0.00", id="9.99-is-below-the-first"),
        pytest.param("10", "-18.00", id="10-is-in-the-first"),
        pytest.param("19", "-34.20", id="19-is-in-the-first"),
        pytest.param("19.5", "-35.10", id="19.5-counts-as-19"),
        pytest.param("19.999", "-36.00", id="19.999-counts-as-19"),
        pytest.param("20", "-54.00", id="20-is-in-the-second"),
    ],
)
def test_the_whole_kwh_decide_the_slab(energy, discount):
    assert taken(quoted(kwh(energy), BANDS)) == discount


@pytest.mark.parametrize("kind", [LineKind.ENERGY, LineKind.TIME, LineKind.FLAT])
def test_a_slab_counts_the_kwh_however_they_are_sold(kind):
    sold = Cart(kwh("25"), (line("SOLD-1", kind, "500.00", item_id="connector-1"),), 25_000, "INR", "Asia/Kolkata")
    given = step(by_slabs(slab(20, None, "50", "50", ValueType.AMOUNT)))(sold)
    assert [x.amount.amount for x in given.lines] == [Decimal("-50.00")]


def test_a_slab_counts_no_kwh_for_products():
    goods = Cart(kwh("25"), (line("PRODUCT-1", LineKind.PRODUCT, "500.00"),), 25_000, "INR", "Asia/Kolkata")
    assert step(by_slabs(slab(20, None, "50", "50", ValueType.AMOUNT)))(goods).lines == ()


@pytest.mark.parametrize(
    ("energy", "discount"),
    [
        pytest.param("12", "-21.60", id="inside-the-first"),
        pytest.param("13", "0.00", id="in-the-gap"),
        pytest.param("14.999", "0.00", id="still-in-the-gap"),
        pytest.param("15", "-54.00", id="in-the-second"),
        pytest.param("20", "-72.00", id="at-the-upper-end"),
        pytest.param("21", "0.00", id="above-the-last"),
    ],
)
def test_between_two_slabs_and_beyond_the_last_nothing_is_taken_off(energy, discount):
    assert taken(quoted(kwh(energy), by_slabs(slab(10, 12), slab(15, 20, "20")))) == discount


def test_a_slab_has_its_own_cap_and_may_be_an_amount():
    offer_ = by_slabs(slab(5, 9, "50", "20.00"), slab(10, None, "30", "30", ValueType.AMOUNT))
    assert [taken(quoted(kwh(x), offer_)) for x in ("5", "10", "40")] == ["-20.00", "-30.00", "-30.00"]


@pytest.mark.parametrize(
    ("energy", "margin"),
    [
        pytest.param("9.99", "0.01 kWh short", id="below-the-first"),
        pytest.param("13", "2 kWh short", id="in-the-gap"),
        pytest.param("21", "", id="above-the-last"),
    ],
)
def test_a_session_in_no_slab_hears_what_is_missing(energy, margin):
    quote = quoted(kwh(energy), by_slabs(slab(10, 12), slab(15, 20)))
    reason = quote.trace.outcomes[0].reason
    assert (reason.code.value, reason.margin) == ("SLAB", margin)
    assert reason.expected == "10–12 kWh; 15–20 kWh"


@pytest.mark.parametrize(
    ("wh", "discount"),
    [
        pytest.param(9990, "0.00", id="9.99-delivered"),
        pytest.param(10000, "-18.00", id="10-delivered"),
        pytest.param(19500, "-35.10", id="19.5-delivered"),
        pytest.param(20000, "-54.00", id="20-delivered"),
    ],
)
def test_the_bill_goes_by_the_kwh_delivered(wh, discount):
    # 20 kW and an hour: the whole session has the planned start's rate.
    request = replace(delivered((0, 0), (60, wh), stop=60), max_power_w=60_000)
    assert taken(price(request, PLAIN, discounts=LockedStep((BANDS,), ceilings={}))) == discount


def test_what_remains_changes_where_a_band_begins_or_has_ended():
    bands = by_slabs(slab(10, 19), slab(20, 29, "15"))
    assert [(x, *(remainder(bands, y, Decimal(18) * x) for y in (x - 1, x))) for x in bounds(bands)] == [
        (10, Decimal(180), Decimal(162)),
        (20, Decimal(324), Decimal(306)),
        (30, Decimal(459), Decimal(540)),
    ]


@pytest.mark.parametrize(
    ("products", "discount", "reason"),
    [
        pytest.param((), "0.00", ("INELIGIBLE", "COMBO_ITEMS"), id="none-of-the-secondary"),
        pytest.param((ProductOrder("coffee", 1),), "0.00", ("INELIGIBLE", "COMBO_ITEMS"), id="one-of-two"),
        pytest.param(WITH_BOTH, "-38.00", ("APPLIED", None), id="all-of-them"),
    ],
)
def test_a_combination_needs_every_secondary_item(products, discount, reason):
    terms = combo("coffee", "cake", item_ids=frozenset({"connector-1"}))
    quote = quoted(replace(kwh("5"), products=products), terms, terms=CAFE)
    assert (taken(quote), outcomes(quote)["combo"]) == (discount, reason)


def test_a_combination_is_taken_of_its_own_lines_alone():
    terms = combo("coffee", item_ids=frozenset({"connector-1"}))
    quote = quoted(replace(kwh("5"), products=WITH_BOTH), terms, terms=CAFE)
    found = next(x for x in quote.lines if x.kind is LineKind.DISCOUNT)
    # 20 % of 90.00 and 60.00; the cake's 40.00 stays whole.
    assert {line_id: str(share.amount) for line_id, share in found.shares} == {
        "ENERGY-1": "18.00",
        "PRODUCT-2": "12.00",
    }


def test_the_missing_items_of_a_combination_are_named():
    quote = quoted(kwh("5"), combo("coffee", "cake", item_ids=frozenset({"connector-1"})), terms=CAFE)
    reason = quote.trace.outcomes[0].reason
    assert (reason.expected, reason.actual, reason.margin) == (
        "all of 2 items",
        "0 of 2",
        "cake and coffee are missing",
    )


@pytest.mark.parametrize(
    ("terms", "discount"),
    [
        pytest.param(off_the_fee("50"), "-5.00", id="half-the-fee"),
        pytest.param(off_the_fee("100"), "-10.00", id="the-whole-fee"),
        pytest.param(off_the_fee("100", value_cap=Decimal(4)), "-4.00", id="up-to-its-cap"),
        pytest.param(off_the_fee("9.99", value_type=ValueType.AMOUNT), "-9.99", id="a-paisa-below-the-fee"),
        pytest.param(off_the_fee("10", value_type=ValueType.AMOUNT), "-10.00", id="exactly-the-fee"),
        pytest.param(off_the_fee("10.01", value_type=ValueType.AMOUNT), "-10.00", id="never-more-than-the-fee"),
        pytest.param(off_the_fee("100", item_ids=frozenset({"connector-1"})), "-10.00", id="for-one-connector"),
        pytest.param(off_the_fee("100", item_ids=frozenset({"other"})), "0.00", id="for-another-connector"),
        pytest.param(off_the_fee("100", min_value="90.00"), "-10.00", id="from-the-least-value"),
        pytest.param(off_the_fee("100", min_value="90.01"), "0.00", id="below-the-least-value"),
    ],
)
def test_an_offer_on_the_fee_works_on_the_fee_alone(terms, discount):
    quote = quoted(kwh("5"), terms)
    shares = {line_id for x in quote.lines for line_id, _ in x.shares}
    assert (taken(quote), shares) == (discount, set() if discount == "0.00" else {"FEE-1"})


def test_without_a_fee_there_is_nothing_to_take_from():
    quote = quoted(kwh("5"), off_the_fee("100"), terms=replace(PLAIN, fees=()))
    assert outcomes(quote)["fee"] == ("INELIGIBLE", "NO_BENEFIT")


def test_several_fees_share_the_discount_by_their_size():
    fees = (Fee("SERVICE", "Service Fee", Decimal(10)), Fee("PARKING", "Parking", Decimal(20)))
    quote = quoted(kwh("5"), off_the_fee("50"), terms=replace(PLAIN, fees=fees))
    shares = next(x.shares for x in quote.lines if x.kind is LineKind.DISCOUNT)
    assert [(line_id, str(share.amount)) for line_id, share in shares] == [("FEE-1", "5.00"), ("FEE-2", "10.00")]


@pytest.mark.parametrize(
    ("terms", "energy", "discount"),
    [
        pytest.param(per_kwh("2"), "5", "-10.00", id="2-per-kwh"),
        pytest.param(per_kwh("2"), "3.333", "-6.67", id="rounded-once"),
        pytest.param(per_kwh("18"), "5", "-90.00", id="the-whole-rate"),
        pytest.param(per_kwh("18.01"), "5", "-90.00", id="never-more-than-the-rate"),
        pytest.param(per_kwh("2", value_cap=Decimal("9.99")), "5", "-9.99", id="up-to-its-cap"),
        pytest.param(per_kwh("2", value_cap=Decimal(10)), "5", "-10.00", id="exactly-its-cap"),
        pytest.param(per_kwh("2", item_ids=frozenset({"coffee"})), "5", "0.00", id="not-for-the-energy"),
    ],
)
def test_so_much_per_kwh(terms, energy, discount):
    request = replace(kwh(energy), products=(ProductOrder("coffee", 1),))
    assert taken(quoted(request, terms, terms=CAFE)) == discount


def test_a_cheap_hour_pays_nothing_towards_a_dear_one():
    energy = PLAIN.components[0]
    cheap = replace(energy, rate=Decimal(5), windows=(window("10:30", "00:00"),))
    terms = replace(PLAIN, components=(cheap, replace(energy, rate=Decimal(20))))
    # Half an hour at 20.00 and half an hour at 5.00: 10 off the one, all 5 off the other.
    quote = quoted(replace(ask(kwh("10").measure), max_power_w=10_000), per_kwh("10"), terms=terms)
    assert [str(x.amount.amount) for x in quote.lines if x.kind is LineKind.ENERGY] == ["100.00", "25.00"]
    assert taken(quote) == "-75.00"


def test_types_combine_on_lines_of_their_own():
    pool = [off_the_fee("100", additive=True), per_kwh("2", additive=True), offer("w", "10", additive=True)]
    quote = quoted(kwh("5"), *pool)
    assert {x.code: str(x.amount.amount) for x in quote.lines if x.kind is LineKind.DISCOUNT} == {
        "fee": "-10.00",
        "cheap": "-10.00",
        "w": "-9.00",
    }


def test_everything_off_is_exactly_nothing():
    pool = [off_the_fee("100", additive=True), by_slabs(slab(1, None, "100"), additive=True)]
    assert str(quoted(kwh("5"), *pool).total.amount) == "0.00"


APPLIED = ("APPLIED", None)
ALONE = ("ELIGIBLE_NOT_CHOSEN", "NOT_ADDITIVE")
LOAN = frozenset({"loan"})


@pytest.mark.parametrize("kind", [BenefitKind.FINANCING, BenefitKind.EXCHANGE])
@pytest.mark.parametrize("objective", list(Objective))
def test_what_stands_beside_the_order_leaves_its_price_as_it_is(kind, objective):
    quote = quoted(kwh("5"), beside(kind=kind), objective=objective)
    assert (str(quote.total.amount), taken(quote)) == ("118.00", "0.00")
    assert (quote.trace.chosen, outcomes(quote)) == (("loan",), {"loan": APPLIED})
    assert str(quote.trace.outcomes[0].saving.amount) == "0.00"


@pytest.mark.parametrize(
    ("pool", "said", "found"),
    [
        pytest.param(
            [beside(additive=True), offer("w", additive=True)], {}, {"loan": APPLIED, "w": APPLIED}, id="both-combine"
        ),
        pytest.param([beside(), offer("w", additive=True)], {}, {"loan": ALONE, "w": APPLIED}, id="it-stands-alone"),
        pytest.param([beside(additive=True), offer("w")], {}, {"loan": ALONE, "w": APPLIED}, id="the-other-does"),
        pytest.param(
            [beside(), beside("swap", BenefitKind.EXCHANGE)], {}, {"loan": APPLIED, "swap": ALONE}, id="one-of-two"
        ),
        pytest.param(
            [beside(additive=True), beside("swap", BenefitKind.EXCHANGE, additive=True)],
            {},
            {"loan": APPLIED, "swap": APPLIED},
            id="two-that-combine",
        ),
        pytest.param(
            [beside(), offer("w", additive=True)],
            {"opted_in": LOAN},
            {"loan": APPLIED, "w": ALONE},
            id="chosen-it-stands-alone",
        ),
        pytest.param(
            [beside(additive=True), offer("w"), offer("v", "5", additive=True)],
            {"opted_in": LOAN},
            {"loan": APPLIED, "w": ALONE, "v": APPLIED},
            id="chosen-it-keeps-what-combines",
        ),
        pytest.param(
            [beside(), offer("w")], {"opted_in": LOAN | {"w"}}, {"loan": ALONE, "w": APPLIED}, id="both-were-chosen"
        ),
        pytest.param(
            [beside(min_value="90.01", additive=True), offer("w")],
            {"opted_in": LOAN},
            {"loan": ("INELIGIBLE", "MIN_VALUE"), "w": APPLIED},
            id="below-its-least-value",
        ),
        pytest.param([beside(auto=False)], {}, {"loan": ("INELIGIBLE", "NOT_OPTED_IN")}, id="not-chosen"),
    ],
)
def test_what_stands_beside_the_order_combines_like_any_other(pool, said, found):
    assert outcomes(quoted(kwh("5"), *pool, **said)) == found


@pytest.mark.parametrize(
    ("pool", "said", "found"),
    [
        pytest.param(
            [loan(exclusivity_group="one"), off("w", exclusivity_group="one")],
            {},
            {"loan": ("ELIGIBLE_NOT_CHOSEN", "GROUP_TAKEN"), "w": APPLIED},
            id="one-of-a-group",
        ),
        pytest.param(
            [loan(exclusivity_group="one"), off("w", exclusivity_group="one"), off("v")],
            {"opted_in": LOAN},
            {"loan": APPLIED, "v": APPLIED, "w": ("ELIGIBLE_NOT_CHOSEN", "GROUP_TAKEN")},
            id="the-chosen-one-of-a-group",
        ),
        pytest.param(
            [loan(), off("w", excludes=LOAN)],
            {},
            {"loan": ("ELIGIBLE_NOT_CHOSEN", "EXCLUDED"), "w": APPLIED},
            id="excluded-by-a-discount",
        ),
        pytest.param(
            [loan(excludes=frozenset({"swap"})), swap(), off("w")],
            {},
            {"loan": APPLIED, "swap": ("ELIGIBLE_NOT_CHOSEN", "EXCLUDED"), "w": APPLIED},
            id="excluded-by-another-beside-the-order",
        ),
        pytest.param(
            [loan(), swap(), off("w")],
            {"stack": StackLimits(2)},
            {"loan": APPLIED, "swap": ("ELIGIBLE_NOT_CHOSEN", "STACK_FULL"), "w": APPLIED},
            id="the-stack-is-full",
        ),
        pytest.param(
            [loan(), off("v", "5"), off("w")],
            {"stack": StackLimits(2), "opted_in": LOAN},
            {"loan": APPLIED, "v": ("ELIGIBLE_NOT_CHOSEN", "STACK_FULL"), "w": APPLIED},
            id="a-chosen-one-counts-first",
        ),
        pytest.param(
            [loan(), off("w")],
            {"stack": StackLimits(1), "opted_in": LOAN},
            {"loan": APPLIED, "w": ("ELIGIBLE_NOT_CHOSEN", "STACK_FULL")},
            id="a-chosen-one-fills-the-stack",
        ),
        pytest.param(
            [loan(), swap()],
            {"stack": StackLimits(1), "opted_in": frozenset({"swap"})},
            {"loan": ("ELIGIBLE_NOT_CHOSEN", "STACK_FULL"), "swap": APPLIED},
            id="the-chosen-of-two-beside-the-order",
        ),
        pytest.param(
            [loan(), off("w")],
            {"stack": StackLimits(None, Decimal(10))},
            {"loan": APPLIED, "w": APPLIED},
            id="the-largest-discount-leaves-it-alone",
        ),
        pytest.param(
            [loan(min_wh=5_001), off("w")],
            {},
            {"loan": ("INELIGIBLE", "ENERGY"), "w": APPLIED},
            id="below-its-energy",
        ),
    ],
)
def test_what_stands_beside_the_order_keeps_groups_exclusions_and_the_stack(pool, said, found):
    assert outcomes(quoted(kwh("5"), *pool, **said)) == found
    assert outcomes(quoted(kwh("5"), *pool[::-1], **said)) == found


def test_the_largest_discount_is_of_the_items_whatever_the_type():
    # A tenth of 90.00, although the fee of 10.00 would go wholly.
    quote = quoted(kwh("5"), off_the_fee("100"), stack=StackLimits(None, Decimal(10)))
    assert (taken(quote), str(quote.trace.cut)) == ("-9.00", "1.00 INR")


@pytest.mark.parametrize(
    ("terms", "edges"),
    [
        pytest.param(BANDS, (10_000, 20_000), id="bands-side-by-side"),
        pytest.param(by_slabs(slab(0, 4), slab(10, 12)), (5_000, 10_000, 13_000), id="a-gap-and-an-end"),
        pytest.param(by_slabs(slab(10, None), max_wh=20_000), (10_000, 20_001), id="and-a-range-of-energy"),
        pytest.param(offer(), (), id="a-percentage"),
        pytest.param(beside(min_wh=3_000), (3_000,), id="beside-the-order"),
    ],
)
def test_the_energies_at_which_an_offer_saves_another_part(terms, edges):
    assert step(terms).energy_edges() == LockedStep((terms,), ceilings={}).energy_edges() == edges


def test_a_bill_keeps_what_stands_beside_it():
    request = delivered((0, 0), (20, 5200), stop=20)
    quote = price(request, PLAIN, discounts=LockedStep((offer(), beside()), ceilings={}))
    assert (quote.trace.chosen, taken(quote)) == (("weekend", "loan"), "-23.40")


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        pytest.param(
            by_slabs(slab(10, 19, cap="50"), slab(20, None, "15", "80")),
            "10 % off, at most ₹50.00, for 10–19 kWh; 15 % off, at most ₹80.00, for 20 kWh and more",
            id="slabs",
        ),
        pytest.param(combo("coffee"), "20 % off in combination with 1 item, at most ₹500.00", id="combo"),
        pytest.param(off_the_fee("50", min_value="50"), "50 % off the fees, from ₹50.00", id="fee"),
        pytest.param(per_kwh("2", value_cap=Decimal(20)), "₹2.00 off each kWh, at most ₹20.00", id="per-kwh"),
        pytest.param(
            beside(min_value="50"),
            "6 monthly instalments at 12 % a year by Some Bank, 50 % of the interest borne by the seller "
            "or payment after 1 month without interest by Some Bank, from ₹50.00",
            id="financing",
        ),
        pytest.param(
            beside(kind=BenefitKind.EXCHANGE),
            "an exchange, valued when it is returned; the price stays as it is",
            id="exchange",
        ),
        pytest.param(rupees_off("a", "50"), "₹50.00 off energy and add-ons", id="amount"),
    ],
)
def test_a_type_in_plain_words(terms, words):
    assert benefit_in_words(terms) == words


@pytest.mark.parametrize(
    ("terms", "title"),
    [
        pytest.param(by_slabs(slab(5, 9), slab(10, None)), "Offer bulk (10% off, 5–9 kWh)", id="slab"),
        pytest.param(off_the_fee("50"), "Offer fee (50% off the fee)", id="fee"),
        pytest.param(per_kwh("2"), "Offer cheap (₹2.00/kWh off)", id="per-kwh"),
    ],
)
def test_the_line_of_a_type_says_what_it_is(terms, title):
    assert [x.title for x in quoted(kwh("5"), terms).lines if x.kind is LineKind.DISCOUNT] == [title]
