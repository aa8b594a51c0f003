"""Combinations: every secondary item, and their own lines alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pricing.engine.values import LineKind, ProductOrder
from tests.offers.engine.samples import outcomes, quoted
from tests.offers.engine.samples_types import CAFE, WITH_BOTH, combo, taken
from tests.pricing.engine.samples import kwh


@pytest.mark.parametrize(
    ("products", "discount", "reason"),
    [
        pytest.param((), "0.00", ("INELIGIBLE", "COMBO_ITEMS"), id="none-of-the-secondary"),
        pytest.param((ProductOrder("coffee", 1),), "0.00", ("INELIGIBLE", "COMBO_ITEMS"), id="one-of-two"),
        pytest.param(WITH_BOTH, "-38.00", ("APPLIED", None), id="all-of-them"),
    ],
)
def test_a_combination_needs_every_secondary_item(products, discount, reason):
    terms = combo("coffee", "cake", item_ids=frozenset({"connector-1"}))
    quote = quoted(replace(kwh("5"), products=products), terms, terms=CAFE)
    assert (taken(quote), outcomes(quote)["combo"]) == (discount, reason)


def test_a_combination_is_taken_of_its_own_lines_alone():
    terms = combo("coffee", item_ids=frozenset({"connector-1"}))
    quote = quoted(replace(kwh("5"), products=WITH_BOTH), terms, terms=CAFE)
    found = next(x for x in quote.lines if x.kind is LineKind.DISCOUNT)
    # 20 % of 90.00 and 60.00; the cake's 40.00 stays whole.
    assert {line_id: str(share.amount) for line_id, share in found.shares} == {
        "ENERGY-1": "18.00",
        "PRODUCT-2": "12.00",
    }


def test_the_missing_items_of_a_combination_are_named():
    quote = quoted(kwh("5"), combo("coffee", "cake", item_ids=frozenset({"connector-1"})), terms=CAFE)
    reason = quote.trace.outcomes[0].reason
    assert (reason.expected, reason.actual, reason.margin) == (
        "all of 2 items",
        "0 of 2",
        "cake and coffee are missing",
    )
