"""Amounts of money that buy no energy: each refusal says what to ask for instead."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from pricing.engine import inverse
from pricing.engine.inverse import energy_for_amount
from pricing.engine.values import (
    Basis,
    Cart,
    Dimension,
    Discounts,
    Fee,
    PriceComponent,
    PriceTerms,
    PricingError,
    PricingModel,
    Tax,
)
from tests.pricing.engine.samples import BARE, PLAIN, kwh, rupees

ALL_IN = Basis.ALL_IN
FLAT = PriceComponent(Dimension.FLAT, Decimal(30))
SESSION = replace(PLAIN, model=PricingModel.FIXED, components=(replace(FLAT, rate=Decimal(100)),))
STARTED = replace(PLAIN, components=(*PLAIN.components, FLAT))
YEN = replace(
    BARE,
    currency="JPY",
    components=(PriceComponent(Dimension.ENERGY, Decimal(18)),),
    fees=(Fee("SERVICE", "Service Fee", Decimal(20)),),
    tax=Tax("VAT", Decimal(8)),
)


@pytest.mark.parametrize(
    ("terms", "amount", "basis", "code", "sentence"),
    [
        pytest.param(
            SESSION,
            "500",
            ALL_IN,
            "NO_ENERGY_PRICE",
            "Ask for energy or minutes: this tariff has one price per session.",
            id="a price per session",
        ),
        pytest.param(
            STARTED,
            "47.21",
            ALL_IN,
            "BUDGET_TOO_SMALL",
            "Raise the amount: fixed prices, fees and taxes alone come to ₹47.20.",
            id="a start, a fee and their tax",
        ),
        pytest.param(
            replace(BARE, minimum_wh=2),
            "0.03",
            ALL_IN,
            "MINIMUM_QUANTITY",
            "Raise the amount: the least sold is 0.002 kWh, which costs ₹0.04.",
            id="below the least energy",
        ),
        pytest.param(
            replace(BARE, maximum_price=Decimal(60)),
            "60.01",
            ALL_IN,
            "AMOUNT_TOO_LARGE",
            "Ask for energy in kWh: charging costs at most ₹60.00 here.",
            id="above the highest price",
        ),
        pytest.param(
            # What the longest session costs is the highest price to the paisa.
            replace(BARE, maximum_price=Decimal(90720)),
            "90720.01",
            ALL_IN,
            "AMOUNT_TOO_LARGE",
            "Ask for energy in kWh: charging costs at most ₹90,720.00 here.",
            id="above the longest session that is the highest price",
        ),
    ],
)
def test_refused(terms: PriceTerms, amount: str, basis: Basis, code: str, sentence: str) -> None:
    with pytest.raises(PricingError) as refused:
        energy_for_amount(rupees(amount, basis), terms)
    assert (refused.value.code, str(refused.value)) == (code, sentence)


def test_whole_yen_are_taxed_in_whole_yen() -> None:
    """¥81 of energy and ¥20 of fee are taxed by ¥8; the next Wh makes it ¥82 and ¥8."""
    request = rupees("109", ALL_IN)
    request = replace(request, measure=replace(request.measure, currency="JPY"))
    assert energy_for_amount(request, YEN) == 4527


class Puzzling:
    """Takes nothing off, and proves nothing about any stretch of energies."""

    def __call__(self, cart: Cart) -> Discounts:
        return Discounts()

    def thresholds(self) -> tuple[Decimal, ...]:
        return ()

    def energy_edges(self) -> tuple[int, ...]:
        return ()

    def net_at_least(self, low: Cart, high: Cart) -> Decimal:
        return Decimal(0)


def test_a_search_that_proves_nothing_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inverse, "_MOST_STEPS", 50)
    with pytest.raises(PricingError) as refused:
        energy_for_amount(rupees("5", ALL_IN), PLAIN, discounts=Puzzling())
    sentence = "Ask for energy in kWh: with these offers this amount has no one answer."
    assert (refused.value.code, str(refused.value)) == ("NO_EXACT_AMOUNT", sentence)


def test_only_money_is_turned_into_energy() -> None:
    with pytest.raises(TypeError, match=r"^only an AmountMeasure is turned into energy$"):
        energy_for_amount(kwh("5"), PLAIN)
