"""What buyer apps are told of an offer in figures of their own, rounded half up as all money is."""

from __future__ import annotations

from decimal import Decimal

import pytest

from beckn.presenting.offers import savings_percentage
from offers.engine.values import ValueType
from offers.published import discounted_rate
from pricing.engine.money import Money
from pricing.engine.values import LineKind
from tests.offers.engine.samples import line, offer


@pytest.mark.parametrize(
    ("rate", "said", "expected"),
    [
        pytest.param("18.04", {"value": "10"}, "16.24", id="below"),
        pytest.param("18.05", {"value": "10"}, "16.25", id="a-half-after-an-even-digit"),
        pytest.param("18.15", {"value": "10"}, "16.34", id="a-half-after-an-odd-digit"),
        pytest.param("18.00", {"value": "100"}, "0.00", id="all"),
        pytest.param("45", {"value": "10", "currency": "JPY"}, "41", id="money-without-hundredths"),
        pytest.param("18.00", {"value": "0.125", "value_type": ValueType.PER_KWH}, "17.875", id="exact-per-kwh"),
    ],
)
def test_the_price_beside_an_offer(rate: str, said: dict[str, object], expected: str) -> None:
    assert str(discounted_rate(offer(**said), Decimal(rate))) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("discount", "expected"),
    [
        pytest.param("32.48", "16.24", id="exact"),
        pytest.param("32.49", "16.25", id="a-half-after-an-even-digit"),
        pytest.param("32.51", "16.26", id="a-half-after-an-odd-digit"),
        pytest.param("200.00", "1E+2", id="all"),
    ],
)
def test_the_savings_in_percent(discount: str, expected: str) -> None:
    energy = line("ENERGY-1", LineKind.ENERGY, "200.00")
    off = line(
        "DISCOUNT-1",
        LineKind.DISCOUNT,
        f"-{discount}",
        code="o",
        shares=(("ENERGY-1", Money(Decimal(discount), "INR")),),
    )
    assert str(savings_percentage("o", (energy, off))) == expected
