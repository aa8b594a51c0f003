"""A replay plays the past twice, once with the draft, and limits bind in the order of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from offers.engine.backtest import Backtest, BacktestResult, Displaced, KeptOut, OfGroup, PastSession, Setting, Touched
from offers.engine.values import Objective, OfferTerms, ReasonCode
from pricing.engine.codec import decode, encode
from pricing.engine.money import Money
from pricing.engine.values import LineKind
from tests.offers.engine.samples import cart, line, offer, rupees_off
from tests.offers.engine.samples_types import beside, by_slabs, combo, off_the_fee, per_kwh, slab
from tests.offers.engine.test_giving import GOODS, freebie, more
from tests.pricing.engine.samples import SATURDAY, window

SUNDAYS = (window("00:00", "00:00", frozenset({7})),)


def session(number: int = 0, energy: str = "90.00", **said: Any) -> PastSession:
    """Return a session of so much energy, so many hours after Saturday's, without offers then."""
    found = cart(energy)
    request = replace(found.request, planned_start=SATURDAY + timedelta(hours=number))
    values: dict[str, Any] = {
        "order_id": f"order-{number}",
        "cart": replace(found, request=request),
        "location_id": "station-1",
        "category": "EV_CHARGING",
        "customer": f"driver-{number}",
        "bought_at": request.planned_start,
        "given": {},
    }
    return PastSession(**{**values, **said})


def replayed(draft: OfferTerms, live: tuple[OfferTerms, ...], *sessions: PastSession, **said: Any) -> BacktestResult:
    replay = Backtest(live, draft, Setting("INR", **said))
    for one in sessions:
        replay.play(one)
    return replay.result()


def touched(sessions: int, amount: str) -> Touched:
    return Touched(sessions, Decimal(amount))


OUT = {
    "worth-too-little": (offer("draft", "25", min_value="90.01"), (), {}, ReasonCode.MIN_VALUE),
    "another-place": (offer("draft", "25", location_ids=frozenset({"station-2"})), (), {}, ReasonCode.LOCATION),
    "another-item": (offer("draft", "25", item_ids=frozenset({"connector-2"})), (), {}, ReasonCode.ITEM),
    "another-time": (offer("draft", "25", weekly_windows=SUNDAYS), (), {}, ReasonCode.OUTSIDE_WEEKLY_WINDOW),
    "a-better-one": (offer("draft", "25"), (offer("live", "30"),), {}, ReasonCode.NOT_ADDITIVE),
    "nobody-known": (offer("draft", "25", uses_per_customer=1), (), {"customer": ""}, ReasonCode.CUSTOMER_UNKNOWN),
}


@pytest.mark.parametrize("name", OUT)
def test_a_session_without_the_draft_is_counted_by_what_kept_it_out(name: str) -> None:
    draft, live, said, reason = OUT[name]
    assert replayed(draft, live, session(**said), session(1, **said)).kept_out == (KeptOut(reason, 2),)


def test_reasons_are_counted_apart_and_who_got_it_has_none() -> None:
    draft = offer("draft", "25", min_value="50", total_uses=1)
    found = replayed(draft, (), session(0), session(1), session(2, "49.99"), session(3))
    assert found.kept_out == (KeptOut(ReasonCode.TOTAL_USES, 2), KeptOut(ReasonCode.MIN_VALUE, 1))
    assert (found.touched, found.turned_away) == (touched(1, "22.50"), 2)


def test_a_draft_is_charged_with_what_it_takes_off_each_session() -> None:
    found = replayed(
        offer("draft", "25", min_value="50"),
        (),
        session(0, groups=(("Location", "A"),)),
        session(1, "49.99", groups=(("Location", "A"),)),
        session(2, "50.00", groups=(("Location", "B"),)),
        session(30, groups=(("Location", "B"),)),
    )
    assert (found.sessions, found.touched, found.extra) == (4, touched(3, "57.50"), Decimal("57.50"))
    assert (found.without, found.billed, found.risen, found.displaced) == (0, 0, Touched(), ())
    assert [(f"{one.day:%a}", one.touched) for one in found.by_day] == [
        ("Sat", touched(2, "35.00")),
        ("Sun", touched(1, "22.50")),
    ]
    # The dearest place first.
    assert found.by_group == (
        OfGroup("Location", "B", touched(2, "35.00")),
        OfGroup("Location", "A", touched(1, "22.50")),
    )


