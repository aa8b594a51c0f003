"""The table of endings: all rows, and the page that is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.endings import (
    adjusting,
    cancelling,
    charging,
    confirming,
    paying,
    quoting,
    starting,
    stopping,
    subscribing,
    surging,
)
from tests.endings.row import Row

PAGE = Path(__file__).parents[2] / "docs" / "endings.md"
STEPS: tuple[Any, ...] = (
    quoting,
    confirming,
    cancelling,
    paying,
    starting,
    charging,
    stopping,
    adjusting,
    surging,
    subscribing,
)
ROWS: list[Row] = [row for step in STEPS for row in step.ROWS]

HEAD = """# How a sale ends

Every row is a test in `tests/endings`: it sends the messages, reports and buttons of one sale and compares what follows
to the letter. This page is written from those rows by `WRITE_ENDINGS=1 python -m pytest tests/endings -k page`; a test
fails when it is not.

How to read a row:

- **message**: what is answered and told, in this order: the HTTP answer to a charging system or gateway, “what staff
  read”, then each callback with the quote's total, or the error code of its `error`, and the `settlement` of the order.
- **state**: of the order, of the fulfillment, of each payment.
- **ledger**: the entries of the offer's ledger for this sale in ₹, and what its counter of five uses then says.
  Where a subscription includes energy: what this sale moved of its pool in kWh, and what the pool then says.
- **refund**: what is owed or was paid back. `DUE` becomes `PAID` when staff note it on the refund's page.

The CPO of these sales sells at ₹18/kWh with a fee of ₹10 and 18 % GST, and offers 25 % off from ₹50 of energy. The
driver asks for 5 kWh: ₹90.00 + ₹10.00 − ₹22.50 + ₹13.95 GST = ₹91.45.
"""


def page() -> str:
    """Return the page as Markdown."""
    return "\n".join([HEAD, *map(_step, STEPS)])


def _step(step: Any) -> str:
    head = ("before", "event", "message", "state", "ledger", "refund")
    lines = [_line(head), _line(["---"] * len(head))]
    for row in step.ROWS:
        x = row.expected
        lines.append(_line((row.before, row.event, x.message, x.state, x.ledger, x.refund)))
    return f"## {step.TITLE}\n\n{step.INTRO}\n\n" + "\n".join(lines) + "\n"


def _line(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"
