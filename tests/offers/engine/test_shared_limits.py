"""Limits that a group shares, as the engine judges and says them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from offers.engine.codec import offer_from_json, offer_to_json
from offers.engine.describe import summary
from offers.engine.describe_driver import Named, conditions_in_words
from offers.engine.limits import limit_checks
from offers.engine.periods import Period
from offers.engine.values import OfferContext, OfferLimits, Usage
from offers.reasons.traces import check_in_words
from pricing.engine.codec import decode, encode
from tests.offers.engine.samples import offer
from tests.offers.engine.test_periods import INDIA, at


def judge(limits: OfferLimits, usage: Usage, **context: Any) -> list[tuple[str, bool, str, str]]:
    terms = replace(offer(), limits=limits)
    said = {"customer_known": True, "usage": {terms.offer_id: usage}, "calendar_zone": INDIA} | context
    checks, _ = limit_checks(terms, OfferContext("l", "i", "c", at("2026-11-21T10:00:00"), **said), terms.benefit.value)
    return [(x.code.value, x.passed, x.actual, x.margin) for x in checks if x.code.value.startswith("GROUP")]


SPANS = [
    pytest.param("", "GROUP_USES", "", id="ever"),
    pytest.param("_day", "GROUP_USES_DAY", ", again from tomorrow 00:00", id="day"),
    pytest.param("_week", "GROUP_USES_WEEK", ", again from Mon 00:00", id="week"),
    pytest.param("_month", "GROUP_USES_MONTH", ", again from 1 Dec 00:00", id="month"),
]


@pytest.mark.parametrize(("span", "code", "again"), SPANS)
@pytest.mark.parametrize(
    ("used", "passed"),
    [pytest.param(2, True, id="limit - 1"), pytest.param(3, False, id="limit"), pytest.param(4, False, id="limit + 1")],
)
def test_what_the_group_has_used(span: str, code: str, again: str, used: int, passed: bool) -> None:
    limits = OfferLimits(**{f"uses_per_customer{span}": 3}, shared_in_groups=True)
    usage = Usage(customer_uses=0, group_uses=used, group_period_uses=dict.fromkeys(Period, used))
    assert judge(limits, usage) == [(code, passed, "", "" if passed else f"used up by the group{again}")]


LIMIT = OfferLimits(uses_per_customer=1, uses_per_customer_day=1)
FULL = Usage(customer_uses=0, group_uses=1, group_period_uses={Period.DAY: 1})


@pytest.mark.parametrize(
    ("limits", "usage", "known"),
    [
        pytest.param(LIMIT, FULL, True, id="not shared"),
        pytest.param(replace(LIMIT, shared_in_groups=True), Usage(customer_uses=1), True, id="in no group"),
        pytest.param(replace(LIMIT, shared_in_groups=True), FULL, False, id="not known yet"),
    ],
)
def test_groups_are_judged_only_where_they_share(limits: OfferLimits, usage: Usage, known: bool) -> None:
    assert judge(limits, usage, customer_known=known) == []


def test_the_longest_span_is_named_first_and_of_one_span_the_customer() -> None:
    limits = replace(LIMIT, shared_in_groups=True)
    terms = replace(offer(), limits=limits)
    usage = Usage(customer_uses=1, customer_period_uses={"DAY": 1}, group_uses=1, group_period_uses={"DAY": 1})
    context = OfferContext("l", "i", "c", at("2026-11-21T10:00:00"), customer_known=True, usage={terms.offer_id: usage})
    checks, _ = limit_checks(terms, context, terms.benefit.value)
    assert [x.code.value for x in checks] == ["CUSTOMER_USES", "GROUP_USES", "CUSTOMER_USES_DAY", "GROUP_USES_DAY"]
    said = "The customer's group has used it today as often as it allows"
    assert check_in_words(checks[3]) == f"{said} (again from tomorrow 00:00)."


def test_a_shared_limit_in_words() -> None:
    terms = replace(offer(), limits=OfferLimits(uses_per_customer_month=10, shared_in_groups=True))
    said = "members of one group share these uses"
    assert summary(terms, INDIA).endswith(f"; 10 per customer and month; {said}.")
    told = conditions_in_words(terms, Named(date(2026, 11, 21)))
    assert told[-2:] == ["10 times per customer and month", said]


def test_what_was_stored_before_limits_were_shared_still_reads() -> None:
    terms = replace(offer(), limits=OfferLimits(uses_per_customer=3))
    stored = offer_to_json(terms)
    del stored["limits"]["shared_in_groups"]
    assert offer_from_json(stored) == terms
    usage = encode(Usage(customer_uses=2))
    del usage["group_uses"], usage["group_period_uses"]
    assert decode(Usage, usage) == Usage(customer_uses=2)
