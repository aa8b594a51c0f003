"""The wheeling charge: after the discounts, taxed, per order or per kWh, in quotes, bills and budgets."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pricing.engine.inverse import energy_for_amount
from pricing.engine.price import price
from pricing.engine.values import Basis, LineKind, Wheeling, WheelingBasis
from tests.pricing.engine.samples import BARE, PLAIN, UNTAXED, delivered, kwh, printed, rupees

PER_ORDER = replace(PLAIN, wheeling=Wheeling("Wheeling charge", Decimal("2.50")))
PER_KWH = replace(PLAIN, wheeling=Wheeling("Wheeling charge", Decimal("0.4250"), WheelingBasis.KWH))


@pytest.mark.parametrize(
    ("terms", "line", "tax", "total"),
    [
        pytest.param(PER_ORDER, ("Wheeling charge", "2.50"), "18.45", "120.95", id="per-order"),
        pytest.param(
            PER_KWH, ("Wheeling charge (5 kWh @ ₹0.425/kWh)", "2.13"), "18.38", "120.51", id="per-kwh-half-a-paisa-up"
        ),
    ],
)
def test_it_stands_before_the_tax_which_counts_it(terms, line, tax, total):
    quote = price(kwh("5"), terms)
    assert printed(quote)[-2:] == [line, ("GST (18%)", tax)]
    assert str(quote.total.amount) == total


def test_the_line_says_what_it_is_made_of():
    (per_order,) = (x for x in price(kwh("5"), PER_ORDER).lines if x.kind is LineKind.WHEELING)
    assert (per_order.line_id, per_order.quantity, per_order.unit, per_order.rate) == ("WHEELING-1", None, "", None)
    (per_kwh,) = (x for x in price(kwh("5.2"), PER_KWH).lines if x.kind is LineKind.WHEELING)
    assert (per_kwh.quantity, per_kwh.unit, per_kwh.rate) == (Decimal("5.200"), "kWh", Decimal("0.4250"))


def test_the_bill_counts_what_was_delivered():
    quote = price(delivered((0, 0), (30, 5200), stop=30), PER_KWH)
    assert printed(quote)[-2] == ("Wheeling charge (5.2 kWh @ ₹0.425/kWh)", "2.21")


@pytest.mark.parametrize(
    ("terms", "amount", "basis", "wh"),
    [
        pytest.param(PER_ORDER, "102.50", Basis.BEFORE_SURGE_OFFER_TAX, 5000, id="per-order-comes-off-first"),
        pytest.param(PER_ORDER, "102.49", Basis.BEFORE_SURGE_OFFER_TAX, 4999, id="a-paisa-less"),
        pytest.param(PER_KWH, "102.125", Basis.BEFORE_SURGE_OFFER_TAX, 5000, id="per-kwh-comes-with-each-kwh"),
        pytest.param(PER_KWH, "102.12", Basis.BEFORE_SURGE_OFFER_TAX, 4999, id="half-a-paisa-less"),
        pytest.param(PER_ORDER, "120.95", Basis.ALL_IN, 5000, id="all-in"),
        pytest.param(PER_KWH, "120.51", Basis.ALL_IN, 5000, id="all-in-per-kwh"),
    ],
)
def test_an_amount_pays_for_it(terms, amount, basis, wh):
    assert energy_for_amount(rupees(amount, basis), terms) == wh


@pytest.mark.parametrize("wh", [1, 999, 5000])
def test_a_budget_of_a_total_buys_its_energy_or_more_for_the_same_total(wh):
    for terms in (replace(UNTAXED, wheeling=PER_KWH.wheeling), replace(BARE, wheeling=PER_ORDER.wheeling), PER_KWH):
        total = price(kwh(str(Decimal(wh) / 1000)), terms).total.amount
        found = energy_for_amount(rupees(str(total), Basis.ALL_IN), terms)
        assert found >= wh
        assert price(kwh(str(Decimal(found) / 1000)), terms).total.amount == total
