"""What the buyer app notices: each deviation of a message is one sentence."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from beckn.buyer import figures
from beckn.buyer.checks import Findings, context_faults, quote_faults, tags, time_faults

NOW = datetime(2026, 5, 2, 10, tzinfo=UTC)


def line(kind: str, value: str, currency: str = "INR") -> dict[str, Any]:
    tag = {"descriptor": {"code": "kind"}, "value": kind}
    item = {"tags": [{"descriptor": {"code": "line"}, "list": [tag]}]}
    return {"title": kind, "item": item, "price": {"value": value, "currency": currency}}


def order(total: str, *lines: dict[str, Any]) -> dict[str, Any]:
    return {"quote": {"price": {"value": total, "currency": "INR"}, "breakup": list(lines)}}


GOOD = order("91.45", line("ENERGY", "90.00"), line("FEE", "10.00"), line("DISCOUNT", "-22.50"), line("TAX", "13.95"))


def test_the_rules_own_quote_has_no_fault() -> None:
    findings = Findings()
    figures.QUOTED.compare(findings, "on_select", GOOD)
    assert list(quote_faults(GOOD)) == []
    assert findings.deviations == []


@pytest.mark.parametrize(
    ("quoted", "fault"),
    [
        pytest.param(
            order("88.50", line("ENERGY", "90.00")), "the lines add up to 90.00, and the total is 88.50", id="total"
        ),
        pytest.param(order("90.00", line("ENERGY", "90")), "the amount “90” has not two decimals", id="decimals"),
        pytest.param(order("90.00", line("ENERGY", "90.00", "USD")), "the quote mixes USD and INR", id="currency"),
    ],
)
def test_a_quote_that_does_not_add_up_is_noticed(quoted: dict[str, Any], fault: str) -> None:
    assert list(quote_faults(quoted)) == [fault]


def test_another_split_of_the_same_total_is_noticed() -> None:
    findings = Findings()
    split = order("91.45", line("ENERGY", "100.00"), line("DISCOUNT", "-22.50"), line("TAX", "13.95"))
    figures.QUOTED.compare(findings, "on_select", split)
    assert findings.deviations == [
        "on_select: the lines: [('ENERGY', '90.00'), ('FEE', '10.00'), ('DISCOUNT', '-22.50'), ('TAX', '13.95')] "
        "expected, [('ENERGY', '100.00'), ('DISCOUNT', '-22.50'), ('TAX', '13.95')] came"
    ]


@pytest.mark.parametrize(
    ("context", "fault"),
    [
        pytest.param({"transaction_id": "t2"}, "context.transaction_id: “t1” expected, “t2” came", id="another id"),
        pytest.param({"transaction_id": None}, "context.transaction_id: “t1” expected, nothing came", id="no id"),
        pytest.param(
            {"timestamp": "2026:05:02:10:00:00"},
            "context.timestamp is “2026:05:02:10:00:00”, which is not RFC 3339",
            id="the sources' time",
        ),
        pytest.param(
            {"timestamp": "2026-05-02T10:03:00Z"},
            "context.timestamp 2026-05-02T10:03:00Z is far from now, 2026-05-02T10:00:00Z",
            id="far from now",
        ),
    ],
)
def test_a_context_that_is_not_ours_is_noticed(context: dict[str, Any], fault: str) -> None:
    given = {"transaction_id": "t1", "timestamp": "2026-05-02T10:00:00.000Z"} | context
    assert list(context_faults(given, {"transaction_id": "t1"}, NOW)) == [fault]


def test_every_time_in_a_message_must_be_rfc_3339() -> None:
    message = {
        "stops": [{"time": {"timestamp": "2026-05-02T10:00:00+05:30"}}, {"time": {"timestamp": "10 o'clock"}}],
        "cancellation": {"time": "2026-05-02T10:00:00"},
    }
    assert list(time_faults(message)) == [
        "$.stops[1].time.timestamp is “10 o'clock”, which is not RFC 3339",
        "$.cancellation.time is “2026-05-02T10:00:00”, which is not RFC 3339",
    ]


def test_tags_are_read_by_their_codes() -> None:
    entry = {"descriptor": {"code": "validated"}, "value": "true"}
    holder = {"tags": [{"descriptor": {"code": "offer-validation"}, "list": [entry]}]}
    assert tags(holder) == {"offer-validation": {"validated": "true"}}
    assert tags(None) == {}
