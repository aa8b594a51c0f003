"""Secrets and personal data are sealed with keys outside the database; contacts are hashed with them.

The first of `settings.DATA_KEYS` writes and all of them read, so that a key can be replaced while the portal runs.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from functools import lru_cache

from django.conf import settings
from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

#: 24 random bytes: no number of messages that a portal can seal makes two alike.
_NONCE = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
_ID_BYTES = 4


class SealBroken(RuntimeError):
    """A sealed value was made with a key that PORTAL_DATA_KEY does not hold, or was altered."""


@dataclass(frozen=True, slots=True)
class Key:
    """One data key with the subkeys made of it; `id` tells which key it is and nothing of it."""

    id: str
    sealing: bytes = field(repr=False)
    hashing: bytes = field(repr=False)
    #: What version 0.1 sealed with, before values bore a key id.
    unnamed: bytes = field(repr=False)

    @property
    def mark(self) -> bytes:
        """Return the id as the bytes that a sealed value begins with."""
        return bytes.fromhex(self.id)


@dataclass(frozen=True, slots=True)
class KeyedHash:
    """The HMAC of a value and the id of the key that made it."""

    key_id: str
    digest: bytes


def known_keys() -> tuple[Key, ...]:
    """Return the data keys, the writing one first."""
    return tuple(_key(bytes(secret)) for secret in settings.DATA_KEYS)


def newest_key() -> Key:
    """Return the key that writes."""
    return _key(bytes(settings.DATA_KEYS[0]))


def seal(value: bytes) -> bytes:
    """Encrypt a secret for storage: the key's id, a nonce, the ciphertext."""
    key = newest_key()
    return key.mark + encrypt(key, value, b"secret")


def unseal(sealed: bytes | memoryview) -> bytes:
    """Return a sealed secret; raises SealBroken where none of the keys opens it."""
    value = bytes(sealed)
    for key in known_keys():
        if value.startswith(key.mark):
            return decrypt(key, value[_ID_BYTES:], b"secret")
    for key in known_keys():
        try:
            return bytes(SecretBox(key.unnamed).decrypt(value))
        except CryptoError:
            continue
    raise SealBroken("PORTAL_DATA_KEY does not hold the key that sealed this value; add the right key.")


def key_id_of(sealed: bytes | memoryview) -> str:
    """Return the id of the key that a sealed value says it needs; what version 0.1 sealed bears none."""
    return bytes(sealed)[:_ID_BYTES].hex()


def is_newest(sealed: bytes | memoryview) -> bool:
    """Tell whether a secret is sealed with the key that writes today."""
    return bytes(sealed).startswith(newest_key().mark)


def encrypt(key: Key, value: bytes, bound_to: bytes) -> bytes:
    """Return nonce and ciphertext; `bound_to` must be the same when it is opened."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(value, bound_to, nonce, key.sealing)


def decrypt(key: Key, sealed: bytes, bound_to: bytes) -> bytes:
    """Return what `encrypt` was given; raises SealBroken where it was altered or belongs elsewhere."""
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed[_NONCE:], bound_to, sealed[:_NONCE], key.sealing
        )
    except (CryptoError, ValueError, TypeError) as error:
        raise SealBroken("A sealed value was altered, or belongs to another row.") from error


def key_named(key_id: str) -> Key:
    """Return the key of an id; raises SealBroken where PORTAL_DATA_KEY does not hold it."""
    for key in known_keys():
        if key.id == key_id:
            return key
    raise SealBroken(f"PORTAL_DATA_KEY does not hold the key {key_id!r}; add it behind the key that writes.")


def keyed_hash(purpose: str, value: str) -> bytes:
    """Return the 32-byte HMAC under the newest key; one purpose's hashes say nothing about another's."""
    return _hmac(newest_key(), purpose, value)


def keyed_hashes(purpose: str, value: str) -> list[KeyedHash]:
    """Return the HMAC under every key, the newest first: what was hashed before a rotation is found by one of them."""
    return [KeyedHash(key.id, _hmac(key, purpose, value)) for key in known_keys()]


def _hmac(key: Key, purpose: str, value: str) -> bytes:
    subkey = _derived(key.hashing, purpose.encode())
    return hmac.new(subkey, value.encode(), hashlib.sha256).digest()


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return hashlib.blake2b(purpose, key=secret, digest_size=32).digest()


@lru_cache(maxsize=16)
def _key(secret: bytes) -> Key:
    return Key(
        id=hashlib.blake2b(b"key-id", key=secret, digest_size=_ID_BYTES).hexdigest(),
        sealing=_derived(secret, b"seal-2"),
        hashing=secret,
        unnamed=_derived(secret, b"seal"),
    )
