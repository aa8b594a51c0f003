"""The six digits that start charging: made at confirm, stored as a salted keyed hash, locked after five wrong tries."""

from __future__ import annotations

import hmac
import secrets
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.db.models import F

from cpo_portal.accounts.sealing import keyed_hash, keyed_hashes
from cpo_portal.charging.models import Order

DIGITS = 6
MAX_FAILURES = 5
_SALT_BYTES = 16


class OtpResult(StrEnum):
    """What became of a try; LOCKED also answers the try that locks. MISSING and NOT_SET count no failure."""

    ACCEPTED = "ACCEPTED"
    WRONG = "WRONG"
    LOCKED = "LOCKED"
    MISSING = "MISSING"
    NOT_SET = "NOT_SET"

    @property
    def accepted(self) -> bool:
        """Tell whether charging may start."""
        return self is OtpResult.ACCEPTED

    @property
    def message(self) -> str:
        """Return one sentence that says what to do."""
        return _MESSAGES[self]


_MESSAGES = {
    OtpResult.ACCEPTED: "The OTP is right.",
    OtpResult.WRONG: "The OTP is wrong; send the six digits of on_confirm.",
    OtpResult.LOCKED: f"The OTP is locked after {MAX_FAILURES} wrong tries; cancel the order and book again.",
    OtpResult.MISSING: "The OTP is missing; send the six digits of on_confirm.",
    OtpResult.NOT_SET: "This order has no OTP yet; confirm it first.",
}


def make_otp(order: Order) -> tuple[str, bytes]:
    """Return a new code and what `Order.otp_digest` keeps of it."""
    text = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    salt = secrets.token_bytes(_SALT_BYTES)
    return text, salt + keyed_hash("otp", _salted(order.pk, salt, text))


def check(order: Order, text: str) -> OtpResult:
    """Compare a code with the order's, counting what is wrong on the locked row.

    Call it where a WRONG or LOCKED answer commits: a caller that raises instead takes the failure back.
    """
    with transaction.atomic():
        row = Order.objects.select_for_update(no_key=True, of=("self",)).get(pk=order.pk)
        result = _judge(row, text.strip())
        if result is OtpResult.WRONG:
            Order.objects.filter(pk=row.pk).update(otp_failures=F("otp_failures") + 1)
            row.otp_failures += 1
            result = OtpResult.LOCKED if row.otp_failures >= MAX_FAILURES else result
    order.otp_failures = row.otp_failures
    return result


def _judge(order: Order, text: str) -> OtpResult:
    if not order.otp_digest:
        return OtpResult.NOT_SET
    if order.otp_failures >= MAX_FAILURES:
        return OtpResult.LOCKED
    if not text:
        return OtpResult.MISSING
    kept = bytes(order.otp_digest)
    salt = kept[:_SALT_BYTES]
    tried = keyed_hashes("otp", _salted(order.pk, salt, text))
    same = any(hmac.compare_digest(kept[_SALT_BYTES:], each.digest) for each in tried)
    return OtpResult.ACCEPTED if same else OtpResult.WRONG


def _salted(order_id: UUID, salt: bytes, text: str) -> str:
    return f"{order_id}:{salt.hex()}:{text}"
