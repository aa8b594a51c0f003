"""The link of a receipt: it names one order, cannot be guessed, and expires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.urls import reverse

#: So long after its bill a receipt can be read by the link that was sent with it.
LIVES = timedelta(days=90)
#: A link that is given out later, or shortly before, lives at least so long.
LIVES_AT_LEAST = timedelta(days=7)
_signer = Signer(sep="~", salt="offers.receipts")


def expiry_of(settled_at: datetime, now: datetime) -> datetime:
    """Return when a link that is given out now expires; the same for everybody who asks on one day."""
    usual = (settled_at + LIVES).replace(microsecond=0)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(usual, midnight + LIVES_AT_LEAST + timedelta(days=1))


def receipt_url(order_id: UUID, expires_at: datetime) -> str:
    """Return the absolute address of an order's receipt."""
    token = _signer.sign(f"{order_id.hex}.{int(expires_at.timestamp()):x}")
    return f"{settings.BASE_URL}{reverse('receipt', args=[token])}"


def order_of(token: str, now: datetime) -> UUID | None:
    """Return the order that a link names, None where it is not one of ours or has expired."""
    try:
        order_hex, expiry = _signer.unsign(token).split(".")
    except (BadSignature, ValueError):
        return None
    return UUID(order_hex) if now.timestamp() < int(expiry, 16) else None
