"""The trace of a quote as people read it."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from offers.engine.about import About
from offers.engine.proof import price_again
from offers.engine.values import OfferTrace, ReasonCode
from offers.reasons.before import about_of
from offers.reasons.texts import REASONS, reason_in_words
from offers.reasons.traces import choice_in_words
from offers.reasons.words import check_in_words
from pricing.engine.money import Money
from tests.offers.frozen.cases import CASES
from tests.offers.reason_about import ABOUT, IN_THE_WAY
from tests.offers.reason_rows import NAMES, ROWS


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


#: Ids and codes that stand in the rows; nobody is shown one.
RAW = re.compile(
    r"[A-Z]+_[A-Z_]+|[a-z]+_[a-z_]+|\b(?:loc|con|off|vip|EVSE|std)[-:]?\d|\b(?:grp|coffee|tea|APPROVED|DRAFT)\b|T\d\d:"
)


@pytest.mark.parametrize("name", ROWS)
def test_a_reason_is_said_by_names(name: str) -> None:
    check, words, _ = ROWS[name]
    assert check_in_words(check, NAMES) == words


@pytest.mark.parametrize("name", ROWS)
def test_a_reason_without_names_shows_no_ids(name: str) -> None:
    check, words, unnamed = ROWS[name]
    said = check_in_words(check)
    assert said == (unnamed or words)
    assert RAW.search(said) is None


@pytest.mark.parametrize("name", ABOUT)
def test_what_a_check_says_of_itself_is_said_as_what_was_read_out_of_it(name: str) -> None:
    stored, words, unnamed = ROWS[name]
    check = replace(stored, about=ABOUT[name])
    assert about_of(stored) == ABOUT[name]
    assert (check_in_words(check, NAMES), check_in_words(check)) == (words, unnamed or words)


@pytest.mark.parametrize("name", IN_THE_WAY)
def test_which_offer_is_in_the_way_is_said_by_name(name: str) -> None:
    check, about, words, unnamed = IN_THE_WAY[name]
    made = replace(check, about=about)
    assert (check_in_words(made, NAMES), check_in_words(made)) == (words, unnamed)


@pytest.mark.parametrize("case", CASES)
def test_the_engine_says_itself_what_was_read_out_of_its_sentences(case: str) -> None:
    outcomes = price_again(CASES[case]).trace.outcomes
    failing = [x for outcome in outcomes for x in outcome.checks if not x.passed]
    said = [replace(about_of(x), theirs=False) for x in failing if x.code is not ReasonCode.NOT_ADDITIVE]
    read = [about_of(replace(x, about=None)) for x in failing if x.code is not ReasonCode.NOT_ADDITIVE]
    assert said == read
    assert [x.code.value for x in failing if x.about is None and about_of(x) != About()] == []


def test_every_reason_has_words() -> None:
    assert {check.code for check, _, _ in ROWS.values()} == set(ReasonCode) == set(REASONS)
    assert [text for text in map(reason_in_words, ReasonCode) if RAW.search(text)] == []
