"""Registering participants and their keys in the embedded registry."""

from __future__ import annotations

import base64
import binascii

from django.db import transaction

from beckn.models import SigningKey, Subscriber


def read_public_key(text: str) -> bytes:
    """Return 32 bytes from base64; raises ValueError with a sentence."""
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != 32:
        raise ValueError("The public key is not 32 bytes in base64.")
    return key


@transaction.atomic
def add_subscriber(
    subscriber_id: str, *, url: str, role: str, key_id: str, public_key: bytes, sandbox: bool = False
) -> Subscriber:
    """Register a participant, or change its address and add a key; raises ValidationError, and ValueError where the
    key id is taken by another key: a key is replaced by a new one under a new id."""
    subscriber = Subscriber.objects.filter(subscriber_id=subscriber_id).first() or Subscriber(
        subscriber_id=subscriber_id
    )
    subscriber.callback_url, subscriber.role, subscriber.sandbox = url, role, sandbox
    subscriber.full_clean(validate_unique=subscriber.pk is None)
    subscriber.save()
    key, made = SigningKey.objects.get_or_create(
        subscriber=subscriber, key_id=key_id, defaults={"public_key": public_key}
    )
    if not made and bytes(key.public_key) != public_key:
        raise ValueError(f"{subscriber_id} has another key under the id {key_id}; give the new key a new id.")
    return subscriber
