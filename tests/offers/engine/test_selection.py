"""The choice among eligible offers, against looking at every set there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offers.engine.candidates import Candidate, LineAmounts
from offers.engine.selection import choose_offers, most_saving
from offers.engine.values import Certificate, Objective
from tests.offers.engine.samples import offer, outcomes, quoted, rupees_off
from tests.pricing.engine.samples import SATURDAY, UNTAXED, kwh

HUNDRED = LineAmounts((Decimal("100.00"),))


def candidate(offer_id, saving, *, additive=True, opted_in=False, priority=0, days=None):
    ends_at = None if days is None else SATURDAY + timedelta(days=days)
    return Candidate(offer_id, Decimal(saving), (0,), additive, opted_in, priority, ends_at)


def alone(offer_id, saving, **said):
    return candidate(offer_id, saving, additive=False, **said)


@pytest.mark.parametrize(
    ("candidates", "objective", "chosen", "runner_up"),
    [
        pytest.param([], "MAX_SAVING", "", "", id="none"),
        pytest.param([alone("a", "10")], "MAX_SAVING", "a", "", id="one"),
        pytest.param([alone("a", "10"), alone("b", "20")], "MAX_SAVING", "b", "a", id="the-larger-of-two-alone"),
        pytest.param([candidate("a", "10"), candidate("b", "20")], "MAX_SAVING", "ba", "", id="additive-combine"),
        pytest.param(
            [candidate("a", "10"), candidate("b", "20"), alone("c", "29")], "MAX_SAVING", "ba", "c", id="set-beats-one"
        ),
        pytest.param(
            [candidate("a", "10"), candidate("b", "20"), alone("c", "31")], "MAX_SAVING", "c", "ba", id="one-beats-set"
        ),
        pytest.param(
            [candidate("a", "10"), candidate("b", "20"), alone("c", "30")], "MAX_SAVING", "c", "ba", id="tie-to-fewer"
        ),
        pytest.param(
            [alone("a", "10"), alone("b", "10", priority=1)], "MAX_SAVING", "b", "a", id="tie-to-the-higher-priority"
        ),
        pytest.param([alone("a", "10"), alone("b", "10", days=1)], "MAX_SAVING", "b", "a", id="tie-to-the-earlier-end"),
        pytest.param([alone("b", "10"), alone("a", "10")], "MAX_SAVING", "a", "b", id="tie-to-the-smaller-id"),
        pytest.param(
            [candidate("a", "60"), candidate("b", "50"), candidate("c", "40")],
            "MAX_SAVING",
            "ab",
            "ac",
            id="two-of-three-take-it-all-the-smaller-ids",
        ),
        pytest.param(
            [candidate("a", "60"), candidate("b", "50"), candidate("c", "40", priority=1)],
            "MAX_SAVING",
            "ac",
            "ab",
            id="two-of-three-take-it-all-the-higher-priority",
        ),
        pytest.param([candidate("a", "100"), candidate("b", "5")], "MAX_SAVING", "a", "ab", id="no-idle-offer"),
        pytest.param(
            [alone("a", "10", opted_in=True), alone("b", "50")], "MAX_SAVING", "a", "b", id="the-buyers-choice-holds"
        ),
        pytest.param(
            [candidate("a", "10", opted_in=True), alone("b", "50"), candidate("c", "5")],
            "MAX_SAVING",
            "ac",
            "b",
            id="the-rest-is-filled",
        ),
        pytest.param(
            [alone("a", "10", opted_in=True), alone("b", "12", opted_in=True)],
            "MAX_SAVING",
            "b",
            "a",
            id="the-best-of-two-choices",
        ),
        pytest.param(
            [alone("a", "10", priority=1), alone("b", "50")], "PRIORITY", "a", "b", id="priority-before-saving"
        ),
        pytest.param(
            [alone("a", "30"), candidate("b", "20"), candidate("c", "20")],
            "PRIORITY",
            "bc",
            "a",
            id="within-a-priority-the-best-set",
        ),
    ],
)
def test_the_choice(candidates, objective, chosen, runner_up):
    for order in (candidates, candidates[::-1]):
        found = choose_offers(order, HUNDRED, objective=Objective(objective))
        assert "".join(x.offer_id for x in found.chosen) == chosen
        assert sorted(x.offer_id for x in found.runner_up) == sorted(runner_up)
        assert (found.certificate, found.gap) == (Certificate.PROVEN, 0)


def test_a_search_that_is_cut_short_says_so():
    many = [candidate(f"o{n:02}", str(9 + n % 3)) for n in range(20)]
    found = choose_offers(many, HUNDRED, node_cap=3)
    assert (found.saving, found.certificate, found.gap) == (Decimal("100.00"), Certificate.BOUNDED, 0)


lines = st.tuples(*[st.integers(1, 40)] * 3).map(lambda x: LineAmounts(tuple(Decimal(n) for n in x)))
pools = st.lists(
    st.builds(
        Candidate,
        offer_id=st.sampled_from("abcdefghijkl"),
        saving=st.integers(1, 30).map(Decimal),
        lines=st.frozensets(st.integers(0, 2), min_size=1).map(lambda x: tuple(sorted(x))),
        additive=st.integers(0, 3).map(bool),
        opted_in=st.integers(0, 3).map(lambda x: x == 0),
        priority=st.integers(0, 1),
        ends_at=st.one_of(st.none(), st.integers(1, 2).map(lambda n: SATURDAY + timedelta(days=n))),
    ),
    unique_by=lambda x: x.offer_id,
    max_size=12,
)


def within(pool, amounts):
    """Cut each saving to what its lines hold, as a benefit does."""
    return [replace(x, saving=min(x.saving, sum(amounts.amounts[n] for n in x.lines))) for x in pool]


def feasible(offers):
    return len(offers) < 2 or all(x.additive for x in offers)


def best_of_all(pool, held, key):
    """Return the best feasible set that contains `held`, by looking at every subset of the pool."""
    sets = [
        (*held, *extra)
        for size in range(len(pool) + 1)
        for extra in combinations(pool, size)
        if feasible((*held, *extra))
    ]
    return min(sets, key=key)


def rank_in(amounts):
    def rank(offers):
        far = SATURDAY + timedelta(days=9999)
        return (
            -amounts.joint(offers),
            len(offers),
            sorted(-x.priority for x in offers),
            sorted(x.ends_at or far for x in offers),
            sorted(x.offer_id for x in offers),
        )

    return rank


@settings(deadline=None, max_examples=70)
@given(pools, lines, st.sampled_from(Objective))
def test_the_choice_is_the_best_of_all_sets(pool, amounts, objective):
    pool, rank = within(pool, amounts), rank_in(amounts)
    held = ()
    levels = sorted({(not x.opted_in, -x.priority if objective is Objective.PRIORITY else 0) for x in pool})
    for level in levels:
        stage = [x for x in pool if (not x.opted_in, -x.priority if objective is Objective.PRIORITY else 0) == level]
        held = best_of_all(stage, held, rank)
    found = choose_offers(pool, amounts, objective=objective, node_cap=10**6)
    assert sorted(x.offer_id for x in found.chosen) == sorted(x.offer_id for x in held)
    assert found.saving == amounts.joint(held)
    assert choose_offers(pool[::-1], amounts, objective=objective, node_cap=10**6) == found


@settings(deadline=None, max_examples=60)
@given(pools, lines)
def test_the_runner_up_is_the_best_set_with_another_offer(pool, amounts):
    pool = within(pool[:6], amounts)
    found = choose_offers(pool, amounts, node_cap=10**6)
    taken = {x.offer_id for x in found.chosen}
    others = [x for x in pool if x.offer_id not in taken]
    sets = [best_of_all([y for y in pool if y is not x], (x,), rank_in(amounts)) for x in others]
    expected = min(sets, key=rank_in(amounts), default=())
    assert sorted(x.offer_id for x in found.runner_up) == sorted(x.offer_id for x in expected)
    assert found.runner_up_saving == amounts.joint(expected)


def test_the_trace_names_the_chosen_the_runner_up_and_the_difference():
    quote = quoted(kwh("5"), offer("a", "10", additive=True), offer("b", "5", additive=True), offer("c", "20"))
    assert outcomes(quote) == {
        "a": ("ELIGIBLE_NOT_CHOSEN", "NOT_ADDITIVE"),
        "b": ("ELIGIBLE_NOT_CHOSEN", "NOT_ADDITIVE"),
        "c": ("APPLIED", None),
    }
    trace = quote.trace
    assert (trace.chosen, trace.runner_up, str(trace.difference.amount)) == (("c",), ("a", "b"), "4.50")
    assert trace.outcomes[0].reason.margin == "the chosen set saves ₹9.00 more"


def test_an_offer_that_would_have_saved_as_much_is_told_so():
    quote = quoted(kwh("5"), offer("a", "20"), offer("b", "20"))
    (lost,) = (x for x in quote.trace.outcomes if x.reason is not None)
    assert lost.reason.margin == "the chosen set saves the same"


def test_the_runner_up_shows_what_the_buyers_own_choice_costs():
    quote = quoted(kwh("5"), offer("mine", "10", auto=False), offer("auto", "20"), opted_in=frozenset({"mine"}))
    assert (quote.trace.chosen, quote.trace.runner_up) == (("mine",), ("auto",))
    assert str(quote.trace.difference.amount) == "-9.00"
    assert quote.trace.outcomes[0].reason.margin == "the chosen set saves ₹9.00 less"


def test_offers_that_together_exceed_the_lines_are_cut():
    quote = quoted(kwh("1"), rupees_off("a", "15", additive=True), rupees_off("b", "10", additive=True), terms=UNTAXED)
    assert [str(x.amount.amount) for x in quote.lines] == ["18.00", "10.00", "-15.00", "-3.00"]
    assert [str(x.saving.amount) for x in quote.trace.outcomes] == ["15.00", "3.00"]
    whole = quoted(kwh("1"), offer("a", "100", additive=True), offer("b", "10", additive=True), terms=UNTAXED)
    assert outcomes(whole) == {"a": ("APPLIED", None), "b": ("ELIGIBLE_NOT_CHOSEN", "BETTER_SET")}


def test_an_offer_that_the_buyer_names_and_nobody_knows_is_listed():
    quote = quoted(kwh("5"), offer("real", "10"), opted_in=frozenset({"phantom"}))
    assert outcomes(quote) == {"phantom": ("INELIGIBLE", "UNKNOWN"), "real": ("APPLIED", None)}


TEN, TWENTY, THIRTY = (candidate(x, y) for x, y in (("a", "10"), ("b", "20"), ("c", "30")))
CEILINGS = {
    "none": ([], {}, "0"),
    "what combines adds up": ([TEN, TWENTY], {}, "30"),
    "one that stands alone is not added": ([TEN, TWENTY, alone("d", "25")], {}, "30"),
    "one that stands alone may be the most": ([TEN, TWENTY, alone("d", "31")], {}, "31"),
    "the best of each group": ([replace(TEN, group="g"), replace(TWENTY, group="g"), THIRTY], {}, "50"),
    "the best so many": ([TEN, THIRTY, TWENTY], {"max_stack": 2}, "50"),
    "the lines": ([candidate("a", "70"), candidate("b", "60")], {}, "100"),
}


@pytest.mark.parametrize(("pool", "said", "most"), CEILINGS.values(), ids=CEILINGS.keys())
def test_no_set_saves_more(pool, said, most):
    assert most_saving(pool, HUNDRED, **said) == Decimal(most)


@pytest.mark.parametrize(
    ("pool", "most"),
    [
        pytest.param([alone("a", "30")], "20", id="of-one-alone"),
        pytest.param([TEN, THIRTY], "20", id="of-several"),
        pytest.param([TEN], "10", id="not-reached"),
    ],
)
def test_no_set_saves_more_than_the_largest_discount(pool, most):
    assert most_saving(pool, replace(HUNDRED, most=Decimal(20))) == Decimal(most)


def test_a_runner_up_is_looked_for_where_it_is_asked_for():
    pool = [alone("a", "10"), alone("b", "20")]
    assert [x.offer_id for x in choose_offers(pool, HUNDRED).runner_up] == ["a"]
    assert choose_offers(pool, HUNDRED, runner_up=False).runner_up == ()


def test_the_runner_up_may_stand_alone():
    rest = [replace(candidate(name, saving), group="g") for name, saving in (("b", "15"), ("c", "5"))]
    pool = [candidate("a", "20"), *rest, alone("d", "30")]
    found = choose_offers(pool, HUNDRED)
    assert [x.offer_id for x in found.chosen] == ["a", "b"]
    assert ([x.offer_id for x in found.runner_up], found.runner_up_saving) == (["d"], Decimal(30))
