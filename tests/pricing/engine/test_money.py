"""Money and its words: one rounding rule, the currency's decimals, India's digits."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from operator import add, ge, gt, le, lt, sub

import pytest

from pricing.engine.money import CurrencyMismatch, Money, minor_units, round_amount, smallest_unit, total_of
from pricing.engine.wording import count_text, energy_text, money_text, plain_number, span_text


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        pytest.param("0.005", "INR", "0.01", id="half-up"),
        pytest.param("0.00499", "INR", "0.00", id="below-half"),
        pytest.param("-0.005", "INR", "-0.01", id="half-away-from-zero"),
        pytest.param("-0.001", "INR", "0.00", id="no-negative-zero"),
        pytest.param("2.5", "JPY", "3", id="no-decimals"),
        pytest.param("1.0005", "BHD", "1.001", id="three-decimals"),
    ],
)
def test_amounts_round_half_up(amount, currency, rounded):
    assert str(round_amount(Decimal(amount), currency)) == rounded


def test_a_sum_carries_one_currency():
    assert total_of([Money(Decimal("1.10"), "INR"), Money(Decimal("2.05"), "INR")], "INR").amount == Decimal("3.15")
    assert str(total_of([], "INR").amount) == "0.00"
    assert smallest_unit("JPY") == 1
    with pytest.raises(CurrencyMismatch):
        total_of([Money(Decimal(1), "EUR")], "INR")


def test_money_is_calculated_with_and_compared():
    rupee, two = Money(Decimal(1), "INR"), Money(Decimal(2), "INR")
    assert (rupee + two, two - rupee, rupee - two) == (Money(Decimal(3), "INR"), rupee, -rupee)
    assert (two * 3, rupee * Decimal("0.5")) == (Money(Decimal(6), "INR"), Money(Decimal("0.5"), "INR"))
    assert [rupee < x for x in (-rupee, rupee, two)] == [False, False, True]
    assert [rupee <= x for x in (-rupee, rupee, two)] == [False, True, True]
    assert [rupee > x for x in (-rupee, rupee, two)] == [True, False, False]
    assert [rupee >= x for x in (-rupee, rupee, two)] == [True, True, False]
    assert [bool(x) for x in (Money(Decimal("0.00"), "INR"), rupee, -rupee)] == [False, True, True]


@pytest.mark.parametrize(
    ("currency", "rounded", "decimals"),
    [
        pytest.param("INR", "1.24", 2, id="paise"),
        pytest.param("JPY", "1", 0, id="yen"),
        pytest.param("BHD", "1.235", 3, id="fils"),
    ],
)
def test_money_has_the_decimals_of_its_currency(currency, rounded, decimals):
    assert Money(Decimal("1.2350"), currency).rounded() == Money(Decimal(rounded), currency)
    assert minor_units(currency) == decimals
    assert str(Money(Decimal("1.2350"), currency)) == f"{rounded} {currency}"


@pytest.mark.parametrize("operation", [add, sub, lt, le, gt, ge], ids=lambda x: x.__name__)
def test_two_currencies_never_meet(operation):
    with pytest.raises(CurrencyMismatch, match="cannot combine INR with EUR"):
        operation(Money(Decimal(1), "INR"), Money(Decimal(1), "EUR"))


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        pytest.param("184320", "INR", "₹1,84,320.00", id="lakh"),
        pytest.param("12345678.9", "INR", "₹1,23,45,678.90", id="crore"),
        pytest.param("999.5", "INR", "₹999.50", id="hundreds"),
        pytest.param("1000", "INR", "₹1,000.00", id="thousand"),
        pytest.param("18.125", "INR", "₹18.125", id="a-rate-keeps-its-decimals"),
        pytest.param("-3.2", "INR", "−₹3.20", id="negative"),
        pytest.param("1234567.5", "EUR", "€1,234,567.50", id="thousands-elsewhere"),
        pytest.param("5", "AED", "AED 5.00", id="a-code-for-a-sign"),
        pytest.param("1500", "JPY", "JPY 1,500", id="no-minor-unit"),
    ],
)
def test_amounts_in_words(amount, currency, text):
    assert money_text(Decimal(amount), currency) == text


@pytest.mark.parametrize(
    ("span", "text"),
    [
        pytest.param(timedelta(days=3, hours=4, minutes=5), "3 d 4 h", id="two-largest-parts"),
        pytest.param(timedelta(minutes=45), "45 min", id="minutes"),
        pytest.param(timedelta(seconds=-20), "20 s", id="either-way"),
        pytest.param(timedelta(0), "0 s", id="nothing"),
        pytest.param(timedelta(days=29, hours=23), "29 d 23 h", id="less-than-a-month"),
        pytest.param(timedelta(days=30), "30 days", id="a-month"),
        pytest.param(timedelta(days=-1136, minutes=-40), "1136 days", id="days-alone"),
    ],
)
def test_spans_in_words(span, text):
    assert span_text(span) == text


def test_counts_in_words():
    assert [count_text(1_000_000, x) for x in ("INR", "EUR")] == ["10,00,000", "1,000,000"]


def test_numbers_in_words():
    assert [energy_text(5200), energy_text(5000), energy_text(5)] == ["5.2 kWh", "5 kWh", "0.005 kWh"]
    assert plain_number(Decimal("1E+2")) == "100"
    assert [plain_number(Decimal(x)) for x in ("0.00", "-0", "-0.5")] == ["0", "0", "-0.5"]
