"""How many requests are taken: per address before a signature is looked at, per subscriber once it is known.

Addresses are counted in each process: nothing is written for callers whom nobody knows. A subscriber has one bucket
in the database, from which each process borrows tokens by the handful, so that most requests ask nobody.
"""

from __future__ import annotations

import math
import threading
import time
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.db import connection

from beckn.registry import Participant
from cpo_portal.accounts.rates import Buckets

#: A bucket holds as many seconds of its rate.
BURST_SECONDS = 2
#: Ten handfuls a second and process at most, or every token by itself where the rate is low.
HANDFULS = 10
#: Whoever is refused waits at least so long before a process asks again.
SHORTEST_WAIT = 0.05


class TooMany(Exception):
    """A request over the limit; `seconds` says when the next will be taken, `told` that this was logged just before."""

    def __init__(self, who: str, seconds: float, *, told: bool) -> None:
        self.retry_after = max(1, math.ceil(seconds))
        super().__init__(f"Too many requests {who}; send this one again in {self.retry_after} s.")
        self.told = told


#: A flood is one line in the log in ten seconds.
_lines = Buckets(rate=0.1, burst=1)


def _was_told(who: str) -> bool:
    return _lines.take(who) > 0


def admit_address(address: str) -> None:
    """Count a request of this address; raises TooMany."""
    rate = settings.BECKN_ADDRESS_RATE
    if rate and (seconds := _addresses(rate).take(address)):
        raise TooMany("from this address", seconds, told=_was_told(address))


@cache
def _addresses(rate: int) -> Buckets:
    return Buckets(rate, rate * BURST_SECONDS)


@dataclass(slots=True)
class _Purse:
    """What this process has borrowed for a subscriber, or until when it need not ask."""

    tokens: float = 0.0
    empty_until: float = 0.0


_purses: dict[int, _Purse] = {}
_lock = threading.Lock()

BORROW = """
INSERT INTO beckn_ratebucket AS b (subscriber_id, tokens, granted, at)
VALUES (%(pk)s, %(burst)s - %(handful)s, %(handful)s, statement_timestamp())
ON CONFLICT (subscriber_id) DO UPDATE
SET at = statement_timestamp(),
    granted = least(%(handful)s, floor(least(%(burst)s, b.tokens
        + %(rate)s * extract(epoch FROM greatest(statement_timestamp() - b.at, interval '0'))))),
    tokens = least(%(burst)s, b.tokens
        + %(rate)s * extract(epoch FROM greatest(statement_timestamp() - b.at, interval '0')))
        - least(%(handful)s, floor(least(%(burst)s, b.tokens
            + %(rate)s * extract(epoch FROM greatest(statement_timestamp() - b.at, interval '0')))))
RETURNING granted, tokens
"""


def admit_subscriber(signer: Participant) -> None:
    """Count a request that this participant signed; raises TooMany."""
    rate = signer.requests_per_second or settings.BECKN_SUBSCRIBER_RATE
    if not rate:
        return
    with _lock:
        purse = _purses.setdefault(signer.pk, _Purse())
        if purse.tokens >= 1:
            purse.tokens -= 1
            return
        wait = purse.empty_until - time.monotonic()
    if wait > 0:
        raise _too_many_of(signer, wait)
    granted, wait = _borrow(signer.pk, rate)
    with _lock:
        if granted >= 1:
            purse.tokens += granted - 1
            return
        purse.empty_until = time.monotonic() + wait
    raise _too_many_of(signer, wait)


def _too_many_of(signer: Participant, wait: float) -> TooMany:
    return TooMany("of this subscriber", wait, told=_was_told(signer.subscriber_id))


def _borrow(pk: int, rate: int) -> tuple[float, float]:
    """Return how many tokens were granted and, where none, in how many seconds there will be one."""
    values = {"pk": pk, "rate": rate, "burst": rate * BURST_SECONDS, "handful": max(1, rate // HANDFULS)}
    with connection.cursor() as cursor:
        cursor.execute(BORROW, values)
        granted, left = cursor.fetchone()
    return granted, max(SHORTEST_WAIT, (1 - left) / rate)


def forget() -> None:
    """Empty what this process remembers."""
    _addresses.cache_clear()
    _lines.forget()
    with _lock:
        _purses.clear()
