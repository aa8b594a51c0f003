"""Our own signing key: made on first use, kept sealed under the key that lies outside the database."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from beckn.models import SigningKey, Subscriber, SubscriberRole
from beckn.protocol.signing import public_key_of, sign
from cpo_portal.accounts.sealing import seal, unseal

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
    key = _load() or _make()
    _cached = (time.monotonic() + CACHE_SECONDS, key)
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


def _load() -> OwnKey | None:
    row = (
        SigningKey.objects.filter(subscriber__subscriber_id=settings.BECKN_BPP_ID, sealed_seed__isnull=False)
        .filter(Q(valid_until=None) | Q(valid_until__gt=Now()), revoked_at=None, valid_from__lte=Now())
        .order_by("-valid_from", "-pk")
        .first()
    )
    if row is None or row.sealed_seed is None:
        return None
    return OwnKey(settings.BECKN_BPP_ID, row.key_id, bytes(row.public_key), unseal(row.sealed_seed))


def _make() -> OwnKey:
    """Make the first key; the subscriber's row decides between two processes that both find none."""
    with transaction.atomic():
        Subscriber.objects.get_or_create(
            subscriber_id=settings.BECKN_BPP_ID,
            defaults={"role": SubscriberRole.BPP, "callback_url": settings.BECKN_BPP_URI},
        )
        subscriber = Subscriber.objects.select_for_update().get(subscriber_id=settings.BECKN_BPP_ID)
        found = _load()
        if found is not None:
            return found
        seed = secrets.token_bytes(32)
        key = OwnKey(settings.BECKN_BPP_ID, f"key-{secrets.token_hex(4)}", public_key_of(seed), seed)
        SigningKey.objects.create(
            subscriber=subscriber, key_id=key.key_id, public_key=key.public_key, sealed_seed=seal(seed)
        )
    return key
