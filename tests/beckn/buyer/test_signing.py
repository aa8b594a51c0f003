"""The buyer app's signatures: its own code, with another crypto library, agrees with the portal's."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from beckn.buyer.signing import BadSignature, Signer, Verifier
from beckn.protocol import signing as ours

RAW = '{"message": {"price": "₹91.45"}}'.encode()
SEED = bytes(range(32))
PUBLIC = Ed25519PrivateKey.from_private_bytes(SEED).public_key().public_bytes_raw()
NOW = 1_800_000_000
SIGNER = Signer("bap.example", "k1", SEED)
VERIFIER = Verifier("bap.example", "k1", PUBLIC)


def test_the_portal_accepts_what_the_buyer_signs() -> None:
    params = ours.parse_signature_header(SIGNER.header(RAW, created=NOW))
    ours.verify(RAW, params, PUBLIC, now=datetime.fromtimestamp(NOW, UTC))
    assert (params.subscriber_id, params.key_id) == ("bap.example", "k1")


def test_the_buyer_accepts_what_the_portal_signs() -> None:
    header = ours.sign(RAW, subscriber_id="bap.example", key_id="k1", seed=SEED, created=NOW, expires=NOW + 30)
    VERIFIER.verify(header, RAW, now=NOW)


@pytest.mark.parametrize(
    ("header", "raw", "now", "sentence"),
    [
        pytest.param(SIGNER.header(RAW, created=NOW), RAW + b" ", NOW, "does not match the body", id="tampered body"),
        pytest.param(SIGNER.header(RAW, created=NOW), RAW, NOW + 61, "it is valid from", id="expired"),
        pytest.param(SIGNER.header(RAW, created=NOW + 6), RAW, NOW, "it is valid from", id="from the future"),
        pytest.param(
            Signer("bap.example", "k1", secrets.token_bytes(32)).header(RAW, created=NOW),
            RAW,
            NOW,
            "does not match the body and the key",
            id="another key",
        ),
        pytest.param(
            Signer("other.example", "k1", SEED).header(RAW, created=NOW), RAW, NOW, "not that of", id="another signer"
        ),
        pytest.param("", RAW, NOW, "there is no Signature header", id="no header"),
        pytest.param("Bearer x", RAW, NOW, "there is no Signature header", id="another scheme"),
        pytest.param(
            SIGNER.header(RAW, created=NOW).replace('created="', 'created="x'), RAW, NOW, "cannot be read", id="no time"
        ),
    ],
)
def test_a_signature_that_does_not_vouch_is_refused(header: str, raw: bytes, now: int, sentence: str) -> None:
    with pytest.raises(BadSignature, match=sentence):
        VERIFIER.verify(header, raw, now=now)
