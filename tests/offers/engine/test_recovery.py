"""What a bill comes to after offers were taken back: stored shares shrink, the tax follows, nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.engine.recovery import total, with_less, worth_of
from pricing.engine.money import Money
from pricing.engine.values import LineKind, QuoteLine, Tax

GST = Tax("GST", Decimal(18))


def inr(amount: str) -> Money:
    return Money(Decimal(amount), "INR")


def line(name: str, kind: LineKind, amount: str, code: str = "", shares: str = "") -> QuoteLine:
    parts = tuple((part.split()[0], inr(part.split()[1])) for part in shares.split(",") if part)
    return QuoteLine(name, kind, name, inr(amount), code=code, shares=parts)


#: 1,000.00 of energy and 200.00 of products; an offer gave 200.00 of both, another 30.00 of the products.
BILL = (
    line("ENERGY-1", LineKind.ENERGY, "1000.00"),
    line("PRODUCT-1", LineKind.PRODUCT, "200.00"),
    line("DISCOUNT-1", LineKind.DISCOUNT, "-200.00", "both", "ENERGY-1 166.67,PRODUCT-1 33.33"),
    line("DISCOUNT-2", LineKind.DISCOUNT, "-30.00", "tea", "PRODUCT-1 30.00"),
    line("TAX-1", LineKind.TAX, "174.60"),
)
TAKEN = [
    pytest.param({}, ["-200.00", "-30.00", "174.60"], ["166.67", "33.33"], "1144.60", id="nothing"),
    pytest.param({"both": "0.01"}, ["-199.99", "-30.00", "174.60"], ["166.66", "33.33"], "1144.61", id="a-paisa"),
    pytest.param({"both": "50"}, ["-150.00", "-30.00", "183.60"], ["125.00", "25.00"], "1203.60", id="50-of-200"),
    pytest.param({"both": "199.99"}, ["-0.01", "-30.00", "210.60"], ["0.01"], "1380.59", id="all-but-a-paisa"),
    pytest.param({"both": "200"}, ["0.00", "-30.00", "210.60"], [], "1380.60", id="the-line-stays-at-nothing"),
    pytest.param({"both": "200", "tea": "30"}, ["0.00", "0.00", "216.00"], [], "1416.00", id="all-of-all"),
    pytest.param({"other": "50"}, ["-200.00", "-30.00", "174.60"], ["166.67", "33.33"], "1144.60", id="another-offer"),
]


@pytest.mark.parametrize(("taken", "amounts", "shares", "comes_to"), TAKEN)
def test_what_is_left(taken: dict[str, str], amounts: list[str], shares: list[str], comes_to: str) -> None:
    net = with_less(BILL, {name: Decimal(amount) for name, amount in taken.items()}, GST, "INR")
    assert [f"{x.amount.amount}" for x in net[2:]] == amounts
    assert [f"{share.amount}" for _, share in net[2].shares] == shares
    assert net[:2] == BILL[:2]
    assert f"{total(net, 'INR').amount}" == comes_to


def test_in_steps_comes_to_the_same_as_at_once() -> None:
    once = with_less(BILL, {"both": Decimal("123.45")}, GST, "INR")
    twice = with_less(with_less(BILL, {"both": Decimal(100)}, GST, "INR"), {"both": Decimal("23.45")}, GST, "INR")
    assert [x.amount for x in twice] == [x.amount for x in once]


def test_without_a_tax_the_total_rises_by_what_is_taken() -> None:
    assert f"{total(with_less(BILL[:4], {'both': Decimal(50)}, None, 'INR'), 'INR').amount}" == "1020.00"


def test_more_than_was_given_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot take"):
        with_less(BILL, {"both": Decimal("200.01")}, GST, "INR")


def given(name: str, item: str, count: int, rate: str) -> QuoteLine:
    title = f"{item} × {count}, given"
    amount = inr(str(Decimal(rate) * count))
    return QuoteLine(
        name, LineKind.PRODUCT, title, amount, Decimal(count), "unit", Decimal(rate), item, code="gifts", shares=()
    )


#: Three teas at 20.00 and two cakes at 50.00, given for 10.00 in all; with 100.00 of energy.
GIFTS = (
    line("ENERGY-1", LineKind.ENERGY, "100.00"),
    given("GIVEN-1", "tea", 3, "20.00"),
    given("GIVEN-2", "cake", 2, "50.00"),
    line("DISCOUNT-1", LineKind.DISCOUNT, "-150.00", "gifts", "GIVEN-1 50.00,GIVEN-2 100.00"),
    line("TAX-1", LineKind.TAX, "19.80"),
)
RETURNED = [
    pytest.param({}, ["60.00", "100.00", "-150.00", "19.80"], "0.00", "129.80", id="nothing"),
    pytest.param({"tea": 1}, ["40.00", "100.00", "-133.33", "19.20"], "16.67", "125.87", id="a-tea"),
    pytest.param({"tea": 2}, ["20.00", "100.00", "-116.67", "18.60"], "33.33", "121.93", id="two-teas"),
    pytest.param({"tea": 3}, ["0.00", "100.00", "-100.00", "18.00"], "50.00", "118.00", id="all-teas"),
    pytest.param({"cake": 1}, ["60.00", "50.00", "-100.00", "19.80"], "50.00", "129.80", id="a-cake"),
    pytest.param({"tea": 3, "cake": 2}, ["0.00", "0.00", "0.00", "18.00"], "150.00", "118.00", id="everything"),
]


@pytest.mark.parametrize(("units", "amounts", "worth", "comes_to"), RETURNED)
def test_units_go_with_what_was_saved_on_them(
    units: dict[str, int], amounts: list[str], worth: str, comes_to: str
) -> None:
    net = with_less(GIFTS, {}, GST, "INR", {"gifts": units})
    assert [f"{x.amount.amount:.2f}" for x in net[1:]] == amounts
    assert f"{worth_of(GIFTS, 'gifts', units):.2f}" == worth
    assert f"{total(net, 'INR').amount:.2f}" == comes_to


@pytest.mark.parametrize(
    ("units", "shares"),
    [
        pytest.param({}, ["GIVEN-1 50.00", "GIVEN-2 100.00"], id="nothing"),
        pytest.param({"tea": 1}, ["GIVEN-1 33.33", "GIVEN-2 100.00"], id="a-tea"),
        pytest.param({"tea": 3}, ["GIVEN-2 100.00"], id="all-teas"),
        pytest.param({"tea": 3, "cake": 2}, [], id="everything"),
    ],
)
def test_what_is_left_of_a_discount_keeps_its_shares(units: dict[str, int], shares: list[str]) -> None:
    net = with_less(GIFTS, {}, GST, "INR", {"gifts": units})
    assert [f"{name} {share.amount:.2f}" for name, share in net[3].shares] == shares
    assert {share.currency for _, share in net[3].shares} <= {"INR"}


def test_units_of_one_offer_leave_the_others_alone() -> None:
    """What is sold, and what another offer gave or took off, stays as it is, also where the product is the same."""
    own = replace(given("PRODUCT-1", "tea", 3, "20.00"), code="", title="Tea")
    others = (
        replace(given("GIVEN-3", "tea", 4, "20.00"), code="more-gifts"),
        line("DISCOUNT-2", LineKind.DISCOUNT, "-80.00", "more-gifts", "GIVEN-3 80.00"),
        line("DISCOUNT-3", LineKind.DISCOUNT, "-5.00", "five", "PRODUCT-1 5.00"),
    )
    net = with_less((own, *GIFTS, *others), {}, GST, "INR", {"gifts": {"tea": 3}})
    assert (net[0], *net[-3:]) == (own, *others)
    assert worth_of((own, *GIFTS, *others), "gifts", {"tea": 3}) == 50
    assert worth_of((own, *GIFTS, *others), "more-gifts", {"tea": 3}) == 60


def test_an_amount_is_taken_of_the_discount_alone() -> None:
    net = with_less(GIFTS, {"gifts": Decimal(30)}, GST, "INR")
    assert net[:3] == GIFTS[:3]
    assert [f"{x.amount.amount}" for x in net[3:]] == ["-120.00", "25.20"]


def test_units_are_worth_what_their_own_offer_saved_on_them() -> None:
    five = line("DISCOUNT-2", LineKind.DISCOUNT, "-5.00", "five", "GIVEN-1 5.00")
    assert worth_of((*GIFTS, five), "gifts", {"tea": 3}) == 50


def test_a_bill_in_yen_is_divided_in_yen() -> None:
    def yen(amount: str) -> Money:
        return Money(Decimal(amount), "JPY")

    lines = (
        QuoteLine("ENERGY-1", LineKind.ENERGY, "", yen("1000")),
        QuoteLine("PRODUCT-1", LineKind.PRODUCT, "", yen("500")),
        QuoteLine(
            "DISCOUNT-1",
            LineKind.DISCOUNT,
            "",
            yen("-100"),
            code="both",
            shares=(("ENERGY-1", yen("67")), ("PRODUCT-1", yen("33"))),
        ),
        QuoteLine("TAX-1", LineKind.TAX, "", yen("140")),
    )
    net = with_less(lines, {"both": Decimal(50)}, Tax("Tax", Decimal("9.99")), "JPY")
    assert net[2].amount == yen("-50")
    assert net[2].shares == (("ENERGY-1", yen("33")), ("PRODUCT-1", yen("17")))
    assert net[3].amount == yen("145")


def test_a_line_says_how_many_units_are_left_of_it() -> None:
    titles = [with_less(GIFTS, {}, GST, "INR", {"gifts": {"tea": units}})[1].title for units in (0, 1, 2, 3)]
    assert titles == ["tea × 3, given", "tea × 2, given", "tea, given", "tea × 0, given"]


def test_more_units_than_were_given_are_refused() -> None:
    with pytest.raises(ValueError, match="3 units of cake are more than gifts gave"):
        with_less(GIFTS, {}, GST, "INR", {"gifts": {"cake": 3}})