def test_the_drafts_dates_do_not_count_but_its_windows_do() -> None:
    ahead = offer("draft", valid_from=SATURDAY + timedelta(days=90), valid_until=SATURDAY + timedelta(days=120))
    assert replayed(ahead, (), session()).touched == touched(1, "22.50")
    over = offer("live", valid_until=SATURDAY)
    assert replayed(rupees_off("draft", "5"), (over,), session()).without == 0


def test_what_the_draft_displaces_is_named_and_taken_off_its_cost() -> None:
    live = rupees_off("live", "20")
    found = replayed(offer("draft", "25"), (live,), session(0), session(1, "60.00"))
    # 22.50 is better than 20; of 60.00 the live offer's 20 is better than 15.
    assert (found.touched, found.extra, found.without) == (touched(1, "22.50"), Decimal("2.50"), Decimal("40.00"))
    assert found.displaced == (Displaced("live", touched(2, "40.00"), touched(1, "20.00")),)


def test_a_new_version_takes_the_place_of_the_published_one() -> None:
    found = replayed(offer("same", "25", version=2), (offer("same", "10"),), session())
    assert (found.without, found.touched, found.extra) == (Decimal("9.00"), touched(1, "22.50"), Decimal("13.50"))
    assert found.displaced == (Displaced("same", touched(1, "9.00"), Touched()),)


LIMITED: dict[str, tuple[dict[str, Any], Touched, int, str]] = {
    "two uses of three": ({"total_uses": 2}, touched(2, "45.00"), 1, "TOTAL_USES"),
    "three uses of three": ({"total_uses": 3}, touched(3, "67.50"), 0, ""),
    "a budget that just covers two": (
        {"budget": Decimal(60), "redemption_cap": Decimal("22.50")},
        touched(2, "45.00"),
        1,
        "BUDGET",
    ),
    "once for each driver": ({"uses_per_customer": 1}, touched(2, "45.00"), 1, ""),
}


@pytest.mark.parametrize(("limits", "expected", "away", "by"), LIMITED.values(), ids=LIMITED.keys())
def test_limits_bind_in_the_order_of_time(limits: dict[str, Any], expected: Touched, away: int, by: str) -> None:
    sessions = (session(0, customer="a"), session(1, customer="b"), session(2, customer="a"))
    found = replayed(offer("draft", **limits), (), *sessions)
    assert (found.touched, found.turned_away, found.ran_out_by) == (expected, away, by)
    assert found.ran_out_at == (SATURDAY + timedelta(hours=2) if by else None)


def test_limits_count_by_the_day_of_the_purchase_and_run_out_then() -> None:
    """Bought on Saturday for Sunday and for Monday, and on Sunday for Sunday."""
    bought = [
        session(24, customer="a", bought_at=SATURDAY),
        session(48, customer="a", bought_at=SATURDAY + timedelta(hours=1)),
        session(26, customer="a", bought_at=SATURDAY + timedelta(hours=25)),
    ]
    daily = replayed(offer("draft", uses_per_customer_day=1), (), *bought)
    assert (daily.touched, daily.turned_away) == (touched(2, "45.00"), 1)
    assert [f"{one.day:%a}" for one in daily.by_day] == ["Sun"]
    once = replayed(offer("draft", total_uses=1), (), *bought)
    assert (once.touched, once.ran_out_at) == (touched(1, "22.50"), SATURDAY + timedelta(hours=1))


