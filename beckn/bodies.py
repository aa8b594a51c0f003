"""How the bytes of a message are kept: as they were signed, compressed where that pays."""

from __future__ import annotations

import hashlib
import uuid
import zlib
from datetime import datetime

from django.db import connection

from beckn.models import Codec

COMPRESS_FROM = 1024


def pack(raw: bytes) -> tuple[str, bytes]:
    """Return the codec and the bytes to store."""
    if len(raw) <= COMPRESS_FROM:
        return Codec.RAW.value, raw
    return Codec.ZLIB.value, zlib.compress(raw, 1)


def unpack(codec: str, stored: bytes | memoryview) -> bytes:
    """Return the bytes as signed; raises ValueError for a codec that this version does not know."""
    if codec == Codec.RAW:
        return bytes(stored)
    if codec == Codec.ZLIB:
        return zlib.decompress(stored)
    raise ValueError(f"a body has the unknown codec {codec!r}")


def hash_of(raw: bytes) -> bytes:
    """Return the 32 bytes by which two bodies are told apart."""
    return hashlib.blake2b(raw, digest_size=32).digest()


def load(body_id: uuid.UUID, body_at: datetime) -> bytes | None:
    """Return a stored body, or None once retention has dropped it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT codec, body FROM beckn_messagebody WHERE id = %s AND created_at = %s", [body_id, body_at]
        )
        row = cursor.fetchone()
    return unpack(*row) if row else None
