"""A step of offers by itself: its verdict, what it looked at, and how little a locked stretch can cost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.engine.step import LockedStep
from offers.engine.values import ReasonCode, StackLimits
from pricing.engine.money import Money
from pricing.engine.values import LineKind
from tests.offers.engine.samples import cart, line, offer, rupees_off, step
from tests.offers.engine.samples_types import beside
from tests.offers.engine.test_giving import GOODS, freebie, more
from tests.pricing.engine.samples import kwh


def test_what_is_known_is_not_judged_again() -> None:
    live, other = rupees_off("live", "20"), offer("other", "10")
    first = step(live, other).verdict(cart())
    false = replace(first.appraisals["live"], saving=Decimal("1.00"))
    # The very same offer is taken at its word, one that only looks like it is not.
    assert step(live, other).verdict(cart(), {"live": false}).amounts == {"other": Decimal("9.00")}
    assert step(replace(live), other).verdict(cart(), {"live": false}).amounts == {"live": Decimal("20.00")}


def test_an_offer_for_a_product_in_the_cart_is_found() -> None:
    coffee = line("PRODUCT-1", LineKind.PRODUCT, "60.00", item_id="coffee", quantity=Decimal(1))
    assert step(offer("half", "50", item_ids=frozenset({"coffee"}))).verdict(cart("90.00", coffee)).amounts == {
        "half": Decimal("30.00")
    }


LEFT_OUT = {
    "nothing is left of the largest discount": (
        (rupees_off("a", "10", additive=True), rupees_off("b", "5", additive=True)),
        {"stack": StackLimits(max_discount_percent=Decimal(10))},
        ReasonCode.MAX_DISCOUNT,
    ),
    "what stands beside the order stands alone": (
        (beside("a", auto=False), offer("b")),
        {"opted_in": frozenset({"a"})},
        ReasonCode.NOT_ADDITIVE,
    ),
}


@pytest.mark.parametrize(("pool", "said", "reason"), LEFT_OUT.values(), ids=LEFT_OUT.keys())
def test_a_verdict_says_why_an_offer_is_left_out(pool, said, reason) -> None:
    found = step(*pool, **said).verdict(cart())
    assert (list(found.amounts), found.left_out("b")) == (["a"], reason)


def test_a_step_tells_what_it_looked_at() -> None:
    coffee = line("PRODUCT-1", LineKind.PRODUCT, "60.00", item_id="coffee")
    pool = (offer("b"), offer("a", item_ids=frozenset({"coffee"})), offer("c", item_ids=frozenset({"cake"})))
    looking = step(*pool)
    assert looking.considered() == ()
    looking(cart())
    assert [x.offer_id for x in looking.considered()] == ["b"]
    looking(cart("90.00", coffee))
    assert [x.offer_id for x in looking.considered()] == ["a", "b"]


def locked(*offers, **said) -> LockedStep:
    return LockedStep(offers, ceilings={}, **said)


TOGETHER = {
    "neither combines": (offer("a", "10"), offer("b", "20")),
    "both are of one group": (
        offer("a", "10", additive=True, exclusivity_group="g"),
        offer("b", "20", additive=True, exclusivity_group="g"),
    ),
    "one excludes the other": (
        offer("a", "10", additive=True, excludes=frozenset({"b"})),
        offer("b", "20", additive=True),
    ),
}


@pytest.mark.parametrize("pool", TOGETHER.values(), ids=TOGETHER.keys())
def test_locked_offers_are_taken_together_whatever_they_combine_with(pool) -> None:
    one = cart("100.00")
    assert [x.amount for x in locked(*pool)(one).lines] == [Money(Decimal(-10), "INR"), Money(Decimal(-20), "INR")]
    assert locked(*pool).net_at_least(one, one) == Decimal("70.00")


def test_a_locked_gift_is_taken_together_with_what_it_excluded() -> None:
    pool = (freebie(additive=True, excludes=frozenset({"half"})), offer("half", "50", additive=True))
    one = cart("90.00")
    assert locked(*pool, goods=GOODS).net_at_least(one, one) == Decimal("45.00")


def test_a_locked_offer_that_ceases_to_hold_counts_at_the_far_end() -> None:
    low, high = cart("100.00"), replace(cart("200.00"), energy_wh=10_000)
    assert locked(offer("half", "50", max_wh=5_000)).net_at_least(low, high) == Decimal("0.00")
    assert locked(offer("half", "50", max_wh=4_999)).net_at_least(low, high) == Decimal("100.00")


def test_what_is_paid_for_a_locked_gift_is_no_part_of_what_it_takes_off() -> None:
    coffee = line("PRODUCT-1", LineKind.PRODUCT, "120.00", item_id="coffee", quantity=Decimal(2), rate=Decimal(60))
    one = cart("90.00", coffee)
    deal = locked(more("PRODUCT", 2, 1, "15"), goods=GOODS)
    assert [str(x.amount.amount) for x in deal(one).lines] == ["-45.00"]
    # 210.00, and 15.00 for the third coffee.
    assert deal.net_at_least(one, one) == Decimal("225.00")
    assert locked(freebie(), goods=GOODS).net_at_least(one, one) == Decimal("210.00")


def test_a_locked_offer_for_a_category_takes_of_no_other() -> None:
    meals = offer("meals", "50", categories=frozenset({"FOOD"}))
    assert [locked(meals, category=x)(cart()).trace.chosen for x in ("FOOD", "EV_CHARGING", "")] == [
        ("meals",),
        (),
        ("meals",),
    ]


def test_a_ceiling_of_one_locked_offer_leaves_the_other_whole() -> None:
    step_ = LockedStep((offer("a", "10"), offer("b", "20")), ceilings={"a": Decimal("5.00")})
    assert [str(x.amount.amount) for x in step_(cart("100.00")).lines] == ["-5.00", "-20.00"]
    assert step_(cart(request=kwh("5"))).trace.chosen == ("a", "b")


NIGHT = {"additive": True, "exclusivity_group": "night"}
IN_THE_WAY = {
    "a group": ((offer("a", "20", **NIGHT), offer("b", "10", **NIGHT)), {}, ("a",)),
    "one that excludes": (
        (offer("a", "20", additive=True, excludes=frozenset("b")), offer("b", "10", additive=True)),
        {},
        ("a",),
    ),
    "one that stands alone": (
        (offer("a", "20"), offer("b", "10", additive=True), beside("swap", additive=True)),
        {"opted_in": frozenset("a")},
        ("a",),
    ),
    "two that combine": (
        (offer("a", "20", additive=True), offer("c", "10", additive=True), offer("b", "10")),
        {},
        ("a", "c"),
    ),
}


@pytest.mark.parametrize(("pool", "said", "ids"), IN_THE_WAY.values(), ids=IN_THE_WAY.keys())
def test_what_is_left_out_names_the_offers_in_its_way(pool, said, ids) -> None:
    trace = step(*pool, **said)(cart()).trace
    left_out = next(x for x in trace.outcomes if x.offer_id == "b")
    assert left_out.reason.about.ids == ids


def test_a_locked_offer_for_which_nothing_is_left_is_not_in_its_own_way() -> None:
    locked = LockedStep((offer("a", "100", additive=True), offer("b", "10", **NIGHT)), ceilings={})
    reasons = {x.offer_id: x.reason.code for x in locked(cart()).trace.outcomes if x.reason is not None}
    assert reasons == {"b": ReasonCode.BETTER_SET}


def test_an_offer_with_a_code_is_not_chosen_by_the_name_of_another() -> None:
    asked = offer("a", auto=False, display_code="TEN")
    assert step(asked, offer("b", "10"), opted_in=frozenset({"b"})).verdict(cart()).amounts == {"b": Decimal("9.00")}
