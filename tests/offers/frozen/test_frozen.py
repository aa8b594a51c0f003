"""The frozen quotes, priced again: the same lines and the same reasons, to the last character."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from offers.engine.codec import trace_from_json, trace_to_json
from offers.engine.proof import Evidence, Printed, differences, price_again, proven_of
from offers.engine.values import ReasonCode
from pricing.engine import ENGINE_VERSION
from pricing.engine.codec import decode, line_from_json, line_to_json
from pricing.engine.values import LineKind
from tests.offers.frozen.cases import CASES
from tests.offers.frozen.freeze import QUOTES

FILES = sorted(QUOTES.glob("*.json"))


def read(path: Path) -> tuple[Evidence, dict[str, Any]]:
    data = json.loads(path.read_text())
    return decode(Evidence, data["evidence"]), data


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_frozen_quote_comes_out_the_same(path: Path) -> None:
    evidence, data = read(path)
    again = price_again(evidence)
    # Read and written once, so that a field that an engine got since has its default on both sides.
    stored = [line_to_json(line_from_json(line)) for line in data["lines"]]
    assert json.dumps([line_to_json(line) for line in again.lines]) == json.dumps(stored)
    trace = trace_to_json(proven_of(trace_from_json(data["trace"])))
    assert json.dumps(trace_to_json(proven_of(again.trace))) == json.dumps(trace)
    assert (again.energy_wh, list(again.flags)) == (data["energy_wh"], data["flags"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_frozen_quote_is_proven_identical(path: Path) -> None:
    evidence, data = read(path)
    lines = tuple(line_from_json(line) for line in data["lines"])
    printed = Printed(lines, trace_from_json(data["trace"]), data["energy_wh"], ENGINE_VERSION)
    assert differences(evidence, printed) == ()


def test_every_case_is_frozen_and_every_file_is_a_case() -> None:
    assert {path.stem for path in FILES} == set(CASES)


#: What the engines print; a reason or a line that is added gets a case. Nothing makes a line that rounds off: each is
#: rounded to the currency's smallest unit, and their sum is what is paid.
LINES = {kind.value for kind in LineKind} - {"ROUND_OFF"}


def test_the_frozen_quotes_cover_every_reason_outcome_and_line() -> None:
    contents = [read(path)[1] for path in FILES]
    outcomes = [outcome for data in contents for outcome in data["trace"]["outcomes"]]
    failing = {check["code"] for outcome in outcomes for check in outcome["checks"] if not check["passed"]}
    assert failing == {reason.value for reason in ReasonCode}
    assert {outcome["outcome"] for outcome in outcomes} == {"APPLIED", "ELIGIBLE_NOT_CHOSEN", "INELIGIBLE", "LIMITED"}
    assert {line["kind"] for data in contents for line in data["lines"]} == LINES
