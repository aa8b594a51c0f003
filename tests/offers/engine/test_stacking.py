"""Groups, exclusions, the largest stack and the largest discount: the choice against looking at every set there is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offers.engine.candidates import Candidate, LineAmounts
from offers.engine.selection import choose_offers
from offers.engine.values import Certificate, Objective
from tests.pricing.engine.samples import SATURDAY

FAR = SATURDAY + timedelta(days=9999)


def candidate(offer_id, saving, **said):
    return Candidate(offer_id, Decimal(saving), said.pop("lines", (0,)), said.pop("additive", True), **said)


def grouped(offer_id, saving, group="night", **said):
    return candidate(offer_id, saving, group=group, **said)


def without(offer_id, saving, *others, **said):
    return candidate(offer_id, saving, excludes=frozenset(others), **said)


@pytest.mark.parametrize(
    ("candidates", "max_stack", "most", "chosen", "saving", "runner_up"),
    [
        pytest.param([grouped("a", "10"), grouped("b", "20")], None, None, "b", "20", "a", id="one-of-a-group"),
        pytest.param(
            [grouped("a", "10"), grouped("b", "20"), grouped("c", "5", "day"), candidate("d", "1")],
            None,
            None,
            "bcd",
            "26",
            "acd",
            id="the-best-of-each-group-and-the-rest",
        ),
        pytest.param(
            [grouped("a", "10", priority=1), grouped("b", "10")], None, None, "a", "10", "b", id="a-groups-tie-by-rank"
        ),
        pytest.param([without("a", "10", "b"), candidate("b", "20")], None, None, "b", "20", "a", id="excluded"),
        pytest.param([candidate("a", "10"), without("b", "20", "a")], None, None, "b", "20", "a", id="both-ways"),
        pytest.param(
            [without("a", "10", "b"), candidate("b", "15"), without("c", "10", "b")],
            None,
            None,
            "ac",
            "20",
            "b",
            id="two-that-exclude-the-best-together-save-more",
        ),
        pytest.param(
            [without("a", "10", "b"), candidate("b", "20"), without("c", "10", "b")],
            None,
            None,
            "b",
            "20",
            "ac",
            id="as-much-with-fewer",
        ),
        pytest.param(
            [candidate("a", "30"), candidate("b", "20"), candidate("c", "10")], 2, None, "ab", "50", "ac", id="two-only"
        ),
        pytest.param([candidate("a", "30"), candidate("b", "20")], 1, None, "a", "30", "b", id="one-only"),
        pytest.param([candidate("a", "30"), candidate("b", "20")], 2, None, "ab", "50", "", id="room-for-all"),
        pytest.param(
            [candidate("a", "5", opted_in=True), candidate("b", "20")], 1, None, "a", "5", "b", id="the-choice-fills-it"
        ),
        pytest.param(
            [grouped("a", "5", opted_in=True), grouped("b", "20"), candidate("c", "1")],
            None,
            None,
            "ac",
            "6",
            "bc",
            id="the-choice-takes-the-group",
        ),
        pytest.param(
            [without("a", "5", "b", opted_in=True), candidate("b", "20")],
            None,
            None,
            "a",
            "5",
            "b",
            id="the-choice-excludes-the-better-one",
        ),
        pytest.param([candidate("a", "30")], None, "30", "a", "30", "", id="just-the-largest-discount"),
        pytest.param([candidate("a", "30")], None, "29.99", "a", "29.99", "", id="cut"),
        pytest.param(
            [candidate("a", "30"), candidate("b", "20")], None, "50", "ab", "50", "", id="a-set-of-the-largest-discount"
        ),
        pytest.param(
            [candidate("a", "30"), candidate("b", "20")], None, "49", "ab", "49", "", id="a-set-is-cut-not-refused"
        ),
        pytest.param(
            [candidate("a", "30"), candidate("b", "20")], None, "30", "a", "30", "ab", id="nothing-left-for-the-second"
        ),
        pytest.param(
            [candidate("a", "30"), candidate("b", "20"), candidate("c", "10")],
            None,
            "40",
            "ab",
            "40",
            "ac",
            id="two-of-three-reach-it",
        ),
        pytest.param([candidate("a", "30")], None, "0", "", "0", "", id="nothing-may-be-given"),
        pytest.param(
            [grouped("a", "40"), grouped("b", "30"), candidate("c", "25")], None, "55", "ac", "55", "bc", id="together"
        ),
    ],
)
def test_the_choice(candidates, max_stack, most, chosen, saving, runner_up):
    lines = LineAmounts((Decimal("100.00"),), most=None if most is None else Decimal(most))
    for order in (candidates, candidates[::-1]):
        found = choose_offers(order, lines, max_stack=max_stack)
        assert sorted(x.offer_id for x in found.chosen) == sorted(chosen)
        assert (found.saving, sorted(x.offer_id for x in found.runner_up)) == (Decimal(saving), sorted(runner_up))
        assert (found.certificate, found.gap) == (Certificate.PROVEN, 0)


def feasible(offers, max_stack):
    return (max_stack is None or len(offers) <= max_stack) and all(combine(x, y) for x, y in combinations(offers, 2))


def combine(one, other):
    if not (one.additive and other.additive) or (one.group and one.group == other.group):
        return False
    return one.offer_id not in other.excludes and other.offer_id not in one.excludes


def saved(offers, lines):
    """Return what offers save together: over every set of lines, what lies there and what is owed elsewhere.

    The largest flow is the smallest cut; carts of the tests have three lines, so all eight cuts are looked at.
    """
    cuts = []
    for size in range(len(lines.amounts) + 1):
        for kept in combinations(range(len(lines.amounts)), size):
            owed = sum(x.saving for x in offers if not set(x.lines) <= set(kept))
            cuts.append(owed + sum(lines.amounts[n] for n in kept))
    most = min(cuts)
    return most if lines.most is None else min(most, lines.most)


def rank_in(lines):
    return lambda offers: (
        -saved(offers, lines),
        len(offers),
        sorted(-x.priority for x in offers),
        sorted(x.ends_at or FAR for x in offers),
        sorted(x.offer_id for x in offers),
    )


def best_of_all(pool, held, lines, max_stack):
    """Return the best feasible set that contains `held`, by looking at every subset of the pool."""
    sets = [
        (*held, *extra)
        for size in range(len(pool) + 1)
        for extra in combinations(pool, size)
        if feasible((*held, *extra), max_stack)
    ]
    return min(sets, key=rank_in(lines))


def by_stages(pool, lines, objective, max_stack):
    def stage_of(x):
        return (not x.opted_in, -x.priority if objective is Objective.PRIORITY else 0)

    held = ()
    for level in sorted({stage_of(x) for x in pool}):
        held = best_of_all([x for x in pool if stage_of(x) == level], held, lines, max_stack)
    return held


@st.composite
def choices(draw, most_offers=12):
    amounts = tuple(Decimal(draw(st.integers(1, 40))) for _ in range(3))
    most = draw(st.one_of(st.none(), st.integers(0, 100)))
    lines = LineAmounts(amounts, most=None if most is None else Decimal(most))
    ids = draw(st.permutations("abcdefghijkl"))[: draw(st.integers(0, most_offers))]
    pool = []
    for offer_id in ids:
        scope = tuple(sorted(draw(st.frozensets(st.integers(0, 2), min_size=1))))
        wanted = Decimal(draw(st.integers(1, 30)))
        pool.append(
            Candidate(
                offer_id,
                min(wanted, sum(amounts[n] for n in scope)),
                scope,
                draw(st.integers(0, 5)) > 0,
                opted_in=draw(st.integers(0, 3)) == 0,
                priority=draw(st.integers(0, 1)),
                ends_at=draw(st.sampled_from([None, SATURDAY, SATURDAY + timedelta(days=1)])),
                group=draw(st.sampled_from(["", "", "night", "day"])),
                excludes=draw(st.frozensets(st.sampled_from("abcdefghijkl"), max_size=2)),
            )
        )
    return pool, lines, draw(st.sampled_from(Objective)), draw(st.sampled_from([None, None, 1, 2, 3, 5]))


@settings(deadline=None, max_examples=120)
@given(choices())
def test_the_choice_is_the_best_of_all_sets(choice):
    pool, lines, objective, max_stack = choice
    expected = by_stages(pool, lines, objective, max_stack)
    found = choose_offers(pool, lines, objective=objective, max_stack=max_stack)
    assert sorted(x.offer_id for x in found.chosen) == sorted(x.offer_id for x in expected)
    assert found.saving == saved(expected, lines)
    assert (found.certificate, found.gap) == (Certificate.PROVEN, 0)


@settings(deadline=None, max_examples=100)
@given(choices(), st.data())
def test_the_order_of_the_candidates_changes_nothing(choice, data):
    pool, lines, objective, max_stack = choice
    another = data.draw(st.permutations(pool))
    found = choose_offers(pool, lines, objective=objective, max_stack=max_stack)
    assert choose_offers(another, lines, objective=objective, max_stack=max_stack) == found


@settings(deadline=None, max_examples=120)
@given(choices(), st.integers(0, 4))
def test_a_choice_that_was_cut_short_names_a_gap_that_holds(choice, node_cap):
    pool, lines, _, max_stack = choice
    pool = [replace(x, opted_in=False) for x in pool]
    best = saved(best_of_all(pool, (), lines, max_stack), lines)
    found = choose_offers(pool, lines, max_stack=max_stack, node_cap=node_cap)
    assert feasible(found.chosen, max_stack)
    assert found.saving == saved(found.chosen, lines) <= best <= found.saving + found.gap
    assert found.certificate is Certificate.BOUNDED or (found.saving, found.gap) == (best, 0)


@settings(deadline=None, max_examples=80)
@given(choices(), st.integers(0, 4))
def test_the_gap_also_holds_where_the_buyer_chose(choice, node_cap):
    pool, lines, objective, max_stack = choice
    whole = saved(by_stages(pool, lines, objective, max_stack), lines)
    found = choose_offers(pool, lines, objective=objective, max_stack=max_stack, node_cap=node_cap)
    assert feasible(found.chosen, max_stack)
    assert found.saving == saved(found.chosen, lines)
    assert whole <= found.saving + found.gap


@settings(deadline=None, max_examples=60)
@given(choices(most_offers=7))
def test_the_runner_up_is_the_best_set_with_another_offer(choice):
    pool, lines, objective, max_stack = choice
    found = choose_offers(pool, lines, objective=objective, max_stack=max_stack)
    taken = {x.offer_id for x in found.chosen}
    others = [x for x in pool if x.offer_id not in taken]
    sets = [best_of_all([y for y in pool if y is not x], (x,), lines, max_stack) for x in others]
    expected = min((x for x in sets if saved(x, lines)), key=rank_in(lines), default=())
    assert sorted(x.offer_id for x in found.runner_up) == sorted(x.offer_id for x in expected)
    assert found.runner_up_saving == saved(expected, lines)
