"""Our own signing key: made on first use, kept sealed under the key that lies outside the database.

How one follows another is in `beckn.key_rotation`.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Now

from beckn.models import SigningKey, Subscriber, SubscriberRole
from beckn.protocol.signing import public_key_of, sign
from cpo_portal.accounts.sealing import SealBroken, seal, unseal

#: How long a process keeps the key, and so how long one that was revoked may still sign. One that is to sign later is
#: taken over at its time, by all processes at once.
CACHE_SECONDS = 30.0
#: How long a signature of ours may be on its way.
SIGNATURE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class OwnKey:
    """The key that this platform signs with; the seed stays out of every log."""

    subscriber_id: str
    key_id: str
    public_key: bytes
    seed: bytes = field(repr=False)


_cached: tuple[float, OwnKey] | None = None


def own_key() -> OwnKey:
    """Return the newest valid key of this platform; make the platform's subscriber and a key where there is none."""
    global _cached  # noqa: PLW0603  one value per process
    if _cached is not None and _cached[0] > time.monotonic() and _cached[1].subscriber_id == settings.BECKN_BPP_ID:
        return _cached[1]
    asked = time.monotonic()
    # Asked first: a key that starts between the two questions must not be taken for one that does not wait.
    keep = min(CACHE_SECONDS, _seconds_to_next())
    key = _load() or make_key()
    _cached = (asked + keep, key)
    return key


def sign_as_us(raw: bytes, now: datetime) -> str:
    """Return the `Authorization` header for these exact bytes, created at `now`."""
    key = own_key()
    created = int(now.timestamp())
    return sign(
        raw,
        subscriber_id=key.subscriber_id,
        key_id=key.key_id,
        seed=key.seed,
        created=created,
        expires=created + SIGNATURE_SECONDS,
    )


def forget() -> None:
    """Empty this process's cache."""
    global _cached  # noqa: PLW0603
    _cached = None


def usable_keys() -> QuerySet[SigningKey]:
    """Return the keys that this platform can sign with, now or later; that of the latest start signs."""
    return SigningKey.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=Now()),
        subscriber__subscriber_id=settings.BECKN_BPP_ID,
        sealed_seed__isnull=False,
        revoked_at=None,
    ).order_by("-valid_from", "-pk")


def signing_row() -> SigningKey | None:
    """Return the row of the key that signs now, unopened."""
    return usable_keys().filter(valid_from__lte=Now()).first()


def lock_platform() -> Subscriber:
    """Return this platform's own subscriber, locked: whoever makes or retires keys does it alone."""
    Subscriber.objects.get_or_create(
        subscriber_id=settings.BECKN_BPP_ID,
        defaults={"role": SubscriberRole.BPP, "callback_url": settings.BECKN_BPP_URI},
    )
    return Subscriber.objects.select_for_update().get(subscriber_id=settings.BECKN_BPP_ID)


def add_key(platform: Subscriber, *, starts_in: timedelta = timedelta(0)) -> SigningKey:
    """Make a key that signs after so long; the caller has locked the platform."""
    seed = secrets.token_bytes(32)
    row = SigningKey.objects.create(
        subscriber=platform,
        key_id=f"key-{secrets.token_hex(4)}",
        public_key=public_key_of(seed),
        sealed_seed=seal(seed),
        valid_from=Now() + starts_in,
    )
    row.refresh_from_db()
    return row


def make_key() -> OwnKey:
    """Make the first key; the subscriber's row decides between two processes that both find none."""
    with transaction.atomic():
        platform = lock_platform()
        found = _load()
        if found is None:
            add_key(platform)
            found = _load()
    if found is None:
        raise RuntimeError("The signing key that was just made is not there.")
    return found


def _load() -> OwnKey | None:
    row = signing_row()
    if row is None or row.sealed_seed is None:
        return None
    try:
        seed = unseal(row.sealed_seed)
    except SealBroken as error:
        raise SealBroken(f"The signing key {row.key_id} cannot be opened. {error}") from error
    return OwnKey(settings.BECKN_BPP_ID, row.key_id, bytes(row.public_key), seed)


def _seconds_to_next() -> float:
    """Return how long the key that signs will still do so, by the database's clock; endless where none waits."""
    waiting = usable_keys().filter(valid_from__gt=Now()).order_by("valid_from")
    left = waiting.annotate(left=ExpressionWrapper(F("valid_from") - Now(), DurationField())).values_list("left")
    first = left.first()
    return max(0.0, first[0].total_seconds()) if first else float("inf")
