"""The trace of a quote as people read it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from offers.engine.values import Check, OfferTrace, ReasonCode
from offers.trace_words import check_in_words, choice_in_words
from pricing.engine.money import Money


@pytest.mark.parametrize(
    ("difference", "words"),
    [
        pytest.param("2.50", "would have saved ₹2.50 less.", id="less"),
        pytest.param("-2.50", "would have saved ₹2.50 more.", id="more"),
        pytest.param("0", "saves the same.", id="the same"),
    ],
)
def test_the_runner_up_is_compared(difference: str, words: str) -> None:
    trace = OfferTrace(chosen=("a",), runner_up=("b",), difference=Money(Decimal(difference), "INR"))
    assert choice_in_words(trace) == f"Chosen: a. The next best, b, {words}"


@pytest.mark.parametrize(
    ("check", "words"),
    [
        pytest.param(
            Check(ReasonCode.NOT_OPTED_IN, "selection.apply", "yes", "not chosen", False),
            "The driver did not choose it.",
            id="a choice has no figures",
        ),
        pytest.param(
            Check(ReasonCode.MIN_VALUE, "qualifier.min_value", "50.00", "45.00", False, "₹5.00 short"),
            "The session is worth less than its minimum: 45.00 instead of 50.00 (₹5.00 short).",
            id="a minimum has",
        ),
    ],
)
def test_a_check_says_what_is_missing(check: Check, words: str) -> None:
    assert check_in_words(check) == words
