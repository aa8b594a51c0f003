"""What is a rise: each change beside its reverse."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pricing.engine.values import SurgeBasis
from pricing.surges.content import Exemptions, Scope, SurgeContent
from pricing.surges.kinds import SignalKind
from pricing.surges.notice import is_rise
from tests.pricing.surges.samples import EVENING, FIFTH

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
MORNING: dict[str, Any] = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "06:00", "end": "09:00"}
EARLY: dict[str, Any] = EVENING | {"end": "20:00"}
SATURDAYS: dict[str, Any] = {"weekdays": [6], "start": "18:00", "end": "20:00"}
WHOLE_DAYS: dict[str, Any] = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "00:00"}
DIWALI, NEXT_DAY = date(2026, 11, 8), date(2026, 11, 9)


def at(**changes: Any) -> SurgeContent:
    return replace(FIFTH, **changes)


#: The lower content, the higher one, and whether the way back is a fall.
PAIRS: dict[str, tuple[SurgeContent, SurgeContent]] = {
    "amount": (at(), at(value=Decimal("20.0001"))),
    "cap-lower": (at(maximum_amount=Decimal(20)), at(maximum_amount=Decimal("20.01"))),
    "cap-none": (at(maximum_amount=Decimal(20)), at()),
    "hours-later": (at(weekly_windows=(EARLY,)), at(weekly_windows=(EVENING,))),
    "hours-more": (at(weekly_windows=(EVENING,)), at(weekly_windows=(EVENING, MORNING))),
    "hours-all": (at(weekly_windows=(EVENING,)), at()),
    "weekdays": (at(weekly_windows=(SATURDAYS,)), at(weekly_windows=(EARLY,))),
    "dates": (at(dates=(DIWALI,)), at(dates=(DIWALI, NEXT_DAY))),
    "dates-all": (at(dates=(DIWALI,)), at()),
    "holidays": (at(dates=(DIWALI,)), at(dates=(DIWALI,), holiday_calendar="delhi")),
    "signals": (at(signal_kinds=(SignalKind.EVENT,)), at(signal_kinds=(SignalKind.EVENT, SignalKind.WEATHER))),
    "signals-none": (at(signal_kinds=(SignalKind.EVENT,)), at()),
    "places": (at(scope=Scope(location_ids=("a",))), at(scope=Scope(location_ids=("a", "b")))),
    "places-all": (at(scope=Scope(location_ids=("a",))), at()),
    "tags": (at(scope=Scope(location_tags=("airport",))), at()),
    "connectors": (at(scope=Scope(item_ids=("c",))), at(scope=Scope(item_ids=("c", "d")))),
    "chargers": (at(scope=Scope(charger_ids=("c",))), at()),
    "types": (at(scope=Scope(connector_types=("CCS2",))), at()),
    "power-from": (at(scope=Scope(min_power_w=50_000)), at(scope=Scope(min_power_w=49_999))),
    "power-from-none": (at(scope=Scope(min_power_w=50_000)), at()),
    "power-to": (at(scope=Scope(max_power_w=50_000)), at(scope=Scope(max_power_w=50_001))),
    "products": (at(scope=Scope(product_ids=("valet",))), at()),
    "exempt-segment": (at(exemptions=Exemptions(segment_ids=("gold",))), at()),
    "exempt-app": (at(exemptions=Exemptions(bap_ids=("a", "b"))), at(exemptions=Exemptions(bap_ids=("a",)))),
    "exempt-organisation": (at(exemptions=Exemptions(organisations=("Acme",))), at()),
    "exempt-make": (at(exemptions=Exemptions(vehicle_makes=("Tata",))), at()),
    "exempt-battery": (
        at(exemptions=Exemptions(below_charge_percent=15)),
        at(exemptions=Exemptions(below_charge_percent=14)),
    ),
    "exempt-first": (at(exemptions=Exemptions(first_session=True)), at()),
    "begins-later": (at(valid_from=NOW + timedelta(days=3)), at(valid_from=NOW + timedelta(days=2))),
    "ends-earlier": (at(valid_until=NOW + timedelta(days=3)), at(valid_until=NOW + timedelta(days=4))),
    "ends-never": (at(valid_until=NOW + timedelta(days=3)), at()),
}
#: Neither is below the other.
INCOMPARABLE: dict[str, tuple[SurgeContent, SurgeContent]] = {
    "basis": (at(), at(basis=SurgeBasis.PER_KWH, value=Decimal(1))),
    "group": (at(), at(stacking_group="peak")),
    "other-hours": (at(weekly_windows=(EVENING,)), at(weekly_windows=(MORNING,))),
    "lower-but-elsewhere": (
        at(scope=Scope(location_ids=("a",))),
        at(value=Decimal(10), scope=Scope(location_ids=("b",))),
    ),
}
SAME: dict[str, tuple[SurgeContent, SurgeContent]] = {
    "unchanged": (at(), at()),
    "explained": (at(), at(explanation="Because evenings are busy.")),
    "all-hours-said": (at(), at(weekly_windows=(WHOLE_DAYS,))),
}


@pytest.mark.parametrize(("lower", "higher"), PAIRS.values(), ids=PAIRS)
def test_more_is_a_rise_and_less_is_none(lower: SurgeContent, higher: SurgeContent) -> None:
    assert (is_rise(lower, higher), is_rise(higher, lower)) == (True, False)


@pytest.mark.parametrize(("one", "other"), INCOMPARABLE.values(), ids=INCOMPARABLE)
def test_what_cannot_be_compared_is_a_rise_either_way(one: SurgeContent, other: SurgeContent) -> None:
    assert (is_rise(one, other), is_rise(other, one)) == (True, True)


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_what_says_the_same_is_no_rise(one: SurgeContent, other: SurgeContent) -> None:
    assert (is_rise(one, other), is_rise(other, one)) == (False, False)
