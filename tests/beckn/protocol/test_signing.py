"""Signatures: BECKN-006's worked example to the bit, a second library as the oracle, and what must not pass."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from beckn.protocol import signing
from beckn.protocol.signing import SignatureFault, SignatureParams, SignatureReason

# BECKN-006 (beckn/protocol-specifications, docs), "Example Flow", step 1.
BODY = (
    b'{"context":{"domain":"nic2004:60212","country":"IND","city":"Kochi","action":"search","core_version":"0.9.1",'
    b'"bap_id":"bap.stayhalo.in","bap_uri":"https://8f9f-49-207-209-131.ngrok.io/protocol/",'
    b'"transaction_id":"e6d9f908-1d26-4ff3-a6d1-3af3d3721054","message_id":"a2fe6d52-9fe4-4d1a-9d0b-dccb8b48522d",'
    b'"timestamp":"2022-01-04T09:17:55.971Z","ttl":"P1M"},"message":{"intent":{"fulfillment":{"start":{"location":'
    b'{"gps":"10.108768, 76.347517"}},"end":{"location":{"gps":"10.102997, 76.353480"}}}}}}'
)
PRIVATE = base64.b64decode("lP3sHA+9gileOkXYJXh4Jg8tK0gEEMbf9yCPnFpbldhrAY+NErqL9WD+Vav7TE5tyVXGXBle9ONZi2W7o144eQ==")
PUBLIC = base64.b64decode("awGPjRK6i/Vg/lWr+0xObclVxlwZXvTjWYtlu6NeOHk=")
CREATED, EXPIRES = 1641287875, 1641291475
DIGEST = "b6lf6lRgOweajukcvcLsagQ2T60+85kRh/Rd2bdS+TG/5ALebOEgDJfyCrre/1+BMu5nA94o4DT3pTFXuUg7sw=="
SIGNATURE = "cjbhP0PFyrlSCNszJM1F/YmHDVAWsZqJUPzojnE/7TJU3fJ/rmIlgaUHEr5E0/2PIyf0tpSnWtT6cyNNlpmoAQ=="
KEY_ID = "ae3ea24b-cfec-495e-81f8-044aaef164ac"
HEADER = (
    f'Signature keyId="example-bap.com|{KEY_ID}|ed25519",algorithm="ed25519",created="1641287875",'
    f'expires="1641291475",headers="(created) (expires) digest",signature="{SIGNATURE}"'
)
DURING = datetime.fromtimestamp(CREATED + 60, UTC)
OTHER = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"another key").digest())


def params(header: str = HEADER) -> SignatureParams:
    return signing.parse_signature_header(header)


def refusal(raw: bytes = BODY, header: str = HEADER, key: bytes = PUBLIC, now: datetime = DURING) -> SignatureReason:
    """Return why a signature is refused; a signature that holds fails the test."""
    with pytest.raises(SignatureFault) as caught:
        signing.verify(raw, params(header), key, now=now)
    return caught.value.reason


def test_the_digest_of_beckn_006_is_reproduced() -> None:
    assert signing.digest(BODY) == DIGEST
    fox = signing.digest(b"The quick brown fox jumps over the lazy dog")
    assert fox == "qK3Uvd39k+SHfSdG5igXsRY2Sh+nvBSNlQkLxzM7NnP4JAHPeqLkyx7NkCluPxTLVBP47Xe+cwRbE5FM3NapGA=="


def test_the_signing_string_of_beckn_006_is_reproduced() -> None:
    expected = f"(created): 1641287875\n(expires): 1641291475\ndigest: BLAKE-512={DIGEST}".encode()
    assert signing.signing_string(BODY, created=CREATED, expires=EXPIRES) == expected


@pytest.mark.parametrize("seed", [PRIVATE, PRIVATE[:32]], ids=["64 bytes", "32-byte seed"])
def test_the_header_of_beckn_006_is_reproduced_bit_for_bit(seed: bytes) -> None:
    header = signing.sign(
        BODY, subscriber_id="example-bap.com", key_id=KEY_ID, seed=seed, created=CREATED, expires=EXPIRES
    )
    assert header == HEADER
    assert signing.public_key_of(seed) == PUBLIC


def test_the_signature_of_beckn_006_verifies() -> None:
    signing.verify(BODY, params(), PUBLIC, now=DURING)
    assert params() == SignatureParams(
        "example-bap.com", KEY_ID, "ed25519", CREATED, EXPIRES, base64.b64decode(SIGNATURE)
    )


@given(raw=st.binary(max_size=200), seed=st.binary(min_size=32, max_size=32))
def test_another_library_agrees_on_every_signature(raw: bytes, seed: bytes) -> None:
    header = signing.sign(raw, subscriber_id="a", key_id="b", seed=seed, created=CREATED, expires=EXPIRES)
    key = Ed25519PrivateKey.from_private_bytes(seed)
    digest = base64.b64encode(hashlib.blake2b(raw, digest_size=64).digest()).decode()
    text = f"(created): {CREATED}\n(expires): {EXPIRES}\ndigest: BLAKE-512={digest}".encode()
    assert params(header).signature == key.sign(text)
    signing.verify(raw, params(header), key.public_key().public_bytes_raw(), now=DURING)


def test_the_oracle_itself_refuses_a_changed_body() -> None:
    text = signing.signing_string(BODY + b" ", created=CREATED, expires=EXPIRES)
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(PUBLIC).verify(params().signature, text)


def test_a_tampered_body_is_refused() -> None:
    assert refusal(raw=BODY.replace(b"Kochi", b"Delhi")) is SignatureReason.MISMATCH
    assert refusal(raw=BODY + b"\n") is SignatureReason.MISMATCH


def test_shifted_times_are_refused_although_they_are_in_the_future() -> None:
    assert refusal(header=HEADER.replace("1641291475", "1641291474")) is SignatureReason.MISMATCH


def test_another_key_is_refused() -> None:
    assert refusal(key=OTHER.public_key().public_bytes_raw()) is SignatureReason.MISMATCH


@pytest.mark.parametrize("key", [b"", PUBLIC[:31], PUBLIC + b"\0"])
def test_a_key_of_another_length_is_refused(key: bytes) -> None:
    assert refusal(key=key) is SignatureReason.BAD_KEY


def test_a_signature_holds_from_five_seconds_before_its_creation_to_its_last_second() -> None:
    for seconds in (CREATED - 5, CREATED, EXPIRES):
        signing.verify(BODY, params(), PUBLIC, now=datetime.fromtimestamp(seconds, UTC))
    assert refusal(now=datetime.fromtimestamp(CREATED - 6, UTC)) is SignatureReason.FUTURE
    assert refusal(now=datetime.fromtimestamp(EXPIRES + 1, UTC)) is SignatureReason.EXPIRED


def test_a_signature_for_more_than_an_hour_is_refused_whatever_it_signs() -> None:
    def signed(life: int) -> str:
        who = {"subscriber_id": "a", "key_id": "b", "seed": PRIVATE}
        return signing.sign(BODY, **who, created=CREATED, expires=CREATED + life)

    signing.verify(BODY, params(signed(3600)), PUBLIC, now=DURING)
    assert refusal(header=signed(3601)) is SignatureReason.TOO_LONG
    sentence = "valid for too long; let it expire at most 60 s after it is created"
    with pytest.raises(SignatureFault, match=sentence):
        signing.verify(BODY, params(signed(61)), PUBLIC, now=DURING, longest_life=60)


def test_a_signature_that_expires_before_it_was_created_is_refused() -> None:
    header = signing.sign(BODY, subscriber_id="a", key_id="b", seed=PRIVATE, created=CREATED, expires=CREATED - 1)
    assert refusal(header=header, now=datetime.fromtimestamp(CREATED - 2, UTC)) is SignatureReason.EXPIRED


@pytest.mark.parametrize(
    "header",
    [
        HEADER.replace(",", ", "),
        f'"{HEADER}"',
        f"  '{HEADER}' ",
        "Signature " + ",".join(reversed(HEADER.removeprefix("Signature ").split(","))),
        HEADER.replace('created="1641287875"', "created=1641287875"),
        HEADER.replace("Signature ", "signature "),
        HEADER + ',opaque="x"',
    ],
    ids=["blanks", "quoted", "single quotes", "swapped", "bare number", "lower case", "an extra parameter"],
)
def test_tolerated_forms_mean_the_same(header: str) -> None:
    assert params(header) == params()


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("", "MALFORMED"),
        ("Bearer abc", "MALFORMED"),
        ("Signature", "MALFORMED"),
        (HEADER.replace("|ed25519", ""), "MALFORMED"),
        (HEADER.replace(f"|{KEY_ID}|", "||"), "MALFORMED"),
        (HEADER.replace("(created) (expires) digest", "digest"), "MALFORMED"),
        (HEADER.replace(',expires="1641291475"', ""), "MALFORMED"),
        (HEADER.replace('"1641291475"', '"1e9"'), "MALFORMED"),
        (HEADER.replace('"1641291475"', '"-1"'), "MALFORMED"),
        (HEADER + ',created="1"', "MALFORMED"),
        (HEADER.replace(SIGNATURE, SIGNATURE[:-4]), "MALFORMED"),
        (HEADER.replace(SIGNATURE, SIGNATURE[:20] + "!" + SIGNATURE[21:]), "MALFORMED"),
        (HEADER + "," + "x" * 3000, "MALFORMED"),
        (HEADER.replace('algorithm="ed25519"', 'algorithm="rsa-sha256"'), "ALGORITHM"),
        (HEADER.replace("|ed25519", "|xed25519"), "ALGORITHM"),
        (HEADER.replace("ed25519", "hs2019"), "ALGORITHM"),
    ],
)
def test_a_header_that_cannot_be_read_is_refused_with_its_reason(header: str, reason: str) -> None:
    with pytest.raises(SignatureFault) as caught:
        params(header)
    assert caught.value.reason == reason
    assert caught.value.message.endswith(".")


@given(st.text(max_size=300))
def test_no_header_raises_anything_but_a_signature_fault(header: str) -> None:
    for text in (header, f"Signature {header}", HEADER[:100] + header):
        with pytest.raises(SignatureFault):
            params(text)


@pytest.mark.parametrize("seed", [b"", b"x" * 33, PRIVATE[:32] + b"x" * 32])
def test_a_private_key_of_another_form_is_an_error(seed: bytes) -> None:
    with pytest.raises(ValueError, match="private key"):
        signing.sign(BODY, subscriber_id="a", key_id="b", seed=seed, created=1, expires=2)


def test_the_challenge_names_the_realm() -> None:
    expected = 'Signature realm="example-bpp.com",headers="(created) (expires) digest"'
    assert signing.www_authenticate("example-bpp.com") == expected
