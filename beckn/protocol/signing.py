"""Beckn's signature over the raw bytes of a message: BLAKE2b-512 and Ed25519 (BECKN-006)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NoReturn

from nacl.exceptions import BadSignatureError, CryptoError
from nacl.signing import SigningKey, VerifyKey

ALGORITHM = "ed25519"
SIGNED_HEADERS = "(created) (expires) digest"
#: How far a sender's clock may run ahead of ours, in seconds.
CLOCK_SKEW = 5
#: How long a signature may be valid at most, in seconds: what is intercepted can be sent again for so long.
LONGEST_LIFE = 3600
MAX_HEADER_CHARS = 2048

_PARAMETER = re.compile(r'\s*([A-Za-z]{1,20})\s*=\s*(?:"([^"]*)"|(\d{1,12}))\s*(?:,|\Z)', re.ASCII)
_UNIX_TIME = re.compile(r"\d{1,12}", re.ASCII)


class SignatureReason(StrEnum):
    """Why a signature does not hold; for machines and logs."""

    MALFORMED = "MALFORMED"
    ALGORITHM = "ALGORITHM"
    FUTURE = "FUTURE"
    EXPIRED = "EXPIRED"
    TOO_LONG = "TOO_LONG"
    BAD_KEY = "BAD_KEY"
    MISMATCH = "MISMATCH"


class SignatureFault(ValueError):
    """A signature that does not hold; the message is one sentence for people."""

    def __init__(self, reason: SignatureReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True)
class SignatureParams:
    """The parameters of a signature header; `created` and `expires` are Unix seconds, `signature` is 64 bytes."""

    subscriber_id: str
    key_id: str
    algorithm: str
    created: int
    expires: int
    signature: bytes


def digest(raw: bytes) -> str:
    """Return base64 of the 64-byte BLAKE2b of the body."""
    return base64.b64encode(hashlib.blake2b(raw).digest()).decode()


def signing_string(raw: bytes, *, created: int, expires: int) -> bytes:
    """Return the bytes that are signed: three lines, no newline at the end."""
    return f"(created): {created}\n(expires): {expires}\ndigest: BLAKE-512={digest(raw)}".encode()


def sign(raw: bytes, *, subscriber_id: str, key_id: str, seed: bytes, created: int, expires: int) -> str:
    """Return the value of the `Authorization` header for these exact bytes.

    `seed` is 32 bytes, or 64 bytes of seed and public key. Raises ValueError for any other key.
    """
    signed = _signing_key(seed).sign(signing_string(raw, created=created, expires=expires))
    signature = base64.b64encode(signed.signature).decode()
    return (
        f'Signature keyId="{subscriber_id}|{key_id}|{ALGORITHM}",algorithm="{ALGORITHM}",created="{created}",'
        f'expires="{expires}",headers="{SIGNED_HEADERS}",signature="{signature}"'
    )


def public_key_of(seed: bytes) -> bytes:
    """Return the 32-byte public key of a private key in either form; raises ValueError for any other key."""
    return bytes(_signing_key(seed).verify_key)


def parse_signature_header(header: str) -> SignatureParams:
    """Read `Authorization` or `X-Gateway-Authorization`.

    The parameters may come in any order, separated by `,` or `, `, with one pair of quotes around the whole.
    Raises SignatureFault (MALFORMED, or ALGORITHM where keyId and algorithm differ or are not Ed25519).
    """
    parameters = _parameters(header)
    key = parameters["keyId"].split("|")
    if len(key) != 3 or not all(key):
        _malformed("keyId is not subscriber|key|algorithm")
    if parameters["headers"] != SIGNED_HEADERS:
        _malformed(f'headers is not "{SIGNED_HEADERS}"')
    for name in ("created", "expires"):
        if not _UNIX_TIME.fullmatch(parameters[name]):
            _malformed(f"{name} is no Unix time")
    if not key[2].lower() == parameters["algorithm"].lower() == ALGORITHM:
        raise SignatureFault(SignatureReason.ALGORITHM, "The algorithm is not ed25519 in keyId and in algorithm.")
    try:
        signature = base64.b64decode(parameters["signature"], validate=True)
    except (binascii.Error, ValueError):
        signature = b""
    if len(signature) != 64:
        _malformed("signature is not base64 of 64 bytes")
    return SignatureParams(
        subscriber_id=key[0],
        key_id=key[1],
        algorithm=ALGORITHM,
        created=int(parameters["created"]),
        expires=int(parameters["expires"]),
        signature=signature,
    )


def verify(
    raw: bytes, params: SignatureParams, public_key: bytes, *, now: datetime, longest_life: int = LONGEST_LIFE
) -> None:
    """Check the times and the signature over the bytes as received; raises SignatureFault.

    `longest_life` is how many seconds may lie between created and expires.
    That the signer is `context.bap_id` and that the key is registered and valid is for the caller to check.
    """
    seconds = now.timestamp()
    if params.created > seconds + CLOCK_SKEW:
        raise SignatureFault(SignatureReason.FUTURE, "The signature was created in the future.")
    if params.expires < seconds or params.expires < params.created:
        raise SignatureFault(SignatureReason.EXPIRED, "The signature has expired.")
    if params.expires - params.created > longest_life:
        sentence = f"The signature is valid for too long; let it expire at most {longest_life} s after it is created."
        raise SignatureFault(SignatureReason.TOO_LONG, sentence)
    try:
        key = VerifyKey(public_key)
    except (CryptoError, TypeError, ValueError):
        raise SignatureFault(SignatureReason.BAD_KEY, "The public key is not 32 bytes.") from None
    try:
        key.verify(signing_string(raw, created=params.created, expires=params.expires), params.signature)
    except (BadSignatureError, CryptoError, ValueError):
        raise SignatureFault(SignatureReason.MISMATCH, "The signature does not match the body and the key.") from None


def www_authenticate(subscriber_id: str) -> str:
    """Return the value of `WWW-Authenticate` (to a gateway: `Proxy-Authenticate`) beside a 401."""
    return f'Signature realm="{subscriber_id}",headers="{SIGNED_HEADERS}"'


def _malformed(what: str) -> NoReturn:
    raise SignatureFault(SignatureReason.MALFORMED, f"The signature header cannot be read: {what}.")


def _parameters(header: str) -> dict[str, str]:
    """Return the six parameters by name, each given once; others are ignored."""
    text = header.strip()
    if len(text) > MAX_HEADER_CHARS:
        _malformed("it is too long")
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    scheme, _, rest = text.partition(" ")
    if scheme.lower() != "signature":
        _malformed("the scheme is not Signature")
    found: dict[str, str] = {}
    position = 0
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if match is None or match[1] in found:
            _malformed("a parameter is broken or given twice")
        found[match[1]] = match[3] if match[2] is None else match[2]
        position = match.end()
    for name in ("keyId", "algorithm", "created", "expires", "headers", "signature"):
        if name not in found:
            _malformed(f"{name} is missing")
    return found


def _signing_key(private: bytes) -> SigningKey:
    if len(private) not in (32, 64):
        raise ValueError("a private key has 32 bytes (seed) or 64 (seed and public key)")
    key = SigningKey(private[:32])
    if len(private) == 64 and bytes(key.verify_key) != private[32:]:
        raise ValueError("the two halves of the private key do not belong together")
    return key
