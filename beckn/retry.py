"""Whether and when a callback is tried again: a pure decision."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from beckn.protocol.values import Action


class Outcome(StrEnum):
    """How one delivery ended."""

    DELIVERED = "DELIVERED"
    #: The buyer app answered NACK, refused the request (4xx) or redirected it: the same bytes will hardly do better.
    NACKED = "NACKED"
    REFUSED = "REFUSED"
    REDIRECTED = "REDIRECTED"
    #: A 2xx whose body is no acknowledgement, or larger than we read.
    UNCLEAR = "UNCLEAR"
    #: The registered address must not be called, or the subscriber is switched off.
    FORBIDDEN = "FORBIDDEN"
    #: No answer, or the buyer app's own trouble (5xx, 408, 425, 429).
    UNREACHABLE = "UNREACHABLE"
    TIMED_OUT = "TIMED_OUT"
    TROUBLED = "TROUBLED"
    #: Our own trouble: the callback could not be signed or sent, or its couriers died over it.
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again at this instant."""

    at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Try no more: `state` is EXPIRED (it would come too late) or DEAD."""

    state: str
    reason: str


#: Answers after which trying for days is useless.
HOPELESS = frozenset({Outcome.NACKED, Outcome.REFUSED, Outcome.REDIRECTED, Outcome.UNCLEAR, Outcome.FORBIDDEN})
HOPELESS_ATTEMPTS = 5
FIRST_DELAY = timedelta(seconds=1)
LONGEST_DELAY = timedelta(hours=1)
#: About three days: twelve doublings to an hour, then one an hour.
MAX_ATTEMPTS = 84

#: Answers that nobody waits for once the request's ttl is over; the others change or state an order.
EXPIRING = frozenset({Action.SEARCH, Action.SELECT, Action.INIT, Action.TRACK, Action.SUPPORT, Action.RATING})


def expiry_of(action: str, ttl_until: datetime) -> datetime | None:
    """Return when the answer to `action` is too late, or None where it is owed for days."""
    return ttl_until if action.removeprefix("on_") in EXPIRING else None


def decide_retry(
    *, attempts: int, outcome: Outcome, now: datetime, expires_at: datetime | None, seed: str = ""
) -> RetryAt | GiveUp:
    """Decide about a callback that was not delivered; `attempts` counts the one that just failed.

    The delay doubles from one second to an hour, shortened by up to a quarter that `seed` determines.
    """
    limit = HOPELESS_ATTEMPTS if outcome in HOPELESS else MAX_ATTEMPTS
    if attempts >= limit:
        return GiveUp("DEAD", f"gave up after {attempts} attempts, the last {outcome}")
    doubled = FIRST_DELAY * 2 ** min(attempts - 1, 20)
    at = now + min(doubled, LONGEST_DELAY) * (1 - fraction(f"{seed}/{attempts}") / 4)
    if expires_at is not None and at >= expires_at:
        return GiveUp("EXPIRED", f"the request's ttl ends before the next attempt, the last {outcome}")
    return RetryAt(at)


def fraction(seed: str) -> float:
    """Return a number in [0, 1) that is always the same for one seed."""
    return int.from_bytes(hashlib.blake2b(seed.encode(), digest_size=4).digest()) / 2**32