#: Hours after Saturday ten o'clock: 13 is eleven at night, 14 is midnight, 38 the midnight before Monday.
BY_TIME: dict[str, tuple[dict[str, Any], tuple[tuple[str, int], ...], list[int]]] = {
    "a budget of two a day": (
        {"budget_per_day": Decimal(45)},
        (("a", 0), ("b", 1), ("c", 13), ("c", 14), ("d", 15), ("e", 16)),
        [0, 1, 14, 15],
    ),
    "a budget of a day and one of all time": (
        {"budget_per_day": Decimal(45), "budget": Decimal("67.5")},
        (("a", 0), ("b", 1), ("c", 2), ("c", 14), ("d", 15)),
        [0, 1, 14],
    ),
    "once a day": (
        {"uses_per_customer_day": 1},
        (("a", 0), ("a", 13), ("b", 13), ("a", 14), ("a", 37)),
        [0, 13, 14],
    ),
    "once a week": (
        {"uses_per_customer_week": 1},
        (("a", 0), ("a", 37), ("a", 38), ("b", 39)),
        [0, 38, 39],
    ),
    "twice a month": (
        {"uses_per_customer_month": 2},
        (("a", 0), ("a", 14), ("a", 38), ("a", 24 * 23 + 13), ("a", 24 * 23 + 14)),
        [0, 14, 24 * 23 + 14],
    ),
    "once a day and twice in all": (
        {"uses_per_customer_day": 1, "uses_per_customer": 2},
        (("a", 0), ("a", 1), ("a", 14), ("a", 38), ("b", 38)),
        [0, 14, 38],
    ),
}


@pytest.mark.parametrize(("limits", "met", "given"), BY_TIME.values(), ids=BY_TIME.keys())
def test_limits_of_a_span_bind_in_each_span(
    limits: dict[str, Any], met: tuple[tuple[str, int], ...], given: list[int]
) -> None:
    """The days, weeks and months are those of the CPO's clock."""
    sessions = [session(hours, customer=who, groups=(("Hour", str(hours)),)) for who, hours in met]
    found = replayed(offer("draft", **limits), (), *sessions, calendar_zone="Asia/Kolkata")
    assert sorted(int(x.name) for x in found.by_group) == given
    assert found.touched.sessions == len(given)


HOME, FLEET = ("home",), ("fleet",)
SHARED: dict[str, tuple[dict[str, Any], tuple[tuple[str, tuple[str, ...], int], ...], int]] = {
    "once for a family": ({"uses_per_customer": 1}, (("a", HOME, 0), ("b", HOME, 1), ("c", (), 2)), 2),
    "twice for a family of three": ({"uses_per_customer": 2}, (("a", HOME, 0), ("b", HOME, 1), ("c", HOME, 2)), 2),
    "a full group of two": ({"uses_per_customer": 1}, (("a", HOME, 0), ("b", HOME + FLEET, 1), ("c", FLEET, 2)), 2),
    "a day for a family": ({"uses_per_customer_day": 1}, (("a", HOME, 0), ("b", HOME, 1), ("b", HOME, 24)), 2),
    "each on their own": ({"uses_per_customer": 1}, (("a", (), 0), ("b", (), 1), ("a", (), 2)), 2),
}


@pytest.mark.parametrize(("limits", "drivers", "times"), SHARED.values(), ids=SHARED.keys())
def test_members_of_a_group_use_up_a_shared_limit_in_the_order_of_time(
    limits: dict[str, Any], drivers: tuple[tuple[str, tuple[str, ...], int], ...], times: int
) -> None:
    sessions = [session(hour, customer=who, member_of=groups) for who, groups, hour in drivers]
    found = replayed(offer("draft", **limits, shared_in_groups=True), (), *sessions)
    assert (found.touched.sessions, found.turned_away) == (times, len(drivers) - times)
    # Not shared, only who comes twice is turned away.
    alone = replayed(offer("draft", **limits), (), *sessions)
    assert alone.touched.sessions == (2 if drivers[2][0] == "a" else 3)


