"""What payment gateways report: each event is judged once, under the order's lock, and kept with its outcome.

A gateway's secret is shown once, when it is made; reports are signed with it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.sealing import seal, unseal
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import (
    EventKind,
    GatewayNotice,
    Order,
    OrderState,
    Payment,
    PaymentGateway,
    PaymentStatus,
)
from cpo_portal.charging.payments.notices import Notice, is_signed, read_notice
from cpo_portal.charging.refusals import ChargingRefusal, RefusalCode

#: A paid order is held at least this long for its confirm.
CONFIRM_WITHIN = timedelta(hours=1)

log = structlog.get_logger(__name__)


class NoticeOutcome(StrEnum):
    """What became of a report; all but PAID left the payment as it was, UNKNOWN_PAYMENT is not kept."""

    PAID = "PAID"
    ALREADY_PAID = "ALREADY_PAID"
    WRONG_AMOUNT = "WRONG_AMOUNT"
    WRONG_CURRENCY = "WRONG_CURRENCY"
    NOT_PAID = "NOT_PAID"
    REFERENCE_USED = "REFERENCE_USED"
    UNKNOWN_PAYMENT = "UNKNOWN_PAYMENT"


#: Money that nobody asked for: `offers` pays it back.
UNASKED = frozenset({NoticeOutcome.ALREADY_PAID, NoticeOutcome.WRONG_AMOUNT, NoticeOutcome.WRONG_CURRENCY})


@dataclass(frozen=True, slots=True)
class NoticeResult:
    """The answer to a report; `replayed` says that it had been answered before."""

    outcome: NoticeOutcome
    event_id: str
    payment_id: UUID | None = None
    replayed: bool = False


def create_gateway(
    cpo: Cpo, *, name: str, pay_url: str, bank_code: str = "", bank_account_number: str = ""
) -> tuple[PaymentGateway, str]:
    """Make the CPO's gateway; the second value is its secret, which is shown once."""
    gateway = PaymentGateway(
        cpo=cpo, name=name, pay_url=pay_url, bank_code=bank_code, bank_account_number=bank_account_number
    )
    secret = give_secret(gateway)
    with cpo_scope(cpo):
        gateway.save()
    return gateway, secret


def give_secret(gateway: PaymentGateway) -> str:
    """Put a new secret into an unsaved change of the gateway and return it; the old one ends with the save."""
    secret = secrets.token_urlsafe(32)
    gateway.sealed_secret = seal(secret.encode())
    return secret


def rotate_secret(gateway: PaymentGateway) -> str:
    """Replace the gateway's secret at once and return the new one, which is shown once."""
    secret = give_secret(gateway)
    with cpo_scope(gateway.cpo):
        PaymentGateway.objects.filter(pk=gateway.pk).update(sealed_secret=gateway.sealed_secret)
    return secret


def gateway_of(provider_id: str) -> PaymentGateway:
    """Return the gateway of an active CPO; raises UNKNOWN_GATEWAY."""
    with every_cpo():
        found = (
            PaymentGateway.objects.select_related("cpo")
            .filter(cpo__provider_id=provider_id, cpo__is_active=True)
            .first()
        )
    if found is None:
        raise ChargingRefusal(RefusalCode.UNKNOWN_GATEWAY, f"{provider_id} has no payment gateway here.")
    return found


def record_notice(gateway: PaymentGateway, raw: bytes, signature: str, *, now: datetime) -> NoticeResult:
    """Judge a gateway's report; raises BAD_SIGNATURE, INVALID_NOTICE or EVENT_REUSED and changes nothing.

    A report of an unknown payment (also: one before init) is answered but not kept, so that the gateway's next try
    finds the payment.
    """
    if not is_signed(raw, signature, unseal(bytes(gateway.sealed_secret))):
        raise ChargingRefusal(
            RefusalCode.BAD_SIGNATURE, "X-Signature is not `sha256=` and the HMAC-SHA256 of the body with the secret."
        )
    notice = read_notice(raw)
    with cpo_scope(gateway.cpo):
        result = _answer(gateway, notice, hashlib.sha256(raw).digest(), now)
    log.info(
        "payment_notice",
        provider_id=gateway.cpo.provider_id,
        event_id=result.event_id,
        outcome=result.outcome.value,
        replayed=result.replayed,
    )
    return result


def _answer(gateway: PaymentGateway, notice: Notice, body_hash: bytes, now: datetime) -> NoticeResult:
    """Judge the event in one transaction; where another report took its id or reference first, judge again."""
    try:
        with transaction.atomic():
            return _judge_once(gateway, notice, body_hash, now)
    except IntegrityError:
        with transaction.atomic():
            return _judge_once(gateway, notice, body_hash, now)


