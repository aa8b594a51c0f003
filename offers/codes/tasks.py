"""Background work of single-use codes: make what batches lack, and forget old guesses."""

from __future__ import annotations

import time

from celery import shared_task

from cpo_portal.accounts.tenancy import every_cpo
from offers.codes import guessing
from offers.codes.batches import make_some, unfinished

#: After so long other long work gets its turn; the schedule calls again.
TURN_SECONDS = 30.0


@shared_task
def make_codes() -> int:
    """Make codes for all unfinished batches, a chunk of each in turn; return how many were made."""
    until = time.monotonic() + TURN_SECONDS
    total = 0
    while time.monotonic() < until:
        with every_cpo():
            waiting = unfinished()
        made = sum(make_some(batch) for batch in waiting)
        if not made:
            break
        total += made
    return total


@shared_task
def forget_guesses() -> int:
    """Drop the guesses that no longer count; return how many."""
    return guessing.forget()