def test_a_live_offer_whose_shared_limit_is_spared_goes_further() -> None:
    live = rupees_off("live", "20", uses_per_customer=1, shared_in_groups=True)
    first, second = (session(n, customer=who, member_of=HOME) for n, who in enumerate("ab"))
    found = replayed(offer("draft", "25", total_uses=1), (live,), first, second)
    assert (found.without, found.touched, found.extra) == (Decimal("20.00"), touched(1, "22.50"), Decimal("22.50"))


def test_a_live_offer_whose_limit_is_spared_goes_further() -> None:
    live = rupees_off("live", "20", total_uses=1)
    # Without the draft the first session uses the live offer up; with it, the second still has it.
    found = replayed(offer("draft", "25"), (live,), session(0), session(1, "60.00"))
    assert (found.without, found.touched) == (Decimal("20.00"), touched(1, "22.50"))
    assert (found.extra, found.displaced) == (Decimal("22.50"), ())


def test_a_price_that_would_have_risen_is_found() -> None:
    live = rupees_off("live", "40", priority=1)
    draft = offer("draft", "10", priority=5)
    found = replayed(draft, (live,), session(7), objective=Objective.PRIORITY)
    assert (found.risen, found.risen_examples) == (touched(1, "31.00"), ("order-7",))
    assert (found.touched, found.extra) == (touched(1, "9.00"), Decimal("-31.00"))


def test_what_a_driver_chose_then_is_chosen_again() -> None:
    live = offer("chosen", "10", auto=False)
    given = session(0, given={"chosen": Decimal("9.00")})
    found = replayed(rupees_off("draft", "1"), (live,), given, session(1))
    assert (found.billed, found.without) == (Decimal("9.00"), Decimal("9.00"))
    assert found.touched == touched(1, "1.00")


@pytest.mark.parametrize(
    "way", [{"auto": False}, {"requires_code": True, "display_code": "NEW25"}], ids=["choice", "code"]
)
def test_a_draft_that_must_be_chosen_is_taken_to_be_chosen_by_all(way: dict[str, Any]) -> None:
    assert replayed(offer("draft", **way), (), session()).touched == touched(1, "22.50")


def test_a_session_of_nobody_known_gets_nothing_that_is_limited_by_customer() -> None:
    nobody, known = session(0, customer=""), session(1, customer="a")
    once = replayed(offer("draft", uses_per_customer=1), (), nobody, known)
    assert (once.touched, once.turned_away, once.ran_out_at) == (touched(1, "22.50"), 1, None)
    first = replayed(offer("draft", nth_session=1), (), nobody, replace(known, sessions_before=0))
    assert first.touched == touched(1, "22.50")
    live = rupees_off("live", "20", uses_per_customer_day=1)
    assert replayed(offer("draft", "5"), (live,), nobody, known).without == Decimal("20.00")


LEVELS: dict[str, dict[str, Any]] = {
    "quiet": {"max_busy_percent": 30},
    "in stock": {"stock_product_id": "coffee", "stock_at_least": 5},
}


@pytest.mark.parametrize("asked", LEVELS.values(), ids=LEVELS.keys())
def test_a_live_offer_that_depends_on_levels_held_where_it_was_given(asked: dict[str, Any]) -> None:
    live = rupees_off("live", "20", **asked)
    given = session(0, given={"live": Decimal("20.00")})
    found = replayed(offer("draft", "25"), (live,), given, session(1, "60.00"))
    assert (found.without, found.touched) == (Decimal("20.00"), touched(2, "37.50"))
    assert found.displaced == (Displaced("live", touched(1, "20.00"), Touched()),)


