"""Beckn's HTTP signatures as the buyer app makes and checks them: Ed25519 of `cryptography` over BLAKE2b-512."""

from __future__ import annotations

import base64
import hashlib
import re
import time
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SECONDS = 60
SKEW = 5
_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^",\s]+))')


class BadSignature(Exception):
    """The header does not vouch for these bytes; the message says why."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs, with which 32-byte seed."""

    subscriber_id: str
    key_id: str
    seed: bytes

    def header(self, raw: bytes, *, created: int | None = None) -> str:
        """Return the Authorization header for exactly these bytes."""
        created = int(time.time()) if created is None else created
        expires = created + SECONDS
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(signing_string(raw, created, expires))
        return (
            f'Signature keyId="{self.subscriber_id}|{self.key_id}|ed25519",algorithm="ed25519",'
            f'created="{created}",expires="{expires}",headers="(created) (expires) digest",'
            f'signature="{base64.b64encode(signature).decode()}"'
        )


@dataclass(frozen=True, slots=True)
class Verifier:
    """Whose signature is accepted, by which public key of 32 bytes."""

    subscriber_id: str
    key_id: str
    public_key: bytes

    def verify(self, header: str, raw: bytes, *, now: float | None = None) -> None:
        """Raise BadSignature unless the platform signed these bytes and the signature is valid now."""
        now = time.time() if now is None else now
        scheme, _, rest = header.strip().partition(" ")
        if scheme != "Signature":
            raise BadSignature("there is no Signature header")
        given = {name: quoted or bare for name, quoted, bare in _PARAMETER.findall(rest)}
        if given.get("keyId") != f"{self.subscriber_id}|{self.key_id}|ed25519":
            raise BadSignature(f"keyId is {given.get('keyId')!r}, not that of {self.subscriber_id}|{self.key_id}")
        if given.get("algorithm") != "ed25519" or given.get("headers") != "(created) (expires) digest":
            raise BadSignature("algorithm or headers are not Beckn's")
        try:
            created, expires = int(given["created"]), int(given["expires"])
            signature = base64.b64decode(given["signature"], validate=True)
        except (KeyError, ValueError):
            raise BadSignature("created, expires or signature cannot be read") from None
        if not created - SKEW <= now <= expires:
            raise BadSignature(f"it is valid from {created} to {expires}, and now is {int(now)}")
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, signing_string(raw, created, expires))
        except InvalidSignature:
            raise BadSignature("it does not match the body and the key") from None


def signing_string(raw: bytes, created: int, expires: int) -> bytes:
    """Return what is signed: three lines, the last with the body's BLAKE2b-512 in base64."""
    digest = base64.b64encode(hashlib.blake2b(raw, digest_size=64).digest()).decode()
    return f"(created): {created}\n(expires): {expires}\ndigest: BLAKE-512={digest}".encode()
