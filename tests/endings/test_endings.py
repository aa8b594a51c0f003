"""Every way a sale ends: what is told, what state it leaves, what the ledger says, what is owed back."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.endings.row import Row
from tests.endings.stage import Stage
from tests.endings.table import PAGE, ROWS, page

#: What is looked at in every run; the rest is slow only because it is much.
ALWAYS = frozenset(
    {
        "init-paused-opted-in",
        "init-new-tariff-too-late",
        "confirm-withdrawn",
        "confirm-late-exhausted",
        "confirm-late-less-energy",
        "cancel-5-hours-before",
        "cancel-authorised-half",
        "cancel-charging",
        "cpo-pays-back-twice",
        "pay-cancelled",
        "stop-too-much-reviewed",
        "pay-twice",
        "pay-corrected",
        "pay-other-currency",
        "start-busy-charger",
        "start-broken",
        "start-never",
        "start-although-broken",
        "start-broken-as-the-slot-ends",
        "stop-power-loss-nothing",
        "interrupted-and-back",
        "broken-for-good",
        "silent-late-stop",
        "stop-ignored",
        "staff-end",
        "take-back-part",
        "refund-bill",
        "surge-no-consent",
        "surge-rises-before-init",
        "surge-rises-while-charging",
        "sub-taken-meanwhile",
        "sub-pool-over",
        "sub-refund",
    }
)


def _case(row: Row) -> Any:
    return pytest.param(row, id=row.id, marks=() if row.id in ALWAYS else pytest.mark.slow)


@pytest.mark.parametrize("row", [_case(row) for row in ROWS])
def test_ending(stage: Stage, row: Row) -> None:
    row.arrange(stage)
    stage.watch()
    row.act(stage)
    assert stage.outcome() == row.expected


def test_every_row_has_a_name_of_its_own() -> None:
    names = {row.id for row in ROWS}
    assert (len(names), ALWAYS - names) == (len(ROWS), frozenset())


def test_the_page_is_what_the_table_says() -> None:
    if os.environ.get("WRITE_ENDINGS"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "run: WRITE_ENDINGS=1 python -m pytest tests/endings -k page"