def test_one_pricing_is_enough_where_both_worlds_must_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    priced: list[bool] = []
    step = Backtest._step

    def counted(self: Backtest, *args: Any, draft: bool) -> Any:
        priced.append(draft)
        return step(self, *args, draft=draft)

    monkeypatch.setattr(Backtest, "_step", counted)
    live = rupees_off("live", "20", total_uses=10)
    found = replayed(
        offer("draft", "25", min_value="80"), (live,), session(0, "60.00"), session(1), session(2, "60.00")
    )
    # Only the second session gets the draft; after it the live offer's counters differ, but bind nowhere.
    assert priced == [True, True, False, True]
    assert (found.without, found.extra) == (Decimal("60.00"), Decimal("2.50"))


def test_a_result_comes_back_from_json_as_it_was() -> None:
    found = replayed(
        offer("draft", "25", total_uses=1),
        (rupees_off("live", "20"),),
        session(0, groups=(("Location", "A"),)),
        session(1),
    )
    assert decode(BacktestResult, encode(found)) == found


TYPES: dict[str, tuple[OfferTerms, Touched]] = {
    "a slab of 5 kWh": (by_slabs(slab(5, 9, "50"), offer_id="draft"), touched(2, "105.00")),
    "in combination with a coffee": (replace(combo("coffee"), offer_id="draft"), touched(1, "24.00")),
    "half the fee": (replace(off_the_fee("50"), offer_id="draft"), touched(2, "10.00")),
    "2.50 per kWh": (per_kwh("2.50", "draft"), touched(2, "25.00")),
    "financing": (beside("draft"), touched(2, "0")),
    "a free cake": (freebie("cake", offer_id="draft"), touched(2, "80.00")),
    "a coffee more for each": (more("PRODUCT", 1, 1, "15", offer_id="draft"), touched(1, "45.00")),
    "one of five kWh": (more("KWH", 4, 1, offer_id="draft"), touched(2, "30.00")),
}


@pytest.mark.parametrize("name", TYPES)
def test_every_type_is_replayed_on_the_lines_of_the_bill(name: str) -> None:
    draft, expected = TYPES[name]
    energy = line("ENERGY-1", LineKind.ENERGY, "90.00", item_id="connector-1", quantity=Decimal(5), rate=Decimal(18))
    cheaper = replace(energy, amount=Money(Decimal("60.00"), "INR"), rate=Decimal(12))
    fee = line("FEE-1", LineKind.FEE, "10.00")
    coffee = line("PRODUCT-1", LineKind.PRODUCT, "60.00", item_id="coffee", quantity=Decimal(1))
    first, second = session(0, goods=GOODS), session(1, goods=GOODS)
    with_fee = replace(first, cart=replace(first.cart, lines=(energy, fee)))
    with_coffee = replace(second, cart=replace(second.cart, lines=(cheaper, coffee, fee)))
    found = replayed(draft, (), with_fee, with_coffee)
    assert (found.touched, found.extra) == (expected, expected.amount)


def test_a_price_that_rises_for_what_is_given_instead_of_a_discount_is_found() -> None:
    found = replayed(freebie(offer_id="draft"), (offer("live", "20"),), session(0, goods=GOODS))
    # The coffee is worth ₹60.00, and the driver pays the ₹18.00 that the discount took off.
    assert (found.touched, found.extra) == (touched(1, "60.00"), Decimal("42.00"))
    assert (found.risen, found.risen_examples) == (touched(1, "18.00"), ("order-0",))


def test_what_a_driver_chose_beside_the_order_is_chosen_again() -> None:
    loan = beside("loan", auto=False)
    found = replayed(offer("draft", "25"), (loan,), session(0, given={"loan": Decimal(0)}), session(1))
    # The loan stands alone, and what a driver chose comes before a discount that nobody chose.
    assert (found.touched, found.displaced) == (touched(1, "22.50"), ())


def test_uses_of_what_leaves_the_price_as_it_is_are_counted() -> None:
    found = replayed(beside("draft", total_uses=1), (), session(0), session(1))
    assert (found.touched, found.turned_away, found.ran_out_by) == (touched(1, "0"), 1, "TOTAL_USES")
