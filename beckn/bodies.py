"""How the bytes of a message are kept: as they were signed, compressed where that pays, and always encrypted."""

from __future__ import annotations

import hashlib
import hmac
import uuid
import zlib
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from beckn.models import Codec
from cpo_portal.accounts import sealing

COMPRESS_FROM = 1024


class Packed(NamedTuple):
    """A body as it is stored: the columns codec, key_id and body."""

    codec: str
    key_id: str
    body: bytes | memoryview


def pack(body_id: uuid.UUID, raw: bytes) -> Packed:
    """Return what to store under this id; opened under another one it is refused."""
    codec, bare = (Codec.SEALED, raw) if len(raw) <= COMPRESS_FROM else (Codec.ZLIB_SEALED, zlib.compress(raw, 1))
    key = sealing.newest_key()
    return Packed(codec.value, key.id, sealing.encrypt(key, bare, body_id.bytes))


def unpack(body_id: uuid.UUID, packed: Packed) -> bytes:
    """Return the bytes as signed.

    Raises SealBroken where the key is missing or the body was altered, ValueError for a codec that this version does
    not know.
    """
    codec, stored = packed.codec, bytes(packed.body)
    if codec in (Codec.SEALED, Codec.ZLIB_SEALED):
        stored = sealing.decrypt(sealing.key_named(packed.key_id), stored, body_id.bytes)
    if codec in (Codec.RAW, Codec.SEALED):
        return stored
    if codec in (Codec.ZLIB, Codec.ZLIB_SEALED):
        return zlib.decompress(stored)
    raise ValueError(f"a body has the unknown codec {codec!r}")


def hash_of(raw: bytes) -> bytes:
    """Return the 32 bytes by which two bodies are told apart.

    They outlive the body, so they are made with a key: without it nobody can try out whose number was in it.
    """
    return _hash(raw, sealing.newest_key())


def is_same(raw: bytes, known_hash: bytes | memoryview) -> bool:
    """Tell whether a body is the one whose hash was kept, under whichever key, or before hashes had one."""
    known = bytes(known_hash)
    candidates = [_hash(raw, key) for key in sealing.known_keys()]
    candidates.append(hashlib.blake2b(raw, digest_size=32).digest())
    return any(hmac.compare_digest(candidate, known) for candidate in candidates)


def load(body_id: uuid.UUID, body_at: datetime) -> bytes | None:
    """Return a stored body, or None once it has been dropped."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT codec, key_id, body FROM beckn_messagebody WHERE id = %s AND created_at = %s", [body_id, body_at]
        )
        row = cursor.fetchone()
    return unpack(body_id, Packed(*row)) if row else None


def _hash(raw: bytes, key: sealing.Key) -> bytes:
    return hashlib.blake2b(raw, key=key.hashing, person=b"message-body", digest_size=32).digest()
