"""A replay counts its cost by the segments that a session's customer is in, as offers for those segments are judged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cpo_portal.charging.segments.rules import Condition, CustomerFacts, Fact, Rule, Segment
from offers.engine.backtest import IN_NONE, OfGroup
from tests.offers.engine.samples import offer
from tests.offers.engine.test_backtest import replayed, session, touched
from tests.pricing.engine.samples import SATURDAY


def segment(name: str, condition: Condition) -> Segment:
    return Segment(name, name.title(), (Rule(name, name.title(), True, (condition,)),))


GOLD = segment("gold", Condition(Fact.TIER, ("Gold",)))
BIG = segment("big", Condition(Fact.ENERGY, number=100))
NEW = segment("new", Condition(Fact.NEW))
APP = segment("app", Condition(Fact.BAP, ("bap.example",)))
#: Lapsed at the second of two sessions a day apart, and not at the first.
AWAY = segment("away", Condition(Fact.LAPSED, days=7))
LAST = SATURDAY - timedelta(days=6, hours=12)
ASHA = CustomerFacts(tier="Gold", energy_wh=100_000, last_session=LAST, sessions=9)
RAVI = CustomerFacts(tier="Blue", energy_wh=99_999, last_session=SATURDAY, sessions=1)

#: What is said of two sessions of ₹90.00 of which a quarter is taken, and what it costs by segment, the dearest first.
BY_SEGMENT: dict[str, tuple[tuple[Segment, ...], list[dict[str, Any]], list[tuple[str, int, str]]]] = {
    "no segments": ((), [{"facts": ASHA}], []),
    "one of two": (
        (GOLD,),
        [{"facts": ASHA, "customer": "asha"}, {"facts": RAVI, "customer": "ravi"}],
        [("Gold (gold)", 1, "22.50"), (IN_NONE, 1, "22.50")],
    ),
    "several at once": (
        (GOLD, BIG),
        [{"facts": ASHA, "customer": "asha"}, {"facts": ASHA, "customer": "asha"}],
        [("Big (big)", 2, "45.00"), ("Gold (gold)", 2, "45.00")],
    ),
    "a watt-hour short": ((BIG,), [{"facts": RAVI}], [(IN_NONE, 1, "22.50")]),
    "nobody known": ((GOLD,), [{"facts": None, "customer": ""}], [(IN_NONE, 1, "22.50")]),
    "an app, whoever it is": (
        (APP,),
        [{"customer": "", "bap_id": "bap.example"}, {"customer": "", "bap_id": "other.example"}],
        [("App (app)", 1, "22.50"), (IN_NONE, 1, "22.50")],
    ),
    "new at the first, and not at the second": (
        (NEW,),
        [
            {"facts": CustomerFacts(), "customer": "asha"},
            {"facts": CustomerFacts(sessions=1, last_session=SATURDAY), "customer": "asha", "number": 24},
        ],
        [(IN_NONE, 1, "22.50"), ("New (new)", 1, "22.50")],
    ),
    "on the day of each session": (
        (AWAY, GOLD),
        [{"facts": ASHA, "customer": "asha"}, {"facts": ASHA, "customer": "asha", "number": 24}],
        [("Gold (gold)", 2, "45.00"), ("Away (away)", 1, "22.50")],
    ),
}


@pytest.mark.parametrize(("segments", "said", "expected"), BY_SEGMENT.values(), ids=BY_SEGMENT.keys())
def test_the_cost_is_counted_by_segment(
    segments: tuple[Segment, ...], said: list[dict[str, Any]], expected: list[tuple[str, int, str]]
) -> None:
    played = [session(one.pop("number", 0), **one) for one in map(dict, said)]
    found = replayed(offer("draft"), (), *played, segments=segments)
    assert found.by_group == tuple(OfGroup("Segment", name, touched(n, amount)) for name, n, amount in expected)


def test_who_does_not_get_the_offer_costs_no_segment_anything() -> None:
    found = replayed(offer("draft", min_value="90.01"), (), session(facts=ASHA), segments=(GOLD,))
    assert found.by_group == ()


def test_an_offer_for_a_segment_costs_that_segment_all_of_it() -> None:
    played = [session(n, facts=ASHA if n % 2 else RAVI, customer=f"{n % 2}") for n in range(4)]
    found = replayed(offer("draft", segments=(GOLD,)), (), *played, segments=(GOLD,))
    assert found.by_group == (OfGroup("Segment", "Gold (gold)", found.touched),)
    assert found.touched == touched(2, "45.00")