def _judge_once(gateway: PaymentGateway, notice: Notice, body_hash: bytes, now: datetime) -> NoticeResult:
    payment = _find_payment(notice)
    order = None
    if payment is not None:
        order = Order.objects.select_for_update(no_key=True, of=("self",)).get(pk=payment.order_id)
        payment.refresh_from_db()
    answered = _answered(notice, body_hash)
    if answered is not None:
        return answered
    if payment is None or order is None:
        return NoticeResult(NoticeOutcome.UNKNOWN_PAYMENT, notice.event_id)
    outcome = _outcome(payment, notice)
    kept = GatewayNotice.objects.create(
        cpo=gateway.cpo,
        event_id=notice.event_id,
        body_hash=body_hash,
        payment=payment,
        outcome=outcome.value,
        received_amount=notice.amount,
        received_currency=notice.currency,
        reference=notice.reference,
    )
    if outcome is NoticeOutcome.PAID:
        _mark_paid(order, payment, notice, now)
    elif outcome in UNASKED and not _is_known_money(kept):
        detail = {"notice": kept.pk, "outcome": outcome.value, "amount": f"{notice.amount:f}"}
        record_event(order, EventKind.PAYMENT_UNASKED, occurred_at=now, detail=detail | {"currency": notice.currency})
    return NoticeResult(outcome, notice.event_id, payment.pk)


def _answered(notice: Notice, body_hash: bytes) -> NoticeResult | None:
    """Return how this event was answered before; raises EVENT_REUSED where it then said something else."""
    kept = GatewayNotice.objects.filter(event_id=notice.event_id).first()
    if kept is None:
        return None
    if bytes(kept.body_hash) != body_hash:
        raise ChargingRefusal(
            RefusalCode.EVENT_REUSED, "This event id was used with another body; give each event an id of its own."
        )
    return NoticeResult(NoticeOutcome(kept.outcome), notice.event_id, kept.payment_id, replayed=True)


def _find_payment(notice: Notice) -> Payment | None:
    """Return the named payment; by transaction, the newest of an order that is not cancelled, unpaid ones first.

    Two buyer apps may have chosen the same transaction id: then it names nothing.
    """
    if notice.payment_id is not None:
        return Payment.objects.filter(pk=notice.payment_id).first()
    found = list(Payment.objects.filter(order__transaction_id=notice.transaction_id).select_related("order"))
    if len({payment.order.bap_id for payment in found}) > 1:
        return None
    found.sort(key=lambda payment: payment.created_at, reverse=True)
    found.sort(key=lambda payment: payment.status != PaymentStatus.NOT_PAID)
    found.sort(key=lambda payment: payment.order.state == OrderState.CANCELLED)
    return found[0] if found else None


def _outcome(payment: Payment, notice: Notice) -> NoticeOutcome:
    # What costs nothing is paid from the start: no payment waits for a report of no money.
    if notice.status != "PAID" or not notice.amount:
        return NoticeOutcome.NOT_PAID
    if payment.status != PaymentStatus.NOT_PAID:
        return NoticeOutcome.ALREADY_PAID
    if notice.currency != payment.currency:
        return NoticeOutcome.WRONG_CURRENCY
    if notice.amount != payment.amount:
        return NoticeOutcome.WRONG_AMOUNT
    if notice.reference and Payment.objects.filter(gateway_reference=notice.reference).exists():
        return NoticeOutcome.REFERENCE_USED
    return NoticeOutcome.PAID


def _is_known_money(notice: GatewayNotice) -> bool:
    """Tell whether the gateway reported the same money before, under another event id: its reference says so."""
    if not notice.reference:
        return False
    before = GatewayNotice.objects.filter(reference=notice.reference).exclude(pk=notice.pk)
    return before.filter(outcome__in=(NoticeOutcome.PAID, *UNASKED)).exists()


def _mark_paid(order: Order, payment: Payment, notice: Notice, now: datetime) -> None:
    """Note the money; it is noted also when it comes late, and `offers` decides what becomes of the order."""
    late = order.state == OrderState.CANCELLED or (order.state == OrderState.INITIALISED and now > order.payment_until)
    paid_at = notice.paid_at if notice.paid_at is not None and order.created_at <= notice.paid_at <= now else now
    payment.status, payment.paid_amount = PaymentStatus.PAID, notice.amount
    payment.paid_at, payment.gateway_reference = paid_at, notice.reference
    payment.save(update_fields=["status", "paid_amount", "paid_at", "gateway_reference"])
    # After the window the offers may be others' already: confirm has to price again, so the window stays closed.
    if order.state == OrderState.INITIALISED and not late:
        order.payment_until = max(order.payment_until, now + CONFIRM_WITHIN)
        order.save(update_fields=["payment_until"])
    detail = {
        "payment_id": str(payment.pk),
        "amount": f"{notice.amount:f}",
        "currency": payment.currency,
        "late": late,
    }
    record_event(order, EventKind.PAYMENT_REPORTED, occurred_at=paid_at, detail=detail)
