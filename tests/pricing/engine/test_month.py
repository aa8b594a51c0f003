"""A month that is billed twice, in processes that order sets differently, comes to the same bills to the last byte."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from itertools import pairwise

import pytest

from pricing.engine.values import LineKind
from tests.pricing.engine.month import SESSIONS, TERMS, bills, fingerprint

SEED = 7


@pytest.fixture(scope="module")
def month():
    return bills(SEED)


def test_two_processes_bill_the_same_month(month):
    found = [
        subprocess.run(
            [sys.executable, "-m", "tests.pricing.engine.month", str(SEED)],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert found == [fingerprint(month)] * 2


def test_another_month_comes_to_other_bills(month):
    assert fingerprint(bills(SEED + 1)) != fingerprint(month)


def test_each_bill_of_the_month_adds_up(month):
    assert len(month) == SESSIONS
    for bill in month:
        assert sum(x.energy_wh for x in bill.slices) == bill.energy_wh
        assert sum(x.amount.amount for x in bill.lines) == bill.total.amount
        assert all(one.ends_at == other.starts_at for one, other in pairwise(bill.slices))
        charging = sum(bill.sum_of(x).amount for x in (LineKind.ENERGY, LineKind.TIME, LineKind.FLAT))
        assert not bill.energy_wh or Decimal(30) <= charging <= Decimal(300)
        surges, energy = bill.sum_of(LineKind.SURGE).amount, bill.sum_of(LineKind.ENERGY).amount
        assert surges * 100 <= energy * 15


def test_the_month_meets_every_rule_of_its_terms(month):
    lines = [line for bill in month for line in bill.lines]
    assert {x.kind for x in lines} == set(LineKind) - {"FLAT", "PRODUCT", "DISCOUNT", "ROUND_OFF"}
    assert {x.code for x in lines if x.kind is LineKind.SURGE} == {x.surge_id for x in TERMS.surges}
    assert {x.quality.value for bill in month for x in bill.slices} == {"METERED", "INTERPOLATED", "SINGLE_RATE"}
    titles = " ".join(x.title for x in lines)
    assert all(
        words in titles for words in ("least price of a session", "highest price of a session", "cut to the most")
    )
    assert {flag for bill in month for flag in bill.flags} >= {"REGISTER_BACKWARDS"}
