"""A world of a replay: what it has counted, whether a limit turns a session away, and where the worlds part."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from offers.engine.backtest import Displaced, KeptOut, OfDay, Touched
from offers.engine.backtest.tally import EXAMPLES
from offers.engine.backtest.worlds import World
from offers.engine.values import Objective, OfferTerms, ReasonCode, Usage
from tests.offers.engine.samples import offer, rupees_off
from tests.offers.engine.test_backtest import GOODS, freebie, replayed, session, touched

HOME = ("home",)
#: What a world has counted of an offer with these limits after one session of a driver that it gave 9.00.
COUNTED: dict[str, tuple[dict[str, Any], str, Usage]] = {
    "uses in all": ({"total_uses": 2}, "a", Usage(uses=1, budget_used=Decimal(9), customer_uses=0)),
    "uses in all, for nobody known": ({"total_uses": 2}, "", Usage(uses=1, budget_used=Decimal(9))),
    "uses of the driver": ({"uses_per_customer": 2}, "a", Usage(uses=1, budget_used=Decimal(9), customer_uses=1)),
    "uses of another": ({"uses_per_customer": 2}, "b", Usage(uses=1, budget_used=Decimal(9), customer_uses=0)),
    "uses of the family": (
        {"uses_per_customer": 2, "shared_in_groups": True},
        "b",
        Usage(uses=1, budget_used=Decimal(9), customer_uses=0, group_uses=1),
    ),
    "the money of the day": (
        {"budget_per_day": Decimal(45)},
        "a",
        Usage(uses=1, budget_used=Decimal(9), customer_uses=0, budget_used_today=Decimal(9)),
    ),
}


@pytest.mark.parametrize(("limits", "who", "expected"), COUNTED.values(), ids=COUNTED.keys())
def test_a_world_counts_what_its_limits_ask_for(limits: dict[str, Any], who: str, expected: Usage) -> None:
    world = World((offer("free"), offer("limited", **limits)), "UTC")
    world.record(session(0, customer="a", member_of=HOME), {"free": Decimal(5), "limited": Decimal(9)})
    found = world.usage(session(1, customer=who, member_of=HOME))
    assert dict(found) == {"limited": expected}


OPEN: dict[str, tuple[dict[str, Any], str, bool]] = {
    "one of two uses": ({"total_uses": 2}, "b", True),
    "all uses": ({"total_uses": 1}, "b", False),
    "the budget just covers it": ({"budget": Decimal(30)}, "b", True),
    "a cent short": ({"budget": Decimal("29.99")}, "b", False),
    "the budget of a day": ({"budget_per_day": Decimal(30)}, "b", True),
    "another driver": ({"uses_per_customer_day": 1}, "b", True),
    "the same driver": ({"uses_per_customer_day": 1}, "a", False),
    "nobody known": ({"uses_per_customer_day": 1}, "", False),
}


@pytest.mark.parametrize(("limits", "who", "is_open"), OPEN.values(), ids=OPEN.keys())
def test_a_limit_turns_a_session_away_by_what_was_given(limits: dict[str, Any], who: str, is_open: bool) -> None:
    world = World((offer("limited", **limits),), "UTC")
    world.record(session(0, customer="a"), {"limited": Decimal(9)})
    assert world.is_open("limited", session(1, customer=who), Decimal(21)) == is_open


def test_a_new_version_that_does_not_hold_takes_the_published_one_away() -> None:
    published = offer("same", "10")
    found = replayed(offer("same", "25", version=2, min_value="90.01"), (published,), session())
    assert (found.without, found.extra, found.touched) == (Decimal("9.00"), Decimal("-9.00"), Touched())
    assert found.displaced == (Displaced("same", touched(1, "9.00"), Touched()),)


ASKING: dict[str, tuple[OfferTerms, OfferTerms, str]] = {
    "a code of the draft": (
        offer("draft", "25", requires_code=True, display_code="W25"),
        rupees_off("live", "5", requires_code=True, display_code="W25"),
        "22.50",
    ),
    "a code that the draft does not need": (
        offer("draft", "25", min_value="90.01", display_code="W25"),
        rupees_off("live", "5", requires_code=True, display_code="W25"),
        "0",
    ),
    "the choice of a new version": (
        offer("live", "25", auto=False, version=2),
        rupees_off("live", "5", auto=False),
        "22.50",
    ),
}


@pytest.mark.parametrize(("draft", "live", "extra"), ASKING.values(), ids=ASKING.keys())
def test_who_asks_for_the_draft_did_not_ask_for_a_live_offer(draft: OfferTerms, live: OfferTerms, extra: str) -> None:
    found = replayed(draft, (live,), session())
    assert (found.without, found.extra) == (Decimal(0), Decimal(extra))


def test_what_only_the_draft_brings_in_is_spared_without_it() -> None:
    """Together with the draft the live offer beats the better one, and is used up; without it the second has it."""
    alone = rupees_off("alone", "20", min_value="90")
    live = rupees_off("live", "10", additive=True, total_uses=1)
    draft = rupees_off("draft", "15", additive=True, min_value="90")
    found = replayed(draft, (alone, live), session(0), session(1, "60.00"))
    assert (found.without, found.extra) == (Decimal("30.00"), Decimal("-5.00"))
    assert found.displaced == (Displaced("alone", touched(1, "20.00"), Touched()),)


def test_a_budget_that_only_one_world_has_spent_is_asked_for_the_next_saving() -> None:
    live = offer("live", "10", budget=Decimal(15))
    found = replayed(
        offer("draft", "25", min_value="80"), (live,), session(0), session(1, "70.00"), session(2, "60.00")
    )
    # Without the draft 9.00 are gone when the second asks for 7.00; the third's 6.00 are left.
    assert (found.without, found.touched, found.extra) == (Decimal("15.00"), touched(1, "22.50"), Decimal("20.50"))


def test_a_free_thing_that_the_draft_takes_away_is_no_price_that_rises() -> None:
    live, draft = freebie(offer_id="live", priority=1), offer("draft", "10", priority=5)
    found = replayed(draft, (live,), session(0, goods=GOODS), objective=Objective.PRIORITY)
    assert (found.without, found.touched, found.risen) == (Decimal("60.00"), touched(1, "9.00"), Touched())


def test_the_first_prices_that_rise_are_examples() -> None:
    live, draft = rupees_off("live", "40", priority=1), offer("draft", "10", priority=5)
    found = replayed(draft, (live,), *map(session, range(EXAMPLES + 1)), objective=Objective.PRIORITY)
    assert (found.risen.sessions, found.risen_examples) == (21, tuple(f"order-{n}" for n in range(20)))


def test_reasons_that_are_as_common_stand_by_name() -> None:
    draft = offer("draft", "25", min_value="50", location_ids=frozenset({"station-1"}))
    found = replayed(draft, (), session(0, "49.99"), session(1, location_id="station-2"))
    assert found.kept_out == (KeptOut(ReasonCode.LOCATION, 1), KeptOut(ReasonCode.MIN_VALUE, 1))


@pytest.mark.parametrize(("zone", "day"), [("Asia/Kolkata", 7), ("America/New_York", 6)])
def test_a_day_is_that_of_the_place(zone: str, day: int) -> None:
    one = session()
    found = replayed(offer("draft"), (), replace(one, cart=replace(one.cart, time_zone=zone)))
    assert found.by_day == (OfDay(date(2026, 11, day), touched(1, "22.50")),)
