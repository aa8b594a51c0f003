"""What a check names is worked out without comparing lists of ids to those of before."""

from __future__ import annotations

import pytest

from offers.engine.about import About, one_of


class _Compared(str):
    """An id that counts how often it is compared."""

    __slots__ = ()
    times = 0

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        _Compared.times += 1
        return str.__eq__(self, other)


NAMED = {
    "the-only-one": (frozenset({"a"}), (), "a", About(ids=("a",))),
    "the-only-one-and-another-there": (frozenset({"a"}), ("x",), "a", About(ids=("a",), there=("x",))),
    "several": (frozenset("abc"), ("x", "y"), "one of 3", About(count=3, there=("x", "y"))),
    "none": (frozenset[str](), (), "one of 0", About(count=0)),
}


@pytest.mark.parametrize(("allowed", "there", "expected", "about"), NAMED.values(), ids=NAMED.keys())
def test_what_is_allowed_is_named_or_counted(
    allowed: frozenset[str], there: tuple[str, ...], expected: str, about: About
) -> None:
    assert one_of(allowed, there) == (expected, about)


def test_a_list_that_was_read_again_is_not_compared_to_the_one_before() -> None:
    before, again = (frozenset(_Compared(f"item-{n}") for n in range(500)) for _ in range(2))
    one_of(before)
    _Compared.times = 0
    assert one_of(again) == ("one of 500", About(count=500))
    assert _Compared.times == 0
