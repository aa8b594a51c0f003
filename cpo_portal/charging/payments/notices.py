"""Reading what a payment gateway reports; nothing here touches the database.

A notice is `{"event_id", "payment_id" or "transaction_id", "status", "amount", "currency", "reference"?, "paid_at"?}`:
`payment_id` is the payment's id of on_init, `transaction_id` the one in the payment link, `amount` a text such as
"91.45", `paid_at` RFC 3339. Other keys are left alone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn
from uuid import UUID

from cpo_portal.charging.refusals import ChargingRefusal, RefusalCode

#: The longest body that is read, in bytes.
MAX_NOTICE = 16_384
SIGNATURE_PREFIX = "sha256="
#: What a gateway may say of a payment; only PAID is money.
STATUSES = frozenset({"PAID", "FAILED", "PENDING"})

_AMOUNT = re.compile(r"\d{1,10}(\.\d{1,4})?", re.ASCII)
_TEXT = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Notice:
    """A gateway's report; one of `payment_id` and `transaction_id` is set."""

    event_id: str
    payment_id: UUID | None
    transaction_id: str
    status: str
    amount: Decimal
    currency: str
    reference: str
    paid_at: datetime | None


def signature_of(raw: bytes, secret: bytes) -> str:
    """Return the value of the header X-Signature for a body."""
    return SIGNATURE_PREFIX + hmac.new(secret, raw, hashlib.sha256).hexdigest()


def is_signed(raw: bytes, signature: str, secret: bytes) -> bool:
    """Tell whether the header's value is the HMAC-SHA256 of exactly these bytes; takes the same time for any value."""
    expected = signature_of(raw, secret)
    return hmac.compare_digest(expected.encode(), signature.strip().lower().encode(errors="replace"))


def read_notice(raw: bytes) -> Notice:
    """Return the notice in a signed body; raises INVALID_NOTICE with what to correct."""
    body = _object(raw)
    payment_id, transaction_id = _text(body, "payment_id", ""), _text(body, "transaction_id", "", longest=255)
    if not payment_id and not transaction_id:
        _refuse("Name the payment by `payment_id` or `transaction_id`.")
    status = _text(body, "status")
    if status not in STATUSES:
        _refuse("`status` is none of PAID, FAILED and PENDING.")
    return Notice(
        event_id=_text(body, "event_id"),
        payment_id=_uuid(payment_id) if payment_id else None,
        transaction_id=transaction_id,
        status=status,
        amount=_amount(body),
        currency=_text(body, "currency"),
        reference=_text(body, "reference", ""),
        paid_at=_instant(_text(body, "paid_at", "")),
    )


def _object(raw: bytes) -> dict[str, Any]:
    if len(raw) > MAX_NOTICE:
        _refuse(f"The notice is longer than {MAX_NOTICE} bytes.")
    try:
        body = json.loads(raw.decode(), parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_no_twins)
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ChargingRefusal(
            RefusalCode.INVALID_NOTICE, "The body is no JSON object; see the API's schema."
        ) from error
    if not isinstance(body, dict):
        _refuse("The body is no JSON object; see the API's schema.")
    return body


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands there twice")
    return dict(pairs)


def _text(body: dict[str, Any], key: str, default: str | None = None, *, longest: int = 100) -> str:
    value = body.get(key, default)
    if value == "" and default == "":
        return ""
    if not isinstance(value, str) or len(value) > longest or not _TEXT.fullmatch(value):
        _refuse(f"Send `{key}` as a text of 1 to {longest} printable ASCII characters without blanks.")
    return value


def _amount(body: dict[str, Any]) -> Decimal:
    value = body.get("amount")
    # int and Decimal are what a JSON number is read as; True is an int to Python.
    text = str(value) if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else ""
    if len(text) > 20 or not _AMOUNT.fullmatch(text):
        _refuse('Send `amount` in full units with at most four decimals, such as "91.45".')
    return Decimal(text)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise ChargingRefusal(RefusalCode.INVALID_NOTICE, "`payment_id` is not the id that on_init gave.") from error


def _instant(text: str) -> datetime | None:
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        _refuse('Send `paid_at` with its offset, such as "2025-01-04T18:30:00+05:30".')
    return instant


def _refuse(message: str) -> NoReturn:
    raise ChargingRefusal(RefusalCode.INVALID_NOTICE, message)
