"""When surges hold, by id; and what they come to in money that has no hundredths."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pricing.engine.price import price
from pricing.engine.surge import surge_times
from pricing.engine.values import Dimension, PriceComponent, TimeSpan
from tests.pricing.engine.samples import BARE, SATURDAY, kwh, window
from tests.pricing.engine.test_surge import FIFTH, ONCE, RUPEE, surged

MINUTE = timedelta(minutes=1)
#: ¥55 for 5 kWh.
YEN = replace(BARE, currency="JPY", components=(PriceComponent(Dimension.ENERGY, Decimal(11)),))


def span(starts: int, ends: int) -> TimeSpan:
    """Return a stretch in minutes after 10:00."""
    return TimeSpan(SATURDAY + starts * MINUTE, SATURDAY + ends * MINUTE)


def hours(*texts: str):
    """Return a surge that holds in these hours."""
    return replace(FIFTH, windows=tuple(window(*x.split("-")) for x in texts))


@pytest.mark.parametrize(
    ("surges", "expected"),
    [
        pytest.param((), {}, id="none"),
        pytest.param((FIFTH,), {"peak": [span(0, 60)]}, id="always"),
        pytest.param((hours("10:20-10:40"),), {"peak": [span(20, 40)]}, id="within"),
        pytest.param((hours("09:00-10:20"),), {"peak": [span(0, 20)]}, id="begun before"),
        pytest.param((hours("10:40-12:00"),), {"peak": [span(40, 60)]}, id="ends after"),
        pytest.param((hours("09:00-10:00"),), {}, id="over"),
        pytest.param((hours("09:00-10:01"),), {"peak": [span(0, 1)]}, id="nearly over"),
        pytest.param((hours("11:00-12:00"),), {}, id="not yet"),
        pytest.param((hours("10:59-12:00"),), {"peak": [span(59, 60)]}, id="just yet"),
        pytest.param((hours("10:10-10:20", "10:30-10:40"),), {"peak": [span(10, 20), span(30, 40)]}, id="twice"),
        pytest.param((hours("10:10-10:20", "10:20-10:40"),), {"peak": [span(10, 40)]}, id="without a break"),
        pytest.param(
            (replace(hours("10:10-10:40"), spans=(span(-30, 20), span(30, 90))),),
            {"peak": [span(10, 20), span(30, 40)]},
            id="windows within spans",
        ),
        pytest.param(
            (hours("10:10-10:50"), replace(RUPEE, spans=(span(20, 40),)), replace(ONCE, spans=())),
            {"peak": [span(10, 50)], "congestion": [span(20, 40)]},
            id="each by itself",
        ),
    ],
)
def test_times(surges, expected):
    assert surge_times(surged(*surges), SATURDAY, SATURDAY + 60 * MINUTE) == expected


@pytest.mark.parametrize(
    ("terms", "amounts"),
    [
        pytest.param(surged(replace(FIFTH, value=Decimal(10)), terms=YEN), ["55", "6"], id="percent"),
        pytest.param(surged(replace(RUPEE, value=Decimal("0.5")), terms=YEN), ["55", "3"], id="per kWh"),
        pytest.param(surged(replace(ONCE, cap=Decimal("7.5")), terms=YEN), ["55", "8"], id="at most"),
        pytest.param(surged(ONCE, terms=YEN, cap="10"), ["55", "5"], id="the CPO's bound, down"),
        pytest.param(
            surged(replace(FIFTH, value=Decimal(50)), terms=replace(YEN, maximum_price=Decimal("44.5"))),
            ["45", "23"],
            id="of the highest price",
        ),
        pytest.param(surged(replace(ONCE, exemption="you are a member"), terms=YEN), ["55", "0"], id="exempt"),
    ],
)
def test_whole_yen(terms, amounts):
    quote = price(kwh("5"), terms)
    assert [(str(x.amount.amount), x.amount.currency) for x in quote.lines] == [(x, "JPY") for x in amounts]
