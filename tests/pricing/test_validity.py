"""Which version of a tariff holds when: the newest of those that hold at an instant, as stretches of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.versions.validity import Period, in_effect, overlap, spans_of

START = datetime(2026, 11, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Version:
    number: int
    valid_from: datetime | None = None
    valid_until: datetime | None = None


def day(number: int | None) -> datetime | None:
    return None if number is None else START + timedelta(days=number)


def version(number: int, first: int | None = None, last: int | None = None) -> Version:
    return Version(number, day(first), day(last))


CASES = [
    pytest.param([], [], id="none"),
    pytest.param([version(1)], [(None, None, 1)], id="always"),
    pytest.param([version(2), version(1)], [(None, None, 2)], id="the-newer-at-all-times"),
    pytest.param([version(2, 5), version(1)], [(None, 5, 1), (5, None, 2)], id="from-a-day-on"),
    pytest.param([version(2, 5, 8), version(1)], [(None, 5, 1), (5, 8, 2), (8, None, 1)], id="a-week-and-back"),
    pytest.param([version(2, 5, 8), version(1, None, 6)], [(None, 5, 1), (5, 8, 2)], id="then-nothing"),
    pytest.param([version(2, 5, 6), version(1, 8)], [(5, 6, 2), (8, None, 1)], id="nothing-in-between"),
    pytest.param([version(2, 5, 8), version(1, 6, 7)], [(5, 8, 2)], id="the-older-never"),
    pytest.param(
        [version(3, 8), version(2, 5, 8), version(1, 0, 5)], [(0, 5, 1), (5, 8, 2), (8, None, 3)], id="in-turn"
    ),
]


@pytest.mark.parametrize(("newest_first", "spans"), CASES)
def test_versions_as_stretches_of_time(newest_first, spans):
    assert [(x.period.valid_from, x.period.valid_until, x.version.number) for x in spans_of(newest_first)] == [
        (day(first), day(last), number) for first, last, number in spans
    ]


bounds = st.one_of(st.none(), st.integers(0, 9))
histories = st.lists(st.tuples(bounds, bounds), max_size=5).map(
    lambda pairs: [
        version(n, first, last)
        for n, (first, last) in enumerate(pairs, start=1)
        if first is None or last is None or first < last
    ][::-1]
)


@given(histories, st.integers(-1, 10))
def test_a_stretch_names_what_is_in_effect_at_each_of_its_instants(history, number):
    instant = START + timedelta(days=number)
    at = [x.version for x in spans_of(history) if overlap(x.period, Period(instant, instant + timedelta(seconds=1)))]
    found = in_effect(history, instant)
    assert at == ([] if found is None else [found])


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        pytest.param((None, None), (3, 4), True, id="always"),
        pytest.param((1, 3), (3, 4), False, id="one-begins-where-the-other-ends"),
        pytest.param((1, 4), (3, None), True, id="a-day"),
        pytest.param((None, 3), (3, None), False, id="before-and-after"),
    ],
)
def test_whether_two_stretches_meet(one, other, common):
    first, second = Period(*map(day, one)), Period(*map(day, other))
    assert overlap(first, second) is overlap(second, first) is common


def test_a_stretch_says_whether_it_is_bounded():
    assert [Period(*map(day, x)).is_bounded for x in ((None, None), (1, None), (None, 1))] == [False, True, True]
