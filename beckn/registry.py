"""The one place that says whose key is whose: here the embedded registry, the tables that the admin keeps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Now

from beckn.models import SigningKey, Subscriber

#: How long a key is remembered, and so how long a revoked one may still be accepted.
CACHE_SECONDS = 2.0
#: Unknown keys are remembered too; a flood of invented ones must not fill the memory.
CACHE_SIZE = 4096


@dataclass(frozen=True, slots=True)
class Participant:
    """What reception needs to know about an active subscriber."""

    pk: int
    subscriber_id: str
    role: str
    default_ttl: timedelta
    sandbox: bool
    #: None: the platform's figure.
    requests_per_second: int | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A live key and whose it is."""

    owner: Participant
    key_id: str
    public_key: bytes
    valid_from: datetime
    valid_until: datetime | None

    def is_valid(self, now: datetime) -> bool:
        return self.valid_from <= now and (self.valid_until is None or now < self.valid_until)


_cache: dict[tuple[str, str], tuple[float, Key | None]] = {}


def lookup(subscriber_id: str, key_id: str) -> Key | None:
    """Return the key of an active subscriber, unless it is revoked, expired or unknown."""
    cached = _cache.get((subscriber_id, key_id))
    if cached is not None and cached[0] > time.monotonic():
        return cached[1]
    key = _load(subscriber_id, key_id)
    if len(_cache) >= CACHE_SIZE:
        _cache.clear()
    _cache[subscriber_id, key_id] = (time.monotonic() + CACHE_SECONDS, key)
    return key


def participant(subscriber_id: str) -> Participant | None:
    """Return an active subscriber, for a message that its gateway signed alone."""
    row = Subscriber.objects.filter(subscriber_id=subscriber_id, is_active=True).first()
    return _participant(row) if row else None


def forget() -> None:
    """Empty this process's cache."""
    _cache.clear()


def _load(subscriber_id: str, key_id: str) -> Key | None:
    row = (
        SigningKey.objects.filter(subscriber__subscriber_id=subscriber_id, subscriber__is_active=True, key_id=key_id)
        .filter(Q(valid_until=None) | Q(valid_until__gt=Now()), revoked_at=None)
        .select_related("subscriber")
        .first()
    )
    if row is None:
        return None
    return Key(
        owner=_participant(row.subscriber),
        key_id=row.key_id,
        public_key=bytes(row.public_key),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def _participant(row: Subscriber) -> Participant:
    ttl = timedelta(seconds=row.default_ttl_seconds)
    return Participant(row.pk, row.subscriber_id, row.role, ttl, row.sandbox, row.requests_per_second)
