"""What a driver reads of a quote's surges: those that are charged, and those that may be before the session is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from offers.models import OfferPolicy
from offers.surge_texts import reach_of, surge_text, within_reach
from pricing.engine.price import price
from pricing.engine.values import PricingModel, Surge, SurgeBasis, TimeSpan
from tests.pricing.engine.samples import BARE, SATURDAY, kwh, window

POLICY = OfferPolicy(early_start_minutes=15, late_start_minutes=30)
MINUTE = timedelta(minutes=1)
#: Ten minutes of charging from 10:00 on, on a Saturday: from 09:45 to 12:10.
PLAN = kwh("5")
REACH = TimeSpan(SATURDAY - 15 * MINUTE, SATURDAY + 130 * MINUTE)
ONCE = "₹25.00 once, if any energy flows while the surcharge holds, before tax."
ON_TOP = "It comes on top of the price of charging, and never on top of another surcharge."


def event(*hours: str, **changes) -> Surge:
    """Return ₹25 per session between these hours."""
    windows = tuple(window(*x.split("-")) for x in hours)
    known = {"surge_id": "event", "version": 1, "name": "Event", "basis": SurgeBasis.FIXED, "value": Decimal(25)}
    return Surge(**(known | {"windows": windows} | changes))


def read(*surges: Surge, terms=BARE):
    """Return what is read of a quote with these surges."""
    terms = replace(terms, surges=surges)
    return surge_text(price(PLAN, terms).lines, terms, REACH)


@pytest.mark.parametrize(
    ("early", "late", "planned_minutes", "starts", "ends"),
    [
        pytest.param(15, 30, None, -15, 130, id="two hours after the planned end"),
        pytest.param(0, 120, None, 0, 130, id="as late as it may start"),
        pytest.param(0, 121, None, 0, 131, id="later where it may start later"),
        pytest.param(0, 30, 45, 0, 165, id="after the end that was asked for"),
        pytest.param(0, 30, 5, 0, 130, id="after the end of the energy, where that is later"),
    ],
)
def test_reach(early: int, late: int, planned_minutes: int | None, starts: int, ends: int) -> None:
    end = None if planned_minutes is None else SATURDAY + planned_minutes * MINUTE
    found = reach_of(
        replace(PLAN, planned_end=end), 5000, OfferPolicy(early_start_minutes=early, late_start_minutes=late)
    )
    assert found == TimeSpan(SATURDAY + starts * MINUTE, SATURDAY + ends * MINUTE)


def test_the_reach_of_the_sample() -> None:
    assert reach_of(PLAN, 5000, POLICY) == REACH


@pytest.mark.parametrize(
    ("surge", "words", "name"),
    [
        pytest.param(event("10:00-10:10"), "Event: ₹25.00.", "Event of ₹25.00", id="charged"),
        pytest.param(event("10:09-12:00"), "Event: ₹25.00.", "Event of ₹25.00", id="charged at the end"),
        pytest.param(event("10:10-10:30"), *["if you charge 10:10 to 10:30"] * 2, id="right after"),
        pytest.param(event("10:30-14:00"), *["if you charge from 10:30"] * 2, id="from then on"),
        pytest.param(event("12:09-14:00"), *["if you charge from 12:09"] * 2, id="in the last minute"),
        pytest.param(event("12:10-14:00"), None, None, id="after the last minute"),
        pytest.param(event("08:00-10:00"), *["if you charge until 10:00"] * 2, id="before"),
        pytest.param(event("08:00-09:46"), *["if you charge until 09:46"] * 2, id="in the first minute"),
        pytest.param(event("08:00-09:45"), None, None, id="before the first minute"),
        pytest.param(
            event("08:00-09:50", "11:00-11:15", "11:15-11:30"),
            *["if you charge until 09:50 and 11:00 to 11:30"] * 2,
            id="twice",
        ),
        pytest.param(
            event(spans=(TimeSpan(SATURDAY + 40 * MINUTE, SATURDAY + 50 * MINUTE),)),
            *["if you charge 10:40 to 10:50"] * 2,
            id="by a signal",
        ),
        pytest.param(event("11:00-12:00", exemption="you are a member"), None, None, id="exempt"),
        pytest.param(event(value=Decimal("0.004")), *["if you charge more than planned"] * 2, id="rounds to nothing"),
    ],
)
def test_words(surge: Surge, words: str | None, name: str | None) -> None:
    found = read(surge)
    if words is None or name is None:
        assert (found.parts, found.names, found.words, found.amount.amount) == ((), (), "", 0)
        return
    charged = words.startswith("Event")
    [part] = found.parts
    assert (part["surge"], part["version"], part["amount"]) == ("event", 1, "25.00" if charged else "0.00")
    once = ONCE if surge.value == 25 else ONCE.replace("25.00", "0.004")
    assert found.words == f"{words if charged else f'Event, {words}:'} {once} {ON_TOP}"
    assert found.names == (name if charged else f"Event {name}".replace("if you", "if they"),)
    assert found.amount.amount == (25 if charged else 0)


def test_after_midnight_the_day_is_said() -> None:
    start = SATURDAY + timedelta(hours=13, minutes=30)  # 23:30
    request, terms = replace(PLAN, planned_start=start), replace(BARE, surges=(event("00:30-01:00"),))
    found = surge_text(price(request, terms).lines, terms, reach_of(request, 5000, POLICY))
    assert found.names == ("Event if they charge 00:30 on 8 Nov 2026 to 01:00 on 8 Nov 2026",)


def test_of_energy_without_a_price_a_percentage_is_nothing() -> None:
    fixed = replace(BARE, model=PricingModel.FIXED, components=())
    percent = event("11:00-12:00", basis=SurgeBasis.PERCENT)
    assert (read(percent, terms=fixed).parts, len(read(percent).parts)) == ((), 1)


def test_what_is_not_told_is_not_locked() -> None:
    exempt = event("11:00-12:00", surge_id="exempt", exemption="you are a member")
    soon, late = event("11:00-12:00", surge_id="soon"), event("12:10-14:00", surge_id="late")
    terms = within_reach(replace(BARE, surges=(exempt, late, soon)), REACH)
    assert [x.surge_id for x in terms.surges] == ["exempt", "soon"]
