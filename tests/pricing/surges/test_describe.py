"""A surge in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from pricing.engine.values import SurgeBasis
from pricing.surges.content import Exemptions, Scope, SurgeContent
from pricing.surges.describe import (
    amount_in_words,
    calculation_in_words,
    exempt_in_words,
    when_in_words,
    where_in_words,
)
from pricing.surges.kinds import SignalKind
from tests.pricing.surges.samples import EVENING, FIFTH, RUPEE

ONCE = SurgeContent(basis=SurgeBasis.FIXED, value=Decimal(25))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(FIFTH, "20 % of the energy price", id="percent"),
        pytest.param(RUPEE, "₹1.00 per kWh", id="per-kwh"),
        pytest.param(ONCE, "₹25.00 per session", id="fixed"),
        pytest.param(
            replace(FIFTH, maximum_amount=Decimal(30)),
            "20 % of the energy price, at most ₹30.00 per session",
            id="capped",
        ),
    ],
)
def test_how_much(content: SurgeContent, words: str) -> None:
    assert amount_in_words(content, "INR") == words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(RUPEE, "at all times", id="always"),
        pytest.param(replace(RUPEE, weekly_windows=(EVENING,)), "every day 18:00–21:00", id="window"),
        pytest.param(
            replace(
                RUPEE,
                weekly_windows=(EVENING,),
                holiday_calendar="delhi",
                dates=(date(2026, 11, 8),),
                signal_kinds=(SignalKind.EVENT, SignalKind.WEATHER),
            ),
            "every day 18:00–21:00, on holidays of Delhi and 8 Nov 2026, "
            "while an event takes place or a weather warning holds",
            id="all-of-it",
        ),
    ],
)
def test_when(content: SurgeContent, words: str) -> None:
    assert when_in_words(content, "Delhi") == words


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        pytest.param(Scope(), "everywhere", id="everywhere"),
        pytest.param(Scope(location_ids=("cp", "far")), "at Connaught Place and far", id="locations"),
        pytest.param(Scope(connector_types=("CCS2",), min_power_w=50_000), "at CCS2 connectors from 50 kW", id="fast"),
        pytest.param(Scope(max_power_w=7400), "at connectors up to 7.4 kW", id="slow"),
        pytest.param(
            Scope(location_tags=("airport",), charger_ids=("E1",), product_ids=("valet",)),
            "at places tagged airport, at E1, with Valet parking",
            id="mixed",
        ),
        pytest.param(
            Scope(item_ids=tuple(f"c{n:02}" for n in range(22))),
            "at " + ", ".join(f"c{n:02}" for n in range(20)) + " and 2 more",
            id="many",
        ),
    ],
)
def test_where(scope: Scope, words: str) -> None:
    assert where_in_words(scope, {"cp": "Connaught Place", "valet": "Valet parking"}) == words


ENDING = "It comes on top of the price of charging, and never on top of another surcharge."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(
            FIFTH,
            f"20 % of what the energy costs that flows while the surcharge holds, before tax. {ENDING}",
            id="percent",
        ),
        pytest.param(
            RUPEE, f"₹1.00 for each kWh that flows while the surcharge holds, before tax. {ENDING}", id="per-kwh"
        ),
        pytest.param(
            replace(ONCE, maximum_amount=Decimal(25), stacking_group="peak"),
            "₹25.00 once, if any energy flows while the surcharge holds, before tax. At most ₹25.00 per session. "
            f"Of several such surcharges that hold at the same time only the largest is charged. {ENDING}",
            id="fixed",
        ),
    ],
)
def test_how_it_is_calculated(content: SurgeContent, words: str) -> None:
    assert calculation_in_words(content, "INR") == words


def test_who_does_not_pay() -> None:
    exempt = Exemptions(("gold",), ("app.example",), ("Acme",), ("Tata",), 15, True)
    assert exempt_in_words(exempt, {"gold": "Gold members"}) == (
        "Gold members",
        "drivers of Acme",
        "cars of Tata",
        "who buys through app.example",
        "cars whose battery is below 15 %",
        "a driver's first session",
    )
    assert exempt_in_words(Exemptions()) == ()
