"""Secrets that must be readable again are sealed with a key outside the database; contacts are hashed with it."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

#: Which key made an HMAC; a rotation adds a new id and keeps the old rows.
HMAC_KEY_ID = "1"


class SealBroken(RuntimeError):
    """A sealed value was made with another PORTAL_DATA_KEY."""


def seal(value: bytes) -> bytes:
    """Encrypt a secret for storage."""
    return bytes(SecretBox(_subkey(b"seal")).encrypt(value))


def unseal(sealed: bytes | memoryview) -> bytes:
    """Return a sealed secret; raise SealBroken where PORTAL_DATA_KEY is not the one that sealed it."""
    try:
        return bytes(SecretBox(_subkey(b"seal")).decrypt(bytes(sealed)))
    except CryptoError as error:
        raise SealBroken("PORTAL_DATA_KEY is not the key that sealed this value; restore the right key.") from error


def keyed_hash(purpose: str, value: str) -> bytes:
    """Return the 32-byte HMAC of a value; one purpose's hashes say nothing about another's."""
    return hmac.new(_subkey(purpose.encode()), value.encode(), hashlib.sha256).digest()


def _subkey(purpose: bytes) -> bytes:
    return hashlib.blake2b(purpose, key=settings.DATA_KEY, digest_size=32).digest()
