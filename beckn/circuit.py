"""When a buyer app that does not answer is left alone, and for how long: pure decisions.

Closed: its callbacks go out, up to its cap at a time. Suspect, after a failure: one at a time. Open, after
`FAILURES` in a row: none go out. Half-open, when the pause is over: one goes out; an answer closes the circuit, another
failure makes the next pause twice as long.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from beckn.retry import Outcome, fraction

#: In a row, after which a buyer app is left alone.
FAILURES = 5
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)

#: Outcomes that say that nobody is there; the others are answers, if unwelcome ones, or our own doing.
SILENCE = frozenset({Outcome.UNREACHABLE, Outcome.TIMED_OUT, Outcome.TROUBLED})
OUR_OWN = frozenset({Outcome.FORBIDDEN, Outcome.BROKEN})


class Circuit(StrEnum):
    """How a buyer app stands."""

    CLOSED = "CLOSED"
    SUSPECT = "SUSPECT"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


def state_of(*, failures: int, open_until: datetime | None, now: datetime) -> Circuit:
    """Return the state that a health row stands for."""
    if open_until is None:
        return Circuit.SUSPECT if failures else Circuit.CLOSED
    return Circuit.OPEN if open_until > now else Circuit.HALF_OPEN


def pause_after(pauses: int, seed: str) -> timedelta:
    """Return how long a buyer app is left alone that was left alone `pauses` times in a row.

    It doubles from five seconds to five minutes, shortened by up to a quarter that `seed` determines.
    """
    doubled = FIRST_PAUSE * 2 ** min(pauses, 10)
    return min(doubled, LONGEST_PAUSE) * (1 - fraction(f"{seed}/{pauses}") / 4)
