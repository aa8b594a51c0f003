"""Dividing a discount: exact to the paisa, never above a line, and never less than could be taken."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offers.engine.allocation import allocate
from offers.engine.candidates import Candidate, LineAmounts
from offers.engine.spreading import joint_amount, spread

PAISA = Decimal("0.01")


def claim(amount, lines):
    """Return an offer that would take so much of these lines."""
    return Candidate("offer", amount, lines, additive=True)


def amounts(*texts):
    return tuple(Decimal(text) for text in texts)


@pytest.mark.parametrize(
    ("amount", "weights", "shares"),
    [
        pytest.param("10.00", ("10.00", "20.00"), ("3.33", "6.67"), id="the-larger-remainder-is-rounded-up"),
        pytest.param("0.01", ("5.00", "5.00"), ("0.01", "0.00"), id="of-equal-remainders-the-first"),
        pytest.param("30.00", ("10.00", "20.00"), ("10.00", "20.00"), id="everything"),
        pytest.param("0.00", ("10.00", "20.00"), ("0.00", "0.00"), id="nothing"),
        pytest.param("9.99", ("9.99",), ("9.99",), id="one-line"),
        pytest.param("0.02", ("0.01", "0.01", "0.01"), ("0.01", "0.01", "0.00"), id="paise"),
        pytest.param("5.00", ("0.00", "10.00"), ("0.00", "5.00"), id="a-line-of-nothing"),
    ],
)
def test_a_discount_is_divided(amount, weights, shares):
    assert allocate(Decimal(amount), amounts(*weights)) == amounts(*shares)


def test_lines_cannot_give_more_than_they_hold():
    with pytest.raises(ValueError, match=r"^cannot take 30\.01 from lines that hold 30\.00$"):
        allocate(Decimal("30.01"), amounts("10.00", "20.00"))


paise = st.integers(0, 10**6)


@settings(deadline=None)
@given(st.lists(paise, min_size=1, max_size=8), st.data())
def test_shares_add_up_and_stay_within_their_lines(weights, data):
    amount = data.draw(st.integers(0, sum(weights)))
    shares = allocate(amount * PAISA, [x * PAISA for x in weights])
    assert sum(shares) == amount * PAISA
    assert all(0 <= share <= weight * PAISA for share, weight in zip(shares, weights, strict=True))


claims = st.lists(
    st.builds(
        lambda amount, lines: claim(amount * PAISA, tuple(sorted(lines))),
        st.integers(0, 300),
        st.frozensets(st.integers(0, 3), min_size=1),
    ),
    max_size=6,
)


def smallest_cut(wanted, lines):
    """Return the most that can flow, by the theorem: the smallest of all cuts."""
    cuts = []
    for size in range(len(lines) + 1):
        for kept in combinations(range(len(lines)), size):
            blocked = sum((x.saving for x in wanted if not set(x.lines) <= set(kept)), Decimal(0))
            cuts.append(blocked + sum((lines[n] for n in kept), Decimal(0)))
    return min(cuts)


@settings(deadline=None, max_examples=300)
@given(claims, st.tuples(*[st.integers(0, 300)] * 4))
def test_discounts_on_overlapping_lines_take_as_much_as_can_be_taken(wanted, held):
    lines = tuple(x * PAISA for x in held)
    shares = spread(wanted, lines, PAISA)
    assert joint_amount(wanted, lines, PAISA) == smallest_cut(wanted, lines)
    assert sum(sum(x.values()) for x in shares) == smallest_cut(wanted, lines)
    for n, line in enumerate(lines):
        assert sum(x.get(n, 0) for x in shares) <= line
    for one, found in zip(wanted, shares, strict=True):
        assert sum(found.values()) <= one.saving
        assert set(found) <= set(one.lines)
        assert all(share >= 0 for share in found.values())
        assert list(found) == sorted(found)


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.integers(0, 300), min_size=2, max_size=4),
    st.lists(st.integers(0, 600), min_size=1, max_size=5),
    st.one_of(st.none(), st.integers(0, 900)),
)
def test_discounts_on_the_same_lines_are_shared_as_they_are_beside_one_on_another_line(held, wanted, most):
    lines = tuple(range(len(held)))
    claims = [claim(x * PAISA, lines) for x in wanted]
    elsewhere = claim(Decimal(0), (len(held),))
    limit = None if most is None else most * PAISA
    amounts = [x * PAISA for x in (*held, 0)]
    assert spread(claims, amounts, PAISA, most=limit) == spread([*claims, elsewhere], amounts, PAISA, most=limit)[:-1]


def test_an_earlier_share_moves_to_make_room():
    wide, narrow = claim(Decimal("10.00"), (0, 1)), claim(Decimal("10.00"), (0,))
    shares = spread([wide, narrow], amounts("10.00", "10.00"), PAISA)
    assert shares == ({0: Decimal("0.00"), 1: Decimal("10.00")}, {0: Decimal("10.00")})


@settings(deadline=None, max_examples=300)
@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 60), st.frozensets(st.integers(0, 5), min_size=1)), max_size=6),
    st.one_of(st.none(), st.integers(0, 120)),
)
def test_what_offers_save_together_is_what_is_spread(amounts, wanted, most):
    scopes = [(Decimal(x), tuple(sorted(n for n in scope if n < len(amounts)))) for x, scope in wanted]
    claims = [claim(x, scope) for x, scope in scopes if scope]
    held = tuple(map(Decimal, amounts))
    limit = None if most is None else Decimal(most)
    shares = spread(claims, held, Decimal("0.01"), most=limit)
    pool = [Candidate(str(n), x.saving, x.lines, True) for n, x in enumerate(claims)]
    assert sum(sum(x.values()) for x in shares) == LineAmounts(held, most=limit).joint(pool)
    for n, amount in enumerate(held):
        assert 0 <= sum(x.get(n, 0) for x in shares) <= amount
    assert all(sum(x.values()) <= one.saving for x, one in zip(shares, claims, strict=True))


def test_what_offers_save_together_is_moved_about_where_there_are_many_lines():
    lines = LineAmounts((Decimal(10),) * 5)
    first, second = Candidate("a", Decimal(15), (0, 1), True), Candidate("b", Decimal(45), (1, 2, 3, 4), True)
    assert [lines.joint(x) for x in ((first,), (second,), (first, second))] == [15, 40, 50]
